//! The checks of the funnel: what decisions, requests and plans become, and what stops them.

use serde_json::json;

use crate::bot_file::{BotFile, ago};
use crate::checks_alive::{expect, of, silent};
use crate::monitor::report;

/// A cycle with one decision and the row that says what became of it.
fn decide(bot: &BotFile, age: i64, action: &str, coin: Option<&str>, outcome: Option<(&str, &str)>) {
    let details = json!({
        "action": action, "coin": coin, "size_usd": 50, "reason": "Momentum", "confidence": 0.7,
        "rules_applied": [],
    });
    let at = ago(age);
    bot.activity("market_data", "Batch fetched 44 coins with volume", "coins=44", &at);
    bot.activity("llm_query", "Prompt: Decide....", None, &at);
    let description = format!("{action} (confidence: 0.70)");
    bot.activity("llm_decision", &description, details.to_string().as_str(), &at);
    if let Some((kind, description)) = outcome {
        bot.activity(kind, description, None, &at);
    }
}

const OPENED: Option<(&str, &str)> = Some(("trade_opened", "BUY solana $50.00 @ $145.66"));
const EXPOSED: Option<(&str, &str)> =
    Some(("trade_rejected", "BUY solana $50.00: Total exposure ($230.00) would exceed max ($200.00)"));

/// So many executed proposals.
fn executed(count: i64) -> BotFile {
    let bot = BotFile::generation1();
    for place in 0..count {
        decide(&bot, 40_000 - place * 34, "BUY", Some("solana"), OPENED);
    }
    bot
}

#[test]
fn a_funnel_that_executes_is_silent() {
    let bot = executed(150);
    decide(&bot, 60, "HOLD", None, None);
    let document = report(&bot, &[]);
    for check in [
        "error-recurring",
        "failure-logged-as-decision",
        "decision-without-effect",
        "decision-names-unknown-rules",
        "query-without-result",
        "proposals-refused",
        "refusal-repeated",
        "hold-logged-as-refusal",
        "decisions-never-differ",
    ] {
        assert!(of(&document, check).is_empty(), "{check}: {document:#}");
    }
}

#[test]
fn decisions_without_effect_are_told_apart_by_their_cause() {
    let bot = executed(20);
    for place in 0..6 {
        decide(&bot, 20_000 - place * 34, "Buy", Some("tron"), None);
        decide(&bot, 19_000 - place * 34, "BUY", None, None);
        decide(&bot, 18_000 - place * 34, "SELL", Some("pepe"), None);
        decide(&bot, 17_000 - place * 34, "SELL", Some("ethereum"), None);
        decide(&bot, 16_000 - place * 34, "BUY", Some("near"), None);
    }
    decide(&bot, 60, "HOLD", None, None);
    let opened_at = ago(30_000);
    bot.open_trade(|trade| trade.opened_at = &opened_at);
    let found = of(&report(&bot, &[]), "decision-without-effect");
    let severity = |title: &str| {
        let found = found.iter().find(|finding| finding["title"].as_str().unwrap().contains(title));
        let found = found.unwrap_or_else(|| panic!("no {title}"));
        assert!(found["evidence"].as_str().unwrap().starts_with("6 of "), "{found:#}");
        found["severity"].as_str().unwrap().to_owned()
    };
    assert_eq!(found.len(), 5, "{found:#?}");
    assert_eq!(severity("spelled \"Buy\" have no effect"), "medium");
    assert_eq!(severity("name no coin"), "medium");
    assert_eq!(severity("sell coins that are not held"), "low");
    assert_eq!(severity("coin that is held do not close"), "high");
    assert_eq!(severity("lead to no opening and no rejection"), "medium");
}

#[test]
fn one_reason_that_refuses_most_proposals_is_named_once() {
    let bot = executed(40);
    for place in 0..80 {
        decide(&bot, 20_000 - place * 34, "BUY", Some("solana"), EXPOSED);
    }
    expect(&bot, "proposals-refused", "medium", &["for one reason: exposure", "80 of 120 proposals"]);
    silent(&bot, "refusal-repeated");
    for place in 0..300 {
        decide(&bot, 15_000 - place * 34, "HOLD", None, None);
    }
    expect(&bot, "proposals-refused", "low", &["80 of 120 proposals"]);
    let bot = executed(100);
    for place in 0..12 {
        decide(&bot, 20_000 - place * 34, "BUY", Some("solana"), EXPOSED);
    }
    expect(&bot, "refusal-repeated", "low", &["12 rejections stand in series", "proposal BUY solana"]);
    silent(&bot, "proposals-refused");
}

#[test]
fn doing_nothing_is_no_refusal() {
    let bot = executed(5);
    for place in 0..60 {
        let row = ("decision_rejected", "HOLD rejected: low confidence (20%)");
        decide(&bot, 20_000 - place * 34, "HOLD", None, Some(row));
    }
    expect(&bot, "hold-logged-as-refusal", "low", &["60 of 60 rows of rejected decisions"]);
}

