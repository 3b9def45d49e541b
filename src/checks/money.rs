//! Money and behaviour: whether the bot earns, what costs it money, and whether its own limits hold.

mod cells;
mod coins;
mod exits;
mod levels;
mod limits;
mod names;
mod positions;
mod protection;
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
        id: "fees-ignored",
        theme: Theme::Money,
        why: "A paper profit that an exchange's fees would exceed is a loss in real trading.",
        threshold: Some(Threshold {
            default: 0.1,
            reason: "percent of the size a side: what large exchanges take from small customers",
        }),
        run: result::fees,
    },
    Check {
        id: "profit-from-one-trade",
        theme: Theme::Money,
        why: "A profit that one lucky trade made says nothing about the others.",
        threshold: Some(Threshold {
            default: 10.0,
            reason: "multiple of the median win: far outside of what an exit at a fixed profit can give",
        }),
        run: result::one_trade,
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
        id: "drawdown",
        theme: Theme::Money,
        why: "A balance far below its peak needs a larger gain to recover than it has lost.",
        threshold: Some(Threshold {
            default: 10.0,
            reason: "percent of the peak: half of the exposure that the first generation allows itself; high at 2.5 times",
        }),
        run: risk::drawdown,
    },
    Check {
        id: "concentration",
        theme: Theme::Money,
        why: "A bot that should spread its risk and puts most of it into one coin depends on that coin.",
        threshold: Some(Threshold {
            default: 0.5,
            reason: "share of the trades or of the lost dollars, where at least five coins are traded",
        }),
        run: risk::concentration,
    },
    Check {
        id: "trade-size-over-limit",
        theme: Theme::Money,
        why: "A trade larger than the limit shows that the limit does not hold.",
        threshold: Some(Threshold {
            default: 1.02,
            reason: "multiple of the limit: the bot may have used the balance of a moment earlier",
        }),
        run: limits::trade_size,
    },
    Check {
        id: "exposure-over-limit",
        theme: Theme::Money,
        why: "More money in open positions than the limit allows shows that the limit does not hold.",
        threshold: Some(Threshold {
            default: 1.02,
            reason: "multiple of the limit: the bot may have used the balance of a moment earlier",
        }),
        run: limits::exposure,
    },
    Check {
        id: "positions-over-limit",
        theme: Theme::Money,
        why: "More positions than the bot allows itself mean that it does not know of some of them.",
        threshold: None,
        run: limits::positions,
    },
    Check {
        id: "cooldown-broken",
        theme: Theme::Money,
        why: "A coin that is opened again within its own pause shows that the pause does not work.",
        threshold: None,
        run: coins::cooldown,
    },
    Check {
        id: "blacklist-broken",
        theme: Theme::Money,
        why: "A coin that the bot has banned and still trades keeps losing the money that the ban should save.",
        threshold: Some(Threshold {
            default: 30.0,
            reason: "minutes after the ban: orders that were waiting then have long expired",
        }),
        run: coins::blacklist,
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
        id: "levels-on-wrong-side",
        theme: Theme::Money,
        why: "A stop above the entry of a long trade, or a target below it, closes the trade at once or never.",
        threshold: None,
        run: levels::wrong_side,
    },
    Check {
        id: "position-unprotected",
        theme: Theme::Money,
        why: "A position without a stop has no bound to its loss, and one without a target never takes its profit.",
        threshold: None,
        run: protection::unprotected,
    },
    Check {
        id: "level-ignored",
        theme: Theme::Money,
        why: "A position that stays open beyond its stop or target is managed by nobody.",
        threshold: Some(Threshold {
            default: 30.0,
            reason: "minutes beyond the level: both generations look at prices every minute or more often",
        }),
        run: levels::ignored,
    },
    Check {
        id: "exit-before-level",
        theme: Theme::Money,
        why: "An exit that names a level which the price had not reached was decided by something else.",
        threshold: None,
        run: exits::before_level,
    },
    Check {
        id: "stop-overshot",
        theme: Theme::Money,
        why: "Stops that are executed far beyond their price do not bound the loss.",
        threshold: Some(Threshold {
            default: 1.0,
            reason: "percent of the entry price beyond the stop: more than spread and a cycle's delay explain",
        }),
        run: exits::overshot,
    },
    Check {
        id: "position-stale",
        theme: Theme::Money,
        why: "A position that is open for days is one that no exit will close, and it binds exposure.",
        threshold: Some(Threshold {
            default: 48.0,
            reason: "hours: both generations close within minutes to hours; two days are beyond any exit of theirs",
        }),
        run: positions::stale,
    },
    Check {
        id: "rule-never-succeeded",
        theme: Theme::Money,
        why: "A rule with many uses and no success costs money each time it is followed.",
        threshold: Some(Threshold {
            default: 10.0,
            reason: "uses: a rule that wins every other time fails ten times in a row once in 1,024 (0.5^10)",
        }),
        run: rules::never_succeeded,
    },
    Check {
        id: "rule-loses",
        theme: Theme::Money,
        why: "A rule that loses more often than it wins, beyond chance, should not be active.",
        threshold: Some(Threshold { default: 20.0, reason: "uses: fewer prove nothing about a rate" }),
        run: rules::loses,
    },
];
