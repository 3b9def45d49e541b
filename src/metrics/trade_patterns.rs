//! Trades and their distribution: by coin, tier, hour and size.
//!
//! A trade belongs to the window by its closing time; a win is a profit above zero.

use chrono::Timelike as _;
use serde::Serialize;

use super::{Basis, Context, Counts, Mean, Ranked, Rate, Unavailable};
use crate::source::trade::Trade;

/// Upper limits of the size classes in US dollars, with their names; larger sizes are `$100+`.
const SIZE_CLASSES: [(f64, &str); 3] = [(20.0, "<$20"), (50.0, "$20-50"), (100.0, "$50-100")];
const LARGEST_SIZES: &str = "$100+";

/// The section `trade_patterns`.
#[derive(Debug, Serialize)]
pub(crate) struct TradePatterns {
    /// Trades closed in the window.
    pub(crate) total_trades: u64,
    /// Trades closed up to now; null where the file has no trades table.
    pub(crate) all_time_trades: Option<u64>,
    /// The rows that everything below rests on.
    pub(crate) basis: Basis,
    /// Trades by coin, most traded first.
    pub(crate) trades_by_coin: Ranked<String, u64>,
    /// Trades by tier.
    pub(crate) trades_by_tier: Ranked<u8, u64>,
    /// Trades by the UTC hour of their closing.
    pub(crate) trades_by_hour: Ranked<u32, u64>,
    /// The clock of `trades_by_hour`.
    pub(crate) hours_are: &'static str,
    /// Mean size in US dollars.
    pub(crate) avg_trade_size: Option<f64>,
    /// Trades by size.
    pub(crate) size_distribution: Ranked<&'static str, u64>,
    /// Mean duration.
    pub(crate) avg_duration_seconds: Option<f64>,
    /// Wins as a fraction of the trades.
    pub(crate) win_rate: Rate,
    /// Sum of profits and losses in US dollars.
    pub(crate) total_pnl: f64,
    /// Mean profit of a win in US dollars.
    pub(crate) avg_win_pnl: Option<f64>,
    /// Mean loss of the other trades in US dollars, zero or below.
    pub(crate) avg_loss_pnl: Option<f64>,
    /// Trades whose profit or loss is unknown; in no rate.
    pub(crate) trades_without_pnl: u64,
    /// The same figures one window earlier.
    pub(crate) previous: KeyFigures,
    /// Why a field is null.
    #[serde(skip_serializing_if = "Unavailable::is_empty")]
    pub(crate) unavailable: Unavailable,
}

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
pub(super) struct Tally {
    pub(super) key: KeyFigures,
    pub(super) by_coin: Counts<String>,
    by_tier: Counts<u8>,
    by_hour: Counts<u32>,
    by_size: Counts<usize>,
    size: Mean,
    duration: Mean,
    win_pnl: Mean,
    loss_pnl: Mean,
}

impl Tally {
    /// Counts one trade.
    pub(super) fn add(&mut self, trade: &Trade<'_>, tier: u8) {
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
    fn unavailable(&self) -> Unavailable {
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

/// Sums up the trades of the window and of the one before.
///
/// # Errors
/// When the trades cannot be read.
pub(crate) fn collect(context: &Context<'_>) -> anyhow::Result<TradePatterns> {
    let traded = context.traded()?;
    let (sums, basis) = traded.basis();
    let tally = &sums.patterns;
    let mut unavailable = tally.unavailable();
    let all_time_trades = match context.trade_count()? {
        Ok(trades) => Some(*trades),
        Err(reason) => {
            unavailable.insert("all_time_trades", reason.clone());
            None
        }
    };
    let by_size = tally.by_size.clone().by_key().0.into_iter();
    Ok(TradePatterns {
        total_trades: if basis == Basis::Window { tally.key.total_trades } else { 0 },
        all_time_trades,
        basis,
        trades_by_coin: tally.by_coin.clone().ranked(|count| *count),
        trades_by_tier: tally.by_tier.clone().by_key(),
        trades_by_hour: tally.by_hour.clone().by_key(),
        hours_are: "UTC",
        avg_trade_size: tally.size.get(),
        size_distribution: Ranked(by_size.map(|(class, count)| (size_class(class), count)).collect()),
        avg_duration_seconds: tally.duration.get(),
        win_rate: tally.key.win_rate,
        total_pnl: tally.key.total_pnl,
        avg_win_pnl: tally.win_pnl.get(),
        avg_loss_pnl: tally.loss_pnl.get(),
        trades_without_pnl: tally.key.total_trades - tally.key.win_rate.trades,
        previous: traded.previous.patterns.key.clone(),
        unavailable,
    })
}

fn size_class(class: usize) -> &'static str {
    SIZE_CLASSES.get(class).map_or(LARGEST_SIZES, |(_, name)| name)
}
