//! What findings state: each figure is what the shown query returns, figures of one thing agree, and no share is
//! more than the whole.

mod positions;
mod tables;

use serde_json::{Value, json};

use crate::bot_file::{BotFile, ago};
use crate::monitor::{findings, report};

/// A cycle with a decision and what came of it.
fn decide(bot: &BotFile, age: i64, action: &str, coin: Option<&str>, outcome: Option<(&str, &str)>) {
    let details =
        json!({ "action": action, "coin": coin, "reason": "Momentum", "confidence": 0.7 }).to_string();
    bot.activity("market_data", "Batch fetched 44 coins with volume", None, &ago(age));
    bot.activity("llm_query", "Prompt: Decide....", None, &ago(age));
    bot.activity("llm_decision", &format!("{action} (confidence: 0.70)"), details.as_str(), &ago(age));
    if let Some((kind, description)) = outcome {
        bot.activity(kind, description, None, &ago(age));
    }
}

const OPENED: Option<(&str, &str)> = Some(("trade_opened", "BUY solana $50.00 @ $145.66"));
const EXPOSED: Option<(&str, &str)> =
    Some(("trade_rejected", "BUY solana $50.00: Total exposure ($230.00) would exceed max ($200.00)"));
const UNPRICED: Option<(&str, &str)> = Some(("trade_rejected", "BUY TRON $50.00: No market data for TRON"));
const FAILED: Option<(&str, &str)> =
    Some(("cycle_error", "Cycle #7 error: Unknown format code 'f' for row 7"));

/// The only finding of a check.
fn only(bot: &BotFile, check: &str) -> Value {
    let mut found = findings(bot, check, &[]);
    assert_eq!(found.len(), 1, "{check}: {found:#?}");
    found.remove(0)
}

fn text<'finding>(finding: &'finding Value, field: &str) -> &'finding str {
    finding[field].as_str().unwrap()
}

fn assert_says(finding: &Value, parts: &[&str]) {
    for part in parts {
        assert!(finding.to_string().contains(part), "no {part} in {finding:#}");
    }
}

/// The number that begins a finding's evidence.
fn counted(finding: &Value) -> usize {
    text(finding, "evidence").split(' ').next().unwrap().parse().unwrap()
}

/// A day of faults of every kind that the log shows, and the same ones in the day before.
fn faulty() -> BotFile {
    let bot = BotFile::generation1();
    bot.execute("BEGIN", []);
    for day in [86_400, 0] {
        for place in 0..120 {
            let age = day + 80_000 - place * 600;
            let mut step = 0;
            let mut decide = |action, coin, outcome| {
                step += 30;
                decide(&bot, age - step, action, coin, outcome);
            };
            decide("BUY", Some("solana"), EXPOSED);
            match place % 12 {
                0 => decide("Buy", Some("tron"), None),
                1 => decide("BUY", None, None),
                2 => decide("SELL", Some("pepe"), None),
                3 => decide("SELL", Some("ethereum"), None),
                4 => decide("BUY", Some("near"), None),
                5 => decide("BUY", Some("TRON"), UNPRICED),
                6 => decide("BUY", Some("solana"), FAILED),
                7 => decide("BUY", Some("solana"), OPENED),
                _ => decide("HOLD", None, Some(("decision_rejected", "HOLD rejected: low confidence (20%)"))),
            }
            bot.activity("warning", "CoinGecko rate limit hit", None, &ago(age - 200));
            bot.activity("market_data", "Batch fetched 44 coins with volume", None, &ago(age - 240));
            let details = json!({ "action": "HOLD", "reason": "Failed to parse LLM response" }).to_string();
            bot.activity("llm_decision", "HOLD (confidence: 0.00)", details.as_str(), &ago(age - 250));
        }
    }
    decide(&bot, 60, "HOLD", None, None);
    bot.execute("COMMIT", []);
    bot.open_trade(|trade| trade.opened_at = "2026-11-19 08:30:00");
    bot.market_price("tron", 0.25, &ago(30));
    bot
}

