//! The checks of life: silence, kills, rhythm, prices and clocks.

use serde_json::Value;

use crate::bot_file::{BotFile, after, ago};
use crate::monitor::{command, finish, report};

/// The findings of one check in a document.
pub(crate) fn of(document: &Value, check: &str) -> Vec<Value> {
    let source = format!("check:{check}");
    assert_eq!(document["analysis"]["checks"]["error"], Value::Null);
    let findings = document["findings"].as_array().unwrap();
    findings.iter().filter(|finding| finding["source"] == source.as_str()).cloned().collect()
}

/// The one finding of a check, which has to have this severity and these words.
pub(crate) fn expect(bot: &BotFile, check: &str, severity: &str, words: &[&str]) -> Value {
    let found = of(&report(bot, &[]), check);
    assert_eq!(found.len(), 1, "{check}: {found:#?}");
    assert_eq!(found[0]["severity"], severity, "{found:#?}");
    let text = found[0].to_string();
    for word in words {
        assert!(text.contains(word), "no {word} in {found:#?}");
    }
    found[0].clone()
}

/// That a check finds nothing.
pub(crate) fn silent(bot: &BotFile, check: &str) {
    let found = of(&report(bot, &[]), check);
    assert!(found.is_empty(), "{check}: {found:#?}");
}

fn start(bot: &BotFile, at: &str) {
    bot.activity("bot_initialized", "Trading bot initialized", "interval=30s, min_confidence=0.3", at);
    bot.activity("bot_started", "Bot started with balance $1000.00", None, at);
}

/// Cycles so many seconds apart, between two ages.
fn run(bot: &BotFile, from_seconds_ago: i64, to_seconds_ago: i64, every_seconds: i64) {
    let mut age = from_seconds_ago;
    while age >= to_seconds_ago {
        bot.activity("market_data", "Batch fetched 44 coins with volume", "coins=44", &ago(age));
        bot.activity("llm_decision", "HOLD (confidence: 0.70)", None, &ago(age - 4));
        age -= every_seconds;
    }
}

/// Alive up to now, prices included.
fn healthy() -> BotFile {
    let bot = BotFile::generation1();
    start(&bot, &ago(3_700));
    run(&bot, 3_690, 10, 34);
    for coin in ["bitcoin", "ethereum", "solana", "tron", "near"] {
        bot.market_price(coin, 100.0, &ago(15));
    }
    bot
}

#[test]
fn a_bot_in_its_rhythm_is_alive() {
    let bot = healthy();
    bot.open_trade(|_| ());
    let document = report(&bot, &[]);
    for check in [
        "bot-silent",
        "bot-killed",
        "activity-gap",
        "cadence-slower-than-configured",
        "cycles-faster-than-pause",
        "prices-stale",
        "coin-price-stale",
        "position-without-price",
        "price-frozen",
        "time-in-future",
        "time-implausible",
        "clocks-disagree",
    ] {
        assert!(of(&document, check).is_empty(), "{check}: {document:#}");
    }
}

#[test]
fn a_bot_that_falls_silent_is_dead_unless_it_was_stopped() {
    let bot = BotFile::generation1();
    start(&bot, &ago(9_000));
    run(&bot, 8_990, 3_000, 34);
    let opened_at = ago(5_000);
    bot.open_trade(|trade| trade.opened_at = &opened_at);
    bot.account(|account| account.last_updated = &opened_at);
    let found = expect(&bot, "bot-silent", "critical", &["dead", "2026-11-22 08:0", "Open positions: 1."]);
    assert_eq!(found["type"], "bug");
    bot.activity("bot_stopped", "Bot stopped after 100 cycles", None, &ago(2_950));
    expect(&bot, "bot-silent", "low", &["was stopped and has not been started"]);
    run(&bot, 800, 10, 34);
    silent(&bot, "bot-silent");
}

