//! What is stored must follow from the file's own rows.

mod account;

use serde_json::Value;

use crate::bot_file::{BotFile, after, ago};
use crate::healthy::Healthy;
use crate::monitor::{assert_found_after, findings, report};

/// Forty trades of four coins over two days, and an account that follows from them.
fn generation1() -> BotFile {
    let bot = BotFile::generation1();
    for trade in 0..40_i64 {
        let closed_at = ago(trade * 4_000 + 600);
        let opened_at = after(&closed_at, -900 - 70 * trade);
        let won = trade % 3 != 0;
        bot.closed_trade(|row| {
            row.coin_name = ["bitcoin", "solana", "pepe", "tron"][(trade % 4) as usize];
            row.size_usd = 20.0 + 2.0 * trade as f64;
            row.pnl_usd = Some(if won { 1.2 } else { -2.3 });
            row.exit_reason = if won { "take_profit" } else { "stop_loss" };
            (row.opened_at, row.closed_at) = (&opened_at, &closed_at);
        });
    }
    bot.settle_account();
    bot
}

/// Forty trades of the second generation on a host east of UTC, and scores that follow from them.
fn generation2() -> BotFile {
    let bot = BotFile::generation2().host_offset_seconds(19_800);
    for trade in 0..40_i64 {
        let exit_time = ago(trade * 4_000 + 600);
        let entry_time = after(&exit_time, -900 - 70 * trade);
        let won = trade % 3 != 0;
        bot.journal_trade(|row| {
            row.coin = ["BTC", "DOGE", "APT", "UNI"][(trade % 4) as usize];
            row.direction = if trade % 5 == 0 { "SHORT" } else { "LONG" };
            row.position_size_usd = 40.0 + trade as f64;
            row.pnl_usd = Some(if won { 0.9 } else { -1.1 });
            row.exit_reason = if won { "take_profit" } else { "stop_loss" };
            (row.entry_time, row.exit_time) = (&entry_time, &exit_time);
        });
    }
    score(&bot);
    let snapshot = ago(3_600 * 30);
    bot.snapshot(&bot.local(&snapshot), &snapshot);
    bot.execute("DELETE FROM profit_snapshots WHERE total_trades <> 0", []);
    bot
}

/// Writes the scores that follow from the journal.
fn score(bot: &BotFile) {
    bot.execute(
        "INSERT OR REPLACE INTO coin_scores (coin, total_trades, wins, losses, total_pnl, win_rate, last_updated)
            SELECT coin, count(*), sum(pnl_usd > 0), sum(pnl_usd < 0), sum(pnl_usd), avg(pnl_usd > 0), max(exit_time)
            FROM trade_journal WHERE status <> 'open' GROUP BY coin",
        [],
    );
}

#[test]
fn a_profit_must_follow_from_the_prices() {
    let wrong = |bot: &BotFile| {
        bot.execute("UPDATE closed_trades SET pnl_usd = pnl_usd + 5, pnl_pct = 100 * (pnl_usd + 5) / size_usd WHERE id IN (3, 4)", []);
    };
    assert_found_after(
        &generation1(),
        "pnl-contradicts-prices",
        wrong,
        &["critical", "2 of 40", "+10.00 USD", "(closed_trades 3)"],
    );
}

#[test]
fn a_short_trade_counted_as_long_is_named() {
    let reversed = |bot: &BotFile| {
        bot.execute("UPDATE trade_journal SET pnl_usd = -pnl_usd WHERE direction = 'SHORT'", []);
    };
    assert_found_after(
        &generation2(),
        "pnl-contradicts-prices",
        reversed,
        &["8 of 40", "SHORT trades are calculated as if they were LONG"],
    );
}