#[test]
fn each_fault_of_the_log_is_told_once() {
    let bot = faulty();
    let expected = [
        ("error-recurring", 2),
        ("failure-logged-as-decision", 1),
        ("decision-without-effect", 5),
        ("proposals-refused", 1),
        ("hold-logged-as-refusal", 0),
    ];
    for (check, number) in expected {
        let found = findings(&bot, check, &[]);
        assert_eq!(found.len(), number, "{check}: {found:#?}");
    }
    for place in 0..60 {
        let hold = Some(("decision_rejected", "HOLD rejected: low confidence (20%)"));
        decide(&bot, 50 - place / 2, "HOLD", None, hold);
    }
    assert_says(&only(&bot, "hold-logged-as-refusal"), &["100 of 100 rows of rejected decisions"]);
}

#[test]
fn proposals_are_counted_in_one_way_and_none_is_refused_twice() {
    let bot = BotFile::generation1();
    bot.execute("BEGIN", []);
    for place in 0..110 {
        decide(&bot, 40_000 - place * 34, "BUY", Some("solana"), EXPOSED);
        // Tried again with less, and refused again.
        bot.activity("trade_rejected", EXPOSED.unwrap().1, None, &ago(40_000 - place * 34));
    }
    (0..10).for_each(|place| decide(&bot, 20_000 - place * 34, "BUY", Some("near"), None));
    // What becomes of the newest one is not written yet.
    decide(&bot, 10, "BUY", Some("solana"), None);
    bot.execute("COMMIT", []);
    assert_says(&only(&bot, "proposals-refused"), &["110 of 120 proposals to buy (91.7 %)"]);
    assert_says(&only(&bot, "decision-without-effect"), &["10 of 120 decisions to buy"]);
    // Refusals that no decision precedes are proposals of their own.
    for place in 0..700 {
        bot.activity("market_data", "Batch fetched 44 coins with volume", None, &ago(15_000 - place * 20));
        bot.activity("trade_rejected", EXPOSED.unwrap().1, None, &ago(15_000 - place * 20));
    }
    assert_says(
        &only(&bot, "proposals-refused"),
        &["810 of 820 proposals to buy (98.8 %)", "700 of these proposals are known by their outcome only"],
    );
}

#[test]
fn what_names_no_coin_is_a_part_of_all_decisions_to_trade() {
    let bot = BotFile::generation1();
    (0..4).for_each(|place| decide(&bot, 9_000 - place * 34, "BUY", Some("solana"), OPENED));
    (0..6).for_each(|place| decide(&bot, 8_000 - place * 34, "SELL", None, None));
    decide(&bot, 60, "HOLD", None, None);
    assert_says(&only(&bot, "decision-without-effect"), &["6 of 10 decisions to buy or sell"]);
}

#[test]
fn a_table_that_lacks_a_column_is_told_with_the_decisions_that_it_stopped() {
    let bot = BotFile::generation1();
    let lacks = "Cycle #1 error: table open_trades has no column named rule_ids_used";
    (0..7).for_each(|place| {
        decide(&bot, 9_000 - place * 34, "BUY", Some("tron"), Some(("cycle_error", lacks)))
    });
    (0..3).for_each(|place| decide(&bot, 8_000 - place * 34, "BUY", Some("tron"), EXPOSED));
    (0..2).for_each(|place| decide(&bot, 7_000 - place * 34, "BUY", Some("tron"), FAILED));
    decide(&bot, 6_000, "BUY", Some("tron"), None);
    // The newest rows are a decision and its error: it is decided, whatever follows.
    decide(&bot, 60, "BUY", Some("tron"), Some(("cycle_error", lacks)));
    let finding = findings(&bot, "error-recurring", &[]).remove(0);
    assert_eq!(finding["severity"], "critical");
    assert_says(
        &finding,
        &["8 of 14 decisions to buy were followed by this error, 3 by a rejection, 2 by another error."],
    );
}

