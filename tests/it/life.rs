//! The life of an alert: stored, seen again, judged by people, closed, come back.

mod alerts_files;
mod one_alert;
mod set_aside;

use std::fs;

use serde_json::{Value, json};

use crate::bot_file::{BotFile, NOW};
use crate::monitor::{Run, audit, command, finish};
use crate::server::{Reply, Server};

pub(crate) const STALE: &str = "Open positions that no exit has closed for days";

/// A finding that the report of an empty file carries.
pub(crate) fn finding(severity: &str, title: &str) -> Value {
    json!({
        "type": "bug",
        "severity": severity,
        "title": title,
        "description": "The balance is 1000.0 after no trade.",
        "evidence": "current_balance 1000.0, starting_balance 1000.0",
        "recommendation": "look at it",
    })
}

pub(crate) fn ask(bot: &BotFile, findings: &[Value], more: &[&str]) -> Run {
    let server = Server::start(vec![Reply::chat(&json!({"findings": findings}).to_string())]);
    let mut command = command(["--as-of", NOW, "--base-url", &server.base_url(), "--db"]);
    command.arg(bot.path()).args(more);
    finish(command)
}

pub(crate) fn alerts(bot: &BotFile, arguments: &[&str]) -> Run {
    let mut command = command(["alerts"]);
    command.args(arguments).arg("--db").arg(bot.path());
    finish(command)
}

fn count(bot: &BotFile) -> i64 {
    bot.value("SELECT count(*) FROM monitoring_alerts")
}

pub(crate) fn status(bot: &BotFile, id: i64) -> String {
    bot.value(&format!("SELECT status FROM monitoring_alerts WHERE id = {id}"))
}

/// The bot closes the position that was open for too long.
pub(crate) fn close_position(bot: &BotFile) {
    bot.execute("DELETE FROM open_trades", []);
    bot.activity("market_data", "Batch fetched 45 coins with volume", None, NOW);
}

#[test]
fn the_list_shows_what_is_open_worst_first() {
    let bot = BotFile::generation1();
    ask(&bot, &[finding("low", "Rule 3 is never used"), finding("high", "Balance never moves")], &[]);
    let list = alerts(&bot, &["list"]);
    assert_eq!(list.code, 0);
    let lines: Vec<&str> = list.stdout.lines().collect();
    assert!(lines[0].contains("high") && lines[0].contains("Balance never moves"), "{}", list.stdout);
    assert!(lines[1].contains("low") && lines[1].contains("open"), "{}", list.stdout);
    assert_eq!(alerts(&bot, &["list", "--severity", "medium"]).stdout.lines().count(), 1);
    assert_eq!(alerts(&bot, &["fix", "2"]).code, 0);
    assert_eq!(alerts(&bot, &["list"]).stdout.lines().count(), 1);
    assert_eq!(alerts(&bot, &["list", "--all"]).stdout.lines().count(), 2);
    assert!(alerts(&bot, &["list", "--status", "fixed"]).stdout.contains("Balance never moves"));
    assert!(alerts(&bot, &["list", "--status", "wontfix"]).stdout.contains("No such alerts (2 in "));
    let json = alerts(&bot, &["list", "--all", "--format", "json"]).json();
    assert_eq!(json["alerts"].as_array().unwrap().len(), 2);
    assert_eq!(json["alerts"][0]["source"], "llm");
    for since in ["1", "90m", "7d", "2w"] {
        let recent = alerts(&bot, &["list", "--all", "--since", since]).stdout.lines().count();
        assert_eq!(recent, 2, "{since}: stored just now");
    }
    bot.execute("UPDATE monitoring_alerts SET created_at = datetime('now', '-8 days') WHERE id = 1", []);
    for (since, shown) in [("7d", 1), ("168", 1), ("9d", 2), ("2w", 2)] {
        let list = alerts(&bot, &["list", "--all", "--since", since]).stdout;
        assert_eq!(list.lines().count(), shown, "{since}: {list}");
    }
    for since in ["", "0", "0d", "d", "-1d", "7 d", "7days", "3651d", "1.5h", "\u{b5}", "99999999999w"] {
        let run = alerts(&bot, &["list", "--since", since]);
        assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{since:?}");
    }
}