#[test]
fn a_daily_bot_may_sleep_a_day() {
    let bot = BotFile::generation1();
    for day in 1..6 {
        run(&bot, day * 86_400 + 1_000, day * 86_400, 30);
    }
    silent(&bot, "bot-silent");
    silent(&bot, "activity-gap");
}

#[test]
fn a_start_without_a_stop_was_a_kill() {
    let bot = BotFile::generation1();
    start(&bot, &ago(30_000));
    run(&bot, 29_900, 20_000, 34);
    bot.activity("bot_stopped", "Bot stopped after 100 cycles", None, &ago(19_990));
    start(&bot, &ago(10_000));
    run(&bot, 9_990, 10, 34);
    silent(&bot, "bot-killed");
    silent(&bot, "activity-gap");
    bot.execute("DELETE FROM activity_log WHERE activity_type = 'bot_stopped'", []);
    expect(&bot, "bot-killed", "medium", &["stayed down", "1 of 2 starts", "lasted 2.8 h"]);
    bot.execute(
        "UPDATE activity_log SET created_at = datetime(created_at, '-3 days') WHERE created_at < ?1",
        [ago(15_000)],
    );
    expect(
        &bot,
        "bot-killed",
        "medium",
        &["The only start in the window followed another one without a stop"],
    );
    bot.execute(
        "UPDATE activity_log SET created_at = datetime(created_at, '+3 days') WHERE created_at < ?1",
        [ago(86_400)],
    );
    for kill in 0..4 {
        start(&bot, &ago(3_000 - kill * 300));
    }
    expect(&bot, "bot-killed", "high", &["again and again", "5 of 6 starts"]);
}

#[test]
fn a_gap_without_stop_or_start_is_a_hang() {
    let bot = BotFile::generation1();
    start(&bot, &ago(20_000));
    run(&bot, 19_990, 10_000, 34);
    run(&bot, 5_000, 10, 34);
    expect(&bot, "activity-gap", "medium", &["lasted 84 min", "No stop and no start is logged around it"]);
}

#[test]
fn pauses_and_intervals_are_held_against_the_configured_pause() {
    let bot = BotFile::generation1();
    start(&bot, &ago(7_200));
    run(&bot, 7_190, 10, 120);
    expect(&bot, "cadence-slower-than-configured", "medium", &["with a pause of 30 s", "116 s"]);
    silent(&bot, "cycles-faster-than-pause");
    let bot = healthy();
    run(&bot, 3_000, 12, 34);
    expect(&bot, "cycles-faster-than-pause", "high", &["two bots"]);
    silent(&bot, "cadence-slower-than-configured");
}

#[test]
fn prices_that_stop_are_critical_under_a_position() {
    let bot = healthy();
    bot.execute("UPDATE market_data SET last_updated = ?1", [ago(3_000)]);
    expect(&bot, "prices-stale", "high", &["2026-11-22 08:10:00"]);
    silent(&bot, "coin-price-stale");
    bot.open_trade(|_| ());
    expect(&bot, "prices-stale", "critical", &["Open positions: 1"]);
    bot.activity("strategist", "Generated 0 conditions", None, &ago(20));
    silent(&bot, "prices-stale");
}

#[test]
fn a_position_without_a_price_is_told_after_two_cycles() {
    let bot = healthy();
    let with = |age_seconds: i64| {
        bot.execute("DELETE FROM open_trades", []);
        let opened_at = ago(age_seconds);
        bot.open_trade(|trade| (trade.coin_name, trade.opened_at) = ("zzz", &opened_at));
    };
    with(40);
    silent(&bot, "position-without-price");
    with(240);
    expect(&bot, "position-without-price", "critical", &["instrument zzz"]);
}

#[test]
fn a_list_of_prices_that_is_not_read_whole_proves_no_coin_missing() {
    let bot = healthy();
    bot.open_trade(|trade| (trade.coin_name, trade.opened_at) = ("zzz", "2026-11-22 06:00:00"));
    expect(&bot, "position-without-price", "critical", &["instrument zzz"]);
    bot.execute(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 2100)
        INSERT INTO market_data (coin, price_usd, last_updated) SELECT 'coin-' || n, 1, ?1 FROM number",
        [ago(20)],
    );
    bot.market_price("zzz", 1.0, &ago(20));
    silent(&bot, "position-without-price");
}

