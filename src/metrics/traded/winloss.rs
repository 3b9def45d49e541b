//! What trades add up to for the section `winloss_patterns`.

use serde::Serialize;

use super::total::Total;
use crate::metrics::figures::{Counts, Rate};

/// What became of the trades with one exit reason.
#[derive(Debug, Default, Clone, Serialize)]
pub(crate) struct ExitReason {
    /// Trades.
    pub(crate) count: u64,
    /// Trades with a profit above zero.
    pub(crate) wins: u64,
    /// Sum in US dollars.
    pub(crate) total_pnl: f64,
}

/// What trades add up to for this section.
#[derive(Debug, Default)]
pub(in crate::metrics) struct Tally {
    pub(in crate::metrics) overall: Rate,
    pub(in crate::metrics) by_tier: Counts<u8, Rate>,
    pub(in crate::metrics) by_coin: Counts<String, Rate>,
    pub(in crate::metrics) by_hour: Counts<u32, Rate>,
    pub(in crate::metrics) by_exit: Counts<String, ExitReason>,
    /// Whether each trade won, in the order of closing.
    pub(in crate::metrics) outcomes: Vec<bool>,
}

impl Tally {
    /// Adds the trades of one sum whose profit or loss is known.
    pub(in crate::metrics) fn add(&mut self, total: &Total, tier: u8) {
        let rate = total.rate();
        if rate.trades == 0 {
            return;
        }
        self.overall += rate;
        *self.by_tier.entry(tier) += rate;
        self.by_coin.update(&total.coin, |known| *known += rate);
        *self.by_hour.entry(total.hour) += rate;
        self.by_exit.update(&total.exit, |exit| {
            exit.count += rate.trades;
            exit.wins += rate.wins;
            exit.total_pnl += total.profit + total.loss;
        });
    }
}
