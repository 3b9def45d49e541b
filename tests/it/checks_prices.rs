//! Prices that are none, prices that the coin did not have, and what is taken off a profit beside them.

use crate::bot_file::{BotFile, after, ago};
use crate::healthy::Healthy;
use crate::monitor::{alarms, findings, only_finding};

const NONE: &str = "price-impossible";
const MARKET: &str = "price-contradicts-market";
const DEDUCTION: &str = "profit-deduction-high";
const UNPROTECTED: &str = "position-unprotected";

fn healthy1() -> BotFile {
    let bot = Healthy { log_hours: 4, ..Healthy::generation1() }.write();
    // What the log tells of a profit is another check's.
    bot.execute("DELETE FROM activity_log WHERE activity_type = 'trade_closed'", []);
    bot
}

/// A winning trade of the last hour, in which all prices are stored.
const NEWEST_WIN: &str =
    "(SELECT max(id) FROM closed_trades WHERE pnl_usd > 0 AND opened_at > '2026-11-22 08:01:00')";
/// A winning trade of the window.
const A_WIN: &str =
    "(SELECT max(id) FROM closed_trades WHERE pnl_usd > 0 AND closed_at < '2026-11-22 02:00:00')";

#[test]
fn an_entry_price_of_zero_is_told_once() {
    for price in ["0", "-1.5", "'0.0'", "0.0"] {
        let bot = healthy1();
        bot.execute(
            &format!("UPDATE closed_trades SET entry_price = {price}, pnl_usd = size_usd, pnl_pct = 100 WHERE id = {A_WIN}"),
            [],
        );
        bot.settle_account();
        let text = only_finding(&bot, NONE);
        assert!(text.starts_with("critical") && text.contains("entry_price "), "{text}");
        assert_eq!(alarms(&bot), [NONE], "{price}");
        assert_eq!(findings(&bot, "profit-from-one-trade", &[]).len(), 0);
    }
    let bot = Healthy::generation2().write();
    bot.execute("UPDATE trade_journal SET entry_price = 0, pnl_usd = position_size_usd, pnl_pct = 100 WHERE rowid = 410", []);
    let text = only_finding(&bot, NONE);
    assert!(text.contains("1 of ") && text.contains("trade_journal"), "{text}");
}

#[test]
fn an_exit_price_of_zero_is_no_missing_exit() {
    let bot = healthy1();
    bot.execute(&format!("UPDATE closed_trades SET exit_price = 0 WHERE id = {A_WIN}"), []);
    assert!(only_finding(&bot, NONE).contains("exit_price 0"));
    assert_eq!(alarms(&bot), [NONE]);
    let bot = Healthy::generation2().write();
    bot.execute("UPDATE trade_journal SET exit_price = 0 WHERE rowid = 410", []);
    assert!(only_finding(&bot, NONE).contains("exit_price 0"));
    assert_eq!(findings(&bot, "closed-without-exit", &[]).len(), 0);
}