#[test]
fn a_long_log_is_counted_whole_and_what_was_not_read_of_it_is_said() {
    let bot = BotFile::generation1();
    bot.execute(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 20010)
        INSERT INTO activity_log (activity_type, description, created_at)
        SELECT 'decision_rejected', 'HOLD rejected: low confidence (20%)', datetime('2026-11-22 09:00:00', '-' || n || ' seconds')
        FROM number",
        [],
    );
    expect(&bot, "hold-logged-as-refusal", "low", &["20010 of 20010 rows of rejected decisions"]);
    (0..30).for_each(|_| {
        bot.activity("warning", "CoinGecko rate limit hit", None, &ago(30_000));
    });
    expect(&bot, "error-recurring", "high", &["in the window: 30"]);
    (0..12).for_each(|_| decide(&bot, 0, "BUY", Some("solana"), EXPOSED));
    let rows = "Of the log's rows since 2026-11-22 03:27:";
    expect(&bot, "refusal-repeated", "low", &["12 rejections stand in series", rows]);
}

#[test]
fn a_share_that_is_not_zero_is_not_told_as_zero() {
    let bot = BotFile::generation1();
    bot.execute(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 2500)
        INSERT INTO activity_log (activity_type, description, created_at)
        SELECT 'market_data', 'Batch fetched 44 coins with volume', datetime('2026-11-22 09:00:00', '-' || n || ' seconds')
        FROM number",
        [],
    );
    bot.activity("cycle_error", "Cycle #1 error: row is bad", None, &ago(9_000));
    expect(&bot, "error-recurring", "low", &["1, in 2500 cycles (0.04 %)"]);
}

#[test]
fn a_failure_that_poses_as_a_decision_is_seen_through() {
    let bot = executed(100);
    let fail = |age: i64| {
        bot.activity("market_data", "Batch fetched 44 coins with volume", None, &ago(age));
        let details = json!({ "action": "HOLD", "reason": "Failed to parse LLM response", "confidence": 0 });
        bot.activity("llm_decision", "HOLD (confidence: 0.00)", details.to_string().as_str(), &ago(age));
    };
    (0..4).for_each(|place| fail(9_000 - place * 34));
    silent(&bot, "failure-logged-as-decision");
    (0..6).for_each(|place| fail(7_000 - place * 34));
    expect(&bot, "failure-logged-as-decision", "medium", &["HOLD", "Failed to parse", "10 of 110 decisions"]);
}

#[test]
fn an_exception_that_recurs_is_quoted_without_its_numbers() {
    let bot = executed(100);
    for cycle in 1..=4 {
        let text = format!("Cycle #{cycle} error: Unknown format code 'f' for row {cycle}");
        bot.activity("cycle_error", &text, None, &ago(9_000 - cycle * 60));
    }
    expect(&bot, "error-recurring", "medium", &["Unknown format code 'f' for row #", "4, in 100 cycles"]);
}

#[test]
fn a_missing_column_that_stops_every_trade_is_critical() {
    let bot = BotFile::generation1();
    for place in 0..10 {
        let text = "Cycle #1 error: table open_trades has no column named rule_ids_used";
        decide(&bot, 9_000 - place * 34, "BUY", Some("tron"), Some(("cycle_error", text)));
    }
    expect(
        &bot,
        "error-recurring",
        "critical",
        &["no column named rule_ids_used", "10 of 10 decisions to buy were followed by this error"],
    );
    decide(&bot, 60, "BUY", Some("tron"), OPENED);
    expect(&bot, "error-recurring", "high", &["no column named rule_ids_used"]);
}

#[test]
fn a_service_matters_by_its_share_and_when_it_is_down_now() {
    let bot = executed(400);
    (0..10).for_each(|place| {
        bot.activity("warning", "CoinGecko rate limit hit", None, &ago(20_000 - place * 30));
    });
    silent(&bot, "error-recurring");
    (10..30).for_each(|place| {
        bot.activity("warning", "CoinGecko rate limit hit", None, &ago(20_000 - place * 30));
    });
    let finding =
        expect(&bot, "error-recurring", "low", &["A service failed for a while: market data rate limited"]);
    assert!(finding["recommendation"].as_str().unwrap().contains("in one request"), "{finding:#}");
    (0..30).for_each(|place| {
        bot.activity("warning", "CoinGecko rate limit hit", None, &ago(19_000 - place * 30));
    });
    decide(&bot, 10_000, "HOLD", None, None);
    expect(&bot, "error-recurring", "medium", &["fails often: market data rate limited", "60 of 461"]);
    bot.execute("DELETE FROM activity_log WHERE activity_type = 'warning'", []);
    for place in 0..70 {
        let age = 2_200 - place * 30;
        bot.activity("market_data", "Batch fetched 44 coins with volume", None, &ago(age));
        bot.activity("error", "LLM connection failed", None, &ago(age));
    }
    let finding = expect(
        &bot,
        "error-recurring",
        "high",
        &["fails at every attempt: llm connection failed", "34 minutes"],
    );
    assert!(!finding["recommendation"].as_str().unwrap().contains("in one request"), "{finding:#}");
}

