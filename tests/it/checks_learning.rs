//! What checks say of learnings, insights and adaptations.

use serde_json::{Value, json};

use crate::bot_file::{BotFile, after, ago};
use crate::monitor::{found, report};

const HOUR: i64 = 3_600;

/// The one finding of a check; panics where there is none or more.
fn only(bot: &BotFile, check: &str) -> Value {
    let report = report(bot, &[]);
    let findings = found(&report, check);
    assert_eq!(findings.len(), 1, "{check}: {:#}", report["findings"]);
    findings[0].clone()
}

fn assert_silent(bot: &BotFile, check: &str) {
    let report = report(bot, &[]);
    assert!(found(&report, check).is_empty(), "{check}: {:#}", report["findings"]);
}

/// Thirty trades of the last days, some of which were learned from after so many seconds.
fn trades(learned: impl Fn(i64) -> bool, delay_seconds: i64, story: impl Fn(i64) -> &'static str) -> BotFile {
    let bot = BotFile::generation1();
    for number in 0..30 {
        let closed_at = ago(20 * HOUR + number * HOUR);
        let opened_at = after(&closed_at, -600);
        let id = bot.closed_trade(|trade| {
            (trade.opened_at, trade.closed_at) = (&opened_at, &closed_at);
            trade.pnl_usd = Some(if number % 2 == 0 { 1.0 } else { -1.0 });
        });
        if learned(number) {
            let created_at = after(&closed_at, delay_seconds);
            let lesson = format!("lesson {number}");
            bot.learning(|learning| {
                (learning.trade_id, learning.created_at, learning.lesson) = (Some(id), &created_at, &lesson);
                learning.what_happened = story(number);
            });
        }
    }
    bot
}

#[test]
fn trades_without_a_learning_are_counted() {
    let finding = only(&trades(|number| number % 3 == 0, 9, |_| "sold"), "learning-missing");
    assert_eq!(finding["severity"], "medium");
    assert!(
        finding["evidence"].as_str().unwrap().starts_with("20 of 30 rows; e.g. instrument bitcoin"),
        "{finding}"
    );
    assert_silent(&trades(|_| true, 9, |_| "sold"), "learning-missing");
    assert_silent(&trades(|_| false, 9, |_| "sold"), "learning-missing");
}

#[test]
fn trades_that_were_skipped_on_purpose_are_not_missed() {
    let bot = trades(|number| number % 3 == 0, 9, |_| "sold");
    for number in 0..20 {
        bot.activity("learning_skipped", "Trade skipped: too small", None, &ago(21 * HOUR + number * HOUR));
    }
    assert_silent(&bot, "learning-missing");
}

#[test]
fn what_a_pruned_log_no_longer_tells_may_have_been_skipped() {
    let with = |skips: i64| {
        let bot = trades(|number| number % 3 == 0, 9, |_| "sold");
        for number in (0..30).filter(|number| number % 3 != 0).take(skips as usize) {
            bot.activity(
                "learning_skipped",
                "Trade skipped: too small",
                None,
                &ago(20 * HOUR + number * HOUR - 5),
            );
        }
        // The older part of the log is gone.
        bot.execute("DELETE FROM activity_log WHERE created_at < '2026-11-21 07:00:00'", []);
        bot
    };
    assert_silent(&with(30), "learning-missing");
    assert_eq!(only(&with(0), "learning-missing")["severity"], "medium");
}

#[test]
fn late_learnings_say_how_late() {
    let finding = only(&trades(|_| true, 2 * HOUR, |_| "sold"), "learning-late");
    assert!(finding["description"].as_str().unwrap().contains("came later than 2.0 hours"), "{finding}");
    assert!(finding["evidence"].as_str().unwrap().starts_with("30 of 30 rows"), "{finding}");
    assert_silent(&trades(|_| true, 60, |_| "sold"), "learning-late");
}

#[test]
fn a_gain_told_as_a_loss_is_high() {
    let wrong = |number| {
        if number % 2 == 0 { "closed with a loss of -2.00%" } else { "closed with a gain of +2.00%" }
    };
    let finding = only(&trades(|_| true, 9, wrong), "learning-contradicts-trade");
    assert_eq!(finding["severity"], "high");
    assert!(finding["evidence"].as_str().unwrap().starts_with("30 rows"), "{finding}");
    let right = |number| {
        if number % 2 == 0 { "closed with a gain of +2.00%" } else { "closed with a loss of -2.00%" }
    };
    assert_silent(&trades(|_| true, 9, right), "learning-contradicts-trade");
}

