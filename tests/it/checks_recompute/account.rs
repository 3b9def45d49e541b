//! The stored account: what follows from trades and positions, and what the file tells of payments.

use serde_json::Value;

use super::{generation1, generation2};
use crate::bot_file::{BotFile, ago};
use crate::monitor::{assert_found_after, findings};

const CHECK: &str = "account-contradicts-trades";

fn assert_silent(bot: &BotFile, why: &str) {
    assert_eq!(findings(bot, CHECK, &[]), Vec::<Value>::new(), "{why}");
}

/// The account moves by so many dollars, as after a booking that is missing or a payment.
fn shift(bot: &BotFile, usd: f64) {
    bot.execute(
        "UPDATE account_state SET balance = balance + ?1, available_balance = available_balance + ?1",
        [usd],
    );
}

#[test]
fn rounding_to_cents_adds_up_over_every_trade() {
    let bot = generation1();
    bot.trade_each_minute(-20_880..=-2_881);
    bot.settle_account();
    let account = "UPDATE account_state SET total_pnl = total_pnl + ?1, balance = balance + ?1, \
                   available_balance = available_balance + ?1";
    bot.execute(account, [1.0]);
    assert_eq!(findings(&bot, "account-contradicts-trades", &[]), Vec::<Value>::new());
    bot.execute(account, [1.0]);
    let found = findings(&bot, "account-contradicts-trades", &[]);
    assert!(found[0]["evidence"].as_str().unwrap().contains("trades 18040"), "{found:#?}");
}

#[test]
fn the_account_follows_from_the_trades() {
    let drifted = |bot: &BotFile| {
        bot.execute("UPDATE account_state SET total_pnl = total_pnl + 7.5, balance = balance + 7.5", []);
    };
    assert_found_after(
        &generation1(),
        "account-contradicts-trades",
        drifted,
        &["critical", "total_pnl is", "(+7.50)", "available_balance"],
    );
}

#[test]
fn positions_and_account_agree_about_what_is_bound() {
    let bot = generation1();
    bot.open_trade(|_| ());
    bot.settle_account();
    let forgotten = |bot: &BotFile| {
        bot.execute("UPDATE account_state SET in_positions = 0, available_balance = balance", []);
    };
    assert_found_after(
        &bot,
        "account-contradicts-trades",
        forgotten,
        &["in_positions is 0.00, its rows give 50.00"],
    );
}

#[test]
fn a_time_of_update_moves_with_the_account() {
    let frozen = |bot: &BotFile| {
        bot.execute("UPDATE account_state SET last_updated = '2026-11-20 09:00:00'", []);
    };
    assert_found_after(
        &generation1(),
        "account-time-frozen",
        frozen,
        &["low", "40 trades were closed since"],
    );
}

#[test]
fn a_round_difference_is_a_difference() {
    for usd in [-50.0, 100.0, -53.0, 4_000.0] {
        let words = ["critical", "balance is", &format!("({usd:+.2})"), "No row of the log"];
        assert_found_after(&generation1(), CHECK, |bot| shift(bot, usd), &words);
    }
    // Sizes are round as well: what is bound explains nothing.
    let bot = generation1();
    bot.open_trade(|_| ());
    bot.settle_account();
    assert_found_after(&bot, CHECK, |bot| shift(bot, -50.0), &["balance is", "(-50.00)"]);
}

#[test]
fn a_payment_that_the_log_tells_is_counted_in() {
    let bot = generation1();
    shift(&bot, 500.0);
    bot.activity("llm_decision", "HOLD", "a deposit of $500.00 would help", &ago(90_000));
    assert_eq!(findings(&bot, CHECK, &[]).len(), 1, "the LLM's words are no payment");
    bot.activity("deposit", "Deposited $500.00 to the account", None, &ago(90_000));
    assert_silent(&bot, "a deposit");
    shift(&bot, -120.5);
    bot.activity("balance_adjusted", "Withdrawal", "amount=120.50", &ago(80_000));
    assert_silent(&bot, "a withdrawal");
    shift(&bot, -50.0);
    let found = findings(&bot, CHECK, &[]);
    assert!(found[0].to_string().contains("(-50.00)"), "{found:#?}");
    assert!(found[0].to_string().contains("Payments of +379.50 in all"), "{found:#?}");
}

