//! Rows of the second generation: mostly the host's local time, coins are symbols.

use chrono::{Datelike as _, Timelike as _};
use rusqlite::types::Value;
use serde_json::json;

use super::{BotFile, after, optional_text, parse, settle, text};

/// A row of `trade_journal`; what is `None` follows from the rest, or is NULL where the page says so.
#[derive(Debug, Clone)]
pub(crate) struct JournalTrade<'text> {
    /// By which `quick_update` rows name it; follows from the coin and the entry's time.
    pub(crate) position_id: Option<&'text str>,
    /// A symbol.
    pub(crate) coin: &'text str,
    /// `LONG`, `SHORT` or whatever the LLM wrote.
    pub(crate) direction: &'text str,
    /// Why the condition was set.
    pub(crate) entry_reason: &'text str,
    /// Price of one coin at the entry.
    pub(crate) entry_price: f64,
    /// Follows from `pnl_usd`.
    pub(crate) exit_price: Option<f64>,
    /// Size of the trade.
    pub(crate) position_size_usd: f64,
    /// Follows from `exit_price`; a dollar where neither is given.
    pub(crate) pnl_usd: Option<f64>,
    /// In percent; follows from `pnl_usd`.
    pub(crate) pnl_pct: Option<f64>,
    /// UTC here; the host's time in the file.
    pub(crate) entry_time: &'text str,
    /// UTC here; the host's time in the file.
    pub(crate) exit_time: &'text str,
    /// Follows from the two times.
    pub(crate) duration_seconds: Option<i64>,
    /// `stop_loss`, `take_profit` or `manual`.
    pub(crate) exit_reason: &'text str,
    /// The strategy's name.
    pub(crate) strategy_id: &'text str,
    /// NULL where `None`.
    pub(crate) condition_id: Option<&'text str>,
    /// NULL where `None`.
    pub(crate) pattern_id: Option<&'text str>,
    /// NULL where `None`, as this bot leaves it.
    pub(crate) market_regime: Option<&'text str>,
    /// NULL where `None`, as this bot leaves it.
    pub(crate) btc_trend: Option<&'text str>,
    /// `closed` or `post_tracked`.
    pub(crate) status: &'text str,
}

impl Default for JournalTrade<'_> {
    fn default() -> Self {
        Self {
            position_id: None,
            coin: "BTC",
            direction: "LONG",
            entry_reason: "Oversold BTC, mean reversion setup",
            entry_price: 100.0,
            exit_price: None,
            position_size_usd: 50.0,
            pnl_usd: None,
            pnl_pct: None,
            entry_time: "2026-11-22 08:00:00.123456",
            exit_time: "2026-11-22 08:30:00.654321",
            duration_seconds: None,
            exit_reason: "take_profit",
            strategy_id: "mean_reversion",
            condition_id: Some("cc068af2"),
            pattern_id: None,
            market_regime: None,
            btc_trend: None,
            status: "post_tracked",
        }
    }
}

/// A row of `trading_patterns`.
#[derive(Debug, Clone)]
pub(crate) struct Pattern<'text> {
    /// The key.
    pub(crate) pattern_id: &'text str,
    /// What it means.
    pub(crate) description: &'text str,
    /// Trades that used it.
    pub(crate) times_used: i64,
    /// Those that won.
    pub(crate) wins: i64,
    /// Those that lost.
    pub(crate) losses: i64,
    /// Their profit.
    pub(crate) total_pnl: f64,
    /// From 0 to 1.
    pub(crate) confidence: f64,
    /// 1 or 0.
    pub(crate) is_active: i64,
    /// UTC here; the host's time in the file.
    pub(crate) created_at: &'text str,
    /// UTC here; the host's time in the file. NULL where `None`.
    pub(crate) last_used: Option<&'text str>,
}

