//! Durations that the times of opening and closing do not give.

use crate::source::clock::HostOffset;
use crate::source::ledger::Entry;

/// Between computing a duration and writing the row.
const TOLERANCE_SECONDS: f64 = 10.0;
/// A bot may measure the duration from its own memory of the opening.
const TOLERANCE_FRACTION: f64 = 0.02;

/// What a trade's stored duration has too much, where it contradicts every reading of the times.
pub(in crate::checks) fn excess_seconds(entry: &Entry, host: &HostOffset) -> Option<f64> {
    let stored = entry.duration_seconds?;
    let exact = elapsed_seconds(entry)?;
    let agrees =
        |elapsed: f64| (stored - elapsed).abs() <= TOLERANCE_SECONDS.max(TOLERANCE_FRACTION * elapsed.abs());
    let change = unmeasured_change_seconds(entry, host);
    let changed = [exact - change, exact + change];
    let mut readings = entry.elapsed_seconds().chain(entry.naive_seconds).chain(changed);
    (!readings.any(agrees)).then(|| stored - entry.naive_seconds.unwrap_or(exact))
}

/// By how much the clock may have been changed between opening and closing without a measurement since.
fn unmeasured_change_seconds(entry: &Entry, host: &HostOffset) -> f64 {
    const CHANGE_SECONDS: f64 = 3_600.0;
    let is_local = entry.generation == 2;
    let may_be = is_local && entry.closed_at.is_some_and(|closed_at| host.may_have_changed(closed_at));
    if may_be { CHANGE_SECONDS } else { 0.0 }
}

fn elapsed_seconds(entry: &Entry) -> Option<f64> {
    entry.elapsed_seconds().next()
}
