//! Money and behaviour: each fault is found, and the same file without it is silent.

mod claims;

use serde_json::Value;

use crate::bot_file::{BotFile, after, ago};
use crate::monitor::findings;

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;

/// The findings of one check.
fn found(bot: &BotFile, id: &str) -> Vec<Value> {
    findings(bot, id, &["--hours", "48"])
}

/// One finding with these words in title, description or evidence.
fn assert_found(bot: &BotFile, id: &str, severity: &str, words: &[&str]) {
    let found = found(bot, id);
    assert_eq!(found.len(), 1, "{id}: {found:#?}");
    assert_eq!(found[0]["severity"], severity, "{:#}", found[0]);
    let text = found[0].to_string();
    for word in words {
        assert!(text.contains(word), "{id} lacks {word:?}: {text}");
    }
}

/// Rows that the query in a finding's evidence returns.
fn shown(bot: &BotFile, finding: &Value) -> usize {
    let (_, query) = finding["evidence"].as_str().unwrap().split_once("query: ").unwrap();
    bot.rows(query, [], |_| Ok(())).len()
}

fn assert_silent(bot: &BotFile, id: &str) {
    assert!(found(bot, id).is_empty(), "{id}: {:#?}", found(bot, id));
}

/// A closed trade of the first generation, as far as these tests differ.
#[derive(Clone, Copy)]
struct Deal {
    coin: &'static str,
    pnl_usd: f64,
    size_usd: f64,
    reason: &'static str,
    seconds: i64,
}

fn deal(pnl_usd: f64) -> Deal {
    Deal { coin: "bitcoin", pnl_usd, size_usd: 50.0, reason: "take_profit", seconds: 300 }
}

/// The trades one after the other, ten minutes apart, the last one just closed.
fn trades(deals: impl IntoIterator<Item = Deal>) -> BotFile {
    let bot = BotFile::generation1();
    let deals: Vec<Deal> = deals.into_iter().collect();
    for (place, deal) in deals.iter().rev().enumerate() {
        let closed_at = ago(place as i64 * 600 + 30);
        let opened_at = after(&closed_at, -deal.seconds);
        bot.closed_trade(|row| {
            row.coin_name = deal.coin;
            row.pnl_usd = Some(deal.pnl_usd);
            row.size_usd = deal.size_usd;
            row.exit_reason = deal.reason;
            row.opened_at = &opened_at;
            row.closed_at = &closed_at;
        });
    }
    let pnl_usd: f64 = deals.iter().map(|deal| deal.pnl_usd).sum();
    bot.account(|row| row.balance = 1_000.0 + pnl_usd);
    bot
}

/// So many results, these in turn.
fn results(count: usize, turn: &[f64]) -> Vec<Deal> {
    turn.iter().cycle().take(count).map(|pnl_usd| deal(*pnl_usd)).collect()
}

#[test]
fn losses_far_larger_than_wins_are_worth_a_line() {
    let words = ["wins average $1.00 and losses $1.60", "61.5 % must win"];
    assert_found(&trades(results(120, &[1.0, -1.6, 1.0, -1.6, 1.0])), "payoff-asymmetry", "low", &words);
    assert_silent(&trades(results(120, &[1.0, -1.0, 1.0, -1.0, 1.0])), "payoff-asymmetry");
    // A mean that is below zero says it already, but only where that is told.
    let losing = trades(results(120, &[1.0, -2.0]));
    assert_found(&losing, "expectancy-negative", "medium", &["newest 120 trades"]);
    assert_silent(&losing, "payoff-asymmetry");
    let config = losing.folder().join("monitor.toml");
    std::fs::write(&config, "[checks.expectancy-negative]\nenabled = false\n").unwrap();
    let flags = ["--config", config.to_str().unwrap()];
    assert_eq!(findings(&losing, "payoff-asymmetry", &flags).len(), 1);
    // A mean that may be chance, among many tests.
    let unlucky = trades(results(400, &[1.0, -1.8, 1.0, -1.8, 1.0]));
    assert_silent(&unlucky, "expectancy-negative");
    assert_found(&unlucky, "payoff-asymmetry", "low", &["wins average $1.00 and losses $1.80"]);
}

#[test]
fn a_profit_below_fees_is_told() {
    let words = ["earned $1.20 without fees", "would have cost $12.00"];
    assert_found(&trades(results(120, &[1.0, -0.98])), "fees-ignored", "low", &words);
    // An open position does not count.
    let bot = exits(120, "manual", 0.05);
    bot.journal_open(|row| row.entry_time = "2026-11-22 08:59:00");
    assert_found(&bot, "fees-ignored", "low", &["120 of 120 rows", "would have cost $12.00"]);
    assert_silent(&trades(results(120, &[1.0, -0.5])), "fees-ignored");
}

