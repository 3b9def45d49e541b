//! What is stored, what is a repetition, and what the exit code says.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bot_file::{BotFile, NOW};
use crate::monitor::{Run, audit, command, finish};
use crate::server::{Reply, Server};

fn finding(severity: &str, title: &str) -> Value {
    json!({
        "type": "bug",
        "severity": severity,
        "title": title,
        "description": "The balance is 1000.0 after no trade.",
        "evidence": "current_balance 1000.0, starting_balance 1000.0",
        "recommendation": "reset it at midnight",
    })
}

fn answer(findings: &[Value]) -> Reply {
    Reply::chat(&json!({"findings": findings}).to_string())
}

/// Audits with an LLM that gives this answer.
fn ask(bot: &BotFile, reply: Reply, more: &[&str]) -> Run {
    let server = Server::start(vec![reply]);
    let mut command = command(["--as-of", NOW, "--base-url", &server.base_url(), "--db"]);
    command.arg(bot.path()).args(more);
    finish(command)
}

fn alerts(bot: &BotFile) -> i64 {
    bot.value("SELECT count(*) FROM monitoring_alerts")
}

#[test]
fn findings_are_stored_once_and_a_rerun_stores_nothing() {
    let bot = BotFile::generation1();
    let findings = [finding("high", "Daily counter is never reset"), finding("low", "Rule #3 is unused")];
    let first = ask(&bot, answer(&findings), &[]);
    assert_eq!(first.code, 1, "{}", first.stderr);
    assert!(first.stdout.contains("Stored: 2 new, 0 repeated"), "{}", first.stdout);
    let reworded = [finding("high", "daily counter is NEVER reset."), finding("low", "Rule 3 is unused")];
    let second = ask(&bot, answer(&reworded), &["--format", "json"]).json();
    assert_eq!((&second["stored"], &second["duplicates"]), (&json!(0), &json!(2)));
    assert_eq!(second["findings"][0]["disposition"], "duplicate");
    assert_eq!(second["findings"][0]["alert_id"], 1);
    assert_eq!(second["exit_code"], 1, "what is known is still there");
    assert_eq!(alerts(&bot), 2);
}

#[test]
fn a_stored_alert_has_the_specification_s_columns() {
    let bot = BotFile::generation1().without_table("monitoring_alerts");
    ask(&bot, answer(&[finding("medium", "Daily counter is never reset")]), &[]);
    let row: Vec<Option<String>> = bot
        .rows(
            "SELECT alert_type, severity, title, description, evidence, recommendation, status,
            created_at > '2026-01-01', acknowledged_at, fixed_at FROM monitoring_alerts",
            [],
            |row| {
                let text = |column| {
                    let value: rusqlite::types::Value = row.get(column)?;
                    Ok::<_, rusqlite::Error>(match value {
                        rusqlite::types::Value::Text(text) => Some(text),
                        rusqlite::types::Value::Integer(number) => Some(number.to_string()),
                        _ => None,
                    })
                };
                (0..10).map(text).collect::<Result<Vec<_>, _>>()
            },
        )
        .remove(0);
    let expected = [
        Some("bug"),
        Some("medium"),
        Some("Daily counter is never reset"),
        Some("The balance is 1000.0 after no trade."),
        Some("current_balance 1000.0, starting_balance 1000.0"),
        Some("reset it at midnight"),
        Some("open"),
        Some("1"),
        None,
        None,
    ];
    assert_eq!(row.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
    let indexes: i64 = bot.value(
        "SELECT count(*) FROM sqlite_master WHERE type = 'index'
            AND name IN ('idx_alerts_severity', 'idx_alerts_status', 'idx_alerts_created')",
    );
    assert_eq!(indexes, 3);
}

#[test]
fn an_alert_of_an_unrelated_type_or_a_fixed_one_is_no_duplicate() {
    let bot = BotFile::generation1();
    let mut other = finding("low", "Same words");
    other["type"] = json!("missing_feature");
    ask(&bot, answer(&[other.clone()]), &[]);
    other["type"] = json!("performance");
    ask(&bot, answer(&[other]), &[]);
    assert_eq!(alerts(&bot), 2);
    bot.execute("UPDATE monitoring_alerts SET status = 'fixed'", []);
    ask(&bot, answer(&[finding("low", "Same words")]), &[]);
    assert_eq!(alerts(&bot), 3);
    bot.execute("UPDATE monitoring_alerts SET status = 'acknowledged'", []);
    ask(&bot, answer(&[finding("low", "Same words")]), &[]);
    assert_eq!(alerts(&bot), 3);
}

#[test]
fn the_exit_code_is_the_worst_severity() {
    for (severity, code) in [("critical", 2), ("high", 1), ("medium", 0), ("low", 0), ("info", 0)] {
        let bot = BotFile::generation1();
        let run = ask(&bot, answer(&[finding("info", "Another"), finding(severity, "This one")]), &[]);
        assert_eq!(run.code, code, "{severity}: {}", run.stderr);
    }
    assert_eq!(ask(&BotFile::generation1(), answer(&[]), &[]).code, 0, "an empty list is a correct answer");
}

#[test]
fn a_failed_analysis_is_3_and_keeps_what_the_checks_found() {
    let bot = BotFile::with_stale_position();
    let run = ask(&bot, Reply::error(401, "Incorrect API key provided"), &[]);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("INCOMPLETE: LLM analysis failed: "), "{}", run.stdout);
    assert!(run.stdout.contains("OPENAI_API_KEY"), "{}", run.stdout);
    assert!(
        run.stdout.contains("Open positions that no exit has closed for days (alert 1)"),
        "{}",
        run.stdout
    );
    assert_eq!(alerts(&bot), 1);
}

