//! The six sections agree with plain SQL over the file, for both generations.

use std::collections::HashSet;

use serde_json::Value;

use crate::bot_file::{BotFile, after, ago};
use crate::monitor::report;

const DAY: &str = "'2026-11-21 09:00:00'";

/// Compares a figure of the report with one SQL value, both as numbers.
fn assert_figure(bot: &BotFile, report: &Value, pointer: &str, sql: &str) {
    let expected: f64 = bot.value(&format!("SELECT CAST(({sql}) AS REAL)"));
    let found = report["report"].pointer(pointer).and_then(Value::as_f64);
    let found = found.unwrap_or_else(|| panic!("{pointer} is no number: {:#}", report["report"]));
    assert!((found - expected).abs() < 1e-6, "{pointer} is {found}, SQL says {expected}: {sql}");
}

/// Two days of trades, cycles, refusals, errors and learnings, so that both windows hold some.
fn generation1() -> BotFile {
    let bot = BotFile::generation1();
    bot.activity("bot_started", "Bot started with balance $1000.00", None, &ago(47 * 3600));
    let coins = ["bitcoin", "dogecoin", "pepe", "solana", "tron"];
    for trade in 0..40_i64 {
        let closed_at = ago(trade * 4_000 + 60);
        let opened_at = after(&closed_at, -300 - 10 * trade);
        let id = bot.closed_trade(|row| {
            row.coin_name = coins[(trade % 5) as usize];
            row.size_usd = 15.0 + 3.0 * trade as f64;
            row.pnl_usd = Some(if trade % 3 == 0 { -2.5 } else { 1.0 + 0.1 * trade as f64 });
            row.exit_reason =
                ["take_profit", "stop_loss", "llm_sell: weak", "llm_sell: strong"][(trade % 4) as usize];
            row.closed_at = &closed_at;
            row.opened_at = &opened_at;
            row.rule_ids_used = [None, Some("1"), Some("1,2")][(trade % 3) as usize];
        });
        bot.learning(|row| {
            row.trade_id = Some(id);
            row.confidence = 0.4 + 0.01 * trade as f64;
            row.lesson = ["wait", "buy", "sell early"][(trade % 3) as usize];
            row.created_at = &closed_at;
        });
    }
    for cycle in 0..200 {
        let at = ago(cycle * 600 + 30);
        bot.cycle(&at, 3 + cycle % 7, "HOLD");
        if cycle % 20 == 0 {
            bot.activity("cycle_error", "Cycle #1 error: database is locked", None, &after(&at, 11));
        }
        if cycle % 10 == 0 {
            bot.activity("error", "LLM timeout after retries", None, &after(&at, 12));
        }
        let refusal = match cycle % 4 {
            0 => "BUY sui $50.00: Total exposure ($230.00) would exceed max ($200.00, 20.0% of balance)",
            1 => {
                "BUY sui $50.00: Coin sui in cooldown (360s remaining). Trade different coins for diversity."
            }
            _ => continue,
        };
        bot.activity("trade_rejected", refusal, None, &after(&at, 13));
    }
    bot.open_trade(|row| row.size_usd = 70.0);
    bot.open_trade(|row| row.size_usd = 30.0);
    bot.rule(|_| ());
    bot.rule(|row| {
        row.status = "testing";
        (row.success_count, row.failure_count, row.last_used) = (0, 0, None);
    });
    bot.market_price("bitcoin", 100.0, &ago(45));
    bot.market_price("dogecoin", 0.3, &ago(75));
    bot.account(|row| row.balance = 1_012.5);
    bot
}

