//! What the owner reads: a first line that tells all, then what is new with what to do, then what is known.

use std::fs;

use serde_json::{Value, json};

use crate::bot_file::{BotFile, NOW, ago};
use crate::life::{alerts, ask, finding};
use crate::monitor::{audit, command, finish, run};

/// Titles of an LLM's findings that are all different.
fn rules(severity: &str, count: usize) -> Vec<Value> {
    (1..=count).map(|rule| finding(severity, &format!("Rule {rule} never wins"))).collect()
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[test]
fn the_summary_has_the_shape_of_the_specification() {
    let bot = BotFile::with_stale_position();
    let run = audit(&bot.path(), &["--dry-run"]);
    assert_eq!(run.code, 0);
    let shown = run.stdout.replace(&bot.path().display().to_string(), "BOT");
    insta::assert_snapshot!(shown, @r"
    OK: bot BOT: 1 new medium; no trades in 24 h; last row 21 days ago; as of 2026-11-22 09:00:00 UTC
    ========================================
    MONITORING COMPLETE
    ========================================
    Total findings: 1
      critical: 0
      high: 0
      medium: 1
      low: 0
    Dry run, nothing stored: 1 new, 0 repeated
    Alerts: 0 open, 0 acknowledged, 0 fixed, 0 wontfix
    LLM analysis: skipped

    MEDIUM SEVERITY:
      - [bug] Open positions that no exit has closed for days
          Recommendation: Check whether the bot still manages these positions; close
          them or add an exit by age.
    ========================================
    Next: the same without --dry-run, which stores the alerts
    ");
}

#[test]
fn the_first_line_names_the_bot_what_is_new_what_it_traded_and_how_old_its_last_row_is() {
    let bot = BotFile::generation1();
    for (seconds, pnl_usd) in [(7_200, 1.5), (3_600, -3.7), (25, 0.25)] {
        let closed_at = ago(seconds);
        bot.closed_trade(|trade| {
            trade.closed_at = &closed_at;
            trade.pnl_usd = Some(pnl_usd);
        });
    }
    let config = bot.folder().join("monitor.toml");
    fs::write(&config, "name = \"crypto\"\n").unwrap();
    let flags = ["--trust-llm", "--config", config.to_str().unwrap()];
    let path = bot.path().display().to_string();
    let tail = "3 trades in 24 h, -1.95 USD; last row 25 s ago; as of 2026-11-22 09:00:00 UTC";
    let findings = [finding("critical", "Rule 1 never wins"), finding("low", "Balance never moves")];
    let first = ask(&bot, &findings, &flags);
    let line = first_line(&first.stdout);
    assert!(line.starts_with(&format!("CRITICAL: bot crypto ({path}): ")) && line.ends_with(tail), "{line}");
    assert!(line.contains(" new critical, ") && line.contains(" new low; "), "{line}");
    let again = ask(&bot, &findings, &[&flags[..], &["--format", "json"]].concat()).json();
    let (critical, total) = (again["counts"]["critical"].clone(), again["counts"]["total"].clone());
    let known =
        format!("CRITICAL: bot crypto ({path}): nothing new, {total} known ({critical} critical); {tail}");
    assert_eq!(again["headline"], known.as_str());
    assert_eq!(first_line(&ask(&bot, &findings, &flags).stdout), known);
    for alert in alerts(&bot, &["list", "--format", "json"]).json()["alerts"].as_array().unwrap() {
        let id = alert["id"].to_string();
        match alert["severity"].as_str().unwrap() {
            "critical" => alerts(&bot, &["ack", &id]),
            _ => alerts(&bot, &["snooze", &id, "--for", "1d"]),
        };
    }
    let aside = ask(&bot, &findings, &flags);
    let rest = total.as_u64().unwrap() - critical.as_u64().unwrap();
    let counts = format!("nothing new, {total} known ({rest} snoozed, {critical} acknowledged); {tail}");
    assert_eq!(
        (aside.code, first_line(&aside.stdout)),
        (0, format!("OK: bot crypto ({path}): {counts}").as_str())
    );
}

#[test]
fn the_first_line_counts_the_worst_first_whatever_is_new_about_it() {
    let bot = BotFile::generation1();
    ask(
        &bot,
        &[finding("low", "Balance never moves"), finding("high", "Rule 1 never wins")],
        &["--trust-llm"],
    );
    alerts(&bot, &["fix", "1", "2"]);
    let findings = [
        finding("medium", "Rule 2 never wins"),
        finding("critical", "Rule 3 never wins"),
        finding("low", "Balance never moves"),
        finding("high", "Rule 1 never wins"),
    ];
    let run = ask(&bot, &findings, &["--trust-llm"]);
    let counts = ": 1 new critical, 1 returned high, 1 new medium, 1 returned low; ";
    assert!(first_line(&run.stdout).contains(counts), "{}", run.stdout);
    assert!(run.stdout.contains("LLM analysis: 4 findings by "), "{}", run.stdout);
}

#[test]
fn of_what_is_high_or_critical_the_mail_says_which_and_how_many() {
    let told = |severity: &str| {
        let mut long = finding(severity, "Rule 1 never wins");
        long["description"] =
            json!(format!("Rule 1 lost 12.5 USD. {}The end.", "It goes on and on. ".repeat(40)));
        ask(&BotFile::generation1(), &[long], &["--trust-llm"]).stdout
    };
    for severity in ["high", "critical"] {
        let text = told(severity);
        assert!(
            text.contains("\n      Rule 1 lost 12.5 USD. ") && text.contains("\n      [...]\n"),
            "{text}"
        );
        let lines = text.lines().skip_while(|line| !line.contains("lost 12.5"));
        assert_eq!(lines.take_while(|line| !line.contains("[...]")).count(), 4, "{text}");
    }
    assert!(!told("medium").contains("lost 12.5"));
}

#[test]
fn the_first_word_is_nagios_own_for_the_exit_code() {
    for (severity, word, code) in [("critical", "CRITICAL", 2), ("high", "WARNING", 1), ("low", "OK", 0)] {
        let run = ask(&BotFile::generation1(), &[finding(severity, "Balance never moves")], &[]);
        assert_eq!(run.code, code);
        let path = first_line(&run.stdout).split(": ").nth(1).unwrap();
        assert!(path.starts_with("bot /") && path.ends_with("data/trading_bot.db"), "{path}");
        let start = format!("{word}: {path}: 1 new {severity}; no trades in 24 h; ");
        assert!(run.stdout.starts_with(&start), "{}", run.stdout);
    }
    let none = ask(&BotFile::generation1(), &[], &[]);
    assert!(
        none.stdout.starts_with("OK: ") && first_line(&none.stdout).contains(": no findings; "),
        "{}",
        none.stdout
    );
}

#[test]
fn an_incomplete_audit_says_so_in_the_first_line() {
    let bot = BotFile::generation1();
    let path = bot.path().display().to_string();
    let run = run(["--dry-run", "--base-url", "http://127.0.0.1:1/v1", "--db", &path]);
    assert_eq!(run.code, 3);
    let line = first_line(&run.stdout);
    assert!(
        line.starts_with("UNKNOWN: ") && line.contains("; audit incomplete (LLM analysis failed); "),
        "{line}"
    );
    assert!(!line.contains("as of"), "{line}");
    assert!(
        run.stdout.trim_end().ends_with(&format!("autonomous-monitor doctor --db {path}")),
        "{}",
        run.stdout
    );
}

#[test]
fn a_file_that_cannot_be_used_is_told_in_the_first_line_too() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("monitor.toml");
    fs::write(&config, "name = \"crypto\"\ndb = \"/nonexistent/bot.db\"\n").unwrap();
    let config = config.to_str().unwrap();
    let said = "UNKNOWN: bot crypto: there is no file /nonexistent/bot.db: ";
    for flags in [&["--no-llm", "--config", config][..], &["--no-llm", "--quiet", "--config", config]] {
        let run = run(flags);
        assert!(run.code == 3 && run.stdout.starts_with(said), "{}", run.stdout);
        assert_eq!(run.stdout.lines().count(), 1);
    }
    let json = run(["--no-llm", "--format", "json", "--config", config]).json();
    assert!(json["headline"].as_str().unwrap().starts_with(said), "{json}");
    assert_eq!(run(["--print-prompt", "--config", config]).stdout, "", "no line of a prompt");
}

#[test]
fn of_many_new_findings_the_twelve_worst_are_shown_and_the_rest_by_theme() {
    let bot = BotFile::with_stale_position();
    let findings = [rules("low", 15), vec![finding("high", "Balance never moves")]].concat();
    let text = ask(&bot, &findings, &["--trust-llm"]).stdout;
    let entries = |text: &str| text.lines().filter(|line| line.starts_with("  - [")).count();
    assert_eq!(entries(&text), 12, "{text}");
    assert!(text.contains("Total findings: 17"), "{text}");
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words}: {text}"));
    assert!(
        at("\nHIGH SEVERITY:") < at("\nMEDIUM SEVERITY:") && at("\nMEDIUM SEVERITY:") < at("\nLOW SEVERITY:")
    );
    assert!(text.contains("\nMORE (--verbose shows them):\n  - LLM: 5 low\n"), "{text}");
    assert_eq!(text.matches("Recommendation: ").count(), 12, "{text}");

    assert!(text.contains("Next: autonomous-monitor alerts show "), "{text}");
    let known = ask(&bot, &findings, &["--trust-llm"]).stdout;
    assert_eq!(entries(&known), 12, "{known}");
    assert!(known.contains("\nKNOWN:\n") && !known.contains("SEVERITY:"), "{known}");
    assert!(!known.contains("Recommendation: "), "who knows it has read it: {known}");
    let verbose = ask(&bot, &findings, &["--trust-llm", "--verbose"]).stdout;
    assert_eq!(entries(&verbose), 17, "{verbose}");
    for label in ["Recommendation: ", "Evidence: "] {
        assert_eq!(verbose.matches(label).count(), 17, "{verbose}");
    }
    assert!(!verbose.contains("MORE ("), "{verbose}");
}

