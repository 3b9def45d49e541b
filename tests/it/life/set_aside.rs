//! Alerts that somebody has set aside: they count for no exit code until they become worse or come back.

use std::fs;

use serde_json::{Value, json};

use crate::bot_file::{BotFile, NOW};
use crate::life::{alerts, ask, close_position, finding, status};
use crate::monitor::{Run, audit, command, finish};

const TITLE: &str = "Balance never moves";

fn told(severity: &str) -> [Value; 1] {
    [finding(severity, TITLE)]
}

/// Asks in a dry run, then really: both say the same of the first finding, and end with the same code.
fn ask_twice(bot: &BotFile, findings: &[Value]) -> (i32, Value) {
    let before = fs::read(bot.path()).unwrap();
    let previewed = ask(bot, findings, &["--dry-run", "--format", "json"]);
    assert!(fs::read(bot.path()).unwrap() == before, "a dry run changes nothing");
    let stored = ask(bot, findings, &["--format", "json"]);
    let said = |run: &Run| {
        let finding = &run.json()["findings"][0];
        ["news", "severity", "previous_severity", "follows_alert_id", "snoozed_until"]
            .map(|key| finding[key].clone())
    };
    assert_eq!((previewed.code, said(&previewed)), (stored.code, said(&stored)));
    (stored.code, stored.json()["findings"][0].clone())
}

fn changes(bot: &BotFile) -> Vec<String> {
    let sql = "SELECT status || ': ' || coalesce(note, '') FROM monitoring_changes ORDER BY id";
    bot.rows(sql, [], |row| row.get(0))
}

#[test]
fn an_acknowledged_alert_pages_again_when_it_has_become_worse() {
    for word in ["ack", "wontfix"] {
        let bot = BotFile::generation1();
        assert_eq!(ask_twice(&bot, &told("high")).0, 1);
        alerts(&bot, &[word, "1"]);
        let (code, known) = ask_twice(&bot, &told("high"));
        assert_eq!((code, &known["news"]), (0, &json!("known")), "{word}");
        assert_eq!(ask_twice(&bot, &told("low")).0, 0, "{word}: milder");
        let (code, worse) = ask_twice(&bot, &told("critical"));
        assert_eq!((code, &worse["news"]), (2, &json!("worse")), "{word}");
        assert_eq!((&worse["previous_severity"], &worse["alert_status"]), (&json!("high"), &json!("open")));
        assert_eq!(status(&bot, 1), "open");
        assert_eq!(changes(&bot)[1], "open: opened by the monitor: high has become critical");
        let (code, again) = ask_twice(&bot, &told("critical"));
        assert_eq!((code, &again["news"]), (2, &json!("known")), "{word}");
        alerts(&bot, &[word, "1"]);
        assert_eq!(ask_twice(&bot, &told("critical")).0, 0, "{word}: seen at its worst");
    }
}

#[test]
fn an_open_alert_that_has_become_worse_is_news_and_stays_open() {
    let bot = BotFile::generation1();
    ask(&bot, &told("medium"), &[]);
    let (code, worse) = ask_twice(&bot, &told("high"));
    assert_eq!((code, &worse["news"], changes(&bot).len()), (1, &json!("worse"), 0));
}

#[test]
fn a_snoozed_alert_pages_again_when_the_time_is_over() {
    let bot = BotFile::generation1();
    ask(&bot, &told("critical"), &[]);
    let snoozed = alerts(&bot, &["snooze", "1", "--for", "7d", "--note", "after the holidays"]);
    assert_eq!(snoozed.code, 0, "{}", snoozed.stderr);
    let until: String = bot.value("SELECT snoozed_until FROM monitoring_snoozes");
    assert_eq!(snoozed.stdout, format!("alert 1: snoozed until {until} UTC\n"));
    let days: f64 = bot.value("SELECT julianday(snoozed_until) - julianday('now') FROM monitoring_snoozes");
    assert!((6.99..=7.01).contains(&days), "{days}");
    assert!(alerts(&bot, &["list"]).stdout.contains(&format!("snoozed until {until} UTC")));
    let shown = alerts(&bot, &["show", "1"]).said();
    assert!(shown.contains(&format!("Snoozed: until {until} UTC")), "{shown}");
    assert!(shown.contains(&format!("open: snoozed until {until} UTC: after the holidays")), "{shown}");
    assert_eq!(
        alerts(&bot, &["list", "--format", "json"]).json()["alerts"][0]["snoozed_until"],
        json!(until)
    );
    let (code, known) = ask_twice(&bot, &told("critical"));
    assert_eq!((code, &known["news"], &known["snoozed_until"]), (0, &json!("known"), &json!(until)));
    assert!(
        ask(&bot, &told("critical"), &[]).said().contains(&format!("alert 1, snoozed until {until} UTC)"))
    );
    bot.execute("UPDATE monitoring_snoozes SET snoozed_until = '2026-11-22 08:59:59'", []);
    let (code, over) = ask_twice(&bot, &told("critical"));
    assert_eq!((code, &over["news"]), (2, &json!("returned")));
    assert_eq!(bot.value::<i64>("SELECT count(*) FROM monitoring_snoozes"), 0);
    let (code, known) = ask_twice(&bot, &told("critical"));
    assert_eq!((code, &known["news"]), (2, &json!("known")), "told once");
}