#[test]
fn generation_1_agrees_with_plain_sql() {
    let bot = generation1();
    let report = report(&bot, &[]);
    let trades = format!("FROM closed_trades WHERE closed_at > {DAY}");
    let activity = format!("FROM activity_log WHERE created_at > {DAY}");
    for (pointer, sql) in [
        ("/trade_patterns/total_trades", format!("SELECT count(*) {trades}")),
        ("/trade_patterns/all_time_trades", "SELECT count(*) FROM closed_trades".to_owned()),
        ("/trade_patterns/avg_trade_size", format!("SELECT avg(size_usd) {trades}")),
        ("/trade_patterns/avg_duration_seconds", format!("SELECT avg(duration_seconds) {trades}")),
        ("/trade_patterns/trades_by_coin/pepe", format!("SELECT count(*) {trades} AND coin_name = 'pepe'")),
        ("/trade_patterns/trades_by_tier/1", format!("SELECT count(*) {trades} AND coin_name IN ('bitcoin', 'solana')")),
        ("/trade_patterns/trades_by_hour/8", format!("SELECT count(*) {trades} AND strftime('%H', closed_at) = '08'")),
        ("/trade_patterns/size_distribution/$20-50", format!("SELECT count(*) {trades} AND size_usd >= 20 AND size_usd < 50")),
        ("/trade_patterns/win_rate/rate", format!("SELECT avg(pnl_usd > 0) {trades}")),
        ("/trade_patterns/avg_win_pnl", format!("SELECT avg(pnl_usd) {trades} AND pnl_usd > 0")),
        ("/trade_patterns/avg_loss_pnl", format!("SELECT avg(pnl_usd) {trades} AND pnl_usd <= 0")),
        ("/trade_patterns/previous/total_trades", format!("SELECT count(*) FROM closed_trades WHERE closed_at <= {DAY} AND closed_at > datetime({DAY}, '-24 hours')")),
        ("/rule_stats/total_rules", "SELECT count(*) FROM trading_rules".to_owned()),
        ("/rule_stats/rules_by_status/testing", "SELECT count(*) FROM trading_rules WHERE status = 'testing'".to_owned()),
        ("/rule_stats/rule_details/0/success_rate", "SELECT 0.6".to_owned()),
        ("/rule_stats/rule_details/0/in_window/trades", format!("SELECT count(*) {trades} AND ',' || rule_ids_used || ',' LIKE '%,1,%'")),
        ("/winloss_patterns/overall_win_rate/wins", format!("SELECT sum(pnl_usd > 0) {trades}")),
        ("/winloss_patterns/win_rate_by_coin/tron/rate", format!("SELECT avg(pnl_usd > 0) {trades} AND coin_name = 'tron'")),
        ("/winloss_patterns/pnl_by_exit_reason/llm_sell/total_pnl", format!("SELECT sum(pnl_usd) {trades} AND exit_reason LIKE 'llm_sell:%'")),
        ("/account_health/current_balance", "SELECT balance FROM account_state".to_owned()),
        ("/account_health/recomputed/balance", "SELECT 1000 + sum(pnl_usd) FROM closed_trades".to_owned()),
        ("/account_health/open_size_usd", "SELECT sum(size_usd) FROM open_trades".to_owned()),
        ("/account_health/exposure_utilization", "SELECT 100.0 / (0.2 * 1012.5)".to_owned()),
        ("/account_health/trades_near_limits/total", format!("SELECT count(*) {activity} AND activity_type = 'trade_rejected'")),
        ("/account_health/trades_near_limits/by_kind/cooldown", format!("SELECT count(*) {activity} AND description LIKE '%in cooldown%'")),
        ("/account_health/daily_pnl_history/1/pnl", "SELECT sum(pnl_usd) FROM closed_trades WHERE date(closed_at) = '2026-11-21'".to_owned()),
        ("/system_metrics/uptime_hours", "SELECT (julianday((SELECT max(created_at) FROM activity_log)) - julianday(created_at)) * 24 FROM activity_log WHERE activity_type = 'bot_started'".to_owned()),
        ("/system_metrics/total_cycles", format!("SELECT count(*) {activity} AND activity_type = 'market_data'")),
        ("/system_metrics/error_types/llm_timeout", format!("SELECT count(*) {activity} AND description LIKE 'LLM timeout%'")),
        ("/system_metrics/error_types/database_error", format!("SELECT count(*) {activity} AND description LIKE '%database%'")),
        ("/system_metrics/error_types/market_data_failed", "SELECT 0".to_owned()),
        ("/system_metrics/market_data_staleness", "SELECT 45".to_owned()),
        ("/system_metrics/cooldown_effectiveness/rejections", format!("SELECT count(*) {activity} AND description LIKE '%in cooldown%'")),
        ("/system_metrics/cooldown_effectiveness/unique_coins_traded", format!("SELECT count(DISTINCT coin_name) + 1 {trades}")),
        ("/learning_quality/total_learnings", "SELECT count(*) FROM learnings".to_owned()),
        ("/learning_quality/learnings_last_24h", format!("SELECT count(*) FROM learnings WHERE created_at > {DAY}")),
        ("/learning_quality/avg_confidence", format!("SELECT avg(confidence_level) FROM learnings WHERE created_at > {DAY}")),
        ("/learning_quality/learnings_by_outcome/loss", format!("SELECT count(*) FROM learnings JOIN closed_trades AS trade ON trade.id = trade_id WHERE created_at > {DAY} AND pnl_usd <= 0")),
        ("/learning_quality/duplicate_patterns", format!("SELECT count(*) - 3 FROM learnings WHERE created_at > {DAY}")),
    ] {
        assert_figure(&bot, &report, pointer, &sql);
    }
    let with_errors = report["report"]["system_metrics"]["cycles_with_errors"].as_u64().unwrap();
    // Every tenth of the window's 144 cycles, the newest among them.
    assert_eq!(with_errors, 15);
    assert_eq!(report["report"]["system_metrics"]["llm_response_times"]["max"], 9.0);
}

