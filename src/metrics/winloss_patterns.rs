//! Wins and losses: by tier, coin and hour, in streaks, and by the reason of the exit.

use serde::Serialize;

pub(crate) use super::traded::winloss::ExitReason;

use crate::metrics::context::Context;
use crate::metrics::figures::{Ranked, Rate, Unavailable};
use crate::metrics::setting::Basis;

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

/// What is compared with the window before.
#[derive(Debug, Default, Serialize)]
pub(crate) struct KeyFigures {
    /// Wins as a fraction of the trades.
    pub(crate) overall_win_rate: Rate,
    /// Trades by exit reason.
    pub(crate) exits: Ranked<String, u64>,
}

/// Sums up the trades of the window and of the one before.
///
/// # Errors
/// When the trades cannot be read.
pub(crate) fn collect(context: &Context<'_>) -> anyhow::Result<WinlossPatterns> {
    let traded = context.traded()?;
    let (sums, basis) = traded.basis();
    let (tally, previous) = (&sums.winloss, &traded.previous.winloss);
    let previous_exits = previous.by_exit.clone().ranked(|exit| exit.count).0.into_iter();
    let mut unavailable = Unavailable::new();
    if tally.overall.trades == 0 {
        unavailable.insert("overall_win_rate", "no trade with a profit or loss".to_owned());
    }
    Ok(WinlossPatterns {
        basis,
        overall_win_rate: tally.overall,
        win_rate_by_tier: tally.by_tier.clone().by_key(),
        win_rate_by_coin: tally.by_coin.clone().ranked(|rate| rate.trades),
        win_rate_by_hour: tally.by_hour.clone().by_key(),
        hours_are: "UTC",
        streak_analysis: streaks(&tally.outcomes),
        pnl_by_exit_reason: tally.by_exit.clone().ranked(|exit| exit.count),
        previous: KeyFigures {
            overall_win_rate: previous.overall,
            exits: Ranked(previous_exits.map(|(exit, trades)| (exit, trades.count)).collect()),
        },
        unavailable,
    })
}

fn streaks(outcomes: &[bool]) -> Streaks {
    let mut streaks = Streaks::default();
    for won in outcomes {
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
        streaks(&outcomes.chars().map(|outcome| outcome == 'w').collect::<Vec<_>>())
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
