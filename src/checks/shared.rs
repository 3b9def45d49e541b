//! What several checks need: each is read by the first of them, and kept for the others.

use std::cell::OnceCell;
use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::history::History;
use crate::model::Period;

/// What several checks need and only the first of them reads.
#[derive(Debug, Default)]
pub(super) struct Shared<'run> {
    /// The newest trades.
    pub(super) history: History<'run>,
    pub(super) lessons: OnceCell<Lessons>,
}

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
