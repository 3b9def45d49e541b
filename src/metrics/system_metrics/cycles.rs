//! Cycles out of the activity log, row by row in the order of time.

use chrono::{DateTime, Utc};

use crate::metrics::figures::ratio;
use crate::source::log::is_failed_fetch;

/// A strategist run that takes longer than this was interrupted: its gap says nothing about the LLM.
const LONGEST_RUN_SECONDS: i64 = 300;
/// A row that comes later than this after the one before belongs to another life of the bot: its LLM
/// gives up after minutes.
const LONGEST_STEP_SECONDS: i64 = 600;

/// What a period's rows say about cycles.
#[derive(Debug, Default)]
pub(super) struct Cycles {
    /// Cycles begun.
    pub(super) begun: u64,
    /// Cycles with an error among them.
    pub(super) with_errors: u64,
    /// Fetches that failed, so that no cycle began.
    pub(super) failed_fetches: u64,
    /// From one beginning to the next, where no start, stop or error lies between.
    pub(super) interval_seconds: Vec<i64>,
    /// What each answer of the LLM took.
    pub(super) llm_seconds: Vec<i64>,
    pause_seconds: i64,
    duration_sum_seconds: i64,
    duration_count: u64,
    open: Option<Open>,
    /// The newest row, while it is an `llm_query` whose cycle is not certain yet: a bot that starts asks
    /// its LLM once before it says so.
    uncertain_query: Option<DateTime<Utc>>,
    last_begin: Option<DateTime<Utc>>,
    /// Generation 2 runs: its cycles are strategist rows.
    runs_strategist: bool,
}

#[derive(Debug)]
struct Open {
    begin: DateTime<Utc>,
    last: DateTime<Utc>,
    has_error: bool,
}

impl Cycles {
    /// With the pause that generation 2 keeps between two runs, and whether it is the one that runs.
    pub(super) fn new(pause_seconds: f64, generation: i64) -> Self {
        Self { pause_seconds: pause_seconds as i64, runs_strategist: generation == 2, ..Self::default() }
    }

    /// Takes the next row; `error` is its kind of error, if it is one.
    pub(super) fn row(&mut self, at: DateTime<Utc>, kind: &str, error: Option<&str>) {
        match self.uncertain_query.take() {
            Some(_) if kind == "bot_initialized" => {}
            Some(answered_at) => self.answer(answered_at),
            None => {}
        }
        if self.open.as_ref().is_some_and(|open| (at - open.last).num_seconds() > LONGEST_STEP_SECONDS) {
            self.end();
        }
        match kind {
            "market_data" => self.begin(at),
            "strategist" => self.strategist(at),
            "llm_query" => self.uncertain_query = Some(at),
            "bot_initialized" | "bot_started" | "bot_stopping" | "bot_stopped" => {
                self.end();
                self.last_begin = None;
            }
            _ => match (error, &mut self.open) {
                (Some(error), _) if is_failed_fetch(error) => {
                    self.failed_fetches += 1;
                    self.last_begin = None;
                }
                (Some(_), None) if self.runs_strategist => self.failed_run(),
                (error, Some(open)) => {
                    open.has_error |= error.is_some();
                    open.last = at;
                }
                (_, None) => {}
            },
        }
    }

    /// Closes the cycle that is under way.
    pub(super) fn end(&mut self) {
        if let Some(answered_at) = self.uncertain_query.take() {
            self.answer(answered_at);
        }
        if let Some(open) = self.open.take() {
            self.duration_sum_seconds += (open.last - open.begin).num_seconds();
            self.duration_count += 1;
            self.with_errors += u64::from(open.has_error);
        }
    }

    /// Number of cycles whose duration is known.
    pub(super) fn durations(&self) -> u64 {
        self.duration_count
    }

    /// Mean duration; `None` without any.
    pub(super) fn mean_duration_seconds(&self) -> Option<f64> {
        ratio(self.duration_sum_seconds as f64, self.duration_count as f64)
    }

    fn answer(&mut self, answered_at: DateTime<Utc>) {
        if let Some(open) = &mut self.open {
            self.llm_seconds.push((answered_at - open.last).num_seconds());
            open.last = answered_at;
        }
    }

