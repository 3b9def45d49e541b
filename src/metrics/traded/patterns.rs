//! What trades add up to for the section `trade_patterns`.

use serde::Serialize;

use super::total::Total;
use crate::metrics::figures::{Counts, Mean, Rate, Unavailable};

/// Upper limits of the size classes in US dollars, with their names; larger sizes are `$100+`.
const SIZE_CLASSES: [(f64, &str); 3] = [(20.0, "<$20"), (50.0, "$20-50"), (100.0, "$50-100")];
const LARGEST_SIZES: &str = "$100+";

/// What is compared with the window before.
#[derive(Debug, Default, Clone, Serialize)]
pub(crate) struct KeyFigures {
    /// Trades closed.
    pub(crate) total_trades: u64,
    /// Wins as a fraction of the trades.
    pub(crate) win_rate: Rate,
    /// Sum of profits and losses in US dollars.
    pub(crate) total_pnl: f64,
}

/// What trades add up to for this section.
#[derive(Debug, Default)]
pub(in crate::metrics) struct Tally {
    pub(in crate::metrics) key: KeyFigures,
    pub(in crate::metrics) by_coin: Counts<String>,
    pub(in crate::metrics) by_tier: Counts<u8>,
    pub(in crate::metrics) by_hour: Counts<u32>,
    pub(in crate::metrics) by_size: Counts<usize>,
    pub(in crate::metrics) size: Mean,
    pub(in crate::metrics) duration: Mean,
    pub(in crate::metrics) win_pnl: Mean,
    pub(in crate::metrics) loss_pnl: Mean,
}

impl Tally {
    /// Adds the trades of one sum.
    pub(in crate::metrics) fn add(&mut self, total: &Total, tier: u8) {
        self.key.total_trades += total.trades;
        self.key.win_rate += total.rate();
        self.key.total_pnl += total.profit + total.loss;
        self.by_coin.update(&total.coin, |count| *count += total.trades);
        *self.by_tier.entry(tier) += total.trades;
        *self.by_hour.entry(total.hour) += total.trades;
        self.size += total.size;
        self.duration += total.duration;
        self.win_pnl += Mean { sum: total.profit, count: total.wins };
        self.loss_pnl += Mean { sum: total.loss, count: total.losses };
    }

    /// Counts the size of one trade.
    pub(in crate::metrics) fn add_size(&mut self, size: f64) {
        let class = SIZE_CLASSES.iter().position(|(limit, _)| size < *limit);
        *self.by_size.entry(class.unwrap_or(SIZE_CLASSES.len())) += 1;
    }

    /// Why averages are null, where they are.
    pub(in crate::metrics) fn unavailable(&self) -> Unavailable {
        let fields = [
            ("avg_trade_size", self.size.count, "no trade with a size"),
            ("avg_duration_seconds", self.duration.count, "no trade with a duration"),
            ("win_rate", self.key.win_rate.trades, "no trade with a profit or loss"),
            ("avg_win_pnl", self.win_pnl.count, "no winning trade"),
            ("avg_loss_pnl", self.loss_pnl.count, "no losing trade"),
        ];
        fields
            .into_iter()
            .filter(|(_, count, _)| *count == 0)
            .map(|(field, _, reason)| (field, reason.to_owned()))
            .collect()
    }
}

/// The name of a class of sizes.
pub(in crate::metrics) fn size_class(class: usize) -> &'static str {
    SIZE_CLASSES.get(class).map_or(LARGEST_SIZES, |(_, name)| name)
}
