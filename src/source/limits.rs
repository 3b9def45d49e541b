//! What a bot is configured to do, as far as a map or the owner states it.

use serde::Deserialize;

/// The bot's limits and rhythm; `None` where nobody states one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    /// Balance before the first trade.
    pub(crate) starting_balance: Option<f64>,
    /// Largest sum of open positions as a fraction of the balance.
    pub(crate) max_exposure_fraction: Option<f64>,
    /// Largest size of one trade as a fraction of the balance.
    pub(crate) max_trade_fraction: Option<f64>,
    /// Most positions open at once.
    pub(crate) max_positions: Option<f64>,
    /// Most positions open at once in one instrument.
    pub(crate) max_positions_per_instrument: Option<f64>,
    /// For how long an instrument is not opened again; zero without a pause.
    pub(crate) cooldown_seconds: Option<f64>,
    /// Pause between two cycles.
    pub(crate) cycle_pause_seconds: Option<f64>,
}

impl Limits {
    /// These limits, with those of a map where nothing is stated here.
    pub(crate) fn or(self, map: Self) -> Self {
        Self {
            starting_balance: self.starting_balance.or(map.starting_balance),
            max_exposure_fraction: self.max_exposure_fraction.or(map.max_exposure_fraction),
            max_trade_fraction: self.max_trade_fraction.or(map.max_trade_fraction),
            max_positions: self.max_positions.or(map.max_positions),
            max_positions_per_instrument: self
                .max_positions_per_instrument
                .or(map.max_positions_per_instrument),
            cooldown_seconds: self.cooldown_seconds.or(map.cooldown_seconds),
            cycle_pause_seconds: self.cycle_pause_seconds.or(map.cycle_pause_seconds),
        }
    }
}
