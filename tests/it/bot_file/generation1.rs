//! Rows of the first generation: every time is UTC, coins are CoinGecko ids.

use serde_json::json;

use super::{BotFile, after, optional, optional_text, settle, text};

/// A row of `closed_trades`; what is `None` follows from the rest.
#[derive(Debug, Clone)]
pub(crate) struct ClosedTrade<'text> {
    /// CoinGecko's id.
    pub(crate) coin_name: &'text str,
    /// Price of one coin at the entry.
    pub(crate) entry_price: f64,
    /// Follows from `pnl_usd`.
    pub(crate) exit_price: Option<f64>,
    /// Size of the trade.
    pub(crate) size_usd: f64,
    /// Follows from `exit_price`; a dollar where neither is given.
    pub(crate) pnl_usd: Option<f64>,
    /// In percent; follows from `pnl_usd`.
    pub(crate) pnl_pct: Option<f64>,
    /// Why the LLM bought.
    pub(crate) entry_reason: &'text str,
    /// `take_profit`, `stop_loss` or `llm_sell: <free text>`.
    pub(crate) exit_reason: &'text str,
    /// UTC.
    pub(crate) opened_at: &'text str,
    /// UTC.
    pub(crate) closed_at: &'text str,
    /// Follows from the two times.
    pub(crate) duration_seconds: Option<i64>,
    /// `"7,2"` or NULL.
    pub(crate) rule_ids_used: Option<&'text str>,
}

impl Default for ClosedTrade<'_> {
    fn default() -> Self {
        Self {
            coin_name: "bitcoin",
            entry_price: 100.0,
            exit_price: None,
            size_usd: 50.0,
            pnl_usd: None,
            pnl_pct: None,
            entry_reason: "Strong upward movement with room to run",
            exit_reason: "take_profit",
            opened_at: "2026-11-22 08:00:00",
            closed_at: "2026-11-22 08:30:00",
            duration_seconds: None,
            rule_ids_used: None,
        }
    }
}

/// A row of `open_trades`; what is `None` follows from the rest.
#[derive(Debug, Clone)]
pub(crate) struct OpenTrade<'text> {
    /// CoinGecko's id.
    pub(crate) coin_name: &'text str,
    /// Price of one coin at the entry.
    pub(crate) entry_price: f64,
    /// Size of the trade.
    pub(crate) size_usd: f64,
    /// Price at the last cycle.
    pub(crate) current_price: f64,
    /// A tenth below the entry.
    pub(crate) stop_loss_price: Option<f64>,
    /// Where the trade has won a dollar.
    pub(crate) take_profit_price: Option<f64>,
    /// Why the LLM bought.
    pub(crate) entry_reason: &'text str,
    /// UTC.
    pub(crate) opened_at: &'text str,
    /// `"7,2"` or NULL.
    pub(crate) rule_ids_used: Option<&'text str>,
}

impl Default for OpenTrade<'_> {
    fn default() -> Self {
        Self {
            coin_name: "ethereum",
            entry_price: 100.0,
            size_usd: 50.0,
            current_price: 101.0,
            stop_loss_price: None,
            take_profit_price: None,
            entry_reason: "Significant drop presents buying opportunity",
            opened_at: "2026-11-22 08:30:00",
            rule_ids_used: None,
        }
    }
}

/// A row of `trading_rules`.
#[derive(Debug, Clone)]
pub(crate) struct Rule<'text> {
    /// What the rule says.
    pub(crate) rule_text: &'text str,
    /// Free text.
    pub(crate) rule_type: &'text str,
    /// Winning trades that carried it.
    pub(crate) success_count: i64,
    /// Losing trades that carried it.
    pub(crate) failure_count: i64,
    /// `testing`, `active` or `rejected`.
    pub(crate) status: &'text str,
    /// UTC.
    pub(crate) created_at: &'text str,
    /// UTC, or never.
    pub(crate) last_used: Option<&'text str>,
}

impl Default for Rule<'_> {
    fn default() -> Self {
        Self {
            rule_text: "When price drops 6% within 1 hour, then WAIT for stabilization before buying",
            rule_type: "entered during high momentum",
            success_count: 6,
            failure_count: 4,
            status: "active",
            created_at: "2026-11-19 09:00:00",
            last_used: Some("2026-11-22 08:30:00"),
        }
    }
}

/// A row of `learnings`.
#[derive(Debug, Clone)]
pub(crate) struct Learning<'text> {
    /// The closed trade.
    pub(crate) trade_id: Option<i64>,
    /// First field of the JSON.
    pub(crate) what_happened: &'text str,
    /// Second field of the JSON.
    pub(crate) why_outcome: &'text str,
    /// In the JSON and in a column of its own.
    pub(crate) pattern: &'text str,
    /// In the JSON only.
    pub(crate) lesson: &'text str,
    /// In the JSON and in a column of its own.
    pub(crate) confidence: f64,
    /// Instead of the JSON of the fields above.
    pub(crate) learning_text: Option<&'text str>,
    /// UTC.
    pub(crate) created_at: &'text str,
}