#[test]
fn a_profit_that_one_trade_made_is_told() {
    let with = |best: f64| results(120, &[1.0, -0.9]).into_iter().chain([deal(best)]);
    let words = ["earned $30.00", "the profit is $6.00"];
    assert_found(&trades(with(30.0)), "profit-from-one-trade", "low", &words);
    assert_silent(&trades(with(2.0)), "profit-from-one-trade");
}

#[test]
fn a_trade_above_its_limit_is_a_bug_and_the_bot_s_own_words_say_the_limit() {
    let with = |size_usd| results(5, &[1.0]).into_iter().chain([Deal { size_usd, ..deal(1.0) }]);
    let words = ["1 of 6 trades", "instrument bitcoin, at ", "size 150", "allowed 100.5"];
    let bot = trades(with(150.0));
    assert_found(&bot, "trade-size-over-limit", "high", &words);
    let refusal = "BUY x $300.00: Trade size ($300.00) exceeds max per trade ($200.99, 20.0% of balance)";
    bot.activity("trade_rejected", refusal, None, &ago(50));
    assert_silent(&bot, "trade-size-over-limit");
    assert_silent(&trades(with(100.0)), "trade-size-over-limit");
}

#[test]
fn an_unknown_starting_balance_makes_no_limit() {
    let bot = trades([Deal { size_usd: 150.0, ..deal(1.0) }]);
    bot.account(|row| row.balance = 5_001.0);
    assert_silent(&bot, "trade-size-over-limit");
}

#[test]
fn too_much_in_open_positions_is_a_bug() {
    let with = |count: i64| {
        let bot = BotFile::generation1();
        for place in 0..count {
            let opened_at = ago(place * HOUR + 60);
            bot.open_trade(|row| row.opened_at = &opened_at);
        }
        bot
    };
    assert_found(&with(5), "exposure-over-limit", "high", &["1 of 5 openings", "up to 25 %"]);
    assert_silent(&with(4), "exposure-over-limit");
}

#[test]
fn a_trade_whose_opening_cannot_be_was_not_open_since_then() {
    for opening in ["1969-12-31 19:00:00", "0001-01-01 00:00:00", "never"] {
        let bot = BotFile::generation1();
        for place in 0..8 {
            let (opened_at, closed_at) = (ago(9_000 - 900 * place), ago(8_400 - 900 * place));
            bot.closed_trade(|row| (row.opened_at, row.closed_at) = (&opened_at, &closed_at));
        }
        assert_silent(&bot, "exposure-over-limit");
        bot.execute("UPDATE closed_trades SET opened_at = ?1 WHERE id > 2", [opening]);
        for check in ["exposure-over-limit", "positions-over-limit", "closed-before-opened"] {
            assert_silent(&bot, check);
        }
        assert_found(&bot, "time-implausible", "medium", &["closed_trades.opened_at", "6 of 8 rows"]);
        let bot = BotFile::generation1();
        bot.open_trade(|row| row.opened_at = opening);
        let told = found(&bot, "time-implausible").len();
        assert_eq!(told, usize::from(opening != "never"), "{opening}");
    }
}

#[test]
fn a_trade_whose_duration_contradicts_its_times_was_not_open_since_then() {
    let bot = trades(results(60, &[1.0]));
    assert_silent(&bot, "exposure-over-limit");
    bot.execute("UPDATE closed_trades SET opened_at = '2026-10-24 00:00:00' WHERE id % 10 = 0", []);
    assert_silent(&bot, "exposure-over-limit");
    assert_found(&bot, "duration-contradicts-times", "medium", &["6 of 60 trades"]);
    // Durations that are wrong in all rows say nothing against the times.
    bot.execute("UPDATE closed_trades SET duration_seconds = duration_seconds / 60", []);
    assert_found(&bot, "exposure-over-limit", "high", &["openings"]);
}

