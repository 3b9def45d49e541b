//! What the bot stores against what follows from its own rows.

mod account;
mod daily;
mod deductions;
mod impossible;
mod log;
mod market;
mod openings;
mod payments;
mod prices;
mod reasons;
mod rule_counters;
mod scores;
mod snapshots;
mod times;
mod unrealized;
mod unwritten;

pub(super) use market::{Market, market};

use chrono::TimeDelta;

pub(super) use self::scores::counted_twice;
pub(super) use self::times::excess_seconds;
use super::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::model::{AlertType, Severity};
use crate::source::ledger::{Entry, table};

/// The checks of this theme.
pub(super) const CHECKS: &[Check] = &[
    prices::PNL,
    prices::PERCENT,
    deductions::DEDUCTIONS,
    impossible::PRICES,
    market::PRICES,
    reasons::RESULT,
    reasons::SIDES,
    unrealized::OPEN,
    unrealized::MISSED,
    times::DURATION,
    times::REVERSED,
    account::TOTALS,
    account::FROZEN,
    daily::COUNTERS,
    scores::COINS,
    rule_counters::RULES,
    snapshots::TRADES,
    snapshots::BALANCE,
    log::CLOSINGS,
    openings::OPENINGS,
];

/// What was written in the last moments may not have reached every table yet: both generations
/// finish a closing within one cycle of at most three minutes.
const GRACE: TimeDelta = TimeDelta::minutes(4);

/// Most that both sides of a trade cost at an exchange, as a fraction of its size: 0.3 % a side,
/// beyond the highest standard fee of the large ones (0.1 to 0.25 %).
const MOST_FEES_FRACTION: f64 = 0.006;
/// Rounding of money to cents.
const CENT: f64 = 0.01;

/// Each generation's trades with the name of their table.
fn by_table(entries: &[Entry]) -> impl Iterator<Item = (&'static str, Vec<&Entry>)> {
    [1, 2].into_iter().map(|generation| {
        (table(generation), entries.iter().filter(|entry| entry.generation == generation).collect())
    })
}

/// Whether at least four of five show it: the rule, not the exception.
fn most(part: usize, whole: usize) -> bool {
    part > 0 && part * 5 >= whole * 4
}

/// Whether some trade of these was closed in the window.
fn in_window<'entry>(audit: &Audit<'_>, mut entries: impl Iterator<Item = &'entry Entry>) -> bool {
    entries.any(|entry| entry.closed_at.is_some_and(|at| audit.context.window.contains(at)))
}

/// Critical while it goes on, high where only older rows show it.
fn while_it_lasts<'entry>(audit: &Audit<'_>, entries: impl Iterator<Item = &'entry Entry>) -> Severity {
    if in_window(audit, entries) { Severity::Critical } else { Severity::High }
}
