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
    let missing = Reply::error(404, "model 'huge-model' not found");
    let server = Server::start(vec![models(), missing]);
    let run = doctor(&bot, &["--base-url", &server.base_url(), "--model", "huge-model"]);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("model 'huge-model' not found"), "{}", run.stdout);
    assert!(run.stdout.contains("small-model, large-model"), "{}", run.stdout);
    let run = doctor(&bot, &["--base-url", "http://127.0.0.1:1/v1"]);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("nothing is listening"), "{}", run.stdout);
}

/// The model's and the schema's line of a doctor whose endpoint gives these replies, and its exit code.
fn examined(model: &str, replies: Vec<Reply>) -> (String, String, i32) {
    let bot = BotFile::generation1();
    let server = Server::start([vec![models()], replies].concat());
    let run = doctor(&bot, &["--base-url", &server.base_url(), "--model", model]);
    let line = |name: &str| run.stdout.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    (line("model"), line("schema"), run.code)
}

#[test]
fn a_model_that_answers_without_being_listed_is_a_hint() {
    for model in ["large-model:nitro", "my-deployment", "ollama/qwen2.5", "any-name"] {
        let (line, schema, code) = examined(model, vec![Reply::chat(r#"{"findings": []}"#)]);
        assert_eq!(code, 0, "{line}");
        assert!(
            line.contains(" ok ") && line.contains("does not name it (small-model, large-model)"),
            "{line}"
        );
        assert!(schema.contains("json_schema is supported"), "{schema}");
    }
}

#[test]
fn a_model_that_thinks_is_not_said_to_ignore_the_schema() {
    let empty = |usage: serde_json::Value| {
        Reply::json(
            200,
            &json!({"choices": [{"finish_reason": "stop", "message": {"content": ""}}], "usage": usage}),
        )
    };
    let answer = || Reply::chat(r#"{"findings": []}"#);
    for (replies, words) in [
        (vec![Reply::cut_chat(""), answer()], "json_schema is supported"),
        (vec![Reply::cut_chat("<think>so"), answer()], "json_schema is supported"),
        (vec![empty(json!({"completion_tokens": 512})), answer()], "json_schema is supported"),
        (
            vec![Reply::chat("<think>nothing to [report]</think>\n{\"findings\": []}")],
            "json_schema is supported",
        ),
        (vec![Reply::cut_chat("")], "not known: the model spent its 4096 tokens"),
        (
            vec![empty(
                json!({"completion_tokens": 400, "completion_tokens_details": {"reasoning_tokens": 400}}),
            )],
            "not known: the model spent its 4096 tokens",
        ),
        (vec![Reply::chat("```json\n{\"findings\": []}\n```")], "not enforced"),
    ] {
        let (_, schema, code) = examined("large-model", replies);
        assert_eq!(code, 0, "{schema}");
        assert!(schema.contains(words), "{schema}");
    }
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
