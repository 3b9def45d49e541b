//! Checks of the user's own, the audit database on the command line, and explanations.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::bot_file::{BotFile, NOW};
use crate::monitor::{Run, audit, command, findings, finish, run};

const RULE: &str = r#"/*
id = "my-check"
severity = "high"
title = "The bot is idle"
why = "An idle bot earns nothing."
fix = "Start it."
threshold = 1 # rows
*/
SELECT 'closed_trades' AS source, '7' AS source_id, 12.5 AS hours, 1 AS open WHERE 1 >= :threshold"#;

/// A folder with one file of this text.
fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("my-check.sql"), text).unwrap();
    folder
}

fn with(bot: &BotFile, checks: &Path, more: &[&str]) -> Run {
    let folder = checks.to_str().unwrap();
    audit(&bot.path(), &[&["--checks-dir", folder], more].concat())
}

fn ask(bot: &BotFile, words: &[&str]) -> Run {
    let mut command = command(words);
    command.args(["--as-of", NOW, "--db"]).arg(bot.path());
    finish(command)
}

#[test]
fn a_check_of_the_user_s_own_pages_is_stored_once_and_closed() {
    let (bot, checks) = (BotFile::generation1(), folder(RULE));
    bot.closed_trade(|trade| trade.pnl_usd = Some(0.0));
    let first = with(&bot, checks.path(), &[]);
    assert_eq!(first.code, 1, "{}{}", first.stdout, first.stderr);
    assert!(first.said().contains("[bug] The bot is idle"), "{}", first.stdout);
    let known = |run: &Run| run.said().contains("0 new") && run.said().contains("The bot is idle");
    let second = with(&bot, checks.path(), &[]);
    assert!(known(&second), "{}", second.stdout);
    fs::write(checks.path().join("my-check.sql"), RULE.replace("1 >=", "0 >=")).unwrap();
    let silent: Vec<String> = (0..3).map(|_| with(&bot, checks.path(), &[]).said()).collect();
    assert!(
        !silent[1].contains("RESOLVED") && silent[2].contains("RESOLVED: - The bot is idle"),
        "{silent:#?}"
    );
}

#[test]
fn a_broken_check_is_one_sentence_and_stops_no_other() {
    let bot = BotFile::generation1();
    for (text, sentence) in [
        (RULE.replace("why", "whom"), "unknown field `whom`"),
        (RULE.replace("SELECT", "DELETE FROM trade; SELECT"), "only reading is allowed"),
        (RULE.replace("12.5", "datetime('now')"), "'now' is denied: use run.now"),
        (RULE.replace("The bot", "{{ row.days }}"), "undefined value"),
        ("SELECT 1".to_owned(), "must begin with a comment"),
    ] {
        let checks = folder(&text);
        let run = with(&bot, checks.path(), &["--dry-run"]);
        assert_eq!(run.code, 3, "{sentence}: {}", run.stdout);
        assert!(run.said().contains(sentence), "{sentence}: {}", run.stdout);
        let test = ask(&bot, &["checks", "test", checks.path().join("my-check.sql").to_str().unwrap()]);
        assert_eq!((test.code, test.stderr.lines().count()), (3, 1), "{}", test.stderr);
        assert!(test.stderr.contains(sentence), "{}", test.stderr);
    }
    let run = with(&bot, Path::new("/nonexistent"), &["--dry-run"]);
    assert!(run.code == 3 && run.said().contains("the folder of checks cannot be read"), "{}", run.stdout);
}

#[test]
fn a_check_with_a_built_in_s_id_takes_its_place() {
    let bot = BotFile::generation1();
    let checks = folder(&RULE.replace("my-check", "drawdown"));
    let run = with(&bot, checks.path(), &["--dry-run"]);
    assert!(run.said().contains("Check drawdown is replaced by a file of yours"), "{}", run.stdout);
    let found = findings(&bot, "drawdown", &["--checks-dir", checks.path().to_str().unwrap()]);
    assert_eq!(found[0]["title"], "The bot is idle");
}