#[test]
fn a_start_that_was_logged_before_the_first_trade_states_the_balance() {
    let started = |at: &str| {
        let bot = generation1();
        shift(&bot, 4_000.0);
        bot.activity("bot_started", "Bot started with balance $5000.00", None, at);
        bot
    };
    assert_silent(&started(&ago(400_000)), "another starting balance");
    assert_eq!(findings(&started(&ago(3_000)), CHECK, &[]).len(), 1, "a start in the middle proves none");
    let bot = generation1();
    shift(&bot, 4_000.0);
    let config = bot.folder().join("monitor.toml");
    std::fs::write(&config, "[limits]\nstarting_balance_usd = 5000\n").unwrap();
    let flags = ["--config", config.to_str().unwrap()];
    assert_eq!(findings(&bot, CHECK, &flags), Vec::<Value>::new());
}

#[test]
fn where_the_oldest_trades_are_gone_the_stored_sum_must_give_the_balance() {
    let bot = generation1();
    bot.execute("DELETE FROM closed_trades WHERE id <= 10", []);
    assert_found_after(
        &bot,
        CHECK,
        |bot| shift(bot, -50.0),
        &["the start of 1000.00 and total_pnl give", "(-50.00)"],
    );
}

/// A point of the balance after each trade of the journal.
fn equity_points(bot: &BotFile) {
    bot.execute(
        "INSERT INTO equity_points (timestamp, balance, trade_id, created_at)
        SELECT exit_time, 10000 + sum(pnl_usd) OVER (ORDER BY exit_time), position_id, '2026-11-22 08:00:00'
        FROM trade_journal ORDER BY exit_time",
        [],
    );
}

/// One more point at this balance below or above the newest one.
fn point(bot: &BotFile, usd: f64, trade_id: Option<&str>, at: &str) {
    bot.execute(
        "INSERT INTO equity_points (timestamp, balance, trade_id, created_at)
        SELECT ?1, balance + ?2, ?3, '2026-11-22 08:00:00' FROM equity_points ORDER BY id DESC LIMIT 1",
        (bot.local(at), usd, trade_id),
    );
}

#[test]
fn a_point_of_the_balance_that_belongs_to_no_trade_is_a_payment() {
    let bot = generation2();
    equity_points(&bot);
    assert_silent(&bot, "a point a trade");
    point(&bot, -50.0, Some("j-lost"), &ago(500));
    let found = findings(&bot, CHECK, &[]);
    assert!(found[0].to_string().contains("(-50.00)"), "{found:#?}");

    let bot = generation2();
    equity_points(&bot);
    point(&bot, -50.0, None, &ago(500));
    assert_silent(&bot, "a withdrawal");
}

#[test]
fn a_table_or_column_that_is_missing_is_no_zero() {
    let with_position = || {
        let bot = generation1();
        bot.open_trade(|_| ());
        bot.settle_account();
        bot
    };
    assert_silent(&with_position().without_table("open_trades"), "no open_trades");
    assert_silent(&with_position().without_column("open_trades", "size_usd"), "no size");
    let bot = with_position().without_column("closed_trades", "pnl_usd");
    assert_silent(&bot, "no profits");
    // What does not need the column is still compared.
    bot.execute("UPDATE account_state SET in_positions = 7, available_balance = balance", []);
    assert_eq!(findings(&bot, CHECK, &[]).len(), 1);
    let scores = |bot: &BotFile| findings(bot, "coin-score-contradicts-trades", &[]);
    assert!(scores(&generation2().without_table("trade_journal")).is_empty());
    assert!(scores(&generation2().without_column("trade_journal", "pnl_usd")).is_empty());
    let bot = generation1();
    bot.market_price("bitcoin", 100.0, &ago(60));
    assert!(findings(&bot.without_column("market_data", "price_usd"), "price-impossible", &[]).is_empty());
}

#[test]
fn a_payment_is_read_in_many_words() {
    for words in [
        "Manual top-up of $500",
        "Added funds: $500.00",
        "Transfer in: $500",
        "Balance set from $1200.00 to $1700.00",
        "Balance $1284.60 -> $1784.60 after deposit of $500.00",
        "Deposit #12: 500.00 USD",
        "Deposit on 2026-11-20 of 500 USD",
    ] {
        let bot = generation1();
        shift(&bot, 500.0);
        bot.activity("balance_adjusted", words, None, &ago(90_000));
        assert_silent(&bot, words);
        shift(&bot, 7.0);
        assert_eq!(findings(&bot, CHECK, &[]).len(), 1, "{words}");
    }
    let bot = generation1();
    shift(&bot, 500.0);
    bot.activity("trade_skipped", "Insufficient funds: $500.00", None, &ago(90_000));
    assert_eq!(findings(&bot, CHECK, &[]).len(), 1, "a refusal is no payment");
}