impl Default for Pattern<'_> {
    fn default() -> Self {
        Self {
            pattern_id: "support_bounce_v1",
            description: "Long on bounce from support with oversold conditions",
            times_used: 10,
            wins: 6,
            losses: 4,
            total_pnl: 2.0,
            confidence: 0.6,
            is_active: 1,
            created_at: "2026-11-17 09:15:47.478743",
            last_used: Some("2026-11-22 08:00:00.123456"),
        }
    }
}

/// A row of `regime_rules`.
#[derive(Debug, Clone)]
pub(crate) struct RegimeRule<'text> {
    /// The key.
    pub(crate) rule_id: &'text str,
    /// What it means.
    pub(crate) description: &'text str,
    /// JSON.
    pub(crate) condition: &'text str,
    /// `NO_TRADE`, `REDUCE_SIZE`, `INCREASE_SIZE` or `CAUTION`.
    pub(crate) action: &'text str,
    /// How often it applied.
    pub(crate) times_triggered: i64,
    /// What that saved, in dollars.
    pub(crate) estimated_saves: f64,
    /// 1 or 0.
    pub(crate) is_active: i64,
    /// UTC here; the host's time in the file.
    pub(crate) created_at: &'text str,
}

impl Default for RegimeRule<'_> {
    fn default() -> Self {
        Self {
            rule_id: "time_filter_20261119_123708",
            description: "Reduce trading during hours [11] (auto-generated from reflection)",
            condition: r#"{"hour_of_day": {"op": "in", "value": [11]}}"#,
            action: "REDUCE_SIZE",
            times_triggered: 3,
            estimated_saves: 1.5,
            is_active: 1,
            created_at: "2026-11-19 12:37:08.612782",
        }
    }
}

/// A row of `coin_scores`.
#[derive(Debug, Clone)]
pub(crate) struct CoinScore<'text> {
    /// A symbol.
    pub(crate) coin: &'text str,
    /// Winning trades.
    pub(crate) wins: i64,
    /// Losing trades.
    pub(crate) losses: i64,
    /// Follows from the two.
    pub(crate) total_trades: Option<i64>,
    /// Their profit.
    pub(crate) total_pnl: f64,
    /// From 0 to 1; follows from wins and losses.
    pub(crate) win_rate: Option<f64>,
    /// Mean profit of the winning ones.
    pub(crate) avg_winner: f64,
    /// Mean profit of the losing ones.
    pub(crate) avg_loser: f64,
    /// 1 or 0.
    pub(crate) is_blacklisted: i64,
    /// NULL where `None`.
    pub(crate) blacklist_reason: Option<&'text str>,
    /// `improving`, `stable` or `degrading`.
    pub(crate) trend: &'text str,
    /// UTC here; the host's time in the file.
    pub(crate) last_updated: &'text str,
}

impl Default for CoinScore<'_> {
    fn default() -> Self {
        Self {
            coin: "BTC",
            wins: 6,
            losses: 4,
            total_trades: None,
            total_pnl: 2.0,
            win_rate: None,
            avg_winner: 1.0,
            avg_loser: -1.0,
            is_blacklisted: 0,
            blacklist_reason: None,
            trend: "stable",
            last_updated: "2026-11-22 08:30:00.654321",
        }
    }
}

/// A row of `active_conditions`.
#[derive(Debug, Clone)]
pub(crate) struct Condition<'text> {
    /// The key.
    pub(crate) id: &'text str,
    /// A symbol.
    pub(crate) coin: &'text str,
    /// `LONG` or `SHORT`.
    pub(crate) direction: &'text str,
    /// The price that triggers it.
    pub(crate) trigger_price: f64,
    /// `ABOVE` or `BELOW`.
    pub(crate) trigger_condition: &'text str,
    /// In percent.
    pub(crate) stop_loss_pct: f64,
    /// In percent.
    pub(crate) take_profit_pct: f64,
    /// Size of the trade it opens.
    pub(crate) position_size_usd: f64,
    /// The strategy's name.
    pub(crate) strategy_id: &'text str,
    /// UTC here; the host's time in the file. It is valid for five minutes.
    pub(crate) created_at: &'text str,
    /// UTC here; the host's time in the file. NULL and not triggered where `None`.
    pub(crate) triggered_at: Option<&'text str>,
}

