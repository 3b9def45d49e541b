//! The trades of the generation that writes the file now, and the newest prices, for checks that look
//! beyond the window.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::rc::Rc;

use chrono::{DateTime, Utc};

use crate::metrics::Context;
use crate::source::cell;
use crate::source::ledger::Entry;

/// The newest prices by key: at 45 coins two hours and a half of a cycle every 30 seconds.
const NEWEST_PRICES: &str = "
SELECT
    at,
    clock,
    coin,
    price_usd
FROM price_point
ORDER BY id DESC
LIMIT 12000";

/// A price that the bot has stored.
#[derive(Debug)]
pub(super) struct PricePoint {
    /// When it was stored.
    pub(super) at: DateTime<Utc>,
    /// The coin as the bot names it.
    pub(super) coin: Rc<str>,
    /// In US dollars.
    pub(super) price_usd: f64,
}

/// The newest closed trades, the open positions and the newest prices; each gathered when first asked for.
#[derive(Debug, Default)]
pub(super) struct History<'run> {
    closed: OnceCell<Vec<&'run Entry>>,
    open: OnceCell<Vec<&'run Entry>>,
    prices: OnceCell<Vec<PricePoint>>,
}

impl<'run> History<'run> {
    /// The newest trades that were closed up to now, oldest first.
    pub(super) fn closed(&self, context: &'run Context<'run>) -> anyhow::Result<&[&'run Entry]> {
        if let Some(closed) = self.closed.get() {
            return Ok(closed);
        }
        let own = context.ledger()?.of(context.generation);
        let mut closed: Vec<_> = own.filter(|trade| trade.closed_at.is_some()).collect();
        closed.sort_by(|one, other| one.closed_at.cmp(&other.closed_at).then_with(|| one.id.cmp(&other.id)));
        Ok(self.closed.get_or_init(|| closed))
    }

    /// The positions that were open now, oldest first.
    pub(super) fn open(&self, context: &'run Context<'run>) -> anyhow::Result<&[&'run Entry]> {
        if let Some(open) = self.open.get() {
            return Ok(open);
        }
        let positions = context.open_positions()?.iter();
        let own = positions.filter(|position| position.generation == context.generation);
        Ok(self.open.get_or_init(|| own.collect()))
    }

    /// The newest prices that were stored up to now, newest first.
    pub(super) fn prices(&self, context: &Context<'_>) -> anyhow::Result<&[PricePoint]> {
        if let Some(prices) = self.prices.get() {
            return Ok(prices);
        }
        let mut coins: HashSet<Rc<str>> = HashSet::new();
        let mut prices = Vec::new();
        context.bot.each_row(NEWEST_PRICES, |row| {
            let at = context.bot.instant(row, 0, 1)?.filter(|at| *at <= context.now);
            if let (Some(at), Some(name), Some(price_usd)) = (at, cell::name(row, 2)?, cell::real(row, 3)?) {
                let coin = coins.get(name.as_ref()).cloned().unwrap_or_else(|| Rc::from(name));
                coins.insert(Rc::clone(&coin));
                prices.push(PricePoint { at, coin, price_usd });
            }
            Ok(())
        })?;
        Ok(self.prices.get_or_init(|| prices))
    }

    /// The trades and the positions.
    pub(super) fn all(
        &self,
        context: &'run Context<'run>,
    ) -> anyhow::Result<impl Iterator<Item = &'run Entry>> {
        Ok(self.closed(context)?.iter().chain(self.open(context)?).copied())
    }
}