#[test]
fn new_ones_stand_before_known_ones_and_each_says_who_tells_it() {
    let bot = BotFile::with_stale_position();
    audit(&bot.path(), &[]);
    let made_up = json!({
        "type": "bug", "severity": "high", "title": "Losses explode on the coin luna",
        "description": "luna lost 83417.25 in 912 trades", "evidence": "luna -83417.25", "recommendation": "stop",
    });
    let run = ask(&bot, &[finding("low", "Balance never moves"), made_up], &[]);
    let text = run.said();
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("no {words}: {text}"));
    assert!(at("Losses explode on the coin luna (LLM, unconfirmed, alert ") < at("KNOWN:"));
    assert!(at("Balance never moves (LLM, alert ") < at("KNOWN:"));
    assert!(at("KNOWN:") < at("Open positions that no exit has closed for days (medium, alert 1)"));
    let path = bot.path().display().to_string();
    assert!(text.ends_with(&format!("--db {path}")), "{text}");
}

#[test]
fn the_next_command_works_as_it_is_told() {
    let bot = BotFile::with_stale_position();
    let own = bot.folder().join("owner's alerts.db");
    let run = audit(&bot.path(), &["--alerts-db", own.to_str().unwrap()]);
    let command = run.stdout.split("Next: ").nth(1).unwrap();
    let told = command.replacen("autonomous-monitor", env!("CARGO_BIN_EXE_autonomous-monitor"), 1);
    let shell = std::process::Command::new("sh").args(["-c", &told]).output().unwrap();
    let shown = String::from_utf8(shell.stdout).unwrap();
    assert!(shown.starts_with("Alert 1: Open positions"), "{told}: {shown}");
}