#[test]
fn an_open_position_at_a_price_of_zero_is_told_once() {
    for levels in ["", ", stop_loss_price = 0, take_profit_price = 0"] {
        let bot = healthy1();
        bot.execute(
            &format!("UPDATE open_trades SET entry_price = 0, unrealized_pnl = size_usd, unrealized_pnl_pct = 100{levels}
                WHERE id = (SELECT min(id) FROM open_trades)"),
            [],
        );
        let text = only_finding(&bot, NONE);
        assert!(text.starts_with("critical") && text.contains("entry_price 0, current_price "), "{text}");
        assert_eq!(alarms(&bot), [NONE], "{levels}");
    }
    let bot = Healthy::generation2().write();
    bot.execute("UPDATE trade_journal SET entry_price = 0 WHERE status = 'open'", []);
    assert!(only_finding(&bot, NONE).contains("Open positions in trade_journal"));
}

#[test]
fn a_price_of_zero_in_the_tables_of_prices_is_told_once() {
    let bot = healthy1();
    let coin: String = bot.value("SELECT coin_name FROM open_trades LIMIT 1");
    bot.execute("UPDATE market_data SET price_usd = 0 WHERE coin = ?1", [&coin]);
    bot.execute(
        "UPDATE price_history SET price_usd = 0 WHERE coin = ?1 AND timestamp > '2026-11-22 08:59:00'",
        [&coin],
    );
    bot.execute(
        "UPDATE open_trades SET current_price = 0, unrealized_pnl = -size_usd WHERE coin_name = ?1",
        [&coin],
    );
    let text = only_finding(&bot, NONE);
    assert!(
        text.starts_with("critical")
            && text.contains("(market_data binancecoin)")
            && text.contains("(price_history "),
        "{text}"
    );
    assert_eq!(alarms(&bot), [NONE]);
}

#[test]
fn a_position_without_stop_and_target_is_unprotected() {
    let bot = healthy1();
    bot.execute("UPDATE open_trades SET stop_loss_price = 0, take_profit_price = 0 WHERE id = (SELECT min(id) FROM open_trades)", []);
    let text = only_finding(&bot, UNPROTECTED);
    assert!(text.starts_with("high") && text.contains("stop_loss 0, take_profit 0"), "{text}");
    assert_eq!(alarms(&bot), [UNPROTECTED]);
    let bot = healthy1();
    bot.execute("UPDATE open_trades SET take_profit_price = -1", []);
    let text = only_finding(&bot, UNPROTECTED);
    assert!(text.starts_with("medium") && text.contains("No price takes their profit"), "{text}");

    for stop in ["0", "NULL", "-3"] {
        let bot = BotFile::generation2();
        for trade in 0..9_i64 {
            let exit_time = ago(trade * 2_000 + 600);
            let entry_time = after(&exit_time, -900);
            bot.journal_trade(|row| (row.entry_time, row.exit_time) = (&entry_time, &exit_time));
        }
        bot.journal_open(|row| (row.coin, row.direction) = ("SUI", "SHORT"));
        assert_eq!(findings(&bot, UNPROTECTED, &[]).len(), 0);
        bot.execute(&format!("UPDATE trade_journal SET stop_loss_price = {stop} WHERE status = 'open'"), []);
        let text = only_finding(&bot, UNPROTECTED);
        assert!(text.contains("SUI") && text.contains("1 ($50.00) have no stop"), "{text}");
    }
    // A bot that sets no levels.
    let bot = BotFile::generation2();
    bot.journal_open(|_| ());
    bot.execute("UPDATE trade_journal SET stop_loss_price = NULL, take_profit_price = NULL", []);
    assert_eq!(findings(&bot, UNPROTECTED, &[]).len(), 0);
}

#[test]
fn a_stop_that_the_log_states_is_missed_where_the_row_has_none() {
    let with = |stop: &str| {
        let bot = BotFile::generation1();
        for coin in ["bitcoin", "ethereum"] {
            let id = bot.open_trade(|row| row.coin_name = coin);
            let details = format!("trade_id={id}, stop_loss=$90.00, take_profit=$102.00");
            bot.activity(
                "trade_opened",
                &format!("BUY {coin} $50.00 @ $100.00"),
                &*details,
                "2026-11-22 08:30:00",
            );
        }
        for trade in 3..9 {
            let details = format!("trade_id={trade}, stop_loss=$90.00, take_profit=$102.00");
            bot.activity("trade_opened", "BUY solana $50.00 @ $100.00", &*details, "2026-11-22 07:30:00");
        }
        bot.execute(
            &format!("UPDATE open_trades SET stop_loss_price = {stop} WHERE coin_name = 'bitcoin'"),
            [],
        );
        bot
    };
    assert_eq!(findings(&with("90.0"), UNPROTECTED, &[]).len(), 0);
    for stop in ["''", "'none'", "1e-9"] {
        let bot = with(stop);
        let text = only_finding(&bot, UNPROTECTED);
        assert!(text.starts_with("high") && text.contains("1 of 2 open positions"), "{stop}: {text}");
        assert!(text.contains("1 of 2 rows; e.g. instrument bitcoin"), "{text}");
    }
}

#[test]
fn a_bot_that_sets_no_target_may_write_zero() {
    let bot = healthy1();
    bot.execute("UPDATE open_trades SET take_profit_price = 0", []);
    assert_eq!(findings(&bot, UNPROTECTED, &[]).len(), 0);
    bot.execute("UPDATE open_trades SET stop_loss_price = 0", []);
    assert!(only_finding(&bot, UNPROTECTED).starts_with("high"));
}

#[test]
fn what_is_taken_off_each_profit_is_told_by_its_rate() {
    let with = |percent: f64| {
        let bot = healthy1();
        bot.execute(
            "UPDATE closed_trades SET pnl_usd = pnl_usd - ?1 * size_usd / 100, pnl_pct = pnl_pct - ?1",
            [percent],
        );
        bot.settle_account();
        bot
    };
    let bot = with(0.5);
    let text = only_finding(&bot, DEDUCTION);
    assert!(text.starts_with("medium") && text.contains("about 0.50 % of the size each"), "{text}");
    assert_eq!(findings(&with(0.2), DEDUCTION, &[]).len(), 0);
    let bot = with(0.8);
    assert_eq!(findings(&bot, DEDUCTION, &[]).len(), 0);
    assert!(only_finding(&bot, "pnl-contradicts-prices").contains("lower by about 0.80 % of its size"));

    let bot = Healthy::generation2().write();
    bot.execute("UPDATE trade_journal SET pnl_usd = round(pnl_usd - 0.005 * position_size_usd, 2)", []);
    assert!(only_finding(&bot, DEDUCTION).contains("about 0.50 % of the size each"));
}

#[test]
fn what_differs_from_trade_to_trade_is_no_rate() {
    let bot = healthy1();
    bot.execute("UPDATE closed_trades SET pnl_usd = pnl_usd - (id % 6) * 0.001 * size_usd", []);
    assert_eq!(findings(&bot, DEDUCTION, &[]).len(), 0);
}

#[test]
fn an_exit_at_ten_times_the_market_is_told_once() {
    for (factor, index) in [(10.0, true), (10.0, false), (0.1, true), (1.3, true)] {
        let bot = healthy1();
        if !index {
            bot.execute("DROP INDEX idx_price_history_coin_time", []);
        }
        bot.execute(
            &format!("UPDATE closed_trades SET exit_price = ?1 * exit_price, exit_reason = 'llm_sell: done' WHERE id = {NEWEST_WIN}"),
            [factor],
        );
        bot.execute(
            "UPDATE closed_trades SET pnl_usd = size_usd * (exit_price / entry_price - 1), pnl_pct = 100 * (exit_price / entry_price - 1)",
            [],
        );
        bot.settle_account();
        let text = only_finding(&bot, MARKET);
        assert!(text.starts_with("critical") && text.contains("what exit"), "{text}");
        assert!(text.contains("price_history within five minutes") && text.contains("1 of "), "{text}");
        if factor > 1.0 {
            assert_eq!(alarms(&bot), [MARKET], "{factor}");
        }
        assert_eq!(findings(&bot, "profit-from-one-trade", &[]).len(), 0);
    }
}

#[test]
fn entry_and_exit_in_another_unit_are_told_with_a_usual_profit() {
    let bot = healthy1();
    bot.execute(
        &format!("UPDATE closed_trades SET exit_price = 10 * exit_price, entry_price = 10 * entry_price WHERE id = {NEWEST_WIN}"),
        [],
    );
    let text = only_finding(&bot, MARKET);
    assert!(text.contains("known_by price_history within five minutes"), "{text}");
    let bot = healthy1();
    bot.execute(
        "INSERT INTO open_trades (coin_name, entry_price, size_usd, current_price, unrealized_pnl, stop_loss_price, take_profit_price,
            entry_reason, opened_at)
        SELECT coin, price_usd / 10, 20, price_usd / 10, 0, price_usd / 12, price_usd, 'x', timestamp FROM price_history
        WHERE coin NOT IN (SELECT coin_name FROM open_trades) AND timestamp < '2026-11-22 08:40:00' ORDER BY timestamp DESC LIMIT 1",
        [],
    );
    assert!(only_finding(&bot, MARKET).contains("what entry"));
}

