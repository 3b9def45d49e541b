//! What the bot stores against what follows from its own rows.

mod account;
mod compared;
mod daily;
mod deductions;
mod impossible;
mod log;
pub(super) mod market;
mod openings;
mod payments;
mod prices;
mod reasons;
mod rule_counters;
pub(super) mod scores;
mod snapshots;
pub(super) mod times;
mod tolerance;
mod unrealized;
mod unwritten;

use super::check::Check;
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