#[test]
fn fees_and_leverage_are_no_contradiction() {
    let bot = generation1();
    bot.execute("UPDATE closed_trades SET pnl_usd = pnl_usd - 0.002 * size_usd", []);
    bot.settle_account();
    assert_eq!(findings(&bot, "pnl-contradicts-prices", &[]), Vec::<Value>::new());
    let bot = generation1();
    bot.execute("UPDATE closed_trades SET pnl_usd = 10 * pnl_usd, pnl_pct = 10 * pnl_pct", []);
    assert_eq!(findings(&bot, "pnl-contradicts-prices", &[]), Vec::<Value>::new());
}

#[test]
fn a_profit_counted_double_is_no_leverage() {
    let double = |bot: &BotFile| {
        bot.execute("UPDATE closed_trades SET pnl_usd = 2 * pnl_usd", []);
    };
    assert_found_after(&generation1(), "pnl-contradicts-prices", double, &["40 trades"]);
}

#[test]
fn a_profit_has_a_size() {
    for (size, rows) in [("0", 1), ("-20", 14)] {
        let lost = |bot: &BotFile| {
            bot.execute(&format!("UPDATE closed_trades SET size_usd = {size} WHERE id <= {rows}"), []);
        };
        let words = [&*format!("{rows} of 40 trades"), "medium", &*format!("size {size}, pnl")];
        assert_found_after(&generation1(), "profit-without-size", lost, &words);
    }
    let lost = |bot: &BotFile| {
        bot.execute("UPDATE trade_journal SET position_size_usd = '' WHERE rowid <= 3", []);
    };
    assert_found_after(
        &generation2(),
        "profit-without-size",
        lost,
        &["3 of 40 trades", "instrument BTC, pnl"],
    );
    // Nothing was traded, nothing was earned.
    let bot = generation1();
    bot.execute("UPDATE closed_trades SET size_usd = 0, pnl_usd = 0 WHERE id = 1", []);
    assert_eq!(findings(&bot, "profit-without-size", &[]), Vec::<Value>::new());
}

#[test]
fn a_fraction_is_no_percentage() {
    let fraction = |bot: &BotFile| {
        bot.execute("UPDATE closed_trades SET pnl_pct = pnl_pct / 100", []);
    };
    assert_found_after(
        &generation1(),
        "pnl-percent-contradicts-pnl",
        fraction,
        &["medium", "40 of 40", "holds the fraction"],
    );
    let sign = |bot: &BotFile| {
        bot.execute("UPDATE trade_journal SET pnl_pct = -pnl_pct WHERE coin = 'UNI'", []);
    };
    assert_found_after(
        &generation2(),
        "pnl-percent-contradicts-pnl",
        sign,
        &["10 of 40", "sign is reversed"],
    );
}

#[test]
fn a_target_does_not_lose() {
    let mislabelled = |bot: &BotFile| {
        bot.execute("UPDATE closed_trades SET exit_reason = 'take_profit' WHERE id = 1", []);
    };
    assert_found_after(
        &generation1(),
        "exit-reason-contradicts-result",
        mislabelled,
        &["medium", "1 of 40", "exit_kind take_profit, pnl -2.3"],
    );
}

#[test]
fn a_stop_stands_on_the_losing_side() {
    let reversed = |bot: &BotFile| {
        bot.execute("UPDATE trade_journal SET stop_loss_price = 99 WHERE direction = 'SHORT'", []);
    };
    let words = ["high", "8 of 40", "side short, entry_price 100, stop_loss 99"];
    assert_found_after(&generation2(), "stop-on-winning-side", reversed, &words);
}

#[test]
fn an_unrealized_profit_follows_from_the_prices() {
    let bot = generation1();
    bot.open_trade(|_| ());
    bot.settle_account();
    let wrong = |bot: &BotFile| {
        bot.execute("UPDATE open_trades SET unrealized_pnl = -4", []);
    };
    assert_found_after(
        &bot,
        "unrealized-pnl-contradicts-prices",
        wrong,
        &["high", "1 of 1", "expected 0.5, stored -4"],
    );
}