#[test]
fn a_price_of_the_journal_that_both_neighbours_deny_is_told() {
    let bot = Healthy::generation2().write();
    let row: i64 = bot.value(
        "SELECT max(rowid) FROM trade_journal AS j WHERE status = 'post_tracked' AND direction = 'LONG' AND EXISTS (SELECT 1
            FROM trade_journal AS later WHERE later.coin = j.coin AND later.entry_time > j.exit_time)",
    );
    bot.execute(
        "UPDATE trade_journal SET exit_price = 10 * exit_price, pnl_usd = position_size_usd * (10 * exit_price / entry_price - 1),
            pnl_pct = 100 * (10 * exit_price / entry_price - 1), exit_reason = 'manual' WHERE rowid = ?1",
        [row],
    );
    let text = only_finding(&bot, MARKET);
    assert!(text.contains("the trades before and after"), "{text}");
}

#[test]
fn the_price_after_an_exit_denies_it() {
    let with = |price_after: f64| {
        let bot = BotFile::generation2();
        bot.journal_trade(|row| (row.exit_price, row.exit_reason) = (Some(1_010.0), "take_profit"));
        bot.execute("UPDATE trade_journal SET price_15min_after = ?1, missed_profit_usd = 0", [price_after]);
        bot
    };
    assert!(
        only_finding(&with(101.0), MARKET)
            .contains("low 101, high 101, factor 10, known_by the price after the exit")
    );
    assert_eq!(findings(&with(900.0), MARKET, &[]).len(), 0);
    assert_eq!(findings(&with(0.0), MARKET, &[]).len(), 0);
}