/// The second generation's file on a host five and a half hours east of UTC.
fn generation2() -> BotFile {
    let bot = BotFile::generation2().host_offset_seconds(19_800);
    let snapshot = ago(3_600);
    bot.snapshot(&bot.local(&snapshot), &snapshot);
    for trade in 0..40_i64 {
        let exit_time = ago(trade * 4_000 + 60);
        let entry_time = after(&exit_time, -300 - 10 * trade);
        bot.journal_trade(|row| {
            row.coin = ["BTC", "DOGE", "APT"][(trade % 3) as usize];
            row.position_size_usd = 40.0 + trade as f64;
            row.pnl_usd = Some(if trade % 4 == 0 { -1.5 } else { 0.8 });
            row.exit_reason = if trade % 4 == 0 { "stop_loss" } else { "take_profit" };
            row.entry_time = &entry_time;
            row.exit_time = &exit_time;
            row.status = if trade % 7 == 0 { "closed" } else { "post_tracked" };
        });
    }
    bot.journal_open(|row| row.position_size_usd = 80.0);
    for run in 0..100_i64 {
        bot.strategist(&ago(run * 190 + 20));
    }
    bot.error(&ago(5_000), "LLM timeout after retries");
    bot.pattern(|_| ());
    bot.regime_rule(|_| ());
    for hour in 0..30_i64 {
        let insight = |text: &str| serde_json::json!({"description": text, "confidence": 0.7, "suggested_action": "wait"});
        bot.reflection(&ago(hour * 3_600 + 100), &[insight("ADA loses"), insight(&format!("hour {hour}"))]);
    }
    bot
}