#[test]
fn a_file_is_tested_before_it_is_used() {
    let (bot, checks) = (BotFile::generation1(), folder(RULE));
    let file = checks.path().join("my-check.sql");
    let tested = ask(&bot, &["checks", "test", file.to_str().unwrap()]);
    assert_eq!(tested.code, 1, "{}", tested.stderr);
    insta::assert_snapshot!(tested.stdout, @r"
    [high] The bot is idle
        1 row. An idle bot earns nothing.
        1 row; e.g. hours 12.5 (closed_trades 7); all rows: autonomous-monitor
        explain my-check
        Start it.
    ");
    let template = run(["checks", "new"]);
    fs::write(&file, &template.stdout).unwrap();
    let tested = ask(&bot, &["checks", "test", file.to_str().unwrap()]);
    assert_eq!(
        (tested.code, tested.stdout.as_str()),
        (0, "large-losses would report nothing.\n"),
        "{}",
        tested.stderr
    );
}

#[test]
fn a_check_and_an_alert_are_explained() {
    let (bot, checks) = (BotFile::generation1(), folder(RULE));
    with(&bot, checks.path(), &[]);
    let folder = checks.path().to_str().unwrap();
    let explained = ask(&bot, &["explain", "my-check", "--checks-dir", folder]);
    assert_eq!(explained.code, 0, "{}", explained.stderr);
    insta::assert_snapshot!(explained.stdout.replace(folder, "DIR"), @r"
    Check:        my-check (own, DIR/my-check.sql)
    Why:          An idle bot earns nothing.
    Threshold:    1, rows
    SQL:
      SELECT 'closed_trades' AS source, '7' AS source_id, 12.5 AS hours, 1 AS open WHERE 1 >= :threshold

    Finding:      [high] The bot is idle
    Description:  1 row. An idle bot earns nothing.
    Evidence:     1 row; e.g. hours 12.5 (closed_trades 7); all rows:
                  autonomous-monitor explain my-check

    Rows (1):
    source         source_id  hours  open
    -------------  ---------  -----  ----
    closed_trades  7          12.5   1
    ");
    let alert: i64 = bot.value("SELECT id FROM monitoring_alerts WHERE title = 'The bot is idle'");
    let of_alert = ask(&bot, &["explain", &alert.to_string(), "--checks-dir", folder]);
    assert!(of_alert.stdout.starts_with(&format!("Alert {alert}:")), "{}", of_alert.stdout);
    let json = ask(&bot, &["explain", "my-check", "--checks-dir", folder, "--format", "json"]).json();
    assert_eq!(json["rows"], serde_json::json!([["closed_trades", "7", 12.5, 1]]));
    let code = ask(&bot, &["explain", "drawdown"]);
    assert!(code.stdout.contains("It finds nothing in the file as it is now."), "{}", code.stdout);
    let unknown = ask(&bot, &["explain", "drawdwn"]);
    assert_eq!(unknown.code, 3);
    assert!(
        unknown.stderr.contains("there is no check drawdwn; do you mean drawdown?"),
        "{}",
        unknown.stderr
    );
    assert_eq!(ask(&bot, &["explain", "999"]).code, 3);
}

#[test]
fn the_audit_database_answers() {
    let bot = BotFile::generation1();
    let answer = ask(&bot, &["sql", "SELECT 1 AS one, 'a\u{1b}[31m' AS text, NULL AS none"]);
    assert_eq!(
        (answer.code, answer.stdout.as_str()),
        (0, "one  text    none\n---  ------  ----\n1    a [31m  NULL\n")
    );
    let json = ask(&bot, &["sql", "SELECT 1.5 AS x", "--format", "json"]).json();
    assert_eq!(json, serde_json::json!({"columns": ["x"], "rows": [[1.5]], "is_cut": false}));
    assert_eq!(ask(&bot, &["sql", "SELECT 1 AS a WHERE 0"]).stdout, "No row (a).\n");
    assert!(ask(&bot, &["sql", ".schema"]).stdout.contains("CREATE TABLE trade ("));
    let denied = ask(&bot, &["sql", "SELECT * FROM sqlite_schema"]);
    assert_eq!((denied.code, denied.stderr.lines().count()), (3, 1), "{}", denied.stderr);
    assert!(denied.stderr.contains("may not be read"), "{}", denied.stderr);
}
