//! What is still no fault, and how bad one is.

use chrono::TimeDelta;

use crate::checks::check::Audit;
use crate::model::Severity;
use crate::source::ledger::{Entry, table};

/// What was written in the last moments may not have reached every table yet: both generations
/// finish a closing within one cycle of at most three minutes.
pub(super) const GRACE: TimeDelta = TimeDelta::minutes(4);

/// Most that both sides of a trade cost at an exchange, as a fraction of its size: 0.3 % a side,
/// beyond the highest standard fee of the large ones (0.1 to 0.25 %).
pub(super) const MOST_FEES_FRACTION: f64 = 0.006;
/// Rounding of money to cents.
pub(super) const CENT: f64 = 0.01;

/// Each generation's trades with the name of their table.
pub(super) fn by_table(entries: &[Entry]) -> impl Iterator<Item = (&'static str, Vec<&Entry>)> {
    [1, 2].into_iter().map(|generation| {
        (table(generation), entries.iter().filter(|entry| entry.generation == generation).collect())
    })
}

/// Whether at least four of five show it: the rule, not the exception.
pub(super) fn most(part: usize, whole: usize) -> bool {
    part > 0 && part * 5 >= whole * 4
}

/// Whether some trade of these was closed in the window.
pub(super) fn in_window<'entry>(audit: &Audit<'_>, mut entries: impl Iterator<Item = &'entry Entry>) -> bool {
    entries.any(|entry| entry.closed_at.is_some_and(|at| audit.context.window.contains(at)))
}

/// Critical while it goes on, high where only older rows show it.
pub(super) fn while_it_lasts<'entry>(
    audit: &Audit<'_>,
    entries: impl Iterator<Item = &'entry Entry>,
) -> Severity {
    if in_window(audit, entries) { Severity::Critical } else { Severity::High }
}
