//! What findings state of trades, learnings, prices and other tables.

use serde_json::Value;

use super::{assert_says, counted, only, text};
use crate::bot_file::{BotFile, after, ago};
use crate::monitor::findings;

/// Trades whose rows are numbered anew when they close, and learnings that look an open trade's id up there.
fn learned_by_open_id(ahead: i64) -> BotFile {
    let bot = BotFile::generation1();
    bot.execute("BEGIN", []);
    for number in 1..=60 {
        let closed_at = ago(6 * 86_400 - number * 5_000);
        let opened_at = after(&closed_at, -600);
        bot.closed_trade(|trade| (trade.opened_at, trade.closed_at) = (&opened_at, &closed_at));
        // The open trades' ids run ahead of the closed ones', or fall back behind them.
        let open_id = if number % 3 == 0 { number - ahead } else { number + ahead };
        bot.activity(
            "trade_closed",
            "CLOSED bitcoin @ $102.00 P&L: +$1.00 (take_profit)",
            format!("trade_id={open_id}, entry=$100.00, duration=600s").as_str(),
            &closed_at,
        );
        if (1..=number).contains(&open_id) {
            let created_at = after(&closed_at, 9);
            let lesson = format!("lesson {number}");
            bot.learning(|learning| {
                (learning.trade_id, learning.created_at, learning.lesson) =
                    (Some(open_id), &created_at, &lesson);
            });
        }
    }
    bot.execute("COMMIT", []);
    bot
}

#[test]
fn a_learning_of_another_trade_than_the_one_that_closed_is_no_late_learning() {
    let bot = learned_by_open_id(3);
    let finding = only(&bot, "learning-of-an-older-trade");
    assert_eq!(finding["severity"], "medium");
    assert_says(
        &finding,
        &[
            "made of another trade than the one that has just closed",
            "19 of 19 learnings",
            "that id is another trade in 19 of them",
            "to be looked up by another id than their row's: 19 of these led to a learning",
        ],
    );
    assert_eq!(findings(&bot, "learning-missing", &[]), Vec::<Value>::new());
    for check in ["learning-late", "learning-of-an-older-trade"] {
        assert_eq!(findings(&learned_by_open_id(0), check, &[]), Vec::<Value>::new());
    }
}

/// So many trades of the journal in coins that take turns, with what the log tells of their closings.
pub(super) fn journal(trades: i64) -> BotFile {
    let bot = BotFile::generation2();
    bot.execute("BEGIN", []);
    for number in 1..=trades {
        let exit_time = ago(number * 1_000);
        let (entry_time, position) = (after(&exit_time, -600), format!("pos-{number}"));
        let coin = ["SOL", "ADA", "LTC"][number as usize % 3];
        bot.journal_trade(|trade| {
            (trade.coin, trade.entry_time, trade.exit_time) = (coin, &entry_time, &exit_time);
            trade.position_id = Some(&position);
            trade.pnl_usd = Some(if number % 2 == 0 { 1.0 } else { -0.5 });
        });
        bot.quick_update(&position, coin, if number % 2 == 0 { 1.0 } else { -0.5 }, &exit_time);
    }
    bot.execute(
        "INSERT INTO coin_scores (coin, total_trades, wins, losses, total_pnl, win_rate, last_updated)
            SELECT coin, count(*), sum(pnl_usd > 0), sum(pnl_usd < 0), sum(pnl_usd), avg(pnl_usd > 0), max(exit_time)
            FROM trade_journal GROUP BY coin",
        [],
    );
    bot.execute("COMMIT", []);
    bot
}

#[test]
fn a_closing_that_the_scores_count_twice_is_told_with_their_coins() {
    let bot = journal(30);
    bot.quick_update("pos-9", "SOL", -0.5, &ago(500));
    let finding = only(&bot, "closing-logged-twice");
    assert!(!finding.to_string().contains("coin_scores counts"), "{finding:#}");
    bot.execute(
        "UPDATE coin_scores SET total_trades = total_trades + 1, losses = losses + 1, total_pnl = total_pnl - 0.5,
        win_rate = 1.0 * wins / (total_trades + 1) WHERE coin = 'SOL'",
        [],
    );
    let finding = only(&bot, "closing-logged-twice");
    assert_says(&finding, &["Running totals by coin count them twice: those of SOL", "once more (-0.50)"]);
    assert_eq!(findings(&bot, "coin-score-contradicts-trades", &[]), Vec::<Value>::new());
    bot.execute("UPDATE coin_scores SET total_trades = total_trades + 5 WHERE coin = 'ADA'", []);
    assert_says(&findings(&bot, "coin-score-contradicts-trades", &[])[0], &["1 of 3 coins", "ADA"]);
}

