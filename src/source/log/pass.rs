//! One pass over the rows of the log: the window before, then the window, in the order of time. It fills the
//! tables of the audit database that tell of the log, exactly, however many rows there are.

use std::collections::HashMap;

use super::cycles::{Cycles, Step};
use super::kinds::Kinds;
use super::newest::Newest;
use super::outcomes::{self, Decisions};
use super::patterns::{Counted, Patterns};
use super::role::Role;
use super::series::{Episodes, Gap, Gaps, NewestTimes, Successions};
use super::told::{self, LoggedTrade};

/// What a pass must know of the log before its first row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogSettings<'run> {
    /// The bot's table.
    pub(crate) source: &'run str,
    /// Rows later than this are of the window, others of the window before.
    pub(crate) window_start: f64,
    /// Pause between two cycles.
    pub(crate) cycle_pause_seconds: f64,
}

/// A row of the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogRow<'row> {
    /// Seconds since 1970 UTC.
    pub(crate) at: f64,
    /// Its primary key.
    pub(crate) source_id: &'row str,
    /// The bot's word for the kind of row.
    pub(crate) kind: &'row str,
    /// The bot's word for how bad it is, if it has one.
    pub(crate) level: Option<&'row str>,
    /// What it says.
    pub(crate) text: &'row str,
    /// What it adds; decisions, openings, closings and starts need it.
    pub(crate) details: Option<&'row str>,
}

/// How far the tables reach back that hold the newest rows only.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct LogReach {
    /// Time of the oldest row of `event` where it does not hold the whole window.
    pub(crate) events_from: Option<f64>,
    /// The same of `decision`.
    pub(crate) decisions_from: Option<f64>,
    /// The window has enough rows for the rhythm; else `write_rhythm` needs the newest times before it.
    pub(crate) has_rhythm: bool,
}

/// The pass.
#[derive(Debug)]
pub(crate) struct LogPass<'run> {
    pub(super) settings: LogSettings<'run>,
    pub(super) kinds: Kinds,
    pub(super) patterns: Patterns,
    pub(super) cycles: Cycles,
    pub(super) decisions: Decisions,
    pub(super) gaps: Gaps,
    pub(super) episodes: Episodes,
    pub(super) successions: Successions,
    pub(super) times: NewestTimes,
    pub(super) newest: Newest,
    /// Long details of rows that come without, by their keys.
    pub(crate) long_details: HashMap<String, String>,
    /// The newest row whose details may be an answer with prices, and they.
    pub(super) answer: Option<(At, String)>,
    pub(super) trades: Vec<(At, LoggedTrade)>,
    pub(super) lives: Vec<Life>,
    is_in_window: bool,
    /// Kind and time of the row before.
    last: Option<(usize, f64)>,
    pub(super) rows_in_window: usize,
}

/// Where and when something is told.
#[derive(Debug)]
pub(super) struct At {
    pub(super) at: f64,
    pub(super) source_id: String,
}

/// A start or a stop.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) told: At,
    pub(super) event: &'static str,
    /// The pause between two cycles that it names.
    pub(super) cycle_pause_seconds: Option<f64>,
    /// The newest row that a start itself has not written.
    pub(super) last_row_at: Option<f64>,
}

