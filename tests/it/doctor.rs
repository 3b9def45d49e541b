//! The check of the setup.

use serde_json::json;

use crate::bot_file::BotFile;
use crate::monitor::{Run, command, finish};
use crate::server::{Reply, Server};

fn doctor(bot: &BotFile, more: &[&str]) -> Run {
    let mut command = command(["doctor", "--db"]);
    command.arg(bot.path()).args(more);
    finish(command)
}

fn models() -> Reply {
    Reply::json(200, &json!({"data": [{"id": "small-model"}, {"id": "large-model"}]}))
}

#[test]
fn a_right_setup_is_0_with_a_line_each() {
    let bot = BotFile::generation2().host_offset_seconds(-12_600);
    let at = "2026-11-22 08:00:00";
    bot.snapshot(&bot.local(at), at);
    let server = Server::start(vec![models(), Reply::chat(r#"{"findings": []}"#)]);
    let run = doctor(&bot, &["--base-url", &server.base_url(), "--model", "large-model"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let lines: Vec<&str> = run.stdout.lines().collect();
    for (line, start) in lines.iter().zip(["file", "views", "clock", "endpoint", "model", "schema"]) {
        assert!(line.starts_with(start) && line.contains(" ok "), "{line}");
    }
    assert!(run.stdout.contains("UTC-03:30"), "{}", run.stdout);
    assert!(run.stdout.contains("json_schema is supported"), "{}", run.stdout);
    assert_eq!(server.requests()[0].line, "GET /v1/models");
}

#[test]
fn what_is_wrong_comes_with_its_remedy_and_3() {
    let bot = BotFile::generation1();
    let server = Server::start(vec![models()]);
    let run = doctor(&bot, &["--base-url", &server.base_url(), "--model", "huge-model"]);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("does not list huge-model"), "{}", run.stdout);
    assert!(run.stdout.contains("small-model, large-model"), "{}", run.stdout);
    let run = doctor(&bot, &["--base-url", "http://127.0.0.1:1/v1"]);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("nothing is listening"), "{}", run.stdout);
}

#[test]
fn without_an_llm_only_the_file_is_examined() {
    let run = doctor(&BotFile::generation1(), &["--no-llm", "--format", "json"]);
    assert_eq!(run.code, 0);
    let points = run.json()["points"].clone();
    assert_eq!(points[2]["message"], "this generation writes UTC only");
    assert_eq!(points[3]["status"], "skipped");
    let missing = finish(command(["doctor", "--no-llm", "--db", "/nonexistent/bot.db"]));
    assert_eq!(missing.code, 3);
    assert!(missing.stdout.contains("there is no file"), "{}", missing.stdout);
}

#[test]
fn nothing_is_written() {
    let bot = BotFile::generation1();
    let before = std::fs::read(bot.path()).unwrap();
    doctor(&bot, &["--no-llm"]);
    assert_eq!(std::fs::read(bot.path()).unwrap(), before);
}