#[test]
fn a_coin_whose_price_stops_is_told_from_its_neighbours() {
    let bot = healthy();
    bot.execute("UPDATE market_data SET last_updated = ?1 WHERE coin = 'tron'", [ago(90_000)]);
    expect(
        &bot,
        "coin-price-stale",
        "low",
        &["instrument tron, updated_at 2026-11-21 08:00:00", "1 of 5 coins"],
    );
    bot.open_trade(|trade| trade.coin_name = "tron");
    expect(&bot, "coin-price-stale", "critical", &["The price of tron"]);
    silent(&bot, "position-without-price");
    bot.execute("DELETE FROM market_data WHERE coin = 'tron'", []);
    bot.execute("UPDATE open_trades SET opened_at = ?1", [ago(9_000)]);
    expect(&bot, "position-without-price", "critical", &["instrument tron"]);
    silent(&bot, "coin-price-stale");
}

#[test]
fn a_price_that_stands_still_among_moving_ones_is_frozen() {
    let prices = |frozen: &str| {
        let bot = BotFile::generation1();
        bot.execute("BEGIN", []);
        for update in 0..150 {
            for (place, coin) in ["bitcoin", "ethereum", "solana", "tron", "tether"].iter().enumerate() {
                let still = *coin == frozen || *coin == "tether";
                let price = if *coin == "tether" { 1.0 } else { 50.0 * (1.0 + place as f64) };
                let moved = if still { price } else { price + 0.01 * f64::from(update % 7) };
                bot.market_price(coin, moved, &ago(4_600 - i64::from(update) * 30));
            }
        }
        bot.execute("COMMIT", []);
        bot
    };
    expect(
        &prices("tron"),
        "price-frozen",
        "medium",
        &["instrument tron, price 200, equal_prices 150", "1 of 4 coins"],
    );
    silent(&prices("none"), "price-frozen");
}

#[test]
fn a_row_from_the_future_is_reported_only_when_now_is_now() {
    let bot = BotFile::generation1();
    let live = |bot: &BotFile| {
        let mut command = command(["--no-llm", "--dry-run", "--format", "json", "--db"]);
        command.arg(bot.path());
        of(&finish(command).json(), "time-in-future")
    };
    bot.execute("UPDATE account_state SET last_updated = datetime('now', '-1 minute')", []);
    bot.execute("INSERT INTO coin_cooldowns VALUES ('tron', datetime('now', '+25 minutes'))", []);
    assert!(live(&bot).is_empty());
    bot.activity("error", "x", None, "2100-01-01 00:00:00");
    let found = live(&bot);
    assert_eq!(found[0]["title"], "activity_log.created_at holds times in the future", "{found:#?}");
    silent(&bot, "time-in-future");
}

#[test]
fn times_that_cannot_be_are_named_by_their_column() {
    let bot = healthy();
    bot.closed_trade(|_| ());
    silent(&bot, "time-implausible");
    bot.closed_trade(|trade| trade.closed_at = "1970-01-01 00:00:00");
    bot.execute("UPDATE closed_trades SET opened_at = 'yesterday' WHERE id = 2", []);
    let found = of(&report(&bot, &[]), "time-implausible");
    let titles: Vec<_> = found.iter().map(|finding| finding["title"].as_str().unwrap()).collect();
    assert!(titles.contains(&"closed_trades.closed_at holds times that cannot be"), "{titles:?}");
    assert!(titles.contains(&"closed_trades.opened_at holds times that cannot be"), "{titles:?}");
    assert_eq!(found[0]["severity"], "medium");
}

