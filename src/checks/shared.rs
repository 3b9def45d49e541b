//! What several checks need: each is read by the first of them, and kept for the others.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::history::History;
use crate::model::Period;
use crate::source::closing::Closing;
use crate::source::ledger::Entry;

/// What several checks need and only the first of them reads.
#[derive(Debug, Default)]
pub(super) struct Shared<'run> {
    /// The newest trades.
    pub(super) history: History<'run>,
    pub(super) gaps: OnceCell<Option<Gaps>>,
    pub(super) openings: OnceCell<Vec<Opening<'run>>>,
    pub(super) market: OnceCell<Market<'run>>,
    pub(super) doubled: OnceCell<Doubled<'run>>,
    pub(super) prices: OnceCell<Prices<'run>>,
    pub(super) lessons: OnceCell<Lessons>,
}

/// The gaps between the newest rows of what the bot writes all the time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gaps {
    pub(super) newest: DateTime<Utc>,
    pub(super) p99_seconds: i64,
    pub(super) third_longest_seconds: i64,
}

/// The state of the account when a trade was opened, that trade included.
#[derive(Debug)]
pub(super) struct Opening<'trades> {
    pub(super) trade: &'trades Entry,
    pub(super) at: DateTime<Utc>,
    pub(super) balance: f64,
    pub(super) open_size_usd: f64,
    pub(super) positions: usize,
    /// Without rows that the rest of the file contradicts.
    pub(super) counted: usize,
    pub(super) counted_in_coin: usize,
}

/// A price of a trade that its coin did not have.
#[derive(Debug)]
pub(super) struct Mispriced<'run> {
    pub(super) trade: &'run Entry,
    pub(super) price: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) source: &'static str,
}

/// What was compared, and what of it is no price of its time.
#[derive(Debug, Default)]
pub(super) struct Market<'run> {
    pub(super) compared: HashMap<&'static str, u64>,
    pub(super) wrong: Vec<Mispriced<'run>>,
}

/// Closings that were logged again for a position that had been closed: what counters count twice.
#[derive(Debug, Default)]
pub(super) struct Doubled<'run> {
    /// The earlier ones, oldest first.
    pub(super) closings: Vec<&'run Closing>,
    pub(super) rows: HashSet<(i64, &'run str)>,
}

/// Prices of each coin, in the order of time.
pub(super) type Prices<'run> = BTreeMap<&'run str, Vec<(DateTime<Utc>, f64)>>;

/// A trade that somebody may have learned from.
#[derive(Debug)]
pub(super) struct Lesson {
    pub(super) coin: String,
    pub(super) closed_at: DateTime<Utc>,
    pub(super) pnl_usd: Option<f64>,
    pub(super) learned_at: Option<DateTime<Utc>>,
    pub(super) stories: Vec<(i64, String)>,
}

/// The period's trades by id, with the learnings that name them. Empty where nothing is learned at
/// all: then the table of learnings is dead, and that is another check's.
#[derive(Debug)]
pub(super) struct Lessons {
    pub(super) by_trade: HashMap<i64, Lesson>,
    /// When the trades were closed.
    pub(super) trades: Period,
}
