//! The trades that were closed in the window and in the one before: read in one pass, for all collectors.

pub(super) mod patterns;
mod rules;
pub(super) mod winloss;

use super::setting::{Basis, Setting};
use crate::model::Period;
use crate::source::trade::{self, Trade};

/// What trades add up to.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// For the section `trade_patterns`.
    pub(super) patterns: patterns::Tally,
    /// For the section `winloss_patterns`.
    pub(super) winloss: winloss::Tally,
    /// For the section `rule_stats`.
    pub(super) rules: rules::Uses,
    /// Profits and losses of the current generation, in US dollars.
    pub(super) own_pnl_usd: f64,
}

impl Sums {
    fn add(&mut self, context: &Setting<'_>, trade: &Trade<'_>) {
        let tier = context.tier(&trade.coin);
        self.patterns.add(trade, tier);
        self.winloss.add(trade, tier);
        self.rules.add(trade);
        if trade.generation == context.generation {
            self.own_pnl_usd += trade.pnl_usd.unwrap_or(0.0);
        }
    }
}

/// The trades of both windows.
#[derive(Debug)]
pub(crate) struct Traded {
    /// Those of the window.
    pub(super) window: Sums,
    /// Those of the window before.
    pub(super) previous: Sums,
    /// Where the window holds none: the newest ones before it.
    newest: Option<Sums>,
}

impl Traded {
    /// Reads both windows and, where the window holds no trade, the newest 500.
    ///
    /// # Errors
    /// When the trades cannot be read.
    pub(super) fn read(context: &Setting<'_>) -> rusqlite::Result<Self> {
        let (mut window, mut previous) = (Sums::default(), Sums::default());
        let both = Period { after: context.previous.after, until: context.window.until };
        trade::each_closed(context.bot, both, |trade| {
            let is_previous = trade.closed_at <= context.previous.until;
            let sums = if is_previous { &mut previous } else { &mut window };
            sums.add(context, trade);
        })?;
        let mut newest = None;
        if window.patterns.key.total_trades == 0
            && let Some(period) = context.newest(trade::CLOSED)?
        {
            let mut sums = Sums::default();
            trade::each_closed(context.bot, period, |trade| sums.add(context, trade))?;
            newest = Some(sums);
        }
        Ok(Self { window, previous, newest })
    }

    /// What averages rest on: the window's trades or, where it holds none, the newest.
    pub(super) fn basis(&self) -> (&Sums, Basis) {
        match &self.newest {
            Some(newest) => (newest, Basis::Newest),
            None if self.window.patterns.key.total_trades == 0 => (&self.window, Basis::Nothing),
            None => (&self.window, Basis::Window),
        }
    }
}
