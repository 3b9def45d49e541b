//! Is the bot alive, does it keep its rhythm, are its prices and its clocks right?

mod backwards;
mod cadence;
mod clocks;
mod columns;
mod frozen;
mod lives;
mod newest_price;
mod price_flow;
mod silence;

pub(super) use columns::Column as TimeColumn;
pub(super) use silence::Gaps;

use super::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};

/// The checks of this theme.
pub(super) const CHECKS: &[Check] = &[
    silence::SILENT,
    lives::KILLED,
    lives::GAP,
    cadence::SLOWER,
    cadence::TWO_BOTS,
    price_flow::STALE,
    price_flow::COIN_STALE,
    price_flow::POSITION_UNPRICED,
    frozen::FROZEN,
    clocks::FUTURE,
    clocks::IMPLAUSIBLE,
    clocks::MIXED_FORMS,
    clocks::TWO_CLOCKS,
    backwards::ALTERNATING,
];

/// A span of time for people: `45 s`, `12 min`, `3.5 h`, `2.1 days`.
fn span(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.0} s"),
        ..7_200.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.1} h", seconds / 3_600.0),
        _ => format!("{:.1} days", seconds / 86_400.0),
    }
}
