//! The trades of the generation that writes the file now, for claims that look beyond the window.

use std::cell::OnceCell;

use crate::metrics::Context;
use crate::source::ledger::Entry;

/// The newest closed trades, gathered when first asked for.
#[derive(Debug, Default)]
pub(super) struct History<'run> {
    closed: OnceCell<Vec<&'run Entry>>,
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
}