/// A trade at this price, and a coin at 100 that moves by this factor for a moment when it closes.
fn closed_at(exit_price: f64, jump: f64, hours_apart: i64) -> BotFile {
    let bot = BotFile::generation1();
    let closed_at = ago(1_800);
    let opened_at = after(&closed_at, -900);
    bot.closed_trade(|row| {
        (row.opened_at, row.closed_at, row.exit_price) = (&opened_at, &closed_at, Some(exit_price));
    });
    for cycle in 0..80_i64 {
        let price = if (38..42).contains(&cycle) { 100.0 * jump } else { 100.0 };
        bot.market_price("bitcoin", price, &ago(3_600 - cycle * 45 + hours_apart * 3_600));
    }
    bot
}

#[test]
fn another_source_a_sudden_move_and_prices_of_another_time_are_no_contradiction() {
    for (exit_price, jump, hours) in
        [(103.0, 1.0, 0), (118.0, 1.2, 0), (135.0, 1.2, 0), (1_000.0, 1.0, 5), (100.0, 10.0, 0)]
    {
        let bot = closed_at(exit_price, jump, hours);
        assert_eq!(findings(&bot, MARKET, &[]).len(), 0, "{exit_price} {jump} {hours}");
    }
    assert_eq!(findings(&closed_at(1_000.0, 1.0, 0), MARKET, &[]).len(), 1);
    assert_eq!(
        findings(&closed_at(130.0, 1.0, 0), MARKET, &[]).len(),
        0,
        "one of two prices may be of another clock"
    );
    assert_eq!(findings(&closed_at(-100.0, 1.0, 0), MARKET, &[]).len(), 0);
}

#[test]
fn stored_prices_in_another_currency_contradict_nothing() {
    for factor in [0.86, 83.0] {
        let bot = healthy1();
        bot.execute("UPDATE price_history SET price_usd = ?1 * price_usd", [factor]);
        assert_eq!(findings(&bot, MARKET, &[]).len(), 0, "{factor}");
    }
}

#[test]
fn a_pump_that_no_stored_price_tells_is_a_question() {
    let with = |factor: f64| {
        let bot = healthy1();
        bot.execute("DELETE FROM price_history", []);
        bot.execute(
            &format!("UPDATE closed_trades SET exit_price = {factor} * exit_price, pnl_usd = size_usd * ({factor} * exit_price / entry_price - 1)
                WHERE id = {A_WIN}"),
            [],
        );
        only_finding(&bot, MARKET)
    };
    let text = with(2.5);
    assert!(text.starts_with("medium") && text.contains("the trades before and after"), "{text}");
    assert!(with(30.0).starts_with("critical"));
}

#[test]
fn a_position_that_was_just_opened_may_have_no_current_price() {
    let bot = healthy1();
    let opened = |seconds: i64| {
        bot.execute(
            "UPDATE open_trades SET current_price = 0, opened_at = ?1 WHERE id = (SELECT max(id) FROM open_trades)",
            [ago(seconds)],
        );
    };
    opened(10);
    assert_eq!(findings(&bot, NONE, &[]).len(), 0);
    opened(1_200);
    assert!(only_finding(&bot, NONE).contains("1 of "));
}

#[test]
fn a_healthy_bot_has_prices_of_its_time() {
    for seed in 0..3 {
        for bot in [Healthy { seed, ..Healthy::generation1() }, Healthy { seed, ..Healthy::generation2() }] {
            let bot = bot.write();
            for check in [NONE, MARKET, DEDUCTION, UNPROTECTED] {
                assert_eq!(findings(&bot, check, &["--hours", "168"]).len(), 0, "{check}");
            }
        }
    }
}
