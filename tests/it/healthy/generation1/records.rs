//! What a healthy bot of the first generation writes down: log, learnings, prices, and the totals.

use rusqlite::{named_params, params};
use serde_json::json;

use super::super::texts::{HOLD_REASONS, thought};
use super::super::{HOUR, run_cached};
use super::{Lesson, Position, Simulation};

const TOTALS: &str = include_str!("../../../../src/demo/totals.sql");

const LOG: &str = "INSERT INTO activity_log (activity_type, description, details, created_at)
    VALUES (?1, ?2, nullif(?3, ''), datetime(?4, 'unixepoch'))";
/// In one statement, and without a journal of its own, for speed.
const QUIET_CYCLE: &str = "INSERT OR FAIL INTO activity_log (activity_type, description, details, created_at)
    VALUES
        ('market_data', 'Batch fetched 15 coins with volume', 'coins=15', datetime(?1, 'unixepoch')),
        ('llm_query', 'Prompt: Decide....',
            json_object('prompt', 'Decide.', 'response', ?4, 'model', 'qwen2.5-coder:7b'), datetime(?2, 'unixepoch')),
        ('llm_decision', ?3, ?4, datetime(?2, 'unixepoch'))";
const LEARNING: &str = "INSERT INTO learnings (trade_id, learning_text, pattern_observed, confidence_level,
        created_at, validated)
    VALUES (?1, ?2, ?3, ?4, datetime(?5, 'unixepoch'), ?6)";
const PRICE: &str = "INSERT INTO price_history (coin, price_usd, timestamp)
    VALUES (?1, ?2, datetime(?3, 'unixepoch'))";
const MARKET: &str = "INSERT INTO market_data (coin, price_usd, change_24h, last_updated)
    VALUES (?1, ?2, ?3, datetime(?4, 'unixepoch'))";
const OPEN: &str = "INSERT INTO open_trades (id, coin_name, entry_price, size_usd, stop_loss_price,
        take_profit_price, entry_reason, opened_at, rule_ids_used)
    VALUES (:id, :coin, :entry, :size, 0.9 * :entry, :entry * (1 + 1 / :size), :why_opened,
        datetime(:opened, 'unixepoch'), nullif(:rules, ''))";

