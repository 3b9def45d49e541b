//! What trades add up to for the section `trade_patterns`.

use chrono::Timelike as _;
use serde::Serialize;

use crate::metrics::figures::{Counts, Mean, Rate, Unavailable};
use crate::source::trade::Trade;

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

impl KeyFigures {
    fn add(&mut self, trade: &Trade<'_>) {
        self.total_trades += 1;
        if let Some(pnl_usd) = trade.pnl_usd {
            self.win_rate.add(pnl_usd > 0.0);
            self.total_pnl += pnl_usd;
        }
    }
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
    /// Counts one trade.
    pub(in crate::metrics) fn add(&mut self, trade: &Trade<'_>, tier: u8) {
        self.key.add(trade);
        self.by_coin.update(&trade.coin, |count| *count += 1);
        *self.by_tier.entry(tier) += 1;
        *self.by_hour.entry(trade.closed_at.hour()) += 1;
        if let Some(size_usd) = trade.size_usd {
            let class = SIZE_CLASSES.iter().position(|(limit, _)| size_usd < *limit);
            *self.by_size.entry(class.unwrap_or(SIZE_CLASSES.len())) += 1;
        }
        self.size.add(trade.size_usd);
        self.duration.add(trade.duration_seconds);
        match trade.pnl_usd {
            Some(pnl_usd) if pnl_usd > 0.0 => self.win_pnl.add(Some(pnl_usd)),
            loss => self.loss_pnl.add(loss),
        }
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