impl<'run> LogPass<'run> {
    /// A pass over no row yet; the names of instruments are left out of patterns.
    pub(crate) fn new<'name>(
        settings: LogSettings<'run>,
        instruments: impl IntoIterator<Item = &'name str>,
    ) -> Self {
        let mut patterns = Patterns::default();
        instruments.into_iter().for_each(|name| patterns.template.add_instrument(name));
        Self {
            settings,
            kinds: Kinds::default(),
            patterns,
            cycles: Cycles::new(settings.cycle_pause_seconds),
            decisions: Decisions::default(),
            gaps: Gaps::default(),
            episodes: Episodes::default(),
            successions: Successions::default(),
            times: NewestTimes::default(),
            newest: Newest::default(),
            long_details: HashMap::new(),
            answer: None,
            trades: Vec::new(),
            lives: Vec::new(),
            is_in_window: false,
            last: None,
            rows_in_window: 0,
        }
    }

    /// Takes a row that is older than both windows: of one that tells of a trade or of the bot's life that is
    /// kept. These come before all others, in the order of time.
    pub(crate) fn earlier_row(&mut self, row: &LogRow<'_>) {
        self.told(row, None);
    }

    /// Takes the next row.
    pub(crate) fn row(&mut self, row: &LogRow<'_>) {
        if !self.is_in_window && row.at > self.settings.window_start {
            self.is_in_window = true;
            self.cycles.begin_window();
        }
        let kind = self.kinds.place(row.kind, row.level);
        let pattern = self.patterns.place(&mut self.kinds, kind, row.text);
        self.times.add(row.at);
        self.follow(kind, row.at);
        let role = self.kinds.kind(kind).map_or(Role::Other, |kind| kind.role);
        let class = self.patterns.list.get(pattern).and_then(|pattern| self.kinds.class(pattern.class));
        let error = class.and_then(|class| class.error.as_deref());
        if let Some(error) = error {
            self.episodes.add(error, row.at, self.is_in_window);
        }
        let step = Step {
            at: row.at,
            role,
            is_error: error.is_some(),
            is_failed_fetch: class.is_some_and(|class| class.is_failed_fetch),
        };
        self.cycles.row(step);
        let is_of_decision = self.is_in_window && self.keep(row, step, pattern);
        self.patterns.count(
            pattern,
            &Counted {
                at: row.at,
                in_window: self.is_in_window,
                is_of_decision,
                source_id: row.source_id,
                text: row.text,
            },
        );
        if role == Role::Prices {
            self.keep_answer(row);
        }
        if matches!(role, Role::Opened | Role::Outcome | Role::Initialized | Role::Lifecycle | Role::Other) {
            self.told(row, self.times.before_start());
        }
    }

    /// Takes a row of the window as one of the newest, and as what it tells of decisions.
    fn keep(&mut self, row: &LogRow<'_>, step: Step, pattern: usize) -> bool {
        self.rows_in_window += 1;
        self.newest.add(row.at, pattern, row.source_id, row.text, row.details);
        let is_of_decision = self.decisions.row(outcomes::Row {
            at: row.at,
            role: step.role,
            is_error: step.is_error,
            pattern,
            source_id: row.source_id,
            text: row.text,
            details: row.details.unwrap_or_default(),
        });
        if step.role == Role::Decision
            && let Some(name) = self.decisions.list.back().and_then(|last| last.decision.coin.as_deref())
        {
            self.patterns.template.add_instrument(name);
        }
        is_of_decision
    }

    fn keep_answer(&mut self, row: &LogRow<'_>) {
        let long = || self.long_details.get(row.source_id).map(String::as_str);
        if let Some(details) = row.details.or_else(long).filter(|details| details.contains('{')) {
            self.answer = Some((At { at: row.at, source_id: row.source_id.to_owned() }, details.to_owned()));
        }
    }

    fn follow(&mut self, kind: usize, at: f64) {
        let Some((last_kind, last_at)) = self.last.replace((kind, at)) else { return };
        self.successions.add(last_kind, kind, self.is_in_window);
        if self.is_in_window {
            self.gaps.add(Gap { from: last_at, until: at, kinds: (last_kind, kind) });
        }
    }

    fn told(&mut self, row: &LogRow<'_>, last_row_at: Option<f64>) {
        let details = row.details.unwrap_or_default();
        let at = || At { at: row.at, source_id: row.source_id.to_owned() };
        if let Some(trade) = LoggedTrade::read(row.kind, row.text, details) {
            self.trades.push((at(), trade));
        } else if let Some((event, cycle_pause_seconds)) = told::lifecycle(row.kind, details) {
            self.lives.push(Life { told: at(), event, cycle_pause_seconds, last_row_at });
        }
    }

    /// Closes what is under way.
    pub(super) fn end(&mut self) {
        self.cycles.finish();
        self.patterns.end_hour();
        self.newest.keep_newest();
        self.gaps.keep_longest();
    }
}
