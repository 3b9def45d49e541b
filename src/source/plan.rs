//! What is read of a bot's file, and as of when.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::limits::Limits;
use crate::model::Period;

/// What the reading needs to know of a run.
#[derive(Debug)]
pub(crate) struct Plan<'run> {
    /// The audited moment: later rows do not exist.
    pub(crate) now: DateTime<Utc>,
    /// The analysis window, ending now.
    pub(crate) window: Period,
    /// The window of the same length before it.
    pub(crate) previous: Period,
    /// Length of the window.
    pub(crate) hours: u32,
    /// Whether an earlier moment than the present was asked for.
    pub(crate) is_of_earlier: bool,
    /// The limits that the owner states; the map's stand where this says nothing.
    pub(crate) limits: Limits,
    /// The owner's instruments by tier, in place of the map's.
    pub(crate) tiers: Option<&'run BTreeMap<u8, Vec<String>>>,
}

impl Plan<'_> {
    /// Both windows as one period.
    pub(crate) fn both(&self) -> Period {
        Period { after: self.previous.after, until: self.now }
    }
}
