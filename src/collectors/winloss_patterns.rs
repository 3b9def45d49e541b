//! Wins and losses: by tier, coin and hour, in streaks, and by the reason of the exit.

use chrono::{DateTime, Timelike as _, Utc};
use serde::Serialize;

use super::{Basis, Context, Counts, Ranked, Rate, Unavailable};
use crate::bot::trade::{self, Trade};

/// The section `winloss_patterns`.
#[derive(Debug, Serialize)]
pub(crate) struct WinlossPatterns {
    /// The rows that everything rests on.
    pub(crate) basis: Basis,
    /// Wins as a fraction of the trades.
    pub(crate) overall_win_rate: Rate,
    /// The same by tier.
    pub(crate) win_rate_by_tier: Ranked<u8, Rate>,
    /// The same by coin, most traded first.
    pub(crate) win_rate_by_coin: Ranked<String, Rate>,
    /// The same by the UTC hour of the closing.
    pub(crate) win_rate_by_hour: Ranked<u32, Rate>,
    /// The clock of `win_rate_by_hour`.
    pub(crate) hours_are: &'static str,
    /// Runs of wins and of losses.
    pub(crate) streak_analysis: Streaks,
    /// Trades by exit reason, the part before its colon, most frequent first.
    pub(crate) pnl_by_exit_reason: Ranked<String, ExitReason>,
    /// The same figures one window earlier.
    pub(crate) previous: KeyFigures,
    /// Why a field is null.
    #[serde(skip_serializing_if = "Unavailable::is_empty")]
    pub(crate) unavailable: Unavailable,
}

/// Runs of equal outcomes, in the order of closing.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Streaks {
    /// The run that ends with the newest trade; negative is losing.
    pub(crate) current_streak: i64,
    /// Longest run of wins.
    pub(crate) max_win_streak: i64,
    /// Longest run of losses, as a positive number.
    pub(crate) max_loss_streak: i64,
}

/// What became of the trades with one exit reason.
#[derive(Debug, Default, Serialize)]
pub(crate) struct ExitReason {
    /// Trades.
    pub(crate) count: u64,
    /// Trades with a profit above zero.
    pub(crate) wins: u64,
    /// Sum in US dollars.
    pub(crate) total_pnl: f64,
}

/// What is compared with the window before.
#[derive(Debug, Default, Serialize)]
pub(crate) struct KeyFigures {
    /// Wins as a fraction of the trades.
    pub(crate) overall_win_rate: Rate,
    /// Trades by exit reason.
    pub(crate) exits: Ranked<String, u64>,
}

#[derive(Default)]
struct Tally {
    overall: Rate,
    by_tier: Counts<u8, Rate>,
    by_coin: Counts<String, Rate>,
    by_hour: Counts<u32, Rate>,
    by_exit: Counts<String, ExitReason>,
    outcomes: Vec<(DateTime<Utc>, bool)>,
}

impl Tally {
    fn add(&mut self, context: &Context<'_>, trade: &Trade<'_>) {
        let Some(pnl_usd) = trade.pnl_usd else { return };
        let won = pnl_usd > 0.0;
        self.overall.add(won);
        self.by_tier.entry(context.tier(&trade.coin)).add(won);
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

/// Reads the window's trades and the previous window's key figures.
///
/// # Errors
/// When the trades cannot be read.
pub(crate) fn collect(context: &Context<'_>) -> anyhow::Result<WinlossPatterns> {
    let mut tally = Tally::default();
    let basis = context.each_trade_in_basis(|trade| tally.add(context, trade))?;
    let mut previous_rate = Rate::default();
    let mut previous_exits: Counts<String> = Counts::default();
    trade::each_closed(context.bot, context.previous, |trade| {
        if let Some(pnl_usd) = trade.pnl_usd {
            previous_rate.add(pnl_usd > 0.0);
            previous_exits.update(trade.exit_reason.as_deref().unwrap_or("(none)"), |count| *count += 1);
        }
    })?;
    let mut unavailable = Unavailable::new();
    if tally.overall.trades == 0 {
        unavailable.insert("overall_win_rate", "no trade with a profit or loss".to_owned());
    }
    Ok(WinlossPatterns {
        basis,
        overall_win_rate: tally.overall,
        win_rate_by_tier: tally.by_tier.by_key(),
        win_rate_by_coin: tally.by_coin.ranked(|rate| rate.trades),
        win_rate_by_hour: tally.by_hour.by_key(),
        hours_are: "UTC",
        streak_analysis: streaks(tally.outcomes),
        pnl_by_exit_reason: tally.by_exit.ranked(|exit| exit.count),
        previous: KeyFigures {
            overall_win_rate: previous_rate,
            exits: previous_exits.ranked(|count| *count),
        },
        unavailable,
    })
}

fn streaks(mut outcomes: Vec<(DateTime<Utc>, bool)>) -> Streaks {
    outcomes.sort_by_key(|(closed_at, _)| *closed_at);
    let mut streaks = Streaks::default();
    for (_, won) in outcomes {
        let run = &mut streaks.current_streak;
        *run = match won {
            true => (*run).max(0) + 1,
            false => (*run).min(0) - 1,
        };
        streaks.max_win_streak = streaks.max_win_streak.max(*run);
        streaks.max_loss_streak = streaks.max_loss_streak.max(-*run);
    }
    streaks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(outcomes: &str) -> Streaks {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap_or_default();
        streaks(outcomes.chars().zip(0..).map(|(outcome, second)| (at(second), outcome == 'w')).collect())
    }

    #[test]
    fn the_current_streak_counts_back_from_the_newest_trade() {
        let losing = Streaks { current_streak: -2, max_win_streak: 3, max_loss_streak: 2 };
        assert_eq!(of("lwwwlwll"), losing);
        assert_eq!(of("ll").current_streak, -2);
        assert_eq!(of("lw").current_streak, 1);
    }

    #[test]
    fn no_trades_make_no_streak() {
        assert_eq!(of(""), Streaks::default());
    }
}