impl Default for Learning<'_> {
    fn default() -> Self {
        Self {
            trade_id: Some(1),
            what_happened: "A long position in BITCOIN and exited by take_profit after 30 minutes",
            why_outcome: "Momentum continued after entry",
            pattern: "momentum continuation after positive 24h change",
            lesson: "Avoid re-entering BITCOIN within 30 minutes of an exit",
            confidence: 0.6,
            learning_text: None,
            created_at: "2026-11-22 08:30:05",
        }
    }
}

/// The row of `account_state`.
#[derive(Debug, Clone)]
pub(crate) struct Account<'text> {
    /// The starting balance and all realised profit.
    pub(crate) balance: f64,
    /// What of it is not in positions.
    pub(crate) available_balance: f64,
    /// What of it is.
    pub(crate) in_positions: f64,
    /// All realised profit.
    pub(crate) total_pnl: f64,
    /// Today's realised profit.
    pub(crate) daily_pnl: f64,
    /// Trades closed today.
    pub(crate) trade_count_today: i64,
    /// UTC.
    pub(crate) last_updated: &'text str,
}

impl Default for Account<'_> {
    fn default() -> Self {
        Self {
            balance: 1000.0,
            available_balance: 1000.0,
            in_positions: 0.0,
            total_pnl: 0.0,
            daily_pnl: 0.0,
            trade_count_today: 0,
            last_updated: "2026-11-22 08:59:30",
        }
    }
}

impl BotFile {
    /// Closes a trade in each of these minutes, counted from `NOW`; each wins half a dollar.
    pub(crate) fn trade_each_minute(&self, minutes: std::ops::RangeInclusive<i64>) {
        self.execute(
            "WITH RECURSIVE minute (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM minute WHERE n < ?2)
            INSERT INTO closed_trades (coin_name, entry_price, exit_price, size_usd, pnl_usd, pnl_pct, entry_reason,
                exit_reason, opened_at, closed_at)
            SELECT 'bitcoin', 100, 101, 50, 0.5, 1, 'momentum', 'take_profit', at, at
            FROM (SELECT datetime('2026-11-22 09:00:00', n || ' minutes') AS at FROM minute)",
            [minutes.start(), minutes.end()],
        );
    }

