//! Trades and their distribution: by coin, tier, hour and size.
//!
//! A trade belongs to the window by its closing time; a win is a profit above zero.

use serde::Serialize;

pub(crate) use super::traded::patterns::KeyFigures;
use super::traded::patterns::size_class;
use crate::metrics::context::Context;
use crate::metrics::figures::{Ranked, Rate, Unavailable};
use crate::metrics::setting::Basis;

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