fn learnings(lesson: impl Fn(i64) -> String, confidence: impl Fn(i64) -> f64) -> BotFile {
    let bot = BotFile::generation1();
    for number in 0..30 {
        let (lesson, created_at) = (lesson(number), ago(number * 600));
        bot.learning(|row| {
            (row.lesson, row.created_at) = (&lesson, &created_at);
            row.confidence = confidence(number);
        });
    }
    bot
}

#[test]
fn repeated_words_are_counted() {
    let finding = only(&learnings(|number| format!("wait {}", number % 10), |_| 0.5), "learning-duplicates");
    assert_eq!(finding["severity"], "low");
    let evidence = finding["evidence"].as_str().unwrap();
    assert!(
        evidence
            .starts_with("20 of 30 rows; e.g. text wait 0, created_at 2026-11-22 09:00:00 UTC (learnings 1)"),
        "{evidence}"
    );
    assert_silent(&learnings(|number| format!("wait {number}"), |_| 0.5), "learning-duplicates");
}

#[test]
fn two_scales_of_confidence_are_a_fault_and_one_is_none() {
    let mixed = learnings(|number| format!("wait {number}"), |number| if number < 2 { 70.0 } else { 0.7 });
    let finding = only(&mixed, "learning-confidence-scale");
    assert!(finding["evidence"].as_str().unwrap().starts_with("2 of 30 rows"), "{finding}");
    assert_silent(&learnings(|number| format!("wait {number}"), |_| 70.0), "learning-confidence-scale");
    assert_silent(&learnings(|number| format!("wait {number}"), |_| 0.7), "learning-confidence-scale");
}

/// Six trades of ADA, half of them won, and reflections that claim so many.
fn reflections(trades: i64, win_rate: f64) -> BotFile {
    let bot = BotFile::generation2();
    for number in 0..6 {
        let exit_time = ago(30 * HOUR + number * HOUR);
        let entry_time = after(&exit_time, -600);
        bot.journal_trade(|trade| {
            (trade.coin, trade.entry_time, trade.exit_time) = ("ADA", &entry_time, &exit_time);
            trade.pnl_usd = Some(if number % 2 == 0 { 1.0 } else { -1.0 });
        });
    }
    for number in 0..4 {
        let evidence = json!({"coin": "ADA", "trades": trades, "win_rate": win_rate});
        bot.reflection(
            &ago(number * HOUR),
            &[json!({"description": format!("hour {number}"), "evidence": evidence})],
        );
    }
    bot
}

#[test]
fn insights_that_count_what_never_happened_are_found() {
    let finding = only(&reflections(9, 0.5), "insight-impossible-evidence");
    assert_eq!(finding["severity"], "medium");
    assert!(
        finding["evidence"].as_str().unwrap().contains(
            "instrument ADA, at 2026-11-22 09:00:00 UTC, claimed_trades 9, claimed_wins 5, trades_by_then 6"
        ),
        "{finding}"
    );
    let losses = only(&reflections(6, 0.0), "insight-impossible-evidence");
    assert!(
        losses["evidence"]
            .as_str()
            .unwrap()
            .contains("claimed_trades 6, claimed_wins 0, trades_by_then 6, wins_by_then 3"),
        "{losses}"
    );
    assert_silent(&reflections(6, 0.5), "insight-impossible-evidence");
    assert_silent(&reflections(3, 1.0), "insight-impossible-evidence");
}

fn adapt(bot: &BotFile, number: i64, evidence: &Value, effectiveness: Option<&str>) {
    bot.execute(
        "INSERT INTO adaptations (adaptation_id, timestamp, insight_type, action, target, description, insight_evidence, effectiveness)
            VALUES (?1, ?2, 'coin', 'favor', 'ADA', 'Favored ADA', ?3, ?4)",
        (format!("a{number}"), ago((30 + number) * HOUR), evidence.to_string(), effectiveness),
    );
}

#[test]
fn an_adaptation_on_made_up_figures_is_high() {
    let bot = reflections(9, 0.5);
    adapt(&bot, -29, &json!({"coin": "ADA", "trades": 9, "win_rate": 0.5}), None);
    let finding = only(&bot, "insight-impossible-evidence");
    assert_eq!(finding["severity"], "high");
    assert!(finding["description"].as_str().unwrap().contains("1 of 1 changes"), "{finding}");
}

#[test]
fn adaptations_on_few_trades_are_counted() {
    let adapted = |trades: i64| {
        let bot = BotFile::generation2();
        (0..6).for_each(|number| adapt(&bot, number, &json!({"trades": trades}), Some("positive")));
        bot
    };
    let finding = only(&adapted(4), "adaptation-small-sample");
    assert!(
        finding["evidence"]
            .as_str()
            .unwrap()
            .starts_with("6 of 6 rows; e.g. at 2026-11-21 03:00:00 UTC, action favor, target ADA, trades 4"),
        "{finding}"
    );
    assert_silent(&adapted(25), "adaptation-small-sample");
}

