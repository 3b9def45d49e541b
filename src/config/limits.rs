//! The bot's own limits, where the config file states them.

use anyhow::ensure;
use serde::Deserialize;

use crate::source::limits::Limits;

/// The bot's own limits, as far as the config file states them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitOverrides {
    /// Balance before the first trade.
    pub(crate) starting_balance_usd: Option<f64>,
    /// Largest sum of open positions as a fraction of the balance.
    pub(crate) max_exposure_fraction: Option<f64>,
    /// Largest size of one trade as a fraction of the balance.
    pub(crate) max_trade_fraction: Option<f64>,
    /// Most positions open at once.
    pub(crate) max_positions: Option<f64>,
    /// Most positions open at once in one coin.
    pub(crate) max_positions_per_coin: Option<f64>,
    /// For how long a coin is not opened again.
    pub(crate) cooldown_seconds: Option<f64>,
    /// Pause between two cycles.
    pub(crate) cycle_pause_seconds: Option<f64>,
}

impl LimitOverrides {
    /// # Errors
    /// One sentence where a limit is out of its range.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        const LONGEST_SECONDS: f64 = 365.0 * 86_400.0;
        let is_amount = |value: f64| value > 0.0 && value.is_finite();
        let is_fraction = |value: f64| value > 0.0 && value <= 1.0;
        let is_count = |value: f64| value >= 1.0 && value.is_finite() && value.fract() == 0.0;
        // Zero is valid: a bot without a cooldown, or without a pause.
        let is_time = |value: f64| (0.0..=LONGEST_SECONDS).contains(&value);
        let fraction = "a fraction above 0 and up to 1, 0.2 for 20 %";
        let (count, time) = ("a whole number from 1 on", "seconds from 0 to 31536000, a year");
        for (name, value, is_right, give) in [
            (
                "starting_balance_usd",
                self.starting_balance_usd,
                &is_amount as &dyn Fn(f64) -> bool,
                "an amount above 0",
            ),
            ("max_exposure_fraction", self.max_exposure_fraction, &is_fraction, fraction),
            ("max_trade_fraction", self.max_trade_fraction, &is_fraction, fraction),
            ("max_positions", self.max_positions, &is_count, count),
            ("max_positions_per_coin", self.max_positions_per_coin, &is_count, count),
            ("cooldown_seconds", self.cooldown_seconds, &is_time, time),
            ("cycle_pause_seconds", self.cycle_pause_seconds, &is_time, time),
        ] {
            if let Some(value) = value {
                ensure!(is_right(value), "limits.{name} = {value}: give {give}");
            }
        }
        Ok(())
    }

    /// What is stated here, as the reading of a file wants it.
    pub(crate) fn stated(&self) -> Limits {
        Limits {
            starting_balance: self.starting_balance_usd,
            max_exposure_fraction: self.max_exposure_fraction,
            max_trade_fraction: self.max_trade_fraction,
            max_positions: self.max_positions,
            max_positions_per_instrument: self.max_positions_per_coin,
            cooldown_seconds: self.cooldown_seconds,
            cycle_pause_seconds: self.cycle_pause_seconds,
        }
    }
}
