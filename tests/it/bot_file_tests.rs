//! The builders write what the bot would have written.

use rusqlite::Connection;

use crate::bot_file::{BotFile, local_text};

/// The names of a file's tables.
fn tables(bot: &BotFile) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1";
    bot.rows(sql, [], |row| row.get(0))
}

#[test]
fn each_generation_has_its_tables() {
    let (first, second, upgraded) = (BotFile::generation1(), BotFile::generation2(), BotFile::upgraded());
    assert_eq!(tables(&first).len(), 10);
    assert_eq!(tables(&second).len(), 22);
    assert_eq!(tables(&upgraded), tables(&second));
}

#[test]
fn a_file_is_found_where_the_bot_keeps_it() {
    let bot = BotFile::generation1();
    bot.closed_trade(|_| ());
    let again = Connection::open(bot.folder().join("data/trading_bot.db")).unwrap();
    let count: i64 = again.query_row("SELECT count(*) FROM closed_trades", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 1);
}

#[test]
fn a_trade_follows_from_what_is_given() {
    let bot = BotFile::generation1();
    bot.closed_trade(|trade| trade.pnl_usd = Some(-5.0));
    bot.closed_trade(|trade| trade.exit_price = Some(90.0));
    let rows: Vec<(f64, f64, f64, i64)> =
        bot.rows("SELECT exit_price, pnl_usd, pnl_pct, duration_seconds FROM closed_trades", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        });
    assert_eq!(rows, [(90.0, -5.0, -10.0, 1800); 2]);
}

#[test]
fn a_short_trade_wins_when_the_price_falls() {
    let bot = BotFile::generation2();
    bot.journal_trade(|trade| {
        trade.direction = "SHORT";
        trade.exit_price = Some(90.0);
    });
    assert_eq!(bot.value::<f64>("SELECT pnl_usd FROM trade_journal"), 5.0);
}

#[test]
fn a_missing_column_is_left_out_of_the_row() {
    let bot = BotFile::generation1()
        .without_column("closed_trades", "rule_ids_used")
        .without_column("activity_log", "created_at")
        .without_table("monitoring_alerts");
    bot.closed_trade(|trade| trade.rule_ids_used = Some("3"));
    bot.cycle("2026-11-22 08:00:00", 4, "BUY");
    assert_eq!(bot.value::<i64>("SELECT count(*) FROM activity_log"), 3);
    assert!(!tables(&bot).contains(&"monitoring_alerts".to_owned()));
}

#[test]
fn a_host_has_its_own_clock() {
    let bot = BotFile::generation2().host_offset_seconds(19_800);
    bot.journal_trade(|trade| trade.entry_time = "2026-11-22 20:00:00");
    let row = bot
        .value::<String>("SELECT entry_time || ' ' || hour_of_day || ' ' || day_of_week FROM trade_journal");
    assert_eq!(row, "2026-11-23T01:30:00 1 0");
    assert_eq!(local_text("2026-11-22 20:00:00.000120", -3600), "2026-11-22T19:00:00.000120");
}

#[test]
fn every_helper_writes_a_row_that_its_table_takes() {
    let bot = BotFile::upgraded();
    bot.open_trade(|_| ());
    bot.rule(|rule| rule.last_used = None);
    bot.learning(|_| ());
    bot.account(|account| account.balance = 1.0);
    bot.market_price("bitcoin", 60_000.0, "2026-11-22 08:59:30");
    bot.cooldown("bitcoin", "2026-11-22 09:00:00");
    bot.journal_open(|_| ());
    bot.pattern(|_| ());
    bot.regime_rule(|_| ());
    bot.reflection("2026-11-22 08:44:56", &[serde_json::json!({ "title": "ETC performing well" })]);
    bot.snapshot("2026-11-22T08:44:56.896522", "2026-11-22 08:44:56");
    bot.coin_score(|_| ());
    bot.condition(|_| ());
    bot.strategist("2026-11-22 08:57:00");
    bot.quick_update("pos-1", "ADA", -0.4, "2026-11-22 08:57:10");
    bot.error("2026-11-22 08:57:20", "LLM timeout after retries");
    bot.runtime_state("tick_count", "688280", "2026-11-21 11:39:47");
    let filled = tables(&bot)
        .iter()
        .filter(|table| bot.value::<i64>(&format!("SELECT count(*) FROM {table}")) > 0)
        .count();
    assert_eq!(filled, 16);
    assert_eq!(bot.value::<f64>("SELECT balance FROM account_state"), 1.0);
    let update: String =
        bot.value("SELECT description FROM activity_log WHERE activity_type = 'quick_update'");
    assert_eq!(update, "Trade close: ADA LOSS $-0.40");
}
