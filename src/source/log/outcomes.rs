//! Decisions of the bot's model, each with what the rows behind it tell of it.

use std::collections::VecDeque;

use super::decision::Decision;
use super::role::Role;
use crate::sanitize::cut;

/// Newest decisions of the window that are kept: eight days of a cycle every 36 seconds.
pub(super) const MOST_DECISIONS: usize = 20_000;
/// So much of an outcome's text is kept.
const LONGEST_TEXT_CHARS: usize = 300;

/// A decision with what became of it.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) at: f64,
    pub(super) source_id: String,
    pub(super) decision: Decision,
    /// The row before or the row behind reports an error.
    pub(super) has_error_nearby: bool,
    /// The log goes on to the next cycle, decision, start or stop, or tells of an outcome.
    pub(super) is_over: bool,
    pub(super) outcome: Option<Outcome>,
}

/// The row that tells what became of a decision.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) source_id: String,
    pub(super) pattern: usize,
    pub(super) text: String,
    is_understood: bool,
}

/// A row as it matters to decisions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'row> {
    pub(super) at: f64,
    pub(super) role: Role,
    pub(super) is_error: bool,
    pub(super) pattern: usize,
    pub(super) source_id: &'row str,
    pub(super) text: &'row str,
    pub(super) details: &'row str,
}

/// The decisions of the window.
#[derive(Debug, Default)]
pub(super) struct Decisions {
    /// The newest, oldest first.
    pub(super) list: VecDeque<Decided>,
    /// More than are kept.
    pub(super) are_cut: bool,
    /// Rows behind the last decision are about it.
    is_open: bool,
    /// The row before was the last decision.
    is_right_behind: bool,
    was_error: bool,
}

impl Decisions {
    /// Takes the next row of the window; says whether it tells what became of a decision.
    pub(super) fn row(&mut self, row: Row<'_>) -> bool {
        if self.is_right_behind
            && row.is_error
            && let Some(last) = self.list.back_mut()
        {
            last.has_error_nearby = true;
        }
        let is_decision = row.role == Role::Decision;
        let mut is_outcome = false;
        if is_decision || row.role.is_next_step() {
            self.close();
        } else if self.is_open {
            is_outcome = self.outcome(&row);
        }
        if is_decision {
            self.decide(&row);
        }
        (self.is_right_behind, self.was_error) = (is_decision, row.is_error);
        is_outcome
    }

    fn decide(&mut self, row: &Row<'_>) {
        if self.list.len() >= MOST_DECISIONS {
            self.are_cut = true;
            self.list.pop_front();
        }
        self.is_open = true;
        self.list.push_back(Decided {
            at: row.at,
            source_id: row.source_id.to_owned(),
            decision: Decision::read(row.text, row.details),
            has_error_nearby: self.was_error,
            is_over: false,
            outcome: None,
        });
    }

    fn close(&mut self) {
        if let Some(last) = self.list.back_mut().filter(|_| self.is_open) {
            last.is_over = true;
        }
        self.is_open = false;
    }

    /// The first row that says that the bot understood the decision counts, else the first failure.
    fn outcome(&mut self, row: &Row<'_>) -> bool {
        let is_understood = row.role.is_understood();
        let Some(last) = self.list.back_mut() else { return false };
        if !is_understood && row.role != Role::Failure {
            return false;
        }
        last.is_over = true;
        if last.outcome.as_ref().is_none_or(|outcome| is_understood && !outcome.is_understood) {
            last.outcome = Some(Outcome {
                source_id: row.source_id.to_owned(),
                pattern: row.pattern,
                text: cut(row.text, LONGEST_TEXT_CHARS),
                is_understood,
            });
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decisions(kinds: &[&str]) -> Decisions {
        let mut decisions = Decisions::default();
        for (at, kind) in kinds.iter().enumerate() {
            decisions.row(Row {
                at: at as f64,
                role: Role::of(kind),
                is_error: kind.ends_with("error"),
                pattern: at,
                source_id: &at.to_string(),
                text: kind,
                details: r#"{"action": "BUY", "coin": "solana"}"#,
            });
        }
        decisions
    }

    #[test]
    fn what_stands_behind_a_decision_is_its_outcome() {
        let kinds = [
            "llm_decision",
            "cycle_error",
            "trade_rejected",
            "trade_opened",
            "market_data",
            "llm_decision",
            "market_data",
            "llm_decision",
        ];
        let decisions = decisions(&kinds);
        let told: Vec<_> = decisions
            .list
            .iter()
            .map(|one| {
                (one.is_over, one.outcome.as_ref().map(|outcome| outcome.text.as_str()), one.has_error_nearby)
            })
            .collect();
        assert_eq!(told, [(true, Some("trade_rejected"), true), (true, None, false), (false, None, false)]);
    }
}
