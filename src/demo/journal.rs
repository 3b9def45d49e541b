//! The sample's activity log.

use rusqlite::{Connection, params};
use serde_json::json;

const ROW: &str = "INSERT INTO activity_log (activity_type, description, details, created_at)
    VALUES (?1, ?2, ?3, datetime(?4, 'unixepoch'))";
const QUERY: &str = "INSERT INTO activity_log (activity_type, description, details, created_at)
    VALUES ('llm_query', format('Prompt: %s...', ?1),
        json_object('prompt', ?1, 'response', ?2, 'model', 'qwen2.5-coder:7b'), datetime(?3, 'unixepoch'))";
const LEARNING: &str = "INSERT INTO activity_log (activity_type, description, details, created_at)
    SELECT 'learning_created', format('Trade #%d: %s...', trade_id, learning_text ->> 'lesson'),
        format('confidence=%.2f, pattern=%s', confidence_level, pattern_observed), created_at
    FROM learnings
    WHERE id = ?1";

/// What the LLM wants to do in a cycle.
pub(super) struct Decision<'text> {
    /// `BUY`, `SELL` or `HOLD`.
    pub(super) action: &'static str,
    /// The coin and the size in dollars, unless it holds.
    pub(super) trade: Option<(&'text str, f64)>,
    pub(super) reason: &'text str,
    pub(super) confidence: f64,
    pub(super) rules: &'text [i64],
}

/// Writes rows of the log, from a moment on: what was before it is forgotten.
pub(super) struct Journal<'connection> {
    pub(super) connection: &'connection Connection,
    /// The first second of the log.
    pub(super) from: i64,
}

impl Journal<'_> {
    /// Any row; empty details are NULL.
    pub(super) fn row(&self, at: i64, kind: &str, description: &str, details: &str) -> anyhow::Result<()> {
        if at >= self.from {
            let details = (!details.is_empty()).then_some(details);
            self.connection.prepare_cached(ROW)?.execute(params![kind, description, details, at])?;
        }
        Ok(())
    }

    /// A question to the LLM, at the moment of its answer.
    pub(super) fn query(&self, at: i64, prompt: &str, response: &str) -> anyhow::Result<()> {
        if at >= self.from {
            self.connection.prepare_cached(QUERY)?.execute(params![prompt, response, at])?;
        }
        Ok(())
    }

    /// The question of every cycle, and what was decided.
    pub(super) fn decision(&self, at: i64, decision: &Decision<'_>) -> anyhow::Result<()> {
        if at < self.from {
            return Ok(());
        }
        let Decision { action, trade, reason, confidence, rules } = *decision;
        let answer = json!({
            "action": action,
            "coin": trade.map(|(coin, _)| coin),
            "size_usd": trade.map(|(_, size_usd)| size_usd),
            "reason": reason,
            "confidence": confidence,
            "rules_applied": rules,
        })
        .to_string();
        self.query(at, "You are a crypto paper trader. Choose BUY, SELL or HOLD. JSON.", &answer)?;
        self.row(at, "llm_decision", &format!("{action} (confidence: {confidence:.2})"), &answer)
    }

    /// That a learning was written.
    pub(super) fn learning(&self, at: i64, learning_id: i64) -> anyhow::Result<()> {
        if at >= self.from {
            self.connection.prepare_cached(LEARNING)?.execute([learning_id])?;
        }
        Ok(())
    }
}
