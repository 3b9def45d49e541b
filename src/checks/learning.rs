//! What the bot believes to learn: whether it learns at all, in time, and from what really happened;
//! and what it changes about itself because of it.

mod adaptations;
mod insights;
mod learnings;
mod lookup;
mod rules;
mod texts;

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
        id: "learning-duplicates",
        theme: Theme::Learning,
        why: "The same words again and again fill the bot's memory without teaching it anything.",
        threshold: Some(Threshold {
            default: 0.15,
            reason: "share of the learnings: a few repetitions are chance, every seventh is a habit",
        }),
        run: texts::duplicates,
    },
    Check {
        id: "learning-confidence-scale",
        theme: Theme::Learning,
        why: "Confidences on two scales in one column (0.7 beside 70) cannot be compared or averaged.",
        threshold: None,
        run: texts::confidence_scale,
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
    Check {
        id: "insight-impossible-evidence",
        theme: Theme::Learning,
        why: "An insight that counts more trades, wins or losses than the coin ever had is made up.",
        threshold: None,
        run: insights::impossible_evidence,
    },
    Check {
        id: "adaptation-small-sample",
        theme: Theme::Learning,
        why: "A change that rests on a handful of trades follows chance, not a pattern.",
        threshold: Some(Threshold {
            default: 10.0,
            reason: "trades: five wins in a row happen to every thirtieth coin that wins every other time (0.5^5)",
        }),
        run: adaptations::small_sample,
    },
    Check {
        id: "adaptation-never-measured",
        theme: Theme::Learning,
        why: "A bot that changes itself and never looks whether it helped cannot get better on purpose.",
        threshold: Some(Threshold {
            default: 24.0,
            reason: "hours: by then an hourly reflection has had many occasions to measure",
        }),
        run: adaptations::never_measured,
    },
    Check {
        id: "coin-status-flapping",
        theme: Theme::Learning,
        why: "A coin whose status goes to and fro is judged by noise at a threshold.",
        threshold: Some(Threshold { default: 4.0, reason: "changes in 24 hours: two rounds there and back" }),
        run: adaptations::flapping,
    },
];
