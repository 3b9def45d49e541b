//! Small files of both generations, with faults to be found.

use std::fs;
use std::sync::OnceLock;

use rusqlite::types::Value;

use crate::bot_file::{BotFile, ago};
use crate::healthy::{Healthy, Pace};

/// A few rows in each table of the first generation, with faults, and free pages as pruning leaves them.
pub(crate) fn few_rows_1() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let bot = small_pages(BotFile::generation1());
        add_rows_1(&bot);
        prune(bot)
    })
}

/// The same with the tables of the second generation beside them.
pub(crate) fn few_rows_2() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let bot = small_pages(BotFile::generation2());
        add_rows_1(&bot);
        add_rows_2(&bot);
        prune(bot)
    })
}

/// Half a day of a busy bot of the first generation.
pub(crate) fn many_rows_1() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let bot = Healthy { days: 1, pace: Pace::Busy, log_hours: 1, ..Healthy::generation1() }.write();
        add_rows_1(&bot);
        fs::read(bot.path()).unwrap()
    })
}

/// The same of the second one, which has the first one's tables as well.
pub(crate) fn many_rows_2() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let bot = Healthy { days: 1, pace: Pace::Busy, log_hours: 1, ..Healthy::generation2() }.write();
        add_rows_1(&bot);
        add_rows_2(&bot);
        fs::read(bot.path()).unwrap()
    })
}

/// Many pages in a small file: a byte at random meets each kind of them.
fn small_pages(bot: BotFile) -> BotFile {
    bot.connection().execute_batch("PRAGMA page_size = 512; VACUUM").unwrap();
    bot
}

fn prune(bot: BotFile) -> Vec<u8> {
    bot.execute("CREATE TABLE pruned AS SELECT zeroblob(8000) AS blank", []);
    bot.execute("DROP TABLE pruned", []);
    fs::read(bot.path()).unwrap()
}

fn add_rows_1(bot: &BotFile) {
    for minutes in 1..=8 {
        let at = ago(minutes * 60);
        bot.cycle(&at, 4, if minutes % 2 == 0 { "BUY" } else { "HOLD" });
        let coin = if minutes % 3 == 0 { "ethereum" } else { "bitcoin" };
        bot.market_price(coin, 100.0 + minutes as f64, &at);
        let pnl = if minutes % 3 == 0 { -5.0 } else { 1.0 };
        let opened_at = ago(minutes * 60 + 1_800);
        let id = bot.closed_trade(|trade| {
            (trade.coin_name, trade.pnl_usd, trade.rule_ids_used) = (coin, Some(pnl), Some("1,2"));
            (trade.opened_at, trade.closed_at) = (&opened_at, &at);
        });
        bot.learning(|learning| (learning.trade_id, learning.created_at) = (Some(id), &at));
    }
    bot.rule(|_| ());
    bot.rule(|rule| (rule.success_count, rule.failure_count) = (0, 12));
    bot.open_trade(|trade| trade.opened_at = "2026-11-01 00:00:00");
    bot.cooldown("bitcoin", &ago(-600));
    for _ in 0..3 {
        bot.activity("cycle_error", "Cycle #1 error: connection refused", None, &ago(120));
    }
}

fn add_rows_2(bot: &BotFile) {
    for minutes in 1..=8 {
        let (at, entry) = (ago(minutes * 60), ago(minutes * 60 + 1_800));
        let coin = if minutes % 3 == 0 { "ETH" } else { "BTC" };
        let (id, position) = (format!("c{minutes}"), format!("position-{minutes}"));
        bot.journal_trade(|trade| {
            (trade.coin, trade.entry_time, trade.exit_time) = (coin, &entry, &at);
            (trade.position_id, trade.condition_id) = (Some(position.as_str()), Some(id.as_str()));
        });
        bot.quick_update(&position, coin, 1.0, &at);
        bot.condition(|condition| (condition.id, condition.created_at) = (&id, &at));
        bot.strategist(&at);
        bot.snapshot(&bot.local(&at), &at);
        let point = [
            ("timestamp", Value::from(bot.local(&at))),
            ("balance", 1_000.0.into()),
            ("trade_id", position.into()),
        ];
        bot.insert("equity_points", &point);
    }
    bot.journal_open(|_| ());
    bot.pattern(|_| ());
    bot.regime_rule(|_| ());
    bot.coin_score(|_| ());
    let at = ago(300);
    let insight =
        serde_json::json!({"type": "time", "description": "BTC wins in the morning", "confidence": 0.7});
    let reflection = bot.reflection(&at, &[insight]);
    bot.runtime_state("trade_count", "8", &at);
    let text = |text: &str| Value::from(text.to_owned());
    let insight = [
        ("reflection_id", reflection.into()),
        ("insight_type", text("coin")),
        ("description", text("BTC won 6 of 8 trades")),
        ("discovered_at", text(&at)),
    ];
    bot.insert("insights", &insight);
    let adaptation = [
        ("coin", text("BTC")),
        ("timestamp", bot.local(&at).into()),
        ("old_status", text("normal")),
        ("new_status", text("favored")),
        ("reason", text("win rate 0.75")),
        ("trigger_stats", text(r#"{"total_trades": 8, "win_rate": 0.75}"#)),
        ("created_at", text(&at)),
    ];
    bot.insert("coin_adaptations", &adaptation);
    let adaptation = [
        ("adaptation_id", text("a1")),
        ("timestamp", text(&at)),
        ("insight_type", text("coin")),
        ("action", text("favor_coin")),
        ("target", text("BTC")),
        ("description", text("favour BTC")),
        ("insight_confidence", 0.7.into()),
        ("insight_evidence", text(r#"{"trades": 8}"#)),
        ("created_at", text(&at)),
    ];
    bot.insert("adaptations", &adaptation);
}
