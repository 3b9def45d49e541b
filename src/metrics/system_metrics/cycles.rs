//! Cycles of the bot in one window: how many, and how long their parts took.

use rusqlite::Connection;
use serde::Serialize;

use crate::metrics::figures::ratio;
use crate::metrics::setting::Span;

const COUNTS: &str = "
SELECT
    coalesce(sum(n), 0),
    coalesce(sum(with_errors), 0),
    coalesce(sum(failed_fetches), 0)
FROM cycle_hour
WHERE in_window = ?1";

const TIMES: &str = "
SELECT
    seconds,
    sum(n)
FROM cycle_time
WHERE in_window = ?1 AND measure = ?2
GROUP BY seconds
ORDER BY seconds";

const ERRORS: &str = "
SELECT
    coalesce(sum(iif(?1, n, n_previous)), 0)
FROM event_pattern
WHERE error IS NOT NULL";

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
    /// Of times with their numbers of measurements, shortest first; `None` without any.
    fn of(times: &[(f64, u64)]) -> Option<Self> {
        let count: u64 = times.iter().map(|(_, count)| count).sum();
        let rank = (count * 95).div_ceil(100).max(1);
        let mut up_to = 0;
        let p95 = times.iter().find(|(_, count)| {
            up_to += count;
            up_to >= rank
        });
        let sum: f64 = times.iter().map(|(seconds, count)| seconds * *count as f64).sum();
        Some(Self { avg: ratio(sum, count as f64)?, max: times.last()?.0, p95: p95?.0, count })
    }
}

/// The cycles of one window.
#[derive(Debug)]
pub(super) struct Cycles {
    pub(super) begun: u64,
    pub(super) with_errors: u64,
    pub(super) failed_fetches: u64,
    errors: u64,
    /// From a cycle's first row to its last.
    pub(super) duration: Option<Times>,
    /// From a cycle's beginning to the next one's.
    pub(super) interval: Option<Times>,
    /// What each answer of the bot's model took.
    pub(super) response: Option<Times>,
}

impl Cycles {
    /// Those of a window.
    ///
    /// # Errors
    /// When the audit database cannot be read.
    pub(super) fn of(audit: &Connection, span: Span) -> rusqlite::Result<Self> {
        let in_window = span == Span::Window;
        let mut statement = audit.prepare(TIMES)?;
        let mut times = |measure: &str| {
            let rows = statement.query_map((in_window, measure), |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok::<_, rusqlite::Error>(Times::of(&rows.collect::<rusqlite::Result<Vec<_>>>()?))
        };
        let (begun, with_errors, failed_fetches) =
            audit.query_row(COUNTS, [in_window], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(Self {
            begun,
            with_errors,
            failed_fetches,
            errors: audit.query_row(ERRORS, [in_window], |row| row.get(0))?,
            duration: times("cycle")?,
            interval: times("interval")?,
            response: times("response")?,
        })
    }

    /// Cycles with errors as a fraction of all.
    pub(super) fn error_rate(&self) -> Option<f64> {
        ratio(self.with_errors as f64, self.begun as f64)
    }

    /// What is compared with another window; counts are nothing where the bot keeps no log.
    pub(super) fn key_figures(&self, logged: bool) -> KeyFigures {
        KeyFigures {
            total_cycles: logged.then_some(self.begun),
            error_rate: self.error_rate(),
            errors: logged.then_some(self.errors),
            avg_cycle_duration: self.duration.map(|duration| duration.avg),
            llm_response_times: self.response,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_counts_every_measurement() {
        let times = Times::of(&[(1.0, 93), (4.0, 2), (9.0, 5)]).unwrap();
        assert_eq!((times.count, times.p95, times.max), (100, 4.0, 9.0));
        assert!((times.avg - 1.46).abs() < 1e-12);
        assert!(Times::of(&[]).is_none());
    }
}