#[test]
fn adaptations_that_nobody_measures_are_found() {
    let adapted = |effectiveness: Option<&'static str>| {
        let bot = BotFile::generation2();
        (0..6).for_each(|number| adapt(&bot, number, &json!({"trades": 50}), effectiveness));
        bot
    };
    let finding = only(&adapted(None), "adaptation-never-measured");
    assert_eq!(finding["severity"], "medium");
    assert!(finding["evidence"].as_str().unwrap().starts_with("6 of 6 rows"), "{finding}");
    assert_silent(&adapted(Some("positive")), "adaptation-never-measured");
}

#[test]
fn a_coin_whose_status_goes_to_and_fro_is_named() {
    let changes = |count: i64| {
        let bot = BotFile::generation2();
        for number in 0..count {
            let (at, status) = (ago((count - number) * HOUR), ["favored", "normal"][(number % 2) as usize]);
            bot.execute(
                "INSERT INTO coin_adaptations (coin, timestamp, old_status, new_status, reason, created_at)
                    VALUES ('UNI', ?1, 'normal', ?2, 'win rate', ?3)",
                (bot.local(&at), status, &at),
            );
        }
        bot
    };
    let finding = only(&changes(5), "coin-status-flapping");
    assert!(
        finding["evidence"]
            .as_str()
            .unwrap()
            .contains("instrument UNI, changes 5, statuses favored, normal, favored, normal, favored"),
        "{finding}"
    );
    assert_silent(&changes(3), "coin-status-flapping");
}

fn ruled(texts: [&'static str; 2], status: &'static str) -> BotFile {
    let bot = BotFile::generation1().without_column("closed_trades", "rule_ids_used");
    for text in texts {
        bot.rule(|rule| (rule.rule_text, rule.status) = (text, status));
    }
    bot
}

#[test]
fn rules_of_one_condition_that_disagree_are_named() {
    let texts = ["When a coin drops 8%, then BUY a small position", "when a coin drops 8% then wait"];
    let finding = only(&ruled(texts, "active"), "rules-contradict");
    assert_eq!(finding["severity"], "medium");
    assert!(
        finding["evidence"]
            .as_str()
            .unwrap()
            .starts_with("1 of 1 row; e.g. one_rule When a coin drops 8%, then BUY"),
        "{finding}"
    );
    assert_silent(&ruled(texts, "rejected"), "rules-contradict");
    let agreeing = ["When a coin drops 8%, then BUY a small position", "When a coin drops 9%, then wait"];
    assert_silent(&ruled(agreeing, "active"), "rules-contradict");
}

#[test]
fn a_rule_that_says_wait_and_has_trades_is_named() {
    let texts = ["When a coin drops 8%, then WAIT", "When a coin rises 3%, then BUY"];
    let finding = only(&ruled(texts, "active"), "waiting-rule-traded");
    assert!(
        finding["evidence"]
            .as_str()
            .unwrap()
            .contains("text When a coin drops 8%, then WAIT, trades 10 (trading_rules 1)"),
        "{finding}"
    );
    assert!(
        finding["description"]
            .as_str()
            .unwrap()
            .contains("says to do nothing and is cited by 5 trades or more")
    );
    // The bot overwrites its counters: of an earlier moment only the trades tell which rules they cite.
    let bot = BotFile::generation1();
    for trade in 0..10 {
        let (opened_at, closed_at) = (ago(HOUR * trade + 1_200), ago(HOUR * trade + 600));
        bot.closed_trade(|row| {
            (row.opened_at, row.closed_at, row.rule_ids_used) = (&opened_at, &closed_at, Some("[1]"));
        });
    }
    bot.rule(|rule| (rule.rule_text, rule.status) = (texts[0], "active"));
    let before = |hours: i64| {
        let at = ago(HOUR * hours).replace(' ', "T") + "Z";
        crate::monitor::findings(&bot, "waiting-rule-traded", &["--as-of", &at])
    };
    assert!(before(4)[0]["evidence"].as_str().unwrap().contains("trades 6"), "{:#?}", before(4));
    assert_eq!(before(7).len(), 0);
    let buying = ["When a coin drops 8%, then WAIT for a rebound and buy", "When a coin rises 3%, then BUY"];
    assert_silent(&ruled(buying, "active"), "waiting-rule-traded");
}