#[test]
fn two_positions_in_a_coin_break_the_limit_of_one() {
    let with = |coin: &'static str, closes_at: &str| {
        let bot = BotFile::generation2();
        bot.journal_open(|row| row.entry_time = "2026-11-22 07:00:00.5");
        bot.journal_trade(|row| {
            row.coin = coin;
            row.entry_time = "2026-11-22 06:00:00";
            row.exit_time = closes_at;
        });
        bot
    };
    let broken = with("BTC", "2026-11-22 08:00:00");
    assert_found(
        &broken,
        "positions-over-limit",
        "high",
        &["1 of 2 openings", "instrument BTC", "positions 2, positions_in_instrument 2"],
    );
    assert_silent(&with("ETH", "2026-11-22 08:00:00"), "positions-over-limit");
    // Closed in the same round of the bot, some milliseconds after the opening.
    assert_silent(&with("BTC", "2026-11-22 07:00:00.9"), "positions-over-limit");
}

#[test]
fn coins_opened_again_within_the_cooldown_that_the_file_shows() {
    let with = |gap_seconds: i64| {
        let bot = BotFile::generation1();
        for (place, coin) in ["solana", "pepe", "tron"].into_iter().enumerate() {
            let last = ago(place as i64 * HOUR + 600);
            for opened_at in [after(&last, -gap_seconds), last.clone()] {
                let closed_at = after(&opened_at, 120);
                bot.closed_trade(|row| {
                    row.coin_name = coin;
                    row.opened_at = &opened_at;
                    row.closed_at = &closed_at;
                });
            }
            bot.cooldown(coin, &after(&last, 1_800));
        }
        bot
    };
    assert_found(&with(900), "cooldown-broken", "medium", &["3 times", "1800 s", "seconds 900"]);
    assert_silent(&with(1_801), "cooldown-broken");
}

/// Openings of one coin, so many seconds apart.
fn openings(bot: &BotFile, count: i64, apart_seconds: i64) {
    for place in 0..count {
        let opened_at = ago(7_200 - apart_seconds * place);
        let closed_at = after(&opened_at, 100);
        bot.closed_trade(|row| (row.opened_at, row.closed_at) = (&opened_at, &closed_at));
    }
}

#[test]
fn a_cooldown_that_no_row_shows_is_the_bot_s_default_or_the_configured_one() {
    let bot = BotFile::generation1();
    openings(&bot, 5, 360);
    assert_found(&bot, "cooldown-broken", "medium", &["4 times", "sooner than 1800 s", "the bot's default"]);
    let config = bot.folder().join("monitor.toml");
    for (seconds, found) in [(1_800, 1), (300, 0), (0, 0)] {
        std::fs::write(&config, format!("[limits]\ncooldown_seconds = {seconds}\n")).unwrap();
        let flags = ["--config", config.to_str().unwrap()];
        assert_eq!(findings(&bot, "cooldown-broken", &flags).len(), found, "{seconds} s");
    }
    // A row that shows a shorter pause, and a bot that knows no cooldown.
    bot.cooldown("bitcoin", &after(&ago(7_200 - 4 * 360), 300));
    assert_silent(&bot, "cooldown-broken");
    let bot = BotFile::generation1().without_table("coin_cooldowns");
    openings(&bot, 5, 360);
    assert_silent(&bot, "cooldown-broken");
    let bot = BotFile::generation1();
    openings(&bot, 4, 1_801);
    assert_silent(&bot, "cooldown-broken");
}

#[test]
fn a_cooldown_longer_by_a_time_zone_s_offset_is_of_another_clock() {
    // Three coins, each opened again after an hour; their cooldowns expire so long after the last opening.
    let with = |pause_seconds: i64, apart_seconds: i64| {
        let bot = BotFile::generation1();
        for (place, coin) in ["solana", "pepe", "tron"].into_iter().enumerate() {
            let last = ago(place as i64 * 300 + 600);
            for opened_at in [after(&last, -apart_seconds), last.clone()] {
                let closed_at = after(&opened_at, 120);
                bot.closed_trade(|row| {
                    (row.coin_name, row.opened_at, row.closed_at) = (coin, &opened_at, &closed_at);
                });
            }
            bot.cooldown(coin, &after(&last, pause_seconds));
        }
        bot
    };
    assert_silent(&with(1_800 + 7 * HOUR, HOUR), "cooldown-broken");
    assert_silent(&with(1_800 + 19_800, HOUR), "cooldown-broken");
    // By the default, which the other clock does not change.
    assert_found(&with(1_800 + 7 * HOUR, 900), "cooldown-broken", "medium", &["3 times", "1800 s"]);
    // A pause that is no offset away, and one that the bot itself names.
    assert_found(
        &with(4_000, HOUR),
        "cooldown-broken",
        "medium",
        &["3 times", "4000 s", "the stored cooldowns"],
    );
    let bot = with(5_400, HOUR);
    assert_silent(&bot, "cooldown-broken");
    let refusal =
        "BUY tron $50.00: Coin tron in cooldown (5200s remaining). Trade different coins for diversity.";
    bot.activity("trade_rejected", refusal, None, &ago(50));
    assert_found(&bot, "cooldown-broken", "medium", &["3 times", "5400 s"]);
}

