//! The moment that is audited, and the two windows before it.

use chrono::{DateTime, Utc};

use crate::model::Period;

/// What the profiler is asked about.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    /// The audited moment.
    pub(crate) now: DateTime<Utc>,
    /// The analysis window, ending now.
    pub(crate) window: Period,
    /// The window of the same length before it.
    pub(crate) previous: Period,
    /// Whether an earlier moment than the present was asked for: later rows do not exist.
    pub(crate) is_of_earlier: bool,
    /// Tables that the bot's present program has left behind.
    pub(crate) left_behind: Vec<String>,
}