#[test]
fn without_a_server_the_run_says_so_and_ends_3() {
    let bot = BotFile::generation1();
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/v1", listener.local_addr().unwrap())
    };
    let mut command = command(["--as-of", NOW, "--base-url", &closed, "--db"]);
    command.arg(bot.path());
    let run = finish(command);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("nothing is listening at"), "{}", run.stdout);
}

#[test]
fn at_the_deadline_the_run_stores_what_it_has() {
    let bot = BotFile::with_stale_position();
    let run = ask(&bot, answer(&[]).after(Duration::from_secs(60)), &["--deadline", "1"]);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("--deadline") || run.stdout.contains("within 1 s"), "{}", run.stdout);
    assert_eq!(alerts(&bot), 1);
}

#[test]
fn a_dry_run_changes_not_one_byte_and_knows_what_is_known() {
    let bot = BotFile::generation1();
    ask(&bot, answer(&[finding("low", "Known")]), &[]);
    let before = fs::read(bot.path()).unwrap();
    let findings = [finding("low", "Known"), finding("low", "Unknown")];
    let json = ask(&bot, answer(&findings), &["--dry-run", "--format", "json"]).json();
    assert_eq!(json["findings"][0]["disposition"], "duplicate");
    assert_eq!(json["findings"][1]["disposition"], "preview");
    assert_eq!((&json["stored"], &json["dry_run"]), (&json!(0), &json!(true)));
    assert_eq!(fs::read(bot.path()).unwrap(), before);
}

#[test]
fn printing_the_prompt_sends_and_stores_nothing() {
    let bot = BotFile::generation1();
    let before = fs::read(bot.path()).unwrap();
    let server = Server::start(vec![answer(&[finding("critical", "Never asked for")])]);
    let mut command = command(["--as-of", NOW, "--print-prompt", "--base-url", &server.base_url(), "--db"]);
    command.arg(bot.path());
    assert_eq!(finish(command).code, 0);
    assert!(server.requests().is_empty());
    assert_eq!(fs::read(bot.path()).unwrap(), before);
}

#[test]
fn what_is_printed_is_what_is_sent() {
    let bot = BotFile::generation1();
    bot.closed_trade(|_| ());
    let server = Server::start(vec![answer(&[])]);
    let flags = ["--as-of", NOW, "--base-url", &server.base_url(), "--db"];
    let mut print = command(flags);
    print.arg(bot.path()).arg("--print-prompt");
    let printed = finish(print).stdout;
    let mut send = command(flags);
    send.arg(bot.path());
    finish(send);
    let messages = server.requests()[0].body["messages"].clone();
    let sent: Vec<&str> =
        messages.as_array().unwrap().iter().map(|m| m["content"].as_str().unwrap()).collect();
    assert_eq!(printed, sent.join("\n"));
}

