//! What the bot believes to learn: whether it learns at all, in time, and from what really happened;
//! and what it changes about itself because of it.

mod learnings;
mod lookup;
mod rules;

use super::check::{Check, Theme, Threshold};

/// The checks of this theme.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "learning-missing",
        theme: Theme::Learning,
        why: "A bot that learns from its trades has stopped to learn where most trades leave no learning.",
        threshold: Some(Threshold {
            default: 0.5,
            reason: "share of the trades: below half, what is learned is no picture of what is traded",
        }),
        run: learnings::missing,
    },
    Check {
        id: "learning-late",
        theme: Theme::Learning,
        why: "A learning that comes hours after its trade cannot guide the trades in between.",
        threshold: Some(Threshold {
            default: 3_600.0,
            reason: "seconds at the median: the bot asks for a learning in the cycle after the close",
        }),
        run: learnings::late,
    },
    Check {
        id: "learning-contradicts-trade",
        theme: Theme::Learning,
        why: "A learning that tells a gain as a loss, or a loss as a gain, teaches the opposite.",
        threshold: None,
        run: learnings::contradicts_trade,
    },
    Check {
        id: "rules-contradict",
        theme: Theme::Learning,
        why: "Two rules of one condition, one to trade and one not to, justify whatever the bot does.",
        threshold: None,
        run: rules::contradict,
    },
    Check {
        id: "waiting-rule-traded",
        theme: Theme::Learning,
        why: "A rule that says not to trade and is rated by trades is rated by the opposite of its advice.",
        threshold: None,
        run: rules::wait_is_traded,
    },
];