#[test]
fn a_missed_profit_is_money() {
    let bot = generation2();
    bot.execute("UPDATE trade_journal SET price_15min_after = exit_price * 1.01, missed_profit_usd = 0.01 * position_size_usd WHERE direction = 'LONG'", []);
    let percent = |bot: &BotFile| {
        bot.execute("UPDATE trade_journal SET missed_profit_usd = 1.0 WHERE direction = 'LONG'", []);
    };
    assert_found_after(&bot, "missed-profit-contradicts-prices", percent, &["medium", "whatever the size"]);
}

#[test]
fn a_duration_in_another_time_zone_says_its_hours() {
    let zone = |bot: &BotFile| {
        bot.execute(
            "UPDATE closed_trades SET duration_seconds = duration_seconds + 19800 WHERE id <= 20",
            [],
        );
    };
    assert_found_after(
        &generation1(),
        "duration-contradicts-times",
        zone,
        &["medium", "20 of 40", "+5.5 hours", "The first was closed at 2026-11-21"],
    );
    let minutes = |bot: &BotFile| {
        bot.execute("UPDATE trade_journal SET duration_seconds = duration_seconds / 60", []);
    };
    assert_found_after(
        &generation2(),
        "duration-contradicts-times",
        minutes,
        &["40 of 40", "stored in minutes"],
    );
    let zero = |bot: &BotFile| {
        bot.execute("UPDATE closed_trades SET duration_seconds = 0 WHERE id = 7", []);
    };
    assert_found_after(&generation1(), "duration-contradicts-times", zero, &["1 of 40", "stored as zero"]);
    // However much came after the audited moment.
    let zero_and_later = |bot: &BotFile| {
        zero(bot);
        bot.trade_each_minute(1..=2_500);
    };
    assert_found_after(&generation1(), "duration-contradicts-times", zero_and_later, &["1 of 40"]);
}

#[test]
fn a_trade_opens_before_it_closes() {
    let reversed = |bot: &BotFile| {
        bot.execute("UPDATE closed_trades SET opened_at = datetime(closed_at, '+5 minutes'), duration_seconds = -300 WHERE id = 2", []);
    };
    assert_found_after(
        &generation1(),
        "closed-before-opened",
        reversed,
        &["1 of 40", "instrument solana, seconds 300 (closed_trades 2)"],
    );
}

#[test]
fn a_daily_counter_begins_anew_each_day() {
    let never_reset = |bot: &BotFile| {
        bot.execute("UPDATE account_state SET daily_pnl = total_pnl, trade_count_today = 60", []);
        for trade in 0..20 {
            let closed_at = ago(200_000 + trade * 4_000);
            bot.closed_trade(|row| (row.opened_at, row.closed_at) = ("2026-11-15 00:00:00", &closed_at));
        }
    };
    let bot = generation1();
    assert_found_after(
        &bot,
        "daily-counter-contradicts-trades",
        never_reset,
        &["medium", "trade_count_today is 60, the count of all trades ever"],
    );
    let never_kept = |bot: &BotFile| {
        bot.execute("UPDATE account_state SET daily_pnl = 0, trade_count_today = 0", []);
    };
    assert_found_after(
        &generation1(),
        "daily-counter-contradicts-trades",
        never_kept,
        &["trade_count_today is 0 on a day with 8 closings"],
    );
}

#[test]
fn a_coins_score_counts_its_trades() {
    let wrong = |bot: &BotFile| {
        bot.execute("UPDATE coin_scores SET total_trades = total_trades + 4, wins = wins + 4, win_rate = 1.0 * (wins + 4) / (total_trades + 4) WHERE coin = 'UNI'", []);
    };
    assert_found_after(
        &generation2(),
        "coin-score-contradicts-trades",
        wrong,
        &["high", "1 of 4 coins", "instrument UNI, stored_trades 14"],
    );
    let percent = |bot: &BotFile| {
        bot.execute("UPDATE coin_scores SET win_rate = 100 * win_rate", []);
    };
    assert_found_after(
        &generation2(),
        "coin-win-rate-contradicts-wins",
        percent,
        &["medium", "4 of 4 coins"],
    );
}