/// A change of a coin's status.
fn status_change(bot: &BotFile, coin: &str, from: &str, to: &str, at: &str) {
    bot.execute(
        "INSERT INTO coin_adaptations (coin, timestamp, old_status, new_status, reason, created_at)
        VALUES (?1, ?2, ?3, ?4, 'Win rate', ?2)",
        [coin, at, from, to],
    );
}

#[test]
fn a_banned_coin_that_is_opened_later_is_a_bug() {
    let with = |opened_at: &str| {
        let bot = BotFile::generation2();
        status_change(&bot, "ADA", "normal", "blacklisted", "2026-11-22 05:00:00");
        bot.journal_trade(|row| {
            row.coin = "ADA";
            row.entry_time = opened_at;
        });
        bot
    };
    let bot = with("2026-11-22 07:00:00");
    assert_found(
        &bot,
        "blacklist-broken",
        "medium",
        &["instrument ADA, banned_at 2026-11-22 05:00:00", "1 trade was opened in a coin that", "$50.00"],
    );
    // An opening before the ban is not shown.
    bot.journal_trade(|row| (row.coin, row.entry_time) = ("ADA", "2026-11-22 03:00:00"));
    assert_found(&bot, "blacklist-broken", "medium", &["1 of 2 rows"]);
    assert_silent(&with("2026-11-22 05:10:00"), "blacklist-broken");
    status_change(&bot, "ADA", "blacklisted", "normal", "2026-11-22 06:00:00");
    assert_silent(&bot, "blacklist-broken");
}

#[test]
fn a_ban_by_a_reflection_counts_while_the_coin_is_still_banned() {
    let bot = BotFile::generation2();
    bot.journal_trade(|row| row.coin = "DOT");
    bot.execute(
        "INSERT INTO adaptations (adaptation_id, timestamp, insight_type, action, target, description)
        VALUES ('a', '2026-11-22 05:00:00', 'coin', 'blacklist', 'DOT', 'Blacklisted DOT')",
        [],
    );
    bot.coin_score(|row| (row.coin, row.is_blacklisted) = ("DOT", 0));
    assert_silent(&bot, "blacklist-broken");
    bot.coin_score(|row| (row.coin, row.is_blacklisted) = ("DOT", 1));
    assert_found(&bot, "blacklist-broken", "medium", &["instrument DOT, banned_at 2026-11-22 05:00:00"]);
}

#[test]
fn a_target_on_the_losing_side_is_a_bug() {
    let bot = BotFile::generation2();
    bot.journal_open(|row| row.direction = "SHORT");
    assert_silent(&bot, "levels-on-wrong-side");
    bot.execute("UPDATE trade_journal SET take_profit_price = 103, stop_loss_price = 98", []);
    assert_found(
        &bot,
        "levels-on-wrong-side",
        "high",
        &["instrument BTC, side short, entry_price 100, stop_loss 98, take_profit 103"],
    );
}

#[test]
fn a_position_left_open_beyond_its_target_is_managed_by_nobody() {
    let with = |price: f64| {
        let bot = BotFile::generation2();
        bot.journal_open(|row| row.entry_time = "2026-11-20 03:00:00");
        for exit_time in ["2026-11-22 07:00:00", "2026-11-22 08:00:00"] {
            let entry_time = after(exit_time, -600);
            bot.journal_trade(|row| {
                row.entry_price = price;
                row.pnl_usd = Some(0.1);
                row.entry_time = &entry_time;
                row.exit_time = exit_time;
            });
        }
        bot
    };
    let bot = with(103.0);
    let words = [
        "1 of them ($50.00)",
        "kind target, level 101.5, since_at 2026-11-22 06:50:00 UTC, price 103 (trade_journal",
    ];
    assert_found(&bot, "level-ignored", "high", &words);
    assert_silent(&bot, "position-stale");
    let inside = with(100.5);
    assert_silent(&inside, "level-ignored");
    assert_found(&inside, "position-stale", "medium", &["1 of 1 open positions is older than 48 hours"]);
    // Where the check that knows more is off, a position is told all the same.
    let config = bot.folder().join("monitor.toml");
    std::fs::write(&config, "[checks.level-ignored]\nenabled = false\n").unwrap();
    let flags = ["--config", config.to_str().unwrap(), "--hours", "48"];
    assert_eq!(findings(&bot, "position-stale", &flags).len(), 1);
}