#[test]
fn whatever_is_said_of_an_alert_ends_its_snooze() {
    let bot = BotFile::generation1();
    ask(&bot, &told("high"), &[]);
    let snooze = || assert_eq!(alerts(&bot, &["snooze", "1", "--for", "2w"]).code, 0);
    let snoozes = || bot.value::<i64>("SELECT count(*) FROM monitoring_snoozes");
    for word in ["ack", "reopen"] {
        snooze();
        assert_eq!(
            (snoozes(), status(&bot, 1).as_str()),
            (1, "open"),
            "an acknowledged one is open again then"
        );
        alerts(&bot, &[word, "1"]);
        assert_eq!(snoozes(), 0, "{word}");
    }
    snooze();
    let (code, worse) = ask_twice(&bot, &told("critical"));
    assert_eq!((code, &worse["news"], snoozes()), (2, &json!("worse"), 0));
    for word in ["fix", "wontfix"] {
        alerts(&bot, &[word, "1"]);
        let refused = alerts(&bot, &["snooze", "1", "--for", "1d"]);
        assert_eq!(refused.code, 3);
        assert!(refused.stderr.contains("alert 1 is closed: nothing was changed"), "{}", refused.stderr);
    }
    assert_eq!(snoozes(), 0);
}

#[test]
fn a_snooze_needs_a_time_and_alerts_that_exist() {
    let bot = BotFile::generation1();
    ask(&bot, &told("high"), &[]);
    for span in ["", "7", "0m", "59s", "366d", "53w", "-1d", "d", "7 d", "1h30m", "7D", "1é"] {
        let run = alerts(&bot, &["snooze", "1", &format!("--for={span}")]);
        assert_eq!(run.code, 3, "{span:?}");
        assert!(run.stderr.contains("--for"), "{span:?}: {}", run.stderr);
    }
    assert_eq!(alerts(&bot, &["snooze", "1"]).code, 3);
    let unknown = alerts(&bot, &["snooze", "1", "99", "--for", "1d"]);
    assert_eq!(unknown.code, 3);
    assert!(unknown.stderr.contains("there is no alert 99: nothing was changed"), "{}", unknown.stderr);
    assert_eq!(bot.value::<i64>("SELECT count(*) FROM monitoring_snoozes"), 0);
    for span in ["1m", "30m", "12h", "365d", "52w"] {
        assert_eq!(alerts(&bot, &["snooze", "1", "--for", span]).code, 0, "{span}");
    }
    let json = alerts(&bot, &["snooze", "1", "--for", "1d", "--format", "json"]).json();
    assert_eq!(
        json["snoozed_until"],
        json!(bot.value::<String>("SELECT snoozed_until FROM monitoring_snoozes"))
    );
}

#[test]
fn what_nobody_can_read_as_a_time_snoozes_nothing() {
    let bot = BotFile::generation1();
    ask(&bot, &told("high"), &[]);
    bot.execute("INSERT INTO monitoring_snoozes VALUES (1, 'zzz')", []);
    assert_eq!(ask_twice(&bot, &told("high")).0, 1);
}

#[test]
fn a_fixed_problem_that_comes_back_pages_and_is_told_as_returned() {
    let bot = BotFile::generation1();
    ask(&bot, &told("high"), &[]);
    alerts(&bot, &["fix", "1"]);
    let (code, back) = ask_twice(&bot, &told("high"));
    assert_eq!((code, &back["news"], &back["follows_alert_id"]), (1, &json!("returned"), &json!(1)));
    alerts(&bot, &["fix", "2"]);
    assert!(ask(&bot, &told("high"), &[]).said().contains("(LLM, found again: alert 2 was fixed, alert 3)"));
}