#[test]
fn errors_that_come_in_many_more_episodes_are_rising() {
    let bot = BotFile::generation1();
    for cycle in 0..600 {
        bot.cycle(&ago(280 * cycle + 30), 2, "HOLD");
    }
    for place in 0..12 {
        bot.activity("error", "LLM request failed", None, &ago(5_000 + place * 3_600));
    }
    expect(&bot, "errors-rising", "medium", &["llm request failed", "12 episodes against 0"]);
    for place in 0..12 {
        bot.activity("error", "LLM request failed", None, &ago(91_400 + place * 3_600));
    }
    silent(&bot, "errors-rising");
}

#[test]
fn rules_that_decisions_name_must_exist() {
    let bot = executed(10);
    bot.rule(|_| ());
    let name = |rule: serde_json::Value, age: i64| {
        let details = json!({ "action": "BUY", "coin": "tron", "confidence": 0.7, "rules_applied": [rule] });
        bot.activity("llm_decision", "BUY (confidence: 0.70)", details.to_string().as_str(), &ago(age));
    };
    (0..6).for_each(|place| name(json!(1), 9_000 - place * 30));
    (0..6).for_each(|place| name(json!("1"), 8_000 - place * 30));
    silent(&bot, "decision-names-unknown-rules");
    (0..6).for_each(|place| name(json!(97), 7_000 - place * 30));
    expect(
        &bot,
        "decision-names-unknown-rules",
        "low",
        &[
            "do not exist",
            "Of the 18 decisions that name rules, 6 name a number that no rule has.",
            "names 97",
        ],
    );
}

#[test]
fn requests_that_nothing_follows_are_lost() {
    let bot = BotFile::generation1();
    for place in 0..60 {
        let at = ago(9_000 - place * 34);
        bot.activity("market_data", "Batch fetched 44 coins with volume", None, &at);
        bot.activity("llm_query", "Prompt: Decide....", None, &at);
        if place % 2 == 0 {
            bot.activity("llm_decision", "HOLD (confidence: 0.70)", None, &at);
        }
    }
    expect(&bot, "query-without-result", "medium", &["29 of 60 requests"]);
}

#[test]
fn an_answer_that_never_changes_is_worth_knowing() {
    let bot = executed(500);
    let found = of(&report(&bot, &[]), "decisions-never-differ");
    let titles: Vec<_> = found.iter().map(|finding| finding["title"].as_str().unwrap()).collect();
    assert_eq!(titles.len(), 3, "{titles:?}");
    decide(&bot, 60, "HOLD", None, None);
    let found = of(&report(&bot, &[]), "decisions-never-differ");
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn plans_are_followed_from_the_strategist_to_the_trade() {
    let bot = BotFile::generation2();
    for place in 0..200 {
        bot.strategist(&ago(190 * place + 30));
    }
    expect(&bot, "strategist-plans-nothing", "low", &["200 of 200 runs"]);
    let ids = ["c1", "c2", "c3", "c4", "c5"];
    let trade = |id: &'static str, place: i64| {
        let (entry, exit) = (ago(9_000 + place * 60), ago(8_000 + place * 60));
        bot.journal_trade(|trade| {
            trade.condition_id = Some(id);
            (trade.entry_time, trade.exit_time) = (&entry, &exit);
        });
    };
    for (place, id) in ids.into_iter().enumerate() {
        let created_at = ago(9_100 + place as i64 * 60);
        bot.condition(|condition| (condition.id, condition.created_at) = (id, &created_at));
        trade(id, place as i64);
    }
    expect(&bot, "condition-not-marked-triggered", "medium", &["5 of 5 conditions", "active_conditions c1"]);
    bot.execute("UPDATE active_conditions SET triggered = 1", []);
    silent(&bot, "condition-not-marked-triggered");
}

#[test]
fn answers_that_take_ever_longer_are_a_claim() {
    let file = |late_seconds: i64| {
        let bot = BotFile::generation1();
        bot.execute("BEGIN", []);
        for place in 0..280 {
            let age = 300 * place + 60;
            let seconds = if age < 6 * 3_600 { late_seconds } else { 4 };
            bot.cycle(&ago(age), seconds + place % 2, "HOLD");
        }
        bot.execute("COMMIT", []);
        bot
    };
    expect(&file(14), "llm-slower", "medium", &["14.5 s", "Mann-Whitney"]);
    silent(&file(5), "llm-slower");
}