    /// A closed trade; returns its id.
    pub(crate) fn closed_trade<'text>(&self, change: impl FnOnce(&mut ClosedTrade<'text>)) -> i64 {
        let mut trade = ClosedTrade::default();
        change(&mut trade);
        let (exit_price, pnl_usd) =
            settle(trade.entry_price, trade.size_usd, 1.0, trade.exit_price, trade.pnl_usd);
        let seconds = || (super::parse(trade.closed_at) - super::parse(trade.opened_at)).num_seconds();
        self.insert(
            "closed_trades",
            &[
                ("coin_name", text(trade.coin_name)),
                ("entry_price", trade.entry_price.into()),
                ("exit_price", exit_price.into()),
                ("size_usd", trade.size_usd.into()),
                ("pnl_usd", pnl_usd.into()),
                ("pnl_pct", trade.pnl_pct.unwrap_or(100.0 * pnl_usd / trade.size_usd).into()),
                ("entry_reason", text(trade.entry_reason)),
                ("exit_reason", text(trade.exit_reason)),
                ("opened_at", text(trade.opened_at)),
                ("closed_at", text(trade.closed_at)),
                ("duration_seconds", trade.duration_seconds.unwrap_or_else(seconds).into()),
                ("rule_ids_used", optional_text(trade.rule_ids_used)),
            ],
        )
    }

    /// An open position; returns its id.
    pub(crate) fn open_trade<'text>(&self, change: impl FnOnce(&mut OpenTrade<'text>)) -> i64 {
        let mut trade = OpenTrade::default();
        change(&mut trade);
        let gain = trade.current_price / trade.entry_price - 1.0;
        let take_profit_price = trade.entry_price * (1.0 + 1.0 / trade.size_usd);
        self.insert(
            "open_trades",
            &[
                ("coin_name", text(trade.coin_name)),
                ("entry_price", trade.entry_price.into()),
                ("size_usd", trade.size_usd.into()),
                ("current_price", trade.current_price.into()),
                ("unrealized_pnl", (trade.size_usd * gain).into()),
                ("unrealized_pnl_pct", (100.0 * gain).into()),
                ("stop_loss_price", trade.stop_loss_price.unwrap_or(0.9 * trade.entry_price).into()),
                ("take_profit_price", trade.take_profit_price.unwrap_or(take_profit_price).into()),
                ("entry_reason", text(trade.entry_reason)),
                ("opened_at", text(trade.opened_at)),
                ("rule_ids_used", optional_text(trade.rule_ids_used)),
            ],
        )
    }

    /// A rule; returns its id.
    pub(crate) fn rule<'text>(&self, change: impl FnOnce(&mut Rule<'text>)) -> i64 {
        let mut rule = Rule::default();
        change(&mut rule);
        self.insert(
            "trading_rules",
            &[
                ("rule_text", text(rule.rule_text)),
                ("rule_type", text(rule.rule_type)),
                ("success_count", rule.success_count.into()),
                ("failure_count", rule.failure_count.into()),
                ("status", text(rule.status)),
                ("created_at", text(rule.created_at)),
                ("last_used", optional_text(rule.last_used)),
            ],
        )
    }

    /// A learning; returns its id.
    pub(crate) fn learning<'text>(&self, change: impl FnOnce(&mut Learning<'text>)) -> i64 {
        let mut learning = Learning::default();
        change(&mut learning);
        let json = json!({
            "what_happened": learning.what_happened,
            "why_outcome": learning.why_outcome,
            "pattern": learning.pattern,
            "lesson": learning.lesson,
            "confidence": learning.confidence,
        });
        self.insert(
            "learnings",
            &[
                ("trade_id", optional(learning.trade_id)),
                ("learning_text", learning.learning_text.map_or_else(|| json.to_string().into(), text)),
                ("pattern_observed", text(learning.pattern)),
                ("confidence_level", learning.confidence.into()),
                ("created_at", text(learning.created_at)),
            ],
        )
    }

    /// Replaces the account's one row.
    pub(crate) fn account<'text>(&self, change: impl FnOnce(&mut Account<'text>)) {
        let mut account = Account::default();
        change(&mut account);
        self.insert(
            "account_state",
            &[
                ("id", 1.into()),
                ("balance", account.balance.into()),
                ("available_balance", account.available_balance.into()),
                ("in_positions", account.in_positions.into()),
                ("total_pnl", account.total_pnl.into()),
                ("daily_pnl", account.daily_pnl.into()),
                ("trade_count_today", account.trade_count_today.into()),
                ("last_updated", text(account.last_updated)),
            ],
        );
    }

    /// A row of the activity log, details being text or `None`; returns its id.
    pub(crate) fn activity<'text>(
        &self,
        kind: &str,
        description: &str,
        details: impl Into<Option<&'text str>>,
        at: &str,
    ) -> i64 {
        self.insert(
            "activity_log",
            &[
                ("activity_type", text(kind)),
                ("description", text(description)),
                ("details", optional_text(details.into())),
                ("created_at", text(at)),
            ],
        )
    }

    /// One cycle: the market's data, the LLM's answer after so many seconds, and a decision for bitcoin.
    pub(crate) fn cycle(&self, at: &str, llm_seconds: i64, action: &str) {
        let trade = action != "HOLD";
        let decision = json!({
            "action": action,
            "coin": trade.then_some("bitcoin"),
            "size_usd": trade.then_some(50),
            "reason": "Market is flat, waiting for a better entry",
            "confidence": 0.7,
            "rules_applied": [],
        })
        .to_string();
        let query =
            json!({ "prompt": "Decide.", "response": decision, "model": "qwen2.5-coder:7b" }).to_string();
        let answered_at = after(at, llm_seconds);
        self.activity("market_data", "Batch fetched 44 coins with volume", "coins=44", at);
        self.activity("llm_query", "Prompt: Decide....", query.as_str(), &answered_at);
        let description = format!("{action} (confidence: 0.70)");
        self.activity("llm_decision", &description, decision.as_str(), &answered_at);
    }

    /// A coin's price in a cycle: the current one, and a point of its history.
    pub(crate) fn market_price(&self, coin: &str, price_usd: f64, at: &str) {
        let price = ("price_usd", price_usd.into());
        let history = [("coin", text(coin)), price.clone(), ("timestamp", text(at))];
        let current = [("coin", text(coin)), price, ("change_24h", 0.5.into()), ("last_updated", text(at))];
        self.insert("price_history", &history);
        self.insert("market_data", &current);
    }

    /// Until when a coin may not be bought again.
    pub(crate) fn cooldown(&self, coin_name: &str, expires_at: &str) {
        self.insert("coin_cooldowns", &[("coin_name", text(coin_name)), ("expires_at", text(expires_at))]);
    }
}