impl Simulation<'_> {
    /// A cycle that ends in nothing, in one statement; returns its end.
    pub(super) fn quiet_cycle(&mut self, at: i64) -> i64 {
        let end = at + self.random.whole(2, 6);
        let reason = self.random.pick(&HOLD_REASONS);
        let confidence = self.confidence();
        let description = format!("HOLD (confidence: {confidence:.2})");
        // Not json!, which takes several times as long in a debug build.
        let decision = format!(
            "{{\"action\": \"HOLD\", \"coin\": null, \"size_usd\": null, \"reason\": \"{reason}\", \
            \"confidence\": {confidence:.2}, \"rules_applied\": []}}"
        );
        run_cached(self.bot, QUIET_CYCLE, params![at, end, description, decision]);
        end
    }

    /// The rows about a new position.
    pub(super) fn log_opening(&mut self, position: &Position, at: i64) {
        let Position { id, entry_price, size_usd, .. } = *position;
        let name = position.coin.name;
        let ids: Vec<usize> = position.rules.iter().map(|rule| rule + 1).collect();
        self.decision(at, "BUY", Some((name, size_usd)), position.entry_reason, &ids, None);
        let (stop, target) = (entry_price * 0.9, entry_price * (1.0 + 1.0 / size_usd));
        let description = format!("BUY {name} ${size_usd:.2} @ ${entry_price:.2}");
        let details = format!("trade_id={id}, stop_loss=${stop:.2}, take_profit=${target:.2}");
        self.log(at, "trade_opened", &description, &details);
    }

    /// The row about a closed position.
    pub(super) fn log_closing(&self, position: &Position, exit_price: f64, pnl_usd: f64, at: i64) {
        let Position { id, entry_price, opened_at, exit_reason, .. } = *position;
        let sign = if pnl_usd > 0.0 { "+$" } else { "$" };
        let description = format!(
            "CLOSED {} @ ${exit_price:.2} P&L: {sign}{pnl_usd:.2} ({exit_reason})",
            position.coin.name
        );
        let details = format!("trade_id={id}, entry=${entry_price:.2}, duration={}s", at - opened_at);
        self.log(at, "trade_closed", &description, &details);
    }

    /// A learning of its own for every trade.
    pub(super) fn learn(&mut self, lesson: &Lesson, at: i64) {
        self.learned += 1;
        let thought = thought(self.learned + self.healthy.seed as usize);
        let confidence = self.random.whole(8, 18) as f64 / 20.0;
        let text = json!({
            "what_happened": lesson.what_happened,
            "why_outcome": thought.cause,
            "pattern": thought.pattern,
            "lesson": thought.lesson,
            "confidence": confidence,
        })
        .to_string();
        let validated = self.random.chance(0.3);
        run_cached(
            self.bot,
            LEARNING,
            params![lesson.trade, text, thought.pattern, confidence, at, validated],
        );
        self.log_query(at, "Learn.", &text);
        let description = format!("Trade #{}: {}...", lesson.trade, thought.lesson);
        let details = format!("confidence={confidence:.2}, pattern={}", thought.pattern);
        self.log(at, "learning_created", &description, &details);
    }

    /// Every coin's price, in the last hour.
    pub(super) fn write_prices(&mut self, at: i64) {
        if at < self.now - HOUR {
            return;
        }
        for slot in &mut self.slots {
            for coin in &mut slot.coins {
                coin.wander(&mut self.random, at);
            }
            if let Some(position) = &mut slot.position {
                position.coin.price = position.price(at);
            }
            for coin in slot.coins.iter().chain(slot.position.iter().map(|position| &position.coin)) {
                let mut statement = self.bot.connection().prepare_cached(PRICE).unwrap();
                statement.execute(params![coin.name, coin.price, at]).unwrap();
            }
        }
    }

    /// What is open, the market, and the totals.
    pub(super) fn finish(mut self, last_cycle_at: i64) {
        self.bot.execute("DELETE FROM account_state", []);
        for slot in &self.slots {
            for coin in slot.coins.iter().chain(slot.position.iter().map(|position| &position.coin)) {
                let change_percent = self.random.between(-6.0, 6.0);
                self.bot.execute(MARKET, params![coin.name, coin.price, change_percent, last_cycle_at]);
            }
            let Some(position) = &slot.position else { continue };
            self.bot.execute(
                OPEN,
                named_params! {
                    ":id": position.id,
                    ":coin": position.coin.name,
                    ":entry": position.entry_price,
                    ":size": position.size_usd,
                    ":why_opened": position.entry_reason,
                    ":opened": position.opened_at,
                    ":rules": position.rule_ids(),
                },
            );
        }
        self.bot.connection().execute_batch(TOTALS).unwrap();
    }

    /// A decision of the LLM and the query that brought it.
    pub(super) fn decision(
        &mut self,
        at: i64,
        action: &str,
        trade: Option<(&str, f64)>,
        reason: &str,
        rules: &[usize],
        confidence: Option<f64>,
    ) {
        let confidence = confidence.unwrap_or_else(|| self.confidence());
        if at < self.log_from {
            return;
        }
        let decision = json!({
            "action": action,
            "coin": trade.map(|(coin, _)| coin),
            "size_usd": trade.map(|(_, size_usd)| size_usd),
            "reason": reason,
            "confidence": confidence,
            "rules_applied": rules,
        })
        .to_string();
        self.log_query(at, "Decide.", &decision);
        self.log(at, "llm_decision", &format!("{action} (confidence: {confidence:.2})"), &decision);
    }

    /// How sure the LLM is of a decision.
    pub(super) fn confidence(&mut self) -> f64 {
        self.random.whole(10, 19) as f64 / 20.0
    }

    /// A query to the LLM, at the time of its answer.
    pub(super) fn log_query(&self, at: i64, prompt: &str, response: &str) {
        if at >= self.log_from {
            let details = json!({ "prompt": prompt, "response": response, "model": "qwen2.5-coder:7b" });
            self.log(at, "llm_query", &format!("Prompt: {prompt}..."), &details.to_string());
        }
    }

    /// A row of the log, unless it is pruned by now.
    pub(super) fn log(&self, at: i64, kind: &str, description: &str, details: &str) {
        if at >= self.log_from {
            run_cached(self.bot, LOG, params![kind, description, details, at]);
        }
    }
}