#[test]
fn a_rules_counters_count_its_trades() {
    let bot = generation1();
    bot.execute("UPDATE closed_trades SET rule_ids_used = '1' WHERE id <= 12", []);
    bot.rule(|rule| {
        (rule.success_count, rule.failure_count) = (8, 4);
        rule.created_at = "2026-11-01 00:00:00";
    });
    // Older trades carry no rule, from before the column: they may have counted.
    bot.execute("UPDATE closed_trades SET rule_ids_used = '2' WHERE id > 12", []);
    let wrong = |bot: &BotFile| {
        bot.execute("UPDATE trading_rules SET success_count = 1, failure_count = 11", []);
    };
    assert_found_after(
        &bot,
        "rule-counter-contradicts-trades",
        wrong,
        &["high", "stored_successes 1, stored_failures 11, successes 8, failures 4 (trading_rules 1)"],
    );
}

#[test]
fn counters_outlive_trades_that_were_deleted() {
    let rules = |stored: i64| {
        let bot = generation1();
        bot.execute("UPDATE closed_trades SET rule_ids_used = '1'", []);
        bot.rule(|rule| (rule.success_count, rule.failure_count) = (stored, 14));
        bot
    };
    let scores = || {
        let bot = generation2();
        bot.execute("UPDATE trade_journal SET pattern_id = 'support_bounce_v1'", []);
        bot.pattern(|row| (row.times_used, row.wins, row.losses) = (40, 26, 14));
        bot
    };
    let (first, second) = (rules(26), scores());
    first.execute("DELETE FROM closed_trades WHERE id <= 12", []);
    second.execute("DELETE FROM trade_journal WHERE rowid <= 12", []);
    let checks = ["rule-counter-contradicts-trades", "coin-score-contradicts-trades"];
    for (bot, check) in [(&first, checks[0]), (&second, checks[0]), (&second, checks[1])] {
        assert_eq!(findings(bot, check, &[]), Vec::<Value>::new());
    }
    // Below what is left they are wrong whatever was deleted.
    let wrong = |bot: &BotFile| {
        bot.execute("UPDATE trading_rules SET success_count = 3", []);
    };
    assert_found_after(&first, checks[0], wrong, &["1 of 1", "stored_successes 3"]);
    let wrong = |bot: &BotFile| {
        bot.execute("UPDATE coin_scores SET total_trades = 2, wins = 1, losses = 1, win_rate = 0.5 WHERE coin = 'UNI'", []);
    };
    assert_found_after(&second, checks[1], wrong, &["1 of 4 coins", "instrument UNI, stored_trades 2"]);
    // Without a deletion each one too many is.
    assert_eq!(findings(&rules(27), checks[0], &[]).len(), 1);
}

/// Hourly snapshots that count what the journal closed.
fn with_snapshots() -> BotFile {
    let bot = generation2();
    for hour in 0..20 {
        let at = ago(3_600 * hour + 1_200);
        bot.snapshot(&bot.local(&at), &at);
    }
    bot.execute(
        "UPDATE profit_snapshots SET (total_trades, winning_trades, losing_trades, total_pnl) = (
            SELECT count(*), total(pnl_usd > 0), total(pnl_usd < 0), total(pnl_usd) FROM trade_journal
            WHERE julianday(exit_time) <= julianday(timestamp) AND julianday(exit_time) > julianday(timestamp) - 1.0 / 24)",
        [],
    );
    bot.execute("UPDATE profit_snapshots SET win_rate = CASE WHEN total_trades THEN 100.0 * winning_trades / total_trades ELSE 0 END,
        starting_balance = 10000 + (SELECT total(pnl_usd) FROM trade_journal WHERE julianday(exit_time) <= julianday(timestamp) - 1.0 / 24)", []);
    bot.execute("UPDATE profit_snapshots SET ending_balance = starting_balance + total_pnl", []);
    bot
}