#[test]
fn the_key_appears_nowhere() {
    const KEY: &str = "sk-very-secret-0123456789";
    let bot = BotFile::generation1();
    let log = bot.folder().join("monitor.log");
    for reply in [
        answer(&[finding("low", &format!("Key {KEY} leaked"))]),
        Reply::error(401, &format!("bad key {KEY}")),
    ] {
        let server = Server::start(vec![reply]);
        let mut command =
            command(["--as-of", NOW, "--verbose", "--format", "json", "--base-url", &server.base_url()]);
        command
            .arg("--db")
            .arg(bot.path())
            .arg("--log-file")
            .arg(&log)
            .env("OPENAI_API_KEY", format!(" {KEY}\n"));
        let run = finish(command);
        let sent = server.requests();
        assert_eq!(sent[0].header("authorization"), Some(format!("Bearer {KEY}").as_str()));
        assert!(!sent[0].body.to_string().contains(KEY));
        assert!(!run.stdout.contains(KEY) && !run.stderr.contains(KEY), "{}{}", run.stdout, run.stderr);
    }
    assert!(!fs::read_to_string(log).unwrap().contains(KEY));
    assert!(!String::from_utf8_lossy(&fs::read(bot.path()).unwrap()).contains(KEY));
}

#[test]
fn only_our_own_tables_are_written() {
    let bot = BotFile::generation1().without_table("monitoring_alerts");
    let schema = "SELECT group_concat(sql, ';') FROM sqlite_master WHERE name NOT LIKE '%alerts%'
        AND name NOT LIKE '%monitoring_%' AND name NOT LIKE 'sqlite_%'";
    let (before, version): (String, i64) = (bot.value(schema), bot.value("PRAGMA user_version"));
    ask(&bot, answer(&[finding("low", "Anything")]), &[]);
    assert_eq!(bot.value::<String>(schema), before);
    assert_eq!(bot.value::<i64>("PRAGMA user_version"), version);
    let ours = bot.rows(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'monitoring_%' ORDER BY 1",
        [],
        |row| row.get::<_, String>(0),
    );
    let expected = ["alerts", "changes", "migrations", "sightings", "snoozes"];
    assert_eq!(ours, expected.map(|table| format!("monitoring_{table}")));
}

#[test]
fn a_file_that_cannot_be_written_is_3_and_the_findings_are_printed() {
    let bot = BotFile::with_stale_position();
    bot.execute("ALTER TABLE monitoring_alerts RENAME COLUMN title TO headline", []);
    let run = audit(&bot.path(), &[]);
    assert_eq!(run.code, 3);
    assert!(run.said().contains("the table monitoring_alerts has no column title"), "{}", run.stdout);
    assert!(run.stdout.contains("Open positions that no exit has closed for days"), "{}", run.stdout);
}

#[test]
fn a_dropped_table_is_made_again() {
    let bot = BotFile::with_stale_position();
    assert_eq!(audit(&bot.path(), &[]).code, 0);
    bot.execute("DROP TABLE monitoring_alerts", []);
    assert_eq!(audit(&bot.path(), &[]).code, 0);
    assert_eq!(alerts(&bot), 1);
}

#[test]
fn a_trigger_that_swallows_alerts_is_said() {
    let bot = BotFile::with_stale_position();
    let trigger = "CREATE TRIGGER swallow BEFORE INSERT ON monitoring_alerts BEGIN SELECT RAISE(IGNORE); END";
    bot.execute(trigger, []);
    let run = audit(&bot.path(), &[]);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("is there a trigger on monitoring_alerts?"), "{}", run.stdout);
}

#[test]
fn hostile_text_in_an_answer_does_not_reach_the_terminal() {
    let bot = BotFile::generation1();
    let title = "Title\u{1b}[2J\u{202e}\n  critical: 9\r";
    let run = ask(&bot, answer(&[finding("low", title)]), &["--verbose"]);
    assert!(!run.stdout.contains('\u{1b}') && !run.stdout.contains('\u{202e}') && !run.stdout.contains('\r'));
    assert!(!run.stdout.contains("\n  critical: 9"), "{}", run.stdout);
}