#[test]
fn a_reader_who_has_read_enough_is_no_error() {
    let bot = BotFile::with_stale_position();
    audit(&bot.path(), &[]);
    let mut list = command(["alerts", "list", "--db"]);
    list.arg(bot.path()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = list.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn people_s_judgements_set_status_and_times() {
    let bot = BotFile::generation1();
    let findings: Vec<Value> = ["Balance never moves", "Rule 3 is never used", "Prices are stale"]
        .iter()
        .map(|title| finding("low", title))
        .collect();
    ask(&bot, &findings, &[]);
    assert_eq!(alerts(&bot, &["ack", "1", "2", "--note", "on it"]).code, 0);
    assert_eq!(alerts(&bot, &["resolve", "2"]).code, 0);
    assert_eq!(alerts(&bot, &["wontfix", "3"]).code, 0);
    assert_eq!([1, 2, 3].map(|id| status(&bot, id)), ["acknowledged", "fixed", "wontfix"]);
    let times =
        "SELECT (acknowledged_at IS NOT NULL) || (fixed_at IS NOT NULL) FROM monitoring_alerts ORDER BY id";
    assert_eq!(bot.rows(times, [], |row| row.get::<_, String>(0)), ["10", "11", "00"]);
    assert_eq!(alerts(&bot, &["reopen", "2"]).code, 0);
    assert_eq!(status(&bot, 2), "open");
    assert_eq!(bot.rows(times, [], |row| row.get::<_, String>(0)), ["10", "00", "00"]);
    for (word, expected) in
        [("fix", "11"), ("reopen", "00"), ("ack", "10"), ("wontfix", "10"), ("reopen", "00")]
    {
        assert_eq!(alerts(&bot, &[word, "1"]).code, 0);
        assert_eq!(bot.rows(times, [], |row| row.get::<_, String>(0)).first().unwrap(), expected, "{word}");
    }
    let shown = alerts(&bot, &["show", "2"]).stdout;
    for words in ["Rule 3 is never used", "Seen:", "1 time,", "acknowledged: on it", "fixed", "open"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert_eq!(
        alerts(&bot, &["show", "2", "--format", "json"]).json()["changes"].as_array().unwrap().len(),
        3
    );
}

#[test]
fn an_unknown_id_is_an_error_and_changes_nothing() {
    let bot = BotFile::generation1();
    ask(&bot, &[finding("low", "Balance never moves")], &[]);
    let run = alerts(&bot, &["fix", "1", "99"]);
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("there is no alert 99: nothing was changed"), "{}", run.stderr);
    assert_eq!(status(&bot, 1), "open");
    assert_eq!(alerts(&bot, &["show", "99"]).code, 3);
    assert_eq!(alerts(&bot, &["fix"]).code, 3);
    assert_eq!(alerts(&bot, &["fix", "one"]).code, 3);
}

#[test]
fn what_nobody_wants_to_hear_of_is_neither_stored_nor_paged_again() {
    let bot = BotFile::generation1();
    let critical = [finding("critical", "Balance never moves")];
    assert_eq!(ask(&bot, &critical, &[]).code, 2);
    alerts(&bot, &["ack", "1"]);
    alerts(&bot, &["wontfix", "1"]);
    let run = ask(&bot, &critical, &[]);
    assert_eq!((run.code, count(&bot)), (0, 1));
    assert!(run.stdout.contains("(critical, LLM, alert 1, wontfix)"), "{}", run.stdout);
}

#[test]
fn a_fixed_problem_that_comes_back_is_a_new_alert_that_names_the_old_one() {
    let bot = BotFile::with_stale_position();
    audit(&bot.path(), &[]);
    alerts(&bot, &["fix", "1"]);
    audit(&bot.path(), &[]);
    assert_eq!(count(&bot), 2);
    let description: String = bot.value("SELECT description FROM monitoring_alerts WHERE id = 2");
    assert!(
        description.contains("Found again after alert 1 was fixed (") && description.contains(" UTC)."),
        "{description}"
    );
    assert!(alerts(&bot, &["show", "2"]).stdout.contains("alert 1, which was fixed"));
}

#[test]
fn occurrences_are_counted_and_what_became_worse_is_raised() {
    let bot = BotFile::generation1();
    ask(&bot, &[finding("low", "Balance never moves")], &[]);
    ask(&bot, &[finding("high", "Balance never moves")], &[]);
    ask(&bot, &[finding("low", "Balance never moves")], &[]);
    let seen: i64 = bot.value("SELECT times_seen FROM monitoring_sightings WHERE alert_id = 1");
    assert_eq!((seen, count(&bot)), (3, 1));
    assert_eq!(bot.value::<String>("SELECT severity FROM monitoring_alerts"), "high");
}

#[test]
fn an_llm_s_words_make_a_check_s_finding_no_worse() {
    let bot = BotFile::with_stale_position();
    let louder = || ask(&bot, &[finding("critical", STALE)], &["--format", "json", "--dry-run"]);
    let preview = louder();
    let severities = |run: &Run| {
        let of = |finding: &Value| (finding["severity"].clone(), finding["disposition"].clone());
        run.json()["findings"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let medium = |disposition: &str| (json!("medium"), json!(disposition));
    assert_eq!((preview.code, severities(&preview)), (0, vec![medium("preview"), medium("duplicate")]));
    let stored = ask(&bot, &[finding("critical", STALE)], &["--format", "json"]);
    assert_eq!((stored.code, severities(&stored)), (0, vec![medium("new"), medium("duplicate")]));
    assert_eq!(bot.value::<String>("SELECT severity FROM monitoring_alerts"), "medium");
    assert_eq!(severities(&louder()), [medium("duplicate"), medium("duplicate")]);
}

#[test]
fn a_check_s_alert_is_closed_after_three_silent_complete_runs() {
    let bot = BotFile::with_stale_position();
    audit(&bot.path(), &[]);
    close_position(&bot);
    let off = bot.folder().join("off.toml");
    fs::write(&off, "[checks.position-stale]\nenabled = false\n").unwrap();
    for _ in 0..5 {
        audit(&bot.path(), &["--config", off.to_str().unwrap()]);
    }
    assert_eq!(status(&bot, 1), "open", "a check that did not run proves nothing");
    for _ in 0..2 {
        assert_eq!(audit(&bot.path(), &["--format", "json"]).json()["resolved"], 0);
    }
    let third = audit(&bot.path(), &[]);
    assert!(third.stdout.contains("0 repeated, 1 resolved"), "{}", third.stdout);
    assert!(third.stdout.contains(&format!("RESOLVED:\n  - {STALE} (alert 1)")), "{}", third.stdout);
    assert_eq!(status(&bot, 1), "fixed");
    let note: String = bot.value("SELECT note FROM monitoring_changes WHERE alert_id = 1");
    assert!(note.contains("closed by the monitor"), "{note}");
}

#[test]
fn an_emptied_file_is_no_good_news_and_closes_nothing() {
    let bot = BotFile::with_stale_position();
    assert_eq!(audit(&bot.path(), &["--quiet"]).code, 0);
    bot.execute("DELETE FROM open_trades", []);
    for more in [&["--quiet"][..], &["--quiet"], &["--quiet"], &["--quiet"], &["--dry-run"]] {
        let run = audit(&bot.path(), more);
        assert_eq!(run.code, 3, "{}", run.stdout);
        assert!(
            run.stdout.starts_with("UNKNOWN: ") && run.stdout.contains("(nothing to audit)"),
            "{}",
            run.stdout
        );
        assert!(run.said().contains("was this one emptied?"), "{}", run.stdout);
    }
    assert_eq!(status(&bot, 1), "open");
    let fresh = BotFile::generation1();
    assert_eq!(audit(&fresh.path(), &["--quiet"]).code, 0, "a bot that has only been installed");
    assert_eq!(audit(&fresh.path(), &["--quiet"]).code, 0);
}

#[test]
fn neither_an_earlier_moment_nor_a_shorter_window_closes_an_alert() {
    let bot = BotFile::with_stale_position();
    audit(&bot.path(), &[]);
    bot.execute("UPDATE open_trades SET opened_at = '2026-11-22 08:59:00'", []);
    for _ in 0..4 {
        for less in [["--as-of", "2026-11-22 08:59:59"], ["--hours", "1"]] {
            assert!(audit(&bot.path(), &less).stdout.contains(" 0 resolved"));
        }
    }
    assert_eq!(status(&bot, 1), "open");
}

#[test]
fn an_audit_of_the_past_closes_nothing_and_says_what_it_cannot_judge() {
    let bot = BotFile::with_stale_position();
    let at = |moment: &str| audit(&bot.path(), &["--as-of", moment]);
    assert!(!at("2026-11-22 09:00:00").stdout.contains("later than the audited moment"));
    bot.execute("DELETE FROM open_trades", []);
    bot.closed_trade(|row| row.closed_at = "2026-11-22 12:00:00");
    for _ in 0..4 {
        let past = at("2026-11-22 10:00:00").stdout;
        assert!(past.contains(" 0 resolved"), "{past}");
        assert!(past.contains("rows later than the audited moment: what the bot has overwritten"), "{past}");
    }
    for _ in 0..3 {
        at("2026-11-22 13:00:00");
    }
    assert_eq!(status(&bot, 1), "fixed");
}

#[test]
fn what_only_a_longer_window_has_shown_a_shorter_one_does_not_close() {
    let bot = BotFile::with_stale_position();
    audit(&bot.path(), &["--hours", "168"]);
    bot.execute("UPDATE open_trades SET opened_at = '2026-11-22 08:59:00'", []);
    for _ in 0..4 {
        assert!(audit(&bot.path(), &[]).stdout.contains(" 0 resolved"));
    }
    for resolved in [" 0 resolved", " 0 resolved", " 1 resolved"] {
        assert!(audit(&bot.path(), &["--hours", "168"]).stdout.contains(resolved));
    }
    assert_eq!(status(&bot, 1), "fixed");
}

#[test]
fn what_the_monitor_itself_has_written_changes_no_finding() {
    let bot = BotFile::with_stale_position();
    let stored = audit(&bot.path(), &["--format", "json"]).json();
    let again = audit(&bot.path(), &["--format", "json"]).json();
    assert_eq!(again["report"]["tables"]["is_past"], false);
    assert_eq!(stored["counts"], again["counts"]);
}

#[test]
fn an_occurrence_in_between_starts_the_count_anew() {
    let bot = BotFile::with_stale_position();
    audit(&bot.path(), &[]);
    let position = "UPDATE open_trades SET opened_at = ?1";
    for opened_at in
        ["2026-11-22 08:50:00", "2026-11-22 08:50:00", "2026-11-01 00:00:00", "2026-11-22 08:50:00"]
    {
        bot.execute(position, [opened_at]);
        audit(&bot.path(), &[]);
    }
    assert_eq!(status(&bot, 1), "open");
}

#[test]
fn an_llm_s_alert_is_never_closed_by_absence() {
    let bot = BotFile::generation1();
    ask(&bot, &[finding("low", "Balance never moves")], &[]);
    for _ in 0..4 {
        ask(&bot, &[], &[]);
    }
    assert_eq!(status(&bot, 1), "open");
}

#[test]
fn twenty_new_alerts_of_an_llm_are_enough_for_one_run() {
    let bot = BotFile::generation1();
    let subjects = [
        "Balance never moves",
        "Rule 1 never wins",
        "Rule 2 never wins",
        "Rule 3 never wins",
        "Rule 4 never wins",
        "Rule 5 never wins",
        "Rule 6 never wins",
        "Rule 7 never wins",
        "Rule 8 never wins",
        "Rule 9 never wins",
        "Rule 11 never wins",
        "Rule 12 never wins",
        "Rule 13 never wins",
        "Rule 14 never wins",
        "Rule 15 never wins",
        "Rule 16 never wins",
        "Rule 17 never wins",
        "Rule 18 never wins",
        "Rule 19 never wins",
        "Rule 21 never wins",
        "Rule 22 never wins",
        "Rule 23 never wins",
        "Rule 24 never wins",
    ];
    let findings: Vec<Value> = subjects.iter().map(|title| finding("low", title)).collect();
    let json = ask(&bot, &findings, &["--trust-llm", "--format", "json"]).json();
    assert_eq!((&json["stored"], &json["suppressed"]), (&json!(20), &json!(3)), "{:#}", json["findings"]);
    assert_eq!(count(&bot), 20);
    assert_eq!(json["findings"][22]["disposition"], "suppressed");
}

#[test]
fn of_an_answer_without_end_the_fifty_worst_count() {
    let bot = BotFile::generation1();
    let mut findings: Vec<Value> =
        (0..300).map(|rule| finding("low", &format!("Rule {rule} never wins"))).collect();
    findings.push(finding("high", "Balance never moves"));
    let json = ask(&bot, &findings, &["--trust-llm", "--format", "json"]).json();
    assert_eq!(json["counts"]["total"], 50);
    assert_eq!(json["findings"][0]["title"], "Balance never moves");
    assert_eq!(json["analysis"]["llm"]["dropped"], 251);
    let text = ask(&bot, &findings, &["--trust-llm"]).stdout;
    assert!(text.contains("LLM analysis: 251 items of the answer were dropped"), "{text}");
}

#[test]
fn what_the_report_does_not_carry_is_shown_and_pages_nobody() {
    let made_up = json!({
        "type": "bug",
        "severity": "critical",
        "title": "Losses explode on the coin luna",
        "description": "luna lost 83417.25 in 912 trades",
        "evidence": "luna total_pnl -83417.25 over 912 trades",
        "recommendation": "stop",
    });
    let bot = BotFile::generation1();
    let run = ask(&bot, std::slice::from_ref(&made_up), &["--format", "json"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let found = &run.json()["findings"][0];
    assert_eq!((&found["grounded"], &found["severity"]), (&json!(false), &json!("medium")));
    let stored: String = bot.value("SELECT description FROM monitoring_alerts");
    assert!(stored.contains("(Not confirmed by the report: "), "{stored}");
    let trusted = ask(&BotFile::generation1(), &[made_up], &["--trust-llm", "--format", "json"]);
    assert_eq!(trusted.code, 2);
    assert_eq!(trusted.json()["findings"][0]["grounded"], Value::Null);
}

#[test]
fn an_llm_that_calls_everything_a_duplicate_is_not_believed() {
    let bot = BotFile::generation1();
    ask(&bot, &[finding("low", "Balance never moves")], &[]);
    let mut claim = finding("low", "Rule 3 is never used");
    claim["description"] = json!("Rule 3 exists and no trade follows it; balance 1000.0");
    claim["duplicate_of"] = json!(1);
    let json = ask(&bot, &[claim], &["--trust-llm", "--format", "json"]).json();
    assert_eq!(json["stored"], 1, "{:#}", json["findings"]);
}

#[test]
fn open_alerts_are_in_the_prompt_with_their_numbers() {
    let bot = BotFile::generation1();
    ask(&bot, &[finding("low", "Balance never moves")], &[]);
    let mut print = command(["--print-prompt", "--as-of", NOW, "--db"]);
    print.arg(bot.path());
    let prompt = finish(print).stdout;
    let open = prompt.split("### OPEN ALERTS").nth(1).unwrap();
    assert!(open.contains("1 [\"bug\"] \"Balance never moves\""), "{open}");
}
