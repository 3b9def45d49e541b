//! Cycles of the bot out of its log, row by row in the order of time: how many there were, and how long
//! each of their parts took.
//!
//! A cycle begins with the row that prices were fetched and lasts to the last row before the next one; the
//! model's response time is the time from the row before its answer, in the same cycle, to that row. A bot
//! that runs a strategist logs each run once, when it ends, and pauses between two of them: what its gaps
//! are longer than the pause is the run itself.

use std::collections::BTreeMap;

use super::role::Role;

/// A strategist run that takes longer than this was interrupted: its gap says nothing about the model.
const LONGEST_RUN_SECONDS: f64 = 300.0;
/// A row that comes later than this after the one before belongs to another life of the bot: its model
/// gives up after minutes.
const LONGEST_STEP_SECONDS: f64 = 600.0;

/// What is measured of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Measure {
    /// From its first row to its last.
    Cycle,
    /// From its beginning to the next one's, where no start, stop or error lies between.
    Interval,
    /// From the row before its beginning to its beginning.
    Pause,
    /// What an answer of the model took.
    Response,
}

impl Measure {
    /// Its name in the tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Cycle => "cycle",
            Self::Interval => "interval",
            Self::Pause => "pause",
            Self::Response => "response",
        }
    }
}

/// Cycles that began in an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct HourOfCycles {
    pub(super) begun: u32,
    pub(super) with_errors: u32,
    /// Fetches of prices that failed, so that no cycle began.
    pub(super) failed_fetches: u32,
    /// Errors outside of cycles.
    errors_outside: u32,
}

/// An hour of one window, by its number since 1970.
pub(super) type Hour = (i64, bool);

/// The cycles of both windows.
#[derive(Debug)]
pub(super) struct Cycles {
    pub(super) hours: BTreeMap<Hour, HourOfCycles>,
    /// Occurrences of each time in tenths of a second.
    pub(super) times: BTreeMap<(Hour, Measure, i64), u32>,
    pause_seconds: f64,
    in_window: bool,
    open: Option<Open>,
    /// The newest row, while it is an answer of the model whose cycle is not certain yet: a bot that starts
    /// asks its model once before it says so.
    uncertain_answer: Option<f64>,
    last_begin: Option<f64>,
    last_row: Option<f64>,
    /// The bot logs the ends of its cycles: an error outside of one stands for one that failed.
    runs_strategist: bool,
}

#[derive(Debug)]
struct Open {
    begin: f64,
    last: f64,
    has_error: bool,
}

/// A row as it matters to cycles.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) at: f64,
    pub(super) role: Role,
    pub(super) is_error: bool,
    pub(super) is_failed_fetch: bool,
}

impl Cycles {
    /// Of a bot with this pause between two cycles.
    pub(super) fn new(pause_seconds: f64) -> Self {
        Self {
            hours: BTreeMap::new(),
            times: BTreeMap::new(),
            pause_seconds,
            in_window: false,
            open: None,
            uncertain_answer: None,
            last_begin: None,
            last_row: None,
            runs_strategist: false,
        }
    }

    /// Closes the window before: what follows is of the window.
    pub(super) fn begin_window(&mut self) {
        self.end();
        (self.in_window, self.last_begin, self.last_row) = (true, None, None);
    }

    /// Takes the next row.
    pub(super) fn row(&mut self, step: Step) {
        let at = step.at;
        match self.uncertain_answer.take() {
            Some(_) if step.role == Role::Initialized => {}
            Some(answered_at) => self.answer(answered_at),
            None => {}
        }
        if self.open.as_ref().is_some_and(|open| at - open.last > LONGEST_STEP_SECONDS) {
            self.end();
        }
        match step.role {
            Role::Prices => self.begin(at),
            Role::StrategistRun => self.run(at),
            Role::Query => self.uncertain_answer = Some(at),
            Role::Initialized | Role::Lifecycle => {
                self.end();
                self.last_begin = None;
            }
            _ if step.is_failed_fetch => {
                self.hour(at).failed_fetches += 1;
                self.last_begin = None;
            }
            _ => match &mut self.open {
                None if step.is_error => {
                    self.hour(at).errors_outside += 1;
                    self.last_begin = None;
                }
                None => {}
                Some(open) => {
                    open.has_error |= step.is_error;
                    open.last = at;
                }
            },
        }
        self.last_row = Some(at);
    }

    /// Closes the cycle that is under way.
    pub(super) fn end(&mut self) {
        if let Some(answered_at) = self.uncertain_answer.take() {
            self.answer(answered_at);
        }
        if let Some(open) = self.open.take() {
            self.took(Measure::Cycle, open.begin, open.last - open.begin);
            self.hour(open.begin).with_errors += u32::from(open.has_error);
        }
    }

    /// Closes the last cycle. A bot that runs a strategist logs an error instead of the row of its run.
    pub(super) fn finish(&mut self) {
        self.end();
        for hour in self.hours.values_mut().filter(|_| self.runs_strategist) {
            hour.begun += hour.errors_outside;
            hour.with_errors += hour.errors_outside;
        }
    }

