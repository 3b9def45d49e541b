//! What trades add up to for the section `winloss_patterns`.

use chrono::{DateTime, Timelike as _, Utc};
use serde::Serialize;

use crate::metrics::figures::{Counts, Rate};
use crate::source::trade::Trade;

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
    pub(in crate::metrics) outcomes: Vec<(DateTime<Utc>, bool)>,
}

impl Tally {
    /// Counts one trade.
    pub(in crate::metrics) fn add(&mut self, trade: &Trade<'_>, tier: u8) {
        let Some(pnl_usd) = trade.pnl_usd else { return };
        let won = pnl_usd > 0.0;
        self.overall.add(won);
        self.by_tier.entry(tier).add(won);
        self.by_coin.update(&trade.coin, |rate| rate.add(won));
        self.by_hour.entry(trade.closed_at.hour()).add(won);
        self.by_exit.update(trade.exit_reason.as_deref().unwrap_or("(none)"), |exit| {
            exit.count += 1;
            exit.wins += u64::from(won);
            exit.total_pnl += pnl_usd;
        });
        self.outcomes.push((trade.closed_at, won));
    }
}