#[test]
fn a_snapshot_holds_the_trades_of_its_hour() {
    let partial = |bot: &BotFile| {
        bot.execute("UPDATE profit_snapshots SET total_trades = 5, winning_trades = 5, losing_trades = 0, win_rate = 100", []);
    };
    assert_found_after(
        &with_snapshots(),
        "snapshot-contradicts-trades",
        partial,
        &["medium", "hourly snapshots", "stored_trades 5, closed_trades "],
    );
    // A closing at the edge of a span may be in either.
    let bot = with_snapshots();
    for seconds in [64_200, 66_300, 66_600, 66_900, 67_200, 79_200] {
        let (entry_time, exit_time) = (ago(seconds + 200), ago(seconds));
        bot.journal_trade(|row| (row.entry_time, row.exit_time) = (&entry_time, &exit_time));
    }
    bot.execute("UPDATE profit_snapshots SET total_trades = iif(id = 19, 1, 7) WHERE id % 3 > 0", []);
    let found = findings(&bot, "snapshot-contradicts-trades", &[]);
    let of_trades =
        |finding: &&Value| finding["fingerprint"] == "snapshot-contradicts-trades:profit_snapshots";
    let finding = found.iter().find(of_trades).unwrap();
    let figure = finding["evidence"].as_str().unwrap();
    assert!(figure.starts_with("14 of 21 rows"), "{figure}");
    let fraction = |bot: &BotFile| {
        bot.execute("UPDATE profit_snapshots SET win_rate = win_rate / 100", []);
    };
    assert_found_after(
        &with_snapshots(),
        "snapshot-contradicts-itself",
        fraction,
        &["medium", "win rate 1 of 1 win in 1 trade, which is 100.0 %"],
    );
}

#[test]
fn snapshots_carry_the_balance_on() {
    let restarts = |bot: &BotFile| {
        bot.execute(
            "UPDATE profit_snapshots SET starting_balance = 10000, ending_balance = 10000 + total_pnl",
            [],
        );
    };
    assert_found_after(
        &with_snapshots(),
        "snapshot-balance-restarts",
        restarts,
        &["medium", "all start at 10000.00"],
    );
}

