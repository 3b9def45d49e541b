//! Money and behaviour: whether the bot earns, what costs it money, and whether its own limits hold.

mod cells;
mod coins;
mod names;
mod result;
mod risk;
mod rules;

use super::check::{Check, Theme, Threshold};

/// The checks of this theme.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "expectancy-negative",
        theme: Theme::Money,
        why: "A bot whose average trade loses, beyond chance, loses the more the more it trades.",
        threshold: Some(Threshold {
            default: 50.0,
            reason: "trades: from there on the mean of skewed results is near enough to normal for a t test; ten where all lost",
        }),
        run: result::expectancy,
    },
    Check {
        id: "payoff-asymmetry",
        theme: Theme::Money,
        why: "Where losses are far larger than wins, a small fall of the win rate turns profit into loss.",
        threshold: Some(Threshold {
            default: 1.5,
            reason: "average loss as a multiple of the average win: three of five trades must win",
        }),
        run: result::payoff,
    },
    Check {
        id: "exit-kind-loses",
        theme: Theme::Money,
        why: "An exit other than a stop that loses on average gives away what the other exits earn.",
        threshold: Some(Threshold { default: 20.0, reason: "trades: fewer give no stable mean" }),
        run: result::exit_kinds,
    },
    Check {
        id: "group-wins-less",
        theme: Theme::Money,
        why: "A coin, tier, hour, weekday, side, strategy or rule that wins less often than the rest can be left out.",
        threshold: Some(Threshold {
            default: 20.0,
            reason: "trades in the group: below, even a rate of 30 % against 60 % is often chance",
        }),
        run: cells::wins_less,
    },
    Check {
        id: "losing-streak",
        theme: Theme::Money,
        why: "A run of losses that the win rate does not explain means that something has changed.",
        threshold: None,
        run: risk::losing_streak,
    },
    Check {
        id: "reduced-coin-at-full-size",
        theme: Theme::Money,
        why: "A coin whose size should be reduced and is not risks as much as before.",
        threshold: Some(Threshold {
            default: 0.8,
            reason: "share of the usual size: a reduction that saves less than a fifth is none",
        }),
        run: coins::reduced,
    },
    Check {
        id: "rule-loses",
        theme: Theme::Money,
        why: "A rule that loses more often than it wins, beyond chance, should not be active.",
        threshold: Some(Threshold { default: 20.0, reason: "uses: fewer prove nothing about a rate" }),
        run: rules::loses,
    },
];