#[test]
fn an_account_that_was_written_once_is_told_after_many_trades() {
    let write = |trades: i64| {
        let bot = journal(trades);
        bot.execute("UPDATE account_state SET last_updated = '2026-11-20 08:00:00'", []);
        bot
    };
    assert_eq!(findings(&write(40), "account-time-frozen", &[]), Vec::<Value>::new());
    let bot = write(60);
    let finding = only(&bot, "account-time-frozen");
    assert_eq!(finding["severity"], "low");
    assert_says(
        &finding,
        &["last updated at 2026-11-20 08:00:00", "60 trades were closed since", "made +15.00"],
    );
    bot.execute("UPDATE account_state SET last_updated = '2026-11-22 08:50:00'", []);
    assert_eq!(findings(&bot, "account-time-frozen", &[]), Vec::<Value>::new());
}

#[test]
fn rows_that_have_nearly_all_expired_pile_up_though_none_is_a_day_old() {
    let bot = BotFile::generation2();
    bot.activity("strategist", "Generated 1 conditions", None, &ago(10));
    let condition = |id: &str, at: &str| bot.condition(|row| (row.id, row.created_at) = (id, at));
    for number in 0..100 {
        condition(&format!("c{number}"), &ago(10 + number * 300));
    }
    let finding = only(&bot, "expired-rows-pile-up");
    assert_eq!(finding["severity"], "low");
    assert_eq!(counted(&finding), 99, "{finding:#}");
    // A bot that removes them after two hours.
    bot.execute("DELETE FROM active_conditions WHERE valid_until < ?1", [bot.local(&ago(7_300))]);
    assert_eq!(findings(&bot, "expired-rows-pile-up", &[]), Vec::<Value>::new());
}

/// A file with current prices but for one coin, which is held, and with an answer in the log that has it.
fn one_old_price(held: bool) -> BotFile {
    let bot = BotFile::generation1();
    for place in 0..200 {
        bot.activity(
            "market_data",
            "Batch fetched 44 coins with volume",
            "coins=44",
            &ago(7_000 - place * 34),
        );
    }
    for coin in ["bitcoin", "ethereum", "solana", "tron"] {
        bot.market_price(coin, 100.0, &ago(30));
    }
    bot.market_price("brett", 0.16, &ago(30_000));
    if held {
        bot.open_trade(|trade| {
            (trade.coin_name, trade.entry_price, trade.size_usd) = ("brett", 0.16, 50.0);
            (trade.stop_loss_price, trade.opened_at) = (Some(0.144), "2026-11-21 20:00:00");
        });
    }
    bot
}

const ANSWER: &str =
    "{'bitcoin': {'usd': 100.0, 'usd_24h_change': 1.0}, 'brett': {'usd': 0.12, 'usd_24h_change': -25.0}}";

#[test]
fn the_newest_price_of_a_held_coin_anywhere_in_the_file_is_told_with_the_loss() {
    let bot = one_old_price(true);
    let finding = only(&bot, "coin-price-stale");
    assert_says(&finding, &["The newest price in the file is 0.16 of", "in market_data", "is $0.00."]);
    assert!(text(&finding, "recommendation").ends_with("Close the position by hand if not."), "{finding:#}");
    bot.activity("market_data", "Fetched prices for 44 coins", ANSWER, &ago(600));
    let finding = only(&bot, "coin-price-stale");
    assert_says(
        &finding,
        &[
            "0.12 of 2026-11-22 08:50:00 UTC, in activity_log",
            "is -$12.50.",
            "beyond their stop-loss at that price: 1",
        ],
    );
    assert!(!text(&finding, "recommendation").contains("delisted"), "{finding:#}");
    bot.execute("DELETE FROM market_data WHERE coin = 'brett'", []);
    assert_says(&only(&bot, "position-without-price"), &["0.12 of 2026-11-22 08:50:00 UTC", "-$12.50"]);
}

#[test]
fn an_old_price_of_a_coin_that_is_not_held_is_shown_by_its_query() {
    let bot = one_old_price(false);
    let finding = only(&bot, "coin-price-stale");
    assert_says(
        &finding,
        &[
            "1 of 5 coins has a price that is more than 2.0 h older than the newest, and is not held.",
            "Decisions to buy it at its old price: 0.",
        ],
    );
}

#[test]
fn a_growing_table_is_told_with_its_indexes() {
    let bot = BotFile::generation1();
    bot.execute(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 200000)
        INSERT INTO price_history (coin, price_usd, timestamp)
        SELECT 'coin number ' || (n % 45), n + 0.5, datetime('2026-11-19 09:00:00', '+' || n || ' seconds') FROM number",
        [],
    );
    let told = |bot: &BotFile| text(&only(bot, "table-grows-without-bound"), "description").to_owned();
    let with = told(&bot);
    bot.execute("DROP INDEX idx_price_history_coin_time", []);
    let without = told(&bot);
    assert!(without.contains("and 0 in its indexes"), "{without}");
    assert!(with.contains("and 45 in its indexes"), "{with}");
    // The file has hardly anything else.
    bot.execute("VACUUM", []);
    let size: f64 =
        bot.value("SELECT CAST(page_count * page_size AS REAL) FROM pragma_page_count, pragma_page_size");
    let bytes = size / 200_000.0;
    let (before, _) = without.split_once(" bytes a row").unwrap();
    let told: f64 = before.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((told / bytes - 1.0).abs() < 0.05, "{told} of {bytes}");
}
