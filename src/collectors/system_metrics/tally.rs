//! One pass over a period of the activity log, in the order of time.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::cycles::Cycles;
use super::errors::classify;
use super::{KeyFigures, Times};
use crate::collectors::account_health::limit_of;
use crate::collectors::{Context, Counts, ratio};

/// Errors that follow each other within this time are one episode.
const SAME_EPISODE: TimeDelta = TimeDelta::minutes(10);

/// How often something went wrong in one way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Errors {
    /// Rows.
    pub(crate) count: u64,
    /// Runs of rows with less than ten minutes between them.
    pub(crate) episodes: u64,
    last: Option<DateTime<Utc>>,
}

impl Errors {
    /// Counts the next row in the order of time.
    pub(crate) fn add(&mut self, at: DateTime<Utc>) {
        let is_new = self.last.is_none_or(|last| at - last > SAME_EPISODE);
        self.count += 1;
        self.episodes += u64::from(is_new);
        self.last = Some(at);
    }
}

/// What a period's rows add up to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Time of the newest row.
    pub(crate) newest: Option<DateTime<Utc>>,
    /// Rows by type.
    pub(crate) by_type: Counts<String>,
    /// Errors by kind.
    pub(crate) errors: BTreeMap<String, Errors>,
    /// Refused trades by the limit.
    pub(crate) refusals: BTreeMap<&'static str, u64>,
    pub(super) cycles: Cycles,
}

impl Tally {
    /// Of no rows yet.
    pub(crate) fn new(context: &Context<'_>) -> Self {
        let cycles = Cycles::new(context.limits.cycle_pause_seconds, context.generation);
        Self { cycles, ..Self::default() }
    }

    /// Takes the next row.
    pub(crate) fn row(&mut self, at: DateTime<Utc>, kind: &str, description: &str) {
        self.newest = self.newest.max(Some(at));
        self.by_type.update(kind, |count| *count += 1);
        let error = classify(kind, description);
        if let Some(error) = &error {
            match self.errors.get_mut(error) {
                Some(errors) => errors.add(at),
                None => self.errors.entry(error.clone()).or_default().add(at),
            }
        }
        if kind == "trade_rejected" {
            *self.refusals.entry(limit_of(description)).or_default() += 1;
        }
        self.cycles.row(at, kind, error.as_deref());
    }

    /// Closes the cycle that is under way.
    pub(crate) fn end(&mut self) {
        self.cycles.end();
    }

    /// Trades refused at a limit.
    pub(super) fn refusals(&self, limit: &str) -> u64 {
        self.refusals.get(limit).copied().unwrap_or(0)
    }

    /// Number of types.
    pub(super) fn types(&self) -> usize {
        self.by_type.len()
    }

    pub(super) fn key_figures(&self, logged: bool) -> KeyFigures {
        KeyFigures {
            total_cycles: logged.then_some(self.cycles.begun),
            error_rate: ratio(self.cycles.with_errors as f64, self.cycles.begun as f64),
            errors: logged.then(|| self.errors.values().map(|errors| errors.count).sum()),
            avg_cycle_duration: self.cycles.mean_duration_seconds(),
            llm_response_times: Times::of(self.cycles.llm_seconds.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_within_ten_minutes_are_one_episode() {
        let mut errors = Errors::default();
        for minute in [0, 5, 15, 40, 40, 51] {
            errors.add(DateTime::UNIX_EPOCH + TimeDelta::minutes(minute));
        }
        assert_eq!((errors.count, errors.episodes), (6, 3));
    }
}