#[test]
fn log_and_table_tell_the_same_closings() {
    let bot = generation1();
    let (coin, at, pnl): (String, String, f64) = bot
        .rows("SELECT coin_name, closed_at, pnl_usd FROM closed_trades WHERE id = 5", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .remove(0);
    bot.activity(
        "trade_closed",
        &format!("CLOSED {coin} @ $1.00 P&L: +${pnl:.2} (take_profit)"),
        "trade_id=9, entry=$1.00",
        &at,
    );
    let other = |bot: &BotFile| {
        bot.activity(
            "trade_closed",
            "CLOSED pepe @ $1.00 P&L: $-9.99 (stop_loss)",
            "trade_id=77, entry=$1.00",
            "2026-11-22 01:00:00",
        );
    };
    assert_found_after(
        &bot,
        "closing-contradicts-log",
        other,
        &[
            "critical",
            "1 of 2 closings that the bot logged",
            "pepe, at 2026-11-22 01:00:00 UTC, logged_pnl -9.99",
        ],
    );

    let bot = generation2();
    let (id, coin): (String, String) = bot
        .rows("SELECT position_id, coin FROM trade_journal WHERE rowid = 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .remove(0);
    let differs = |bot: &BotFile| {
        bot.quick_update(&id, &coin, 12.5, &ago(590));
    };
    assert_found_after(
        &bot,
        "closing-contradicts-log",
        differs,
        &["high", "logged_pnl 12.5, stored_pnl -1.1"],
    );
}

#[test]
fn nonsense_is_no_error() {
    let bot = generation1();
    bot.execute("UPDATE closed_trades SET pnl_usd = 'much', entry_price = 0, closed_at = 'never', duration_seconds = 9e999 WHERE id = 1", []);
    bot.execute("UPDATE closed_trades SET size_usd = -1e308, exit_price = 9e999, opened_at = 12, rule_ids_used = ',,x;' WHERE id = 2", []);
    bot.execute("UPDATE account_state SET balance = 'x', total_pnl = 9e999, last_updated = 'x'", []);
    assert_eq!(report(&bot, &[])["analysis"]["checks"]["error"], Value::Null);
    let bot = generation2();
    bot.execute("UPDATE trade_journal SET entry_time = 5, position_size_usd = 'x', position_id = '' WHERE coin = 'UNI'", []);
    bot.execute(
        "UPDATE coin_scores SET total_trades = 9223372036854775807, wins = 'x', win_rate = 9e999",
        [],
    );
    assert_eq!(report(&bot, &[])["analysis"]["checks"]["error"], Value::Null);
    let bot = generation1()
        .without_table("account_state")
        .without_table("learnings")
        .without_column("activity_log", "details");
    assert_eq!(report(&bot, &[])["analysis"]["checks"]["error"], Value::Null);
}

#[test]
fn a_fee_of_one_amount_a_trade_is_named() {
    let fee = |bot: &BotFile| {
        bot.execute("UPDATE closed_trades SET pnl_usd = pnl_usd - 0.8 - 0.01 * (id % 2)", []);
    };
    assert_found_after(
        &generation1(),
        "pnl-contradicts-prices",
        fee,
        &["lower by about 0.8", "USD, whatever its size"],
    );
}

#[test]
fn journal_rows_without_position_ids_are_found_by_coin_and_time() {
    const CHECK: &str = "closing-contradicts-log";
    let bot = Healthy::generation2().write();
    bot.execute("UPDATE trade_journal SET position_id = ''", []);
    assert_eq!(findings(&bot, CHECK, &[]), Vec::<Value>::new());
    bot.execute("UPDATE trade_journal SET pnl_usd = pnl_usd + 1 WHERE rowid = (SELECT max(rowid) - 9 FROM trade_journal WHERE status <> 'open')", []);
    assert_eq!(findings(&bot, CHECK, &[]).len(), 1);
    let bot = Healthy::generation2().write().without_column("trade_journal", "position_id");
    assert_eq!(findings(&bot, CHECK, &[]), Vec::<Value>::new());
}

#[test]
fn rows_without_a_coin_are_not_one_coin() {
    for (healthy, column) in [(Healthy::generation1(), "coin_name"), (Healthy::generation2(), "coin")] {
        let bot = healthy.write();
        for table in
            if column == "coin" { vec!["trade_journal"] } else { vec!["closed_trades", "open_trades"] }
        {
            bot.execute(&format!("UPDATE {table} SET {column} = ''"), []);
        }
        for check in [
            "price-contradicts-market",
            "closing-contradicts-log",
            "opening-contradicts-log",
            "positions-over-limit",
            "cooldown-broken",
            "level-ignored",
        ] {
            assert_eq!(findings(&bot, check, &[]), Vec::<Value>::new(), "{check}");
        }
    }
}

#[test]
fn one_row_without_a_coin_hides_no_lost_trade() {
    let bot = Healthy::generation1().write();
    let last: i64 = bot.value("SELECT max(id) FROM closed_trades");
    bot.execute("UPDATE closed_trades SET coin_name = '' WHERE id = ?1", [last - 20]);
    assert_eq!(findings(&bot, "closing-contradicts-log", &[]), Vec::<Value>::new());
    bot.execute("DELETE FROM closed_trades WHERE id = ?1", [last - 5]);
    assert_eq!(findings(&bot, "closing-contradicts-log", &[]).len(), 1);
    bot.activity(
        "trade_opened",
        "BUY solana $50.00 @ $145.66",
        "trade_id=9001, stop_loss=$131.09",
        &ago(3_011),
    );
    let found = findings(&bot, "opening-contradicts-log", &[]);
    assert!(found[0].to_string().contains("1 of "), "{found:#?}");
}