    fn hour_of(&self, at: f64) -> Hour {
        ((at / 3_600.0).floor() as i64, self.in_window)
    }

    fn hour(&mut self, at: f64) -> &mut HourOfCycles {
        let hour = self.hour_of(at);
        self.hours.entry(hour).or_default()
    }

    fn took(&mut self, measure: Measure, at: f64, seconds: f64) {
        let time = (self.hour_of(at), measure, (seconds * 10.0).round() as i64);
        *self.times.entry(time).or_default() += 1;
    }

    fn answer(&mut self, answered_at: f64) {
        if let Some(open) = &mut self.open {
            let seconds = answered_at - open.last;
            open.last = answered_at;
            self.took(Measure::Response, answered_at, seconds);
        }
    }

    fn begin(&mut self, at: f64) {
        self.end();
        self.hour(at).begun += 1;
        if let Some(last) = self.last_row {
            self.took(Measure::Pause, at, at - last);
        }
        if let Some(last) = self.last_begin.replace(at) {
            self.took(Measure::Interval, at, at - last);
        }
        self.open = Some(Open { begin: at, last: at, has_error: false });
    }

    fn run(&mut self, at: f64) {
        self.runs_strategist = true;
        self.hour(at).begun += 1;
        let Some(last) = self.last_begin.replace(at) else { return };
        self.took(Measure::Interval, at, at - last);
        let run_seconds = at - last - self.pause_seconds;
        if (0.0..=LONGEST_RUN_SECONDS).contains(&run_seconds) {
            self.took(Measure::Response, at, run_seconds);
            self.took(Measure::Cycle, at, run_seconds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[(f64, &str)]) -> Cycles {
        let mut cycles = Cycles::new(180.0);
        for (at, kind) in rows {
            let is_failed_fetch = *kind == "warning";
            let is_error = kind.contains("error") || is_failed_fetch;
            cycles.row(Step { at: *at, role: Role::of(kind), is_error, is_failed_fetch });
        }
        cycles.finish();
        cycles
    }

    fn times(cycles: &Cycles, measure: Measure) -> Vec<(i64, u32)> {
        let of_measure = cycles.times.iter().filter(|((_, of, _), _)| *of == measure);
        of_measure.map(|((_, _, tenths), times)| (*tenths, *times)).collect()
    }

    fn all(cycles: &Cycles) -> (u32, u32, u32) {
        assert_eq!(cycles.hours.len(), 1);
        let hour = cycles.hours[&(0, false)];
        (hour.begun, hour.with_errors, hour.failed_fetches)
    }

    #[test]
    fn a_cycle_lasts_from_its_prices_to_its_last_row() {
        let cycles = of(&[
            (0.0, "market_data"),
            (4.0, "llm_query"),
            (5.0, "llm_decision"),
            (36.0, "market_data"),
            (37.0, "trade_closed"),
            (40.0, "llm_query"),
            (40.0, "cycle_error"),
        ]);
        assert_eq!(all(&cycles), (2, 1, 0));
        assert_eq!(times(&cycles, Measure::Cycle), [(40, 1), (50, 1)]);
        assert_eq!(times(&cycles, Measure::Response), [(30, 1), (40, 1)]);
        assert_eq!(times(&cycles, Measure::Interval), [(360, 1)]);
        assert_eq!(times(&cycles, Measure::Pause), [(310, 1)]);
    }

    #[test]
    fn a_failed_fetch_is_no_cycle_and_marks_none() {
        let cycles =
            of(&[(0.0, "market_data"), (5.0, "llm_query"), (36.0, "warning"), (67.0, "market_data")]);
        assert_eq!(all(&cycles), (2, 0, 1));
        assert_eq!(times(&cycles, Measure::Cycle), [(0, 1), (50, 1)]);
        assert!(times(&cycles, Measure::Interval).is_empty());
    }

    #[test]
    fn the_time_between_two_lives_is_no_response_time() {
        for restart in [60.0, 3_000.0] {
            let cycles = of(&[
                (0.0, "market_data"),
                (4.0, "llm_query"),
                (5.0, "llm_decision"),
                (restart, "error"),
                (restart, "llm_query"),
                (restart, "bot_initialized"),
                (restart, "bot_started"),
                (restart + 1.0, "market_data"),
                (restart + 7.0, "llm_query"),
            ]);
            assert_eq!(times(&cycles, Measure::Response), [(40, 1), (60, 1)], "{restart}");
        }
    }

    #[test]
    fn a_strategist_run_takes_what_its_gap_is_longer_than_the_pause() {
        let cycles = of(&[
            (0.0, "strategist"),
            (193.0, "llm_query"),
            (193.0, "strategist"),
            (384.0, "strategist"),
            (700.0, "error"),
            (1_058.0, "strategist"),
        ]);
        assert_eq!(times(&cycles, Measure::Response), [(110, 1), (130, 1)]);
        assert_eq!(all(&cycles), (5, 1, 0));
    }
}