    fn begin(&mut self, at: DateTime<Utc>) {
        self.end();
        self.begun += 1;
        if let Some(last) = self.last_begin.replace(at) {
            self.interval_seconds.push((at - last).num_seconds());
        }
        self.open = Some(Open { begin: at, last: at, has_error: false });
    }

    fn strategist(&mut self, at: DateTime<Utc>) {
        self.runs_strategist = true;
        self.begun += 1;
        let Some(last) = self.last_begin.replace(at) else { return };
        let gap_seconds = (at - last).num_seconds();
        self.interval_seconds.push(gap_seconds);
        let run_seconds = gap_seconds - self.pause_seconds;
        if (0..=LONGEST_RUN_SECONDS).contains(&run_seconds) {
            self.llm_seconds.push(run_seconds);
            self.duration_sum_seconds += run_seconds;
            self.duration_count += 1;
        }
    }

    /// Generation 2 logs an error instead of the strategist row.
    fn failed_run(&mut self) {
        self.begun += 1;
        self.with_errors += 1;
        self.last_begin = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[(i64, &str, Option<&str>)]) -> Cycles {
        let mut cycles = Cycles::new(180.0, 1);
        for (second, kind, error) in rows {
            cycles.row(DateTime::from_timestamp(*second, 0).unwrap(), kind, *error);
        }
        cycles.end();
        cycles
    }

    #[test]
    fn a_cycle_lasts_from_its_prices_to_its_last_row() {
        let cycles = of(&[
            (0, "market_data", None),
            (4, "llm_query", None),
            (5, "llm_decision", None),
            (36, "market_data", None),
            (37, "trade_closed", None),
            (40, "llm_query", None),
            (40, "cycle_error", Some("boom")),
        ]);
        assert_eq!((cycles.begun, cycles.with_errors), (2, 1));
        assert_eq!(cycles.mean_duration_seconds(), Some(4.5));
        assert_eq!(cycles.llm_seconds, [4, 3]);
        assert_eq!(cycles.interval_seconds, [36]);
    }

    #[test]
    fn a_failed_fetch_is_no_cycle_and_marks_none() {
        let cycles = of(&[
            (0, "market_data", None),
            (5, "llm_query", None),
            (36, "warning", Some("market_data_rate_limited")),
            (67, "market_data", None),
        ]);
        assert_eq!((cycles.begun, cycles.with_errors, cycles.failed_fetches), (2, 0, 1));
        assert_eq!(cycles.mean_duration_seconds(), Some(2.5));
        assert!(cycles.interval_seconds.is_empty());
    }

    #[test]
    fn a_query_outside_a_cycle_has_no_response_time() {
        let cycles = of(&[(0, "llm_query", None), (0, "bot_initialized", None), (1, "bot_started", None)]);
        assert!(cycles.llm_seconds.is_empty());
        assert_eq!(cycles.begun, 0);
    }

    #[test]
    fn the_time_between_two_lives_is_no_response_time() {
        for restart_second in [60, 20_000] {
            let cycles = of(&[
                (0, "market_data", None),
                (4, "llm_query", None),
                (5, "llm_decision", None),
                (restart_second, "error", Some("llm_connection_failed")),
                (restart_second, "llm_query", None),
                (restart_second, "bot_initialized", None),
                (restart_second, "bot_started", None),
                (restart_second + 1, "market_data", None),
                (restart_second + 7, "llm_query", None),
            ]);
            assert_eq!(cycles.llm_seconds, [4, 6], "{restart_second}");
        }
    }

    #[test]
    fn a_strategist_run_takes_what_its_gap_is_longer_than_the_pause() {
        let cycles = of(&[
            (0, "strategist", None),
            (193, "llm_query", None),
            (193, "strategist", None),
            (384, "strategist", None),
            (700, "error", Some("llm_timeout")),
            (1_058, "strategist", None),
        ]);
        assert_eq!(cycles.llm_seconds, [13, 11]);
        assert_eq!((cycles.begun, cycles.with_errors), (5, 1));
        assert_eq!(cycles.mean_duration_seconds(), Some(12.0));
    }
}
