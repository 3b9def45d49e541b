//! The trades of the generation that writes the file now, oldest first, for checks that look beyond the
//! window.

use std::cell::OnceCell;

use anyhow::Context as _;

use crate::bot::ledger::{Entry, Ledger};
use crate::collectors::Context;

/// The newest closed trades and the open positions; each gathered when first asked for.
#[derive(Debug, Default)]
pub(super) struct History<'run> {
    closed: OnceCell<Vec<&'run Entry>>,
    open: OnceCell<Vec<Entry>>,
}

impl<'run> History<'run> {
    /// The newest trades that were closed up to now.
    pub(super) fn closed(&self, context: &'run Context<'run>) -> anyhow::Result<&[&'run Entry]> {
        if let Some(closed) = self.closed.get() {
            return Ok(closed);
        }
        let own = context.ledger()?.of(context.generation);
        let mut closed: Vec<_> = own.filter(|trade| trade.closed_at.is_some()).collect();
        closed.sort_by(|one, other| one.closed_at.cmp(&other.closed_at).then_with(|| one.id.cmp(&other.id)));
        Ok(self.closed.get_or_init(|| closed))
    }

    /// The positions that were open now.
    pub(super) fn open(&self, context: &Context<'_>) -> anyhow::Result<&[Entry]> {
        if let Some(open) = self.open.get() {
            return Ok(open);
        }
        let open = Ledger::open(context.bot, context.now, context.generation);
        let open = open.context("read the open positions")?;
        Ok(self.open.get_or_init(|| open))
    }

    /// Both.
    pub(super) fn all(&self, context: &'run Context<'run>) -> anyhow::Result<impl Iterator<Item = &Entry>> {
        Ok(self.closed(context)?.iter().copied().chain(self.open(context)?))
    }
}