#[test]
fn generation_2_agrees_with_plain_sql_in_the_host_s_time() {
    let bot = generation2();
    let report = report(&bot, &[]);
    let utc = "datetime(exit_time, '-19800 seconds')";
    let trades = format!("FROM trade_journal WHERE status <> 'open' AND {utc} > {DAY}");
    let activity = format!("FROM activity_log WHERE created_at > {DAY}");
    for (pointer, sql) in [
        ("/trade_patterns/total_trades", format!("SELECT count(*) {trades}")),
        (
            "/trade_patterns/all_time_trades",
            "SELECT count(*) FROM trade_journal WHERE status <> 'open'".to_owned(),
        ),
        ("/trade_patterns/avg_trade_size", format!("SELECT avg(position_size_usd) {trades}")),
        (
            "/trade_patterns/trades_by_hour/8",
            format!("SELECT count(*) {trades} AND strftime('%H', {utc}) = '08'"),
        ),
        ("/trade_patterns/trades_by_tier/3", format!("SELECT count(*) {trades} AND coin = 'APT'")),
        ("/trade_patterns/win_rate/rate", format!("SELECT avg(pnl_usd > 0) {trades}")),
        (
            "/rule_stats/total_rules",
            "SELECT (SELECT count(*) FROM trading_patterns) + (SELECT count(*) FROM regime_rules)".to_owned(),
        ),
        (
            "/winloss_patterns/win_rate_by_coin/DOGE/rate",
            format!("SELECT avg(pnl_usd > 0) {trades} AND coin = 'DOGE'"),
        ),
        (
            "/winloss_patterns/pnl_by_exit_reason/stop_loss/count",
            format!("SELECT count(*) {trades} AND exit_reason = 'stop_loss'"),
        ),
        ("/account_health/current_balance", "SELECT 10000 + sum(pnl_usd) FROM trade_journal".to_owned()),
        (
            "/account_health/open_size_usd",
            "SELECT sum(position_size_usd) FROM trade_journal WHERE status = 'open'".to_owned(),
        ),
        (
            "/account_health/exposure_utilization",
            "SELECT 80 / (0.1 * (SELECT 10000 + sum(pnl_usd) FROM trade_journal))".to_owned(),
        ),
        (
            "/account_health/daily_pnl_history/1/pnl",
            format!("SELECT sum(pnl_usd) FROM trade_journal WHERE date({utc}) = '2026-11-21'"),
        ),
        (
            "/system_metrics/total_cycles",
            format!("SELECT count(*) {activity} AND activity_type IN ('strategist', 'error')"),
        ),
        (
            "/system_metrics/error_types/llm_timeout",
            format!("SELECT count(*) {activity} AND activity_type = 'error'"),
        ),
        ("/system_metrics/llm_response_times/avg", "SELECT 10".to_owned()),
        (
            "/learning_quality/total_learnings",
            "SELECT sum(json_array_length(insights)) FROM reflections".to_owned(),
        ),
        (
            "/learning_quality/learnings_in_window",
            format!("SELECT sum(json_array_length(insights)) FROM reflections WHERE timestamp > {DAY}"),
        ),
        (
            "/learning_quality/duplicate_patterns",
            format!("SELECT count(*) - 1 FROM reflections WHERE timestamp > {DAY}"),
        ),
        ("/learning_quality/avg_confidence", "SELECT 0.7".to_owned()),
    ] {
        assert_figure(&bot, &report, pointer, &sql);
    }
}

#[test]
fn an_upgraded_file_holds_both_histories() {
    let bot = BotFile::upgraded();
    bot.closed_trade(|row| row.closed_at = "2026-11-22 08:10:00");
    bot.journal_trade(|row| row.exit_time = "2026-11-22 08:20:00");
    let report = report(&bot, &[]);
    let trades = &report["report"]["trade_patterns"];
    assert_eq!(trades["total_trades"], 2);
    assert_eq!(trades["trades_by_coin"], serde_json::json!({"BTC": 1, "bitcoin": 1}));
    let account = &report["report"]["account_health"];
    assert_eq!(account["starting_balance"], 10_000.0, "the second generation goes on");
    assert_eq!(account["recomputed"]["total_pnl"], 1.0, "from its own trades");
}

#[test]
fn later_rows_do_not_exist() {
    let bot = BotFile::generation1();
    bot.closed_trade(|row| (row.opened_at, row.closed_at) = ("2026-11-22 07:00:00", "2026-11-22 08:00:00"));
    bot.closed_trade(|row| (row.opened_at, row.closed_at) = ("2026-11-22 08:30:00", "2026-11-22 09:30:00"));
    bot.activity("market_data", "Batch fetched 45 coins with volume", None, "2026-11-22 09:00:01");
    let report = report(&bot, &[]);
    assert_eq!(report["report"]["trade_patterns"]["total_trades"], 1);
    assert_eq!(report["report"]["trade_patterns"]["all_time_trades"], 1);
    assert_eq!(report["report"]["system_metrics"]["total_cycles"], 0);
    let account = &report["report"]["account_health"];
    assert_eq!(account["open_positions"], 1, "it was open then");
    assert_eq!(account["stored"], Value::Null);
    assert_eq!(account["current_balance"], 1_001.0);
    assert_eq!(account["balance_source"], "recomputed");
}