#[test]
fn a_claim_that_the_report_does_not_carry_opens_nothing_again() {
    let made_up = |severity: &str| {
        json!({
            "type": "bug", "severity": severity, "title": "Losses explode on the coin luna",
            "description": "luna lost 83417.25 in 912 trades", "evidence": "luna -83417.25", "recommendation": "stop",
        })
    };
    let bot = BotFile::generation1();
    ask(&bot, &[made_up("low")], &[]);
    alerts(&bot, &["ack", "1"]);
    let (code, known) = ask_twice(&bot, &[made_up("critical")]);
    assert_eq!((code, &known["news"], status(&bot, 1).as_str()), (0, &json!("known"), "acknowledged"));
}

#[test]
fn what_is_set_aside_stays_so_where_nothing_can_be_stored() {
    let bot = BotFile::generation1();
    ask(&bot, &told("critical"), &[]);
    alerts(&bot, &["ack", "1"]);
    let newer = "INSERT INTO monitoring_migrations SELECT 99, 'newer', applied_on, checksum FROM monitoring_migrations LIMIT 1";
    bot.execute(newer, []);
    let run = ask(&bot, &told("critical"), &[]);
    assert_eq!(run.code, 3, "{}", run.stdout);
    assert!(run.stdout.contains("Stored: nothing"), "{}", run.stdout);
    assert!(run.said().contains("(critical, LLM, alert 1, acknowledged)"), "{}", run.stdout);
}

#[test]
fn quiet_prints_only_what_is_new_worse_or_back_or_that_the_audit_is_incomplete() {
    let bot = BotFile::generation1();
    let quiet = |findings: &[Value]| {
        let run = ask(&bot, findings, &["--quiet"]);
        assert_eq!(run.stderr, "", "the log is for those who look");
        (run.code, run.stdout)
    };
    let assert_tells = |findings: &[Value], words: &str| {
        let (code, stdout) = quiet(findings);
        assert!(stdout.starts_with("CRITICAL: ") && stdout.contains(words), "{code}: {stdout}");
        assert_eq!(quiet(findings), (2, String::new()), "known, critical, and said before");
    };
    assert_eq!(quiet(&[]), (0, String::new()));
    let (code, stdout) = quiet(&told("high"));
    assert!(code == 1 && stdout.starts_with("WARNING: "), "{stdout}");
    assert_eq!(quiet(&told("high")), (1, String::new()));
    assert_tells(&told("critical"), "1 worse critical");
    alerts(&bot, &["fix", "1"]);
    assert_tells(&told("critical"), "1 returned critical");
    alerts(&bot, &["snooze", "2", "--for", "1d"]);
    assert_eq!(quiet(&told("critical")), (0, String::new()));
    bot.execute("UPDATE monitoring_snoozes SET snoozed_until = '2026-11-22 08:00:00'", []);
    assert_tells(&told("critical"), "1 returned critical");
    bot.execute("DROP TABLE coin_cooldowns", []);
    bot.execute("CREATE VIEW coin_cooldowns AS SELECT * FROM nowhere", []);
    assert_eq!(quiet(&told("critical")).1, "", "a warning that stands in every run is none of cron's");
    let mut failed = command(["--quiet", "--as-of", NOW, "--base-url", "http://127.0.0.1:1/v1", "--db"]);
    failed.arg(bot.path());
    let failed = finish(failed);
    assert_eq!(failed.code, 3);
    assert!(failed.stdout.starts_with("UNKNOWN: "), "{}", failed.stdout);
    assert_eq!((failed.stdout.matches("nothing is listening").count(), failed.stderr.as_str()), (1, ""));
}

#[test]
fn quiet_says_nothing_of_what_is_gone_and_the_log_file_has_it_all() {
    let bot = BotFile::with_stale_position();
    let log = bot.folder().join("monitor.log");
    let quiet = || audit(&bot.path(), &["--quiet", "--log-file", log.to_str().unwrap()]);
    assert!(quiet().stdout.contains("Open positions that no exit has closed for days"));
    close_position(&bot);
    for _ in 0..3 {
        let run = quiet();
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
    }
    assert_eq!(status(&bot, 1), "fixed");
    assert!(fs::read_to_string(log).unwrap().contains("INFO - Collecting"));
}