#[test]
fn every_start_of_the_window_is_a_start() {
    let bot = BotFile::generation1();
    for age in [70_000, 50_000, 30_000, 10_000] {
        bot.activity("bot_started", "Bot started with balance $1000.00", None, &ago(age));
        for cycle in 1..100 {
            bot.activity("market_data", "Batch fetched 44 coins with volume", None, &ago(age - cycle * 34));
        }
        if age != 50_000 {
            bot.activity("bot_stopped", "Bot stopped after 100 cycles", None, &ago(age - 3_500));
        }
    }
    let finding = only(&bot, "bot-killed");
    assert_says(&finding, &["1 of 4 starts"]);
}

#[test]
fn an_orderly_stop_of_hours_with_open_positions_is_told() {
    let bot = BotFile::generation1();
    let run = |from: i64, to: i64| {
        (to..from).step_by(34).for_each(|age| {
            bot.activity("market_data", "Batch fetched 44 coins with volume", None, &ago(age));
        });
    };
    run(20_000, 16_000);
    bot.activity("bot_stopped", "Bot stopped after 100 cycles", None, &ago(15_990));
    run(8_000, 10);
    assert_eq!(findings(&bot, "activity-gap", &[]), Vec::<Value>::new());
    let opened_at = ago(18_000);
    bot.open_trade(|trade| trade.opened_at = &opened_at);
    let finding = only(&bot, "activity-gap");
    assert_eq!(finding["severity"], "low");
    assert_says(
        &finding,
        &["stopped for more than an hour while positions were open", "seconds 8024", "open_positions 1"],
    );
}

#[test]
fn conditions_of_the_llm_that_the_strategist_drops_are_told() {
    let bot = BotFile::generation2();
    let plan = |answer: &str, age: i64| {
        let query = json!({ "prompt": "Plan.", "response": answer, "model": "qwen2.5:14b" }).to_string();
        bot.activity("llm_query", "Prompt: Plan....", query.as_str(), &ago(age));
        bot.activity("strategist", "Generated 0 conditions", "{\"conditions\": []}", &ago(age));
    };
    for place in 0..30 {
        plan(r#"{"conditions": []}"#, 40_000 - place * 190);
        plan("no JSON at all", 30_000 - place * 190);
    }
    assert_eq!(findings(&bot, "strategist-answer-dropped", &[]), Vec::<Value>::new());
    for place in 0..12 {
        plan(
            "```json\n{\"conditions\": [{\"coin\": \"SOL\"}, {\"coin\": \"ADA\"}]}\n```",
            20_000 - place * 190,
        );
    }
    let finding = only(&bot, "strategist-answer-dropped");
    assert_eq!(finding["severity"], "medium");
    assert_says(
        &finding,
        &["Of the newest 42 strategist runs", "12 had an answer with conditions: 24 in all", "12 of 42 rows"],
    );
}

#[test]
fn a_failure_in_a_decision_s_place_is_told_without_a_cause() {
    let finding = only(&faulty(), "failure-logged-as-decision");
    assert!(!finding.to_string().contains("thrown away"), "{finding:#}");
    assert!(text(&finding, "recommendation").contains("Does the request right before hold the answer?"));
    assert_eq!(report(&faulty(), &[])["analysis"]["checks"]["error"], Value::Null);
}

#[test]
fn rules_that_are_named_and_absent_are_counted_in_the_window() {
    let bot = BotFile::generation1();
    bot.rule(|_| ());
    let named = [json!([1]), json!([97]), json!(["Rule #1"]), json!([])];
    for (place, rules) in named.iter().cycle().take(60).enumerate() {
        let details = json!({ "action": "HOLD", "coin": null, "confidence": 0.7, "rules_applied": rules });
        let age = if place < 20 { 99_000 } else { 9_000 };
        let at = ago(age - place as i64 * 30);
        bot.activity("llm_decision", "HOLD (confidence: 0.70)", details.to_string().as_str(), &at);
    }
    let found = findings(&bot, "decision-names-unknown-rules", &[]);
    assert_eq!(found.len(), 2, "{found:#?}");
    for finding in found {
        assert_eq!(counted(&finding), 10, "{finding:#}");
    }
}
