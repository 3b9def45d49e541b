//! Key figures that left their own range: found with before and after, and silent within it.

use serde_json::Value;

use crate::bot_file::{BotFile, after, ago};
use crate::monitor::findings;

const HOUR: i64 = 3_600;

fn found(bot: &BotFile, id: &str) -> Vec<Value> {
    findings(bot, id, &["--hours", "1"])
}

fn assert_found(bot: &BotFile, id: &str, words: &[&str]) {
    let found = found(bot, id);
    assert_eq!(found.len(), 1, "{id}: {found:#?}");
    for word in words {
        assert!(found[0].to_string().contains(word), "{id} lacks {word:?}: {:#}", found[0]);
    }
}

fn assert_silent(bot: &BotFile, id: &str) {
    assert!(found(bot, id).is_empty(), "{id}: {:#?}", found(bot, id));
}

/// One hour's trades.
#[derive(Clone, Copy)]
struct Hour {
    trades: i64,
    size_usd: f64,
    seconds: i64,
    losses: i64,
}

const USUAL: Hour = Hour { trades: 25, size_usd: 40.0, seconds: 400, losses: 10 };

/// Nine hours of trades like these, then the last one.
fn bot(last: Hour) -> BotFile {
    let bot = BotFile::generation1();
    for (hours_ago, hour) in [USUAL; 9].into_iter().chain([last]).rev().enumerate() {
        for place in 0..hour.trades {
            let closed_at = ago(hours_ago as i64 * HOUR + 10 + place * (HOUR - 60) / hour.trades);
            let opened_at = after(&closed_at, -hour.seconds - place % 7);
            bot.closed_trade(|row| {
                row.closed_at = &closed_at;
                row.opened_at = &opened_at;
                row.size_usd = hour.size_usd + (place % 3) as f64;
                row.pnl_usd = Some(if place < hour.losses { -1.0 } else { 1.0 });
            });
        }
    }
    bot
}

#[test]
fn results_worse_than_before_are_claimed_with_both() {
    let words = ["0 % of 25 trades won, -$1.000", "60 % of 2", "In the last 1 hour "];
    assert_found(&bot(Hour { losses: 25, ..USUAL }), "trend-results", &words);
    assert_silent(&bot(Hour { losses: 12, ..USUAL }), "trend-results");
}

#[test]
fn a_number_of_trades_outside_of_its_range_is_told_in_both_directions() {
    assert_found(
        &bot(Hour { trades: 110, losses: 44, ..USUAL }),
        "trend-trade-count",
        &["110 trades", "25 at the median"],
    );
    assert_found(&bot(Hour { trades: 3, losses: 1, ..USUAL }), "trend-trade-count", &["far fewer"]);
    assert_silent(&bot(Hour { trades: 50, losses: 20, ..USUAL }), "trend-trade-count");
}

#[test]
fn sizes_and_durations_are_compared_with_their_usual_median() {
    assert_found(&bot(Hour { size_usd: 90.0, ..USUAL }), "trend-trade-size", &["$91.00", "$41.00"]);
    assert_found(
        &bot(Hour { seconds: 30, ..USUAL }),
        "trend-trade-duration",
        &["far smaller", "0.6 minutes"],
    );
    for id in ["trend-trade-size", "trend-trade-duration"] {
        assert_silent(&bot(Hour { size_usd: 50.0, seconds: 600, ..USUAL }), id);
    }
}

#[test]
fn an_llm_that_answers_three_times_slower_is_told() {
    let with = |seconds: i64| {
        let bot = BotFile::generation1();
        for place in 0..55 {
            bot.cycle(&ago(place * 60 + 40), seconds, "HOLD");
            bot.cycle(&ago(HOUR + place * 60 + 40), 6, "HOLD");
        }
        bot
    };
    assert_found(&with(25), "trend-llm-time", &["25.0 s on average", "6.0 s in the window before"]);
    assert_silent(&with(9), "trend-llm-time");
}