#[test]
fn a_row_that_carries_local_time_beside_utc_is_worth_knowing() {
    let bot = BotFile::generation2();
    for hour in 1..15 {
        let utc = ago(hour * 3_600);
        bot.snapshot(&after(&utc, 1).replace(' ', "T"), &utc);
    }
    silent(&bot, "clocks-disagree");
    let bot = BotFile::generation2().host_offset_seconds(7_200);
    for hour in 1..15 {
        let utc = ago(hour * 3_600);
        bot.snapshot(&bot.local(&utc), &utc);
    }
    expect(&bot, "clocks-disagree", "low", &["profit_snapshots", "hours -2, rows 14"]);
}

#[test]
fn rows_that_two_clocks_write_in_turn_are_told_from_one_clock_change() {
    let file = |is_local: fn(i64) -> bool| {
        let bot = BotFile::generation1();
        for place in 0..40 {
            let offset = if is_local(place) { 7_200 } else { 0 };
            let at = ago(12_000 - place * 60 - offset);
            bot.learning(|learning| learning.created_at = &at);
        }
        bot
    };
    expect(
        &file(|place| place % 4 == 0),
        "clocks-alternate",
        "medium",
        &["learnings.created_at", "2.00 hours"],
    );
    silent(&file(|place| place < 20), "clocks-alternate");
    silent(&file(|_| false), "clocks-alternate");
}

#[test]
fn rows_inserted_newest_first_are_of_one_clock() {
    // Candles of an hour, as an exchange lists them: all at once, in batches, or two at a time.
    for batch in [40, 8, 2] {
        let bot = BotFile::generation1();
        for place in 0..40 {
            let newest = (place / batch) * batch + batch - 1;
            let hour = newest - place % batch;
            let at = ago((40 - hour) * 3_600);
            bot.learning(|learning| learning.created_at = &at);
        }
        silent(&bot, "clocks-alternate");
    }
}

#[test]
fn two_clocks_that_write_many_columns_are_one_fault() {
    let bot = BotFile::generation1();
    for place in 0..40 {
        let offset = if place % 3 == 0 { 19_800 } else { 0 };
        let at = ago(12_000 - place * 60 - offset);
        bot.learning(|learning| learning.created_at = &at);
        bot.rule(|rule| rule.created_at = &at);
        bot.activity("warning", "CoinGecko rate limit hit", None, &at);
    }
    let words =
        ["activity_log.created_at and other columns", "5.50 hours", "2 more columns", "learnings.created_at"];
    expect(&bot, "clocks-alternate", "medium", &words);
}

#[test]
fn nonsense_is_no_error() {
    let bot = BotFile::generation1();
    bot.execute("CREATE TABLE odd (created_at, \"a\"\"b_at\" BLOB, next_time REAL)", []);
    bot.execute("CREATE TABLE keyed (key TEXT PRIMARY KEY, updated_at) WITHOUT ROWID", []);
    for value in [
        "NULL",
        "x'00ff'",
        "9e999",
        "-1",
        "'\u{e4}\u{f6}\u{fc}2026-11-22 08:00'",
        "''",
        "'2026-11-22T08:00:00+99:99'",
    ] {
        bot.execute(&format!("INSERT INTO odd VALUES ({value}, {value}, {value})"), []);
        bot.execute(
            &format!("INSERT INTO activity_log (activity_type, description, details, created_at) VALUES ('llm_decision', 'BUY (', '{{\"action\": 7, \"rules_applied\": 3}}', {value})"),
            [],
        );
        bot.execute(
            &format!("INSERT INTO price_history (coin, price_usd, timestamp) VALUES ('x', 9e999, {value})"),
            [],
        );
    }
    bot.activity("llm_decision", "(confidence: )", "[1, 2", "2026-11-22 08:00:00");
    bot.activity("bot_initialized", "", "interval=", "2026-11-22 08:00:00");
    let document = report(&bot, &[]);
    assert_eq!(document["analysis"]["checks"]["status"], "ok", "{document:#}");
}
