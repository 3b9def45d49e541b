//! The history before the window, cut into windows of the same length.

use chrono::{DateTime, Utc};

use crate::checks::check::Audit;
use crate::model::Period;
use crate::source::ledger::Entry;

/// Windows before the current one that make its usual range: two weeks of days.
const MOST_WINDOWS: usize = 14;
/// A range of fewer windows is none.
pub(super) const LEAST_WINDOWS: usize = 6;

/// The current window's trades, and those of the windows before it, newest first.
pub(super) struct Windows<'run> {
    /// Trades closed in the window.
    pub(super) current: Vec<&'run Entry>,
    /// The windows before that the file's trades cover from end to end, empty ones included.
    pub(super) before: Vec<Vec<&'run Entry>>,
}

/// The window's length: `1 hour`, `24 hours`.
pub(super) fn hours(audit: &Audit<'_>) -> String {
    let hours = audit.context.config.hours;
    format!("{hours} {}", crate::plural::plural(hours, "hour", "hours"))
}

/// Cuts the newest trades into windows.
pub(super) fn of<'run>(audit: &'run Audit<'_>) -> anyhow::Result<Windows<'run>> {
    let trades = audit.history.closed(audit.context)?;
    let within = |period: Period| {
        let is_within = |trade: &&Entry| trade.closed_at.is_some_and(|at| period.contains(at));
        trades.iter().copied().filter(is_within).collect::<Vec<_>>()
    };
    let mut windows = Windows { current: within(audit.context.window), before: Vec::new() };
    let Some(begin) = covered_from(trades, audit.context.ledger()?.complete) else { return Ok(windows) };
    let length = audit.context.window.until - audit.context.window.after;
    let mut until = audit.context.window.after;
    while windows.before.len() < MOST_WINDOWS {
        let Some(after) = until.checked_sub_signed(length).filter(|after| *after >= begin) else { break };
        windows.before.push(within(Period { after, until }));
        until = after;
    }
    Ok(windows)
}

/// From when on every trade is among those that were read.
fn covered_from(trades: &[&Entry], are_all: bool) -> Option<DateTime<Utc>> {
    let first = trades.first()?;
    // Where older ones may have been left out, a window must begin after the oldest that was read.
    if are_all { first.opened_at.or(first.closed_at) } else { first.closed_at }
}