#[test]
fn stored_prices_show_a_stop_that_nobody_acts_on() {
    let with = |price: f64| {
        let bot = BotFile::generation1();
        bot.open_trade(|row| row.opened_at = "2026-11-22 06:00:00");
        for minute in 0..60 {
            bot.market_price("ethereum", price, &ago((90 - minute) * MINUTE));
        }
        bot
    };
    assert_found(
        &with(85.0),
        "level-ignored",
        "high",
        &["instrument ethereum", "kind stop, level 90", "price 85"],
    );
    assert_silent(&with(91.0), "level-ignored");
}

/// Trades of the journal that closed by `reason` at this profit, with the stop at −2 % and the target at 1.5 %.
fn exits(count: i64, reason: &'static str, pnl_usd: f64) -> BotFile {
    let bot = BotFile::generation2();
    for place in 0..count {
        let exit_time = ago(place * 900 + 60);
        let entry_time = after(&exit_time, -600);
        bot.journal_trade(|row| {
            row.exit_reason = reason;
            row.pnl_usd = Some(pnl_usd);
            row.entry_time = &entry_time;
            row.exit_time = &exit_time;
        });
    }
    bot
}

#[test]
fn stops_executed_far_beyond_their_price_are_counted() {
    let words = ["4 of 4 stops", "3.0 % at worst", "$6.00 more", "stop_percent -2, executed_percent -5"];
    assert_found(&exits(4, "stop_loss", -2.5), "stop-overshot", "medium", &words);
    assert_silent(&exits(4, "stop_loss", -1.2), "stop-overshot");
    // A stop that was moved into the profit.
    let trailing = exits(4, "stop_loss", -0.5);
    trailing.execute("UPDATE trade_journal SET stop_loss_price = 102", []);
    assert_found(&trailing, "stop-overshot", "medium", &["stop_percent 2, executed_percent -1"]);
}

#[test]
fn a_common_stop_is_seen_in_the_trades_where_no_price_of_it_is_kept() {
    let with = |worst: f64| {
        let stopped = |pnl_usd| Deal { reason: "stop_loss", ..deal(pnl_usd) };
        let usual = (0..12).map(move |place| stopped(-5.0 - 0.01 * f64::from(place)));
        trades(usual.chain((0..4).map(move |_| stopped(worst))))
    };
    assert_found(&with(-7.0), "stop-overshot", "medium", &["4 of 16 stops", "stop_percent -10"]);
    assert_silent(&with(-5.2), "stop-overshot");
}

#[test]
fn an_exit_that_did_not_reach_its_level_is_a_contradiction() {
    assert_found(
        &exits(3, "take_profit", -0.5),
        "exit-before-level",
        "medium",
        &["3 of 3 exits", "level 101.5"],
    );
    assert_found(&exits(3, "stop_loss", 0.5), "exit-before-level", "medium", &["level 98"]);
    assert_silent(&exits(3, "take_profit", 0.8), "exit-before-level");
    assert_silent(&exits(3, "manual", -0.5), "exit-before-level");
}

#[test]
fn trades_that_last_seconds_are_counted() {
    let with = |seconds| results(20, &[1.0, -1.0]).into_iter().map(move |deal| Deal { seconds, ..deal });
    assert_found(&trades(with(3)), "closed-at-once", "medium", &["20 of 20 trades", "seconds 3"]);
    assert_silent(&trades(with(40)), "closed-at-once");
}

#[test]
fn nonsense_in_every_column_is_no_error() {
    let bot = BotFile::generation1();
    for value in ["'x'", "9e999", "-9e999", "''", "-1"] {
        bot.execute(
            &format!(
                "INSERT INTO closed_trades (coin_name, entry_price, exit_price, size_usd, pnl_usd, pnl_pct, entry_reason, \
                 exit_reason, opened_at, closed_at, duration_seconds) VALUES ({value}, {value}, {value}, {value}, \
                 {value}, {value}, {value}, {value}, {value}, '2026-11-22 08:00:00', {value})"
            ),
            [],
        );
        bot.execute(
            &format!(
                "INSERT INTO open_trades (coin_name, entry_price, size_usd, stop_loss_price, take_profit_price, \
                 entry_reason, opened_at) VALUES ({value}, {value}, {value}, {value}, {value}, {value}, {value})"
            ),
            [],
        );
    }
    assert_silent(&bot, "expectancy-negative");
}
