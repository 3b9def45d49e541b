//! The check of the setup.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::json;
use tempfile::TempDir;

use crate::bot_file::{BotFile, NOW};
use crate::monitor::{Run, audit, command, finish};
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
    bot.activity("market_data", "Batch fetched 45 coins with volume", None, at);
    let server = Server::start(vec![models(), Reply::chat(r#"{"findings": []}"#)]);
    let run = doctor(&bot, &["--base-url", &server.base_url(), "--model", "large-model"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let lines: Vec<&str> = run.stdout.lines().collect();
    for (line, start) in
        lines.iter().zip(["file", "tables", "clock", "endpoint", "model", "schema", "alerts"])
    {
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
    assert_eq!(points[2]["message"], "the bot writes UTC only");
    assert_eq!(points[3]["status"], "skipped");
    let missing = finish(command(["doctor", "--no-llm", "--db", "/nonexistent/bot.db"]));
    assert_eq!(missing.code, 3);
    assert!(missing.stdout.contains("there is no file"), "{}", missing.stdout);
}

/// Every file of a folder and below, with its bytes and the time of its last change.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>, SystemTime)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(self::files(&path)),
            false => {
                let changed = fs::metadata(&path).unwrap().modified().unwrap();
                files.push((path.clone(), fs::read(&path).unwrap(), changed));
            }
        }
    }
    files.sort();
    files
}

/// The bot's file alone in a folder.
fn stopped_bot(journal: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bot.db");
    fs::copy(BotFile::generation1().path(), &path).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.query_row(&format!("PRAGMA journal_mode = {journal}"), [], |_| Ok(())).unwrap();
    (folder, path)
}

#[test]
fn it_tries_to_write_and_leaves_nothing_behind() {
    for (journal, flag, file, told) in [
        ("DELETE", "--log-file", "logs/monitor.log", "logs/monitor.log can be written"),
        ("DELETE", "--log-file", "logs/monitor.log", "alerts    ok      alerts can be stored in "),
        ("WAL", "--log-file", "monitor.log", "alerts    ok      alerts can be stored in "),
        ("DELETE", "--alerts-db", "alerts.db", "alerts.db is not there yet and can be made"),
        ("WAL", "--alerts-db", "alerts.db", "alerts.db is not there yet and can be made"),
        ("DELETE", "--alerts-db", "alerts.db", "no log file is named"),
    ] {
        let (folder, path) = stopped_bot(journal);
        let before = files(folder.path());
        let mut command = command(["doctor", "--no-llm", "--db"]);
        command.arg(&path).arg(flag).arg(folder.path().join(file));
        let run = finish(command);
        assert_eq!(run.code, 0, "{}", run.stdout);
        assert!(run.stdout.contains(told), "{told}: {}", run.stdout);
        let after = files(folder.path());
        let names: Vec<&PathBuf> = after.iter().map(|(name, ..)| name).collect();
        assert!(after == before, "{journal} {flag}: {names:?}");
    }
}

#[test]
fn a_bot_at_work_is_not_disturbed_by_the_attempt_to_write() {
    let bot = BotFile::generation1();
    bot.connection().query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    bot.activity("market_data", "Batch fetched 45 coins with volume", None, NOW);
    let bytes = |ending: &str| fs::read(format!("{}{ending}", bot.path().display())).unwrap();
    let before = (bytes(""), bytes("-wal"));
    assert_eq!(doctor(&bot, &["--no-llm"]).code, 0);
    assert!((bytes(""), bytes("-wal")) == before);
    bot.activity("market_data", "Batch fetched 46 coins with volume", None, NOW);
    assert_eq!(bot.value::<i64>("SELECT count(*) FROM activity_log"), 2);
}

#[test]
fn what_cannot_be_written_is_said_before_cron_depends_on_it() {
    let bot = BotFile::generation1();
    let folder = bot.folder().display().to_string();
    for (more, words) in [
        (["--alerts-db", &format!("{folder}/nope/alerts.db")], "/nope/alerts.db cannot be made: "),
        (["--alerts-db", &folder], "no alerts can be stored in "),
        (["--log-file", &format!("{folder}/nope/deeper/x.log")], "/nope/deeper/x.log cannot be written: "),
        (["--log-file", &folder], " cannot be written: "),
    ] {
        let run = doctor(&bot, &[&["--no-llm"][..], &more].concat());
        assert_eq!(run.code, 3, "{}", run.stdout);
        let failed = run.stdout.lines().find(|line| line.contains("FAILED")).unwrap();
        assert!(failed.contains(words), "{words}: {failed}");
        assert!(!bot.folder().join("nope").exists());
    }
    bot.execute("ALTER TABLE monitoring_alerts RENAME COLUMN title TO headline", []);
    let run = doctor(&bot, &["--no-llm"]);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("the table monitoring_alerts has no column title"), "{}", run.stdout);
}

#[test]
fn a_folder_that_is_closed_to_this_user_is_not_to_be_made() {
    let bot = BotFile::generation1();
    for flag in ["--alerts-db", "--log-file"] {
        // Nobody can make a file there, not even root.
        let closed = doctor(&bot, &["--no-llm", flag, "/proc/nobody.db"]).stdout;
        let failed = closed.lines().find(|line| line.contains("FAILED")).unwrap();
        assert!(!failed.contains("make its folder"), "{failed}");
        let missing = bot.folder().join("nope/deeper/file").display().to_string();
        assert!(doctor(&bot, &["--no-llm", flag, &missing]).stdout.contains("make its folder"));
    }
}

#[test]
fn a_file_that_the_bot_does_not_write_to_is_warned_of() {
    let bot = BotFile::generation1();
    let warned =
        |run: &Run| run.stdout.contains("tables    warning ") && run.stdout.contains("is this the file");
    let examined = doctor(&bot, &["--no-llm"]);
    assert!(examined.code == 0 && warned(&examined), "{}", examined.stdout);
    bot.activity("market_data", "Batch fetched 45 coins with volume", None, NOW);
    assert!(!warned(&doctor(&bot, &["--no-llm"])));
}

#[test]
fn alerts_of_a_newer_version_are_said_to_be_so() {
    let bot = BotFile::generation1();
    audit(&bot.path(), &[]);
    assert_eq!(doctor(&bot, &["--no-llm"]).code, 0);
    let newer = "INSERT INTO monitoring_migrations SELECT 99, 'newer', applied_on, checksum FROM monitoring_migrations LIMIT 1";
    bot.execute(newer, []);
    let run = doctor(&bot, &["--no-llm"]);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("a newer version of autonomous-monitor has written"), "{}", run.stdout);
}