#[test]
fn an_empty_window_falls_back_to_the_newest_rows_and_says_so() {
    let bot = BotFile::generation1();
    for trade in 0..600_i64 {
        let closed_at = ago(100 * 86_400 + trade * 600);
        bot.closed_trade(|row| {
            row.closed_at = &closed_at;
            row.size_usd = if trade < 500 { 20.0 } else { 90.0 };
        });
    }
    let report = report(&bot, &[]);
    let trades = &report["report"]["trade_patterns"];
    assert_eq!(trades["total_trades"], 0);
    assert_eq!(trades["basis"], "newest 500 rows, the window holds none");
    assert_eq!(trades["avg_trade_size"], 20.0);
    assert_eq!(trades["win_rate"]["trades"], 500);
}

#[test]
fn epoch_numbers_and_offsets_are_times_as_well() {
    let bot = BotFile::generation1();
    bot.closed_trade(|_| ());
    let times = [
        "1795336200",
        "1795336200000",
        "1795336200000000",
        "'1795336200'",
        "' 2026-11-22 08:30:00'",
        "'2026-11-22T14:00:00+05:30'",
        "'2026-11-22T08:30:00Z'",
        "'nonsense'",
    ];
    for time in times {
        let id = bot.closed_trade(|_| ());
        bot.execute(&format!("UPDATE closed_trades SET closed_at = {time} WHERE id = {id}"), []);
    }
    assert_eq!(report(&bot, &[])["report"]["trade_patterns"]["trades_by_hour"]["8"], 8);
}

#[test]
fn a_moment_in_the_past_counts_what_was_there_in_any_clock() {
    for offset in [0, 19_800, -28_800] {
        let bot = BotFile::generation2().host_offset_seconds(offset);
        bot.snapshot(&bot.local(&ago(3_600)), &ago(3_600));
        for trade in 0..120_i64 {
            let exit_time = ago(trade * 3_600 + 60);
            let entry_time = after(&exit_time, -600);
            bot.journal_trade(|row| (row.entry_time, row.exit_time) = (&entry_time, &exit_time));
        }
        for (hours_ago, expected) in [(0, 120), (30, 90), (47, 73), (100, 20), (200, 0)] {
            let moment = ago(hours_ago * 3_600);
            let report = report(&bot, &["--as-of", &moment]);
            let counted = &report["report"]["trade_patterns"]["all_time_trades"];
            assert_eq!(*counted, expected, "{hours_ago} h ago, offset {offset}");
        }
    }
}

#[test]
fn an_earlier_moment_has_the_generation_that_wrote_then() {
    let bot = BotFile::upgraded();
    bot.closed_trade(|_| ());
    bot.journal_trade(|row| (row.entry_time, row.exit_time) = ("2026-11-22 09:30:00", "2026-11-22 09:40:00"));
    for (moment, starting_balance) in [("2026-11-22 09:00:00", 1_000.0), ("2026-11-22 10:00:00", 10_000.0)] {
        let report = &report(&bot, &["--as-of", moment])["report"];
        assert_eq!(report["account_health"]["starting_balance"], starting_balance, "{moment}");
    }
}

#[test]
fn the_account_is_that_of_the_generation_that_writes() {
    let bot = BotFile::upgraded();
    bot.closed_trade(|row| row.closed_at = "2026-11-22 08:00:00");
    bot.open_trade(|_| ());
    bot.journal_trade(|row| {
        (row.entry_time, row.exit_time) = ("2026-11-22 07:00:00", "2026-11-22 07:30:00");
        row.pnl_usd = Some(2.5);
    });
    let account = &report(&bot, &[])["report"]["account_health"];
    assert_eq!(account["recomputed"]["daily_pnl"], 2.5);
    assert_eq!(account["recomputed"]["trade_count_today"], 1);
    assert_eq!((&account["open_positions"], &account["open_size_usd"]), (&0.into(), &0.0.into()));
}

#[test]
fn an_order_that_never_became_a_trade_is_none() {
    let bot = BotFile::generation2();
    for coin in ["BTC", "ETH", "SOL"] {
        bot.journal_trade(|row| row.coin = coin);
    }
    bot.execute("UPDATE trade_journal SET status = 'cancelled', exit_time = NULL WHERE coin = 'ETH'", []);
    bot.execute("UPDATE trade_journal SET status = 'expired at a loss' WHERE coin = 'SOL'", []);
    assert_eq!(report(&bot, &[])["report"]["trade_patterns"]["all_time_trades"], 2);
}