#[test]
fn the_next_command_works_from_any_folder() {
    let bot = BotFile::with_stale_position();
    for more in [&[][..], &["--db", "data/../data/trading_bot.db"], &["--alerts-db", "own.db"]] {
        let mut relative = command(["--no-llm", "--as-of", NOW]);
        relative.args(more).current_dir(bot.folder());
        let said = finish(relative).stdout;
        let told = said.split("Next: ").nth(1).unwrap();
        let told = told.replacen("autonomous-monitor", env!("CARGO_BIN_EXE_autonomous-monitor"), 1);
        let shell = std::process::Command::new("sh").args(["-c", &told]).current_dir("/").output().unwrap();
        assert!(shell.stdout.starts_with(b"Alert 1: Open positions"), "{told}");
    }
}

#[test]
fn no_line_but_the_first_is_longer_than_eighty_columns_unless_it_is_one_word() {
    let bot = BotFile::with_stale_position();
    let long = "x".repeat(120);
    let mut wide = finding("low", &format!("Balance never moves although {}", "again and ".repeat(20)));
    wide["recommendation"] =
        json!(format!("look at {long} and then at the well-known take-profit of each position"));
    for verbose in [&["--trust-llm"][..], &["--trust-llm", "--verbose"]] {
        let text = ask(&bot, std::slice::from_ref(&wide), verbose).stdout;
        for line in text.lines().skip(1).filter(|line| line.chars().count() > 80) {
            assert_eq!(line.trim_start_matches("Next: ").split_whitespace().count(), 1, "{line}");
        }
        for line in text.lines() {
            assert!(!line.ends_with('-') || line.starts_with('-') || line.ends_with(" -"), "{line}");
        }
    }
    let shown = alerts(&bot, &["show", "2"]).stdout;
    assert!(shown.contains(&long), "{shown}");
    for line in shown.lines().filter(|line| line.chars().count() > 80) {
        assert_eq!(line.split_whitespace().count(), 1, "{line}");
    }
    let run = run(["--no-llm", "--demo"]);
    for line in run.stdout.lines().skip(1) {
        assert!(line.chars().count() <= 80 || line.contains("--db"), "{line}");
    }
}
