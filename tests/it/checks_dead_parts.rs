//! Parts that do nothing: each check finds its fault, and is silent where there is none.

mod healthy;
mod tables;
mod values;

use serde_json::Value;

use crate::bot_file::{BotFile, ago};
use crate::monitor::findings;

/// The only finding of a check: its title, severity and evidence in one text.
fn only(bot: &BotFile, check: &str) -> String {
    let found = findings(bot, check, &[]);
    assert_eq!(found.len(), 1, "{check}: {found:#?}");
    ["title", "severity", "evidence"].map(|field| found[0][field].as_str().unwrap()).join(" | ")
}

fn assert_silent(bot: &BotFile, check: &str) {
    assert_eq!(findings(bot, check, &[]), Vec::<Value>::new());
}

fn assert_says(bot: &BotFile, check: &str, parts: &[&str]) {
    let text = only(bot, check);
    for part in parts {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

/// A table of another program, with so many rows: an id, a time and what is given.
fn other_table(columns: &str, rows: i64, values: impl Fn(i64) -> String) -> BotFile {
    let bot = BotFile::generation1();
    bot.execute(&format!("CREATE TABLE signals (id INTEGER PRIMARY KEY, created_at TEXT, {columns})"), []);
    bot.execute("BEGIN", []);
    for row in 0..rows {
        let at = ago((rows - row) * 1_000);
        bot.execute(&format!("INSERT INTO signals VALUES ({}, '{at}', {})", row + 1, values(row)), []);
    }
    bot.execute("COMMIT", []);
    bot
}

#[test]
fn columns_that_no_row_fills_are_one_finding() {
    let check = "columns-never-filled";
    let bot = other_table("spread REAL, depth REAL, kind TEXT", 210, |row| format!("NULL, NULL, 'k{row}'"));
    assert_says(
        &bot,
        check,
        &["Columns of signals", "low", "2 of 5 rows", "column_name spread", "column_name depth", "210 rows"],
    );
    assert_silent(&other_table("spread REAL", 190, |_| "NULL".to_owned()), check);
    let once = |row| if row % 50 == 0 { "1.5".to_owned() } else { "NULL".to_owned() };
    assert_silent(&other_table("spread REAL", 210, once), check);
}

#[test]
fn a_column_that_was_filled_and_is_no_longer_has_stopped() {
    let check = "column-stopped";
    let until = |last: i64| {
        move |row: i64| if row < last && row % 2 == 0 { "'x'".to_owned() } else { "NULL".to_owned() }
    };
    for rows in [450, 900] {
        let bot = other_table("rule_ids TEXT", rows, until(150));
        assert_says(&bot, check, &["rule_ids of signals is no longer filled", "medium"]);
        assert_silent(&bot, "columns-never-filled");
        assert_silent(&other_table("rule_ids TEXT", rows, until(rows - 50)), check);
    }
}

#[test]
fn a_flag_that_stays_at_its_default_never_moves() {
    let check = "columns-never-move";
    let columns = "validated BOOLEAN DEFAULT FALSE, score REAL DEFAULT 0.5, author TEXT DEFAULT 'LLM'";
    let bot = other_table(columns, 60, |_| "0, 0.5, 'LLM'".to_owned());
    assert_says(&bot, check, &["Columns of signals", "low", "validated = 0", "score = 0.5", "60 rows"]);
    assert_silent(&other_table(columns, 60, |row| format!("{}, 0.7, 'LLM'", i64::from(row == 5))), check);
}

#[test]
fn rows_that_all_wait_are_not_worked_off() {
    let check = "state-never-left";
    let bot = other_table("status TEXT", 250, |_| "'pending'".to_owned());
    assert_says(&bot, check, &["No row of signals ever leaves its first status", "medium", "250 rows"]);
    let mixed = |row: i64| if row == 3 { "'done'".to_owned() } else { "'pending'".to_owned() };
    assert_silent(&other_table("status TEXT", 250, mixed), check);
    assert_silent(&other_table("status TEXT", 250, |_| "'closed'".to_owned()), check);
}

/// Trades that came from conditions, each of which knows it or not.
fn conditions(marked: bool) -> BotFile {
    let bot = BotFile::generation2();
    for trade in 0..25_i64 {
        let (id, at) = (format!("c{trade}"), ago(3_600 - trade * 60));
        bot.condition(|condition| {
            (condition.id, condition.created_at) = (&id, &at);
            condition.triggered_at = marked.then_some(at.as_str());
        });
        let entry_time = at.clone();
        bot.journal_trade(|row| {
            (row.entry_time, row.condition_id) = (entry_time.as_str(), Some(id.as_str()));
        });
    }
    bot
}

#[test]
fn a_condition_that_led_to_a_trade_and_does_not_know_is_contradicted() {
    let check = "flag-contradicted";
    // Of this bot's own conditions another check speaks.
    let elsewhere = |marked| {
        let bot = conditions(marked);
        bot.execute("ALTER TABLE active_conditions RENAME TO waiting_conditions", []);
        bot
    };
    let bot = elsewhere(false);
    assert_says(
        &bot,
        check,
        &["triggered of waiting_conditions is never set", "medium", "other trade_journal", "naming 25"],
    );
    assert_silent(&elsewhere(true), check);
    assert_silent(&conditions(false), check);
}

#[test]
fn uses_are_counted_and_the_last_one_is_not_noted() {
    let check = "last-use-never-set";
    let bot = BotFile::generation1();
    for _ in 0..3 {
        bot.rule(|rule| rule.last_used = None);
    }
    assert_says(&bot, check, &["last_used of trading_rules is never set", "medium", "3 rows", "uses 30"]);
    bot.rule(|_| ());
    assert_silent(&bot, check);
}

#[test]
fn a_time_of_update_that_stays_at_the_creation_is_frozen() {
    let check = "update-time-frozen";
    let bot = |step: i64| {
        other_table("filled_at TEXT, updated_at TEXT", 30, move |row| {
            let made = (30 - row) * 1_000;
            format!("'{}', '{}'", ago(made - 300), ago(made - step))
        })
    };
    assert_says(
        &bot(0),
        check,
        &["updated_at of signals stays at the creation", "medium", "event filled_at", "changed 30"],
    );
    assert_silent(&bot(300), check);
}

/// A week of trades under rules about the hour, which have restrained some of them or none.
fn restrained(times_triggered: i64, hours: &str) -> BotFile {
    let bot = BotFile::generation2();
    let condition = format!(r#"{{"hour_of_day": {{"op": "in", "value": [{hours}]}}}}"#);
    bot.regime_rule(|rule| {
        (rule.condition, rule.times_triggered) = (&condition, times_triggered);
        rule.created_at = "2026-11-14 09:00:00";
    });
    for trade in 0..120_i64 {
        let (entry_time, exit_time) = (ago(5_000 * trade + 3_000), ago(5_000 * trade + 1_200));
        bot.journal_trade(|row| (row.entry_time, row.exit_time) = (&entry_time, &exit_time));
    }
    bot.journal_open(|row| row.entry_time = "2026-11-22 08:00:00.123456");
    // It shows the clock by which hours are counted.
    bot.snapshot(&bot.local(&ago(60)), &ago(60));
    bot
}

#[test]
fn rules_that_are_never_counted_although_their_condition_held_have_no_effect() {
    let check = "counter-never-counts";
    let half = "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11";
    let bot = restrained(0, half);
    let held: i64 = bot.value("SELECT count(*) FROM trade_journal WHERE hour_of_day < 12");
    assert_says(&bot, check, &["regime_rules", "medium", "trades 121", &format!("held {held}")]);
    assert_says(&restrained(0, "99"), check, &["regime_rules", "low"]);
    assert_silent(&restrained(3, half), check);
}