#[test]
fn a_long_history_is_counted_and_added_up_only_where_the_window_holds_it() {
    let bot = BotFile::generation1();
    bot.trade_each_minute(-20_000..=0);
    let day = &report(&bot, &[])["report"];
    for (section, field) in [("trade_patterns", "all_time_trades"), ("account_health", "recomputed.balance")]
    {
        let reason = &day[section]["unavailable"][field];
        assert_eq!(reason, "more than 20000 trades: all are counted only with --hours over all of them");
    }
    assert_eq!(day["trade_patterns"]["all_time_trades"], Value::Null);
    assert_eq!(day["trade_patterns"]["total_trades"], 1_440);

    let whole = &report(&bot, &["--hours", "400"])["report"];
    assert_eq!(whole["trade_patterns"]["all_time_trades"], 20_001);
    assert_eq!(whole["account_health"]["recomputed"]["balance"], 1_000.0 + 0.5 * 20_001.0);
}

#[test]
fn numbers_beyond_all_measure_break_nothing() {
    let bot = BotFile::generation1();
    bot.execute("UPDATE account_state SET balance = 9e999", []);
    for (size, pnl) in [("9e999", "9e999"), ("-9e999", "-9e999"), ("1e308", "'text'"), ("NULL", "NULL")] {
        let id = bot.closed_trade(|_| ());
        let sql =
            format!("UPDATE OR IGNORE closed_trades SET size_usd = {size}, pnl_usd = {pnl} WHERE id = {id}");
        bot.execute(&sql, []);
        bot.rule(|_| ());
        bot.execute(
            "UPDATE trading_rules SET success_count = 9223372036854775807, failure_count = 1e300",
            [],
        );
    }
    let report = report(&bot, &[]);
    assert_complete(&report, "beyond all measure");
}

/// Every section was collected and every check ran.
fn assert_complete(report: &Value, file: &str) {
    assert_eq!(report["analysis"]["checks"]["error"], Value::Null, "{file}");
    for (name, section) in report["report"].as_object().unwrap() {
        assert!(section.get("error").is_none(), "{file}, {name}: {section:#}");
    }
}

#[test]
fn each_null_has_its_reason_in_an_empty_file() {
    for bot in [BotFile::generation1(), BotFile::generation2(), BotFile::upgraded()] {
        let report = report(&bot, &[]);
        let sections = report["report"].as_object().unwrap();
        assert_eq!(sections.len(), 7, "six sections and the census of tables");
        for (name, section) in sections {
            for (field, value) in section.as_object().unwrap() {
                if value.is_null() {
                    let reason = &section["unavailable"][field];
                    assert!(reason.is_string(), "{name}.{field} is null without a reason: {section:#}");
                }
            }
        }
    }
}

#[test]
fn a_missing_table_or_column_makes_figures_null_and_nothing_else() {
    let tables = BotFile::generation1().rows(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        [],
        |row| row.get::<_, String>(0),
    );
    for table in tables {
        let bot = BotFile::generation1().without_table(&table);
        let report = report(&bot, &[]);
        assert_complete(&report, &format!("without {table}"));
    }
    let columns =
        "SELECT list.name, info.name FROM pragma_table_list AS list, pragma_table_info(list.name) AS info
        WHERE list.schema = 'main' AND list.type = 'table' AND info.pk = 0 AND list.name NOT LIKE 'sqlite_%'
            AND list.name <> 'monitoring_alerts'";
    let mut seen: HashSet<(String, String)> = HashSet::new();
    for builder in [BotFile::generation1, BotFile::generation2] {
        let columns: Vec<(String, String)> =
            builder().rows(columns, [], |row| Ok((row.get(0)?, row.get(1)?)));
        for (table, column) in columns {
            // The second generation's file has the first one's tables as well, without a row.
            if !seen.insert((table.clone(), column.clone())) {
                continue;
            }
            let bot = builder();
            bot.execute(&format!("ALTER TABLE {table} RENAME COLUMN {column} TO renamed_{column}"), []);
            let report = report(&bot, &[]);
            assert_complete(&report, &format!("without {table}.{column}"));
        }
    }
}
