//! One pass over a period of the activity log, in the order of time.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::cycles::Cycles;

use crate::metrics::figures::{Ranked, ratio};
use crate::metrics::setting::Setting;
use crate::source::log::{Class, KindId, Vocabulary};

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

/// The specification's own three: always shown, also as a counted zero.
const ALWAYS_SHOWN: [&str; 3] = ["llm_timeout", "market_data_failed", "database_error"];

/// The specification's three first, then what was found, most frequent first.
pub(super) fn ranked(errors: &BTreeMap<String, Errors>) -> Ranked<String, u64> {
    let count = |kind: &str| errors.get(kind).map_or(0, |errors| errors.count);
    let mut found: Vec<_> =
        errors.iter().filter(|(kind, _)| !ALWAYS_SHOWN.contains(&kind.as_str())).collect();
    found.sort_by_key(|(_, errors)| std::cmp::Reverse(errors.count));
    let always = ALWAYS_SHOWN.iter().map(|kind| ((*kind).to_owned(), count(kind)));
    Ranked(always.chain(found.into_iter().map(|(kind, errors)| (kind.clone(), errors.count))).collect())
}

/// A distribution of times in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Times {
    /// Mean.
    pub(crate) avg: f64,
    /// Longest.
    pub(crate) max: f64,
    /// 95th percentile by nearest rank.
    pub(crate) p95: f64,
    /// Number of measurements.
    pub(crate) count: u64,
}

impl Times {
    /// Of whole seconds in any order; `None` without any.
    pub(crate) fn of(mut seconds: Vec<i64>) -> Option<Self> {
        seconds.sort_unstable();
        let rank = (seconds.len() * 95).div_ceil(100).max(1);
        Some(Self {
            avg: ratio(seconds.iter().sum::<i64>() as f64, seconds.len() as f64)?,
            max: *seconds.last()? as f64,
            p95: *seconds.get(rank - 1)? as f64,
            count: seconds.len() as u64,
        })
    }
}

/// What is compared with the window before.
#[derive(Debug, Serialize)]
pub(crate) struct KeyFigures {
    /// Cycles begun.
    pub(crate) total_cycles: Option<u64>,
    /// Cycles with errors as a fraction of all cycles.
    pub(crate) error_rate: Option<f64>,
    /// All errors.
    pub(crate) errors: Option<u64>,
    /// Mean seconds of a cycle.
    pub(crate) avg_cycle_duration: Option<f64>,
    /// Seconds that the LLM took.
    pub(crate) llm_response_times: Option<Times>,
}

/// What a period's rows add up to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Time of the newest row.
    pub(crate) newest: Option<DateTime<Utc>>,
    /// Rows by the place of their type in the vocabulary.
    by_kind: Vec<u64>,
    /// Errors by kind.
    pub(crate) errors: BTreeMap<String, Errors>,
    /// Refused trades by the limit.
    pub(crate) refusals: BTreeMap<&'static str, u64>,
    pub(super) cycles: Cycles,
}

impl Tally {
    /// Of no rows yet.
    pub(crate) fn new(context: &Setting<'_>) -> Self {
        let cycles = Cycles::new(context.limits.cycle_pause_seconds, context.generation);
        Self { cycles, ..Self::default() }
    }

    /// Takes the next row.
    pub(crate) fn row(&mut self, at: DateTime<Utc>, class: Class, vocabulary: &Vocabulary) {
        self.newest = self.newest.max(Some(at));
        let KindId(place) = class.kind;
        if self.by_kind.len() <= place {
            self.by_kind.resize(place + 1, 0);
        }
        if let Some(count) = self.by_kind.get_mut(place) {
            *count += 1;
        }
        let error = vocabulary.error(class);
        if let Some(error) = error {
            match self.errors.get_mut(error) {
                Some(errors) => errors.add(at),
                None => self.errors.entry(error.to_owned()).or_default().add(at),
            }
        }
        if let Some(limit) = class.limit {
            *self.refusals.entry(limit).or_default() += 1;
        }
        self.cycles.row(at, vocabulary.kind(class), error);
    }

    /// Closes the cycle that is under way.
    pub(crate) fn end(&mut self) {
        self.cycles.end();
    }

    /// Trades refused at a limit.
    pub(super) fn refusals(&self, limit: &str) -> u64 {
        self.refusals.get(limit).copied().unwrap_or(0)
    }

    /// Rows by type, most frequent first.
    pub(super) fn by_type(&self, vocabulary: &Vocabulary) -> Ranked<String, u64> {
        let counted = vocabulary.kinds().zip(self.by_kind.iter().copied()).filter(|(_, count)| *count > 0);
        let mut by_type: Vec<_> = counted.map(|(kind, count)| (kind.to_owned(), count)).collect();
        by_type.sort_by(|(one, fewer), (other, more)| more.cmp(fewer).then_with(|| one.cmp(other)));
        Ranked(by_type)
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

    #[test]
    fn counted_zeros_are_shown_and_found_kinds_follow() {
        let mut errors: BTreeMap<String, Errors> = BTreeMap::new();
        for (kind, count) in [("boom", 7), ("rare", 1), ("frequent", 9), ("llm_timeout", 2)] {
            for _ in 0..count {
                errors.entry(kind.to_owned()).or_default().add(DateTime::UNIX_EPOCH);
            }
        }
        let pairs = ranked(&errors).0;
        let names: Vec<_> = pairs.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
        assert_eq!(
            names,
            [
                ("llm_timeout", 2),
                ("market_data_failed", 0),
                ("database_error", 0),
                ("frequent", 9),
                ("boom", 7),
                ("rare", 1)
            ]
        );
    }
}