impl Default for Condition<'_> {
    fn default() -> Self {
        Self {
            id: "cc068af2",
            coin: "BTC",
            direction: "LONG",
            trigger_price: 100.0,
            trigger_condition: "ABOVE",
            stop_loss_pct: 2.0,
            take_profit_pct: 1.5,
            position_size_usd: 50.0,
            strategy_id: "mean_reversion",
            created_at: "2026-11-22 08:57:30.747300",
            triggered_at: None,
        }
    }
}

impl BotFile {
    /// A closed trade; returns its rowid.
    pub(crate) fn journal_trade<'text>(&self, change: impl FnOnce(&mut JournalTrade<'text>)) -> i64 {
        let mut trade = JournalTrade::default();
        change(&mut trade);
        let size_usd = trade.position_size_usd;
        let sign = if trade.direction == "SHORT" { -1.0 } else { 1.0 };
        let (exit_price, pnl_usd) =
            settle(trade.entry_price, size_usd, sign, trade.exit_price, trade.pnl_usd);
        let seconds = || (parse(trade.exit_time) - parse(trade.entry_time)).num_seconds();
        let mut row = self.journal_entry(&trade);
        row.extend([
            ("exit_time", self.local(trade.exit_time).into()),
            ("exit_price", exit_price.into()),
            ("exit_reason", text(trade.exit_reason)),
            ("pnl_usd", pnl_usd.into()),
            ("pnl_pct", trade.pnl_pct.unwrap_or(100.0 * pnl_usd / size_usd).into()),
            ("duration_seconds", trade.duration_seconds.unwrap_or_else(seconds).into()),
            ("status", text(trade.status)),
            ("updated_at", self.local(trade.exit_time).into()),
        ]);
        self.insert("trade_journal", &row)
    }

    /// An open position, whatever the trade says about its exit; returns its rowid.
    pub(crate) fn journal_open<'text>(&self, change: impl FnOnce(&mut JournalTrade<'text>)) -> i64 {
        let mut trade = JournalTrade { entry_time: "2026-11-22 08:45:00.123456", ..JournalTrade::default() };
        change(&mut trade);
        let mut row = self.journal_entry(&trade);
        row.extend([("status", text("open")), ("updated_at", self.local(trade.entry_time).into())]);
        self.insert("trade_journal", &row)
    }

    /// What the journal knows of a trade when it opens.
    fn journal_entry(&self, trade: &JournalTrade<'_>) -> Vec<(&'static str, Value)> {
        let entry_time = self.local(trade.entry_time);
        let utc = parse(trade.entry_time);
        let local = utc + chrono::Duration::seconds(self.host_offset_seconds);
        let key = format!("{}-{}", local.format("%Y%m%d%H%M%S"), trade.coin.to_lowercase());
        let sign = if trade.direction == "SHORT" { -1.0 } else { 1.0 };
        let position_id = trade.position_id.map_or_else(|| format!("pos-{key}"), str::to_owned);
        vec![
            ("id", format!("j-{key}").into()),
            ("position_id", position_id.into()),
            ("entry_time", text(&entry_time)),
            ("entry_price", trade.entry_price.into()),
            ("entry_reason", text(trade.entry_reason)),
            ("coin", text(trade.coin)),
            ("direction", text(trade.direction)),
            ("position_size_usd", trade.position_size_usd.into()),
            ("stop_loss_price", (trade.entry_price * (1.0 - sign * 0.02)).into()),
            ("take_profit_price", (trade.entry_price * (1.0 + sign * 0.015)).into()),
            ("strategy_id", text(trade.strategy_id)),
            ("condition_id", optional_text(trade.condition_id)),
            ("pattern_id", optional_text(trade.pattern_id)),
            ("market_regime", optional_text(trade.market_regime)),
            ("btc_trend", optional_text(trade.btc_trend)),
            ("hour_of_day", i64::from(local.hour()).into()),
            ("day_of_week", i64::from(local.weekday().num_days_from_monday()).into()),
            ("created_at", entry_time.into()),
        ]
    }

    /// A pattern.
    pub(crate) fn pattern<'text>(&self, change: impl FnOnce(&mut Pattern<'text>)) {
        let mut pattern = Pattern::default();
        change(&mut pattern);
        self.insert(
            "trading_patterns",
            &[
                ("pattern_id", text(pattern.pattern_id)),
                ("description", text(pattern.description)),
                ("entry_conditions", text(r#"{"near_support": true}"#)),
                ("exit_conditions", text(r#"{"stop_loss_pct": 1.5, "take_profit_pct": 2.5}"#)),
                ("times_used", pattern.times_used.into()),
                ("wins", pattern.wins.into()),
                ("losses", pattern.losses.into()),
                ("total_pnl", pattern.total_pnl.into()),
                ("confidence", pattern.confidence.into()),
                ("is_active", pattern.is_active.into()),
                ("created_at", self.local(pattern.created_at).into()),
                ("last_used", optional_text(pattern.last_used.map(|at| self.local(at)).as_deref())),
            ],
        );
    }

    /// A rule about when to trade less.
    pub(crate) fn regime_rule<'text>(&self, change: impl FnOnce(&mut RegimeRule<'text>)) {
        let mut rule = RegimeRule::default();
        change(&mut rule);
        self.insert(
            "regime_rules",
            &[
                ("rule_id", text(rule.rule_id)),
                ("description", text(rule.description)),
                ("condition", text(rule.condition)),
                ("action", text(rule.action)),
                ("times_triggered", rule.times_triggered.into()),
                ("estimated_saves", rule.estimated_saves.into()),
                ("is_active", rule.is_active.into()),
                ("created_at", self.local(rule.created_at).into()),
            ],
        );
    }

    /// An hourly reflection whose insights are these; returns its id.
    pub(crate) fn reflection(&self, at: &str, insights: &[serde_json::Value]) -> i64 {
        self.insert(
            "reflections",
            &[
                ("timestamp", text(at)),
                ("trades_analyzed", 4.into()),
                ("period_hours", 1.0.into()),
                ("insights", serde_json::Value::from(insights).to_string().into()),
                ("summary", text("4 trades with 3 wins. Performance is mixed.")),
                ("total_time_ms", 8250.0.into()),
                ("created_at", text(at)),
            ],
        )
    }

    /// An hour's snapshot without trades, by both clocks as they are given; returns its id.
    pub(crate) fn snapshot(&self, local: &str, utc: &str) -> i64 {
        let mut row =
            vec![("timestamp", text(local)), ("timeframe", text("hour")), ("created_at", text(utc))];
        for column in ["total_trades", "winning_trades", "losing_trades"] {
            row.push((column, 0.into()));
        }
        for column in ["total_pnl", "realized_pnl", "unrealized_pnl", "win_rate", "avg_win", "avg_loss"] {
            row.push((column, 0.0.into()));
        }
        row.extend([("starting_balance", 10_000.0.into()), ("ending_balance", 10_000.0.into())]);
        self.insert("profit_snapshots", &row)
    }

    /// What the bot counts for a coin.
    pub(crate) fn coin_score<'text>(&self, change: impl FnOnce(&mut CoinScore<'text>)) {
        let mut score = CoinScore::default();
        change(&mut score);
        let trades = score.wins + score.losses;
        let win_rate = if trades == 0 { 0.0 } else { score.wins as f64 / trades as f64 };
        self.insert(
            "coin_scores",
            &[
                ("coin", text(score.coin)),
                ("total_trades", score.total_trades.unwrap_or(trades).into()),
                ("wins", score.wins.into()),
                ("losses", score.losses.into()),
                ("total_pnl", score.total_pnl.into()),
                ("avg_pnl", (score.total_pnl / trades.max(1) as f64).into()),
                ("win_rate", score.win_rate.unwrap_or(win_rate).into()),
                ("avg_winner", score.avg_winner.into()),
                ("avg_loser", score.avg_loser.into()),
                ("is_blacklisted", score.is_blacklisted.into()),
                ("blacklist_reason", optional_text(score.blacklist_reason)),
                ("trend", text(score.trend)),
                ("last_updated", self.local(score.last_updated).into()),
            ],
        );
    }

    /// A condition that the strategist set.
    pub(crate) fn condition<'text>(&self, change: impl FnOnce(&mut Condition<'text>)) {
        let mut condition = Condition::default();
        change(&mut condition);
        self.insert(
            "active_conditions",
            &[
                ("id", text(condition.id)),
                ("coin", text(condition.coin)),
                ("direction", text(condition.direction)),
                ("trigger_price", condition.trigger_price.into()),
                ("trigger_condition", text(condition.trigger_condition)),
                ("stop_loss_pct", condition.stop_loss_pct.into()),
                ("take_profit_pct", condition.take_profit_pct.into()),
                ("position_size_usd", condition.position_size_usd.into()),
                ("strategy_id", text(condition.strategy_id)),
                ("reasoning", text("Near support, expecting a bounce")),
                ("created_at", self.local(condition.created_at).into()),
                ("valid_until", self.local(&after(condition.created_at, 300)).into()),
                ("triggered", i64::from(condition.triggered_at.is_some()).into()),
                ("triggered_at", optional_text(condition.triggered_at.map(|at| self.local(at)).as_deref())),
            ],
        );
    }

    /// One round of the strategist: its query to the LLM and that it set no condition.
    pub(crate) fn strategist(&self, at: &str) {
        let query = json!({ "prompt": "Plan.", "response": "{\"conditions\": []}", "model": "qwen2.5:14b" });
        let plan =
            json!({ "conditions": [], "context_summary": { "coins_analyzed": 20, "knowledge_rules": 7 } });
        self.activity("llm_query", "Prompt: Plan....", query.to_string().as_str(), at);
        self.activity("strategist", "Generated 0 conditions", plan.to_string().as_str(), at);
    }

    /// That a position was closed, as the log has it; returns the row's id.
    pub(crate) fn quick_update(&self, position_id: &str, coin: &str, pnl_usd: f64, at: &str) -> i64 {
        let won = pnl_usd > 0.0;
        let description =
            format!("Trade close: {coin} {}{:.2}", if won { "WIN $+" } else { "LOSS $-" }, pnl_usd.abs());
        let details = json!({
            "trade_id": position_id,
            "coin": coin,
            "won": won,
            "pnl_usd": pnl_usd,
            "exit_reason": if won { "take_profit" } else { "stop_loss" },
            "pattern_id": null,
            "coin_adaptation": null,
            "new_coin_status": "normal",
            "new_coin_win_rate": 0.6,
            "pattern_deactivated": false,
            "processing_time_ms": 0.0,
        });
        self.activity("quick_update", &description, details.to_string().as_str(), at)
    }

    /// An error that the bot logged; returns the row's id.
    pub(crate) fn error(&self, at: &str, description: &str) -> i64 {
        self.activity("error", description, "Timed out after 3 attempts", at)
    }

    /// A value that the bot kept at its last clean stop.
    pub(crate) fn runtime_state(&self, key: &str, value: &str, at: &str) {
        self.insert("runtime_state", &[("key", text(key)), ("value", text(value)), ("updated_at", text(at))]);
    }
}
