//! Is the bot alive, does it keep its rhythm, are its prices and its clocks right?

mod cadence;
mod frozen;
mod lives;
mod newest_price;
mod price_flow;
mod rhythm;
mod silence;
mod span;

use super::check::Check;

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
];
