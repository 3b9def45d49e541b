//! Rows of trades and positions that other rows contradict: closed twice, or open and forgotten.

use std::collections::{HashMap, HashSet};

use super::{open, same};
use crate::checks::check::Audit;
use crate::checks::shared::Doubled;
use crate::source::closing::Closing;
use crate::source::ledger::Entry;

impl Doubled<'_> {
    /// Whether the trade's row tells a second closing: its exit is of a position that was closed before.
    pub(in crate::checks) fn wrote(&self, trade: &Entry) -> bool {
        self.rows.contains(&(trade.generation, trade.id.as_str()))
    }
}

/// The closings that were logged twice, found once a run. Where the table has a row for each, they are parts of
/// a position, or trades under one id.
pub(in crate::checks) fn doubled<'run>(audit: &Audit<'run>) -> anyhow::Result<&'run Doubled<'run>> {
    if let Some(doubled) = audit.shared.doubled.get() {
        return Ok(doubled);
    }
    let mut by_id: HashMap<_, Vec<&Closing>> = HashMap::new();
    for closing in audit.context.closings()? {
        if let Some(id) = closing.trade_id.as_deref() {
            by_id.entry((closing.generation, id, closing.coin.as_str())).or_default().push(closing);
        }
    }
    let mut doubled = Doubled::default();
    for mut closings in by_id.into_values().filter(|closings| closings.len() > 1) {
        let own_row = |row: &&Entry| {
            closings.iter().any(|closing| {
                let is_own = closing.generation == 1 || closing.trade_id == row.position_id;
                closing.generation == row.generation
                    && is_own
                    && closing.coin.eq_ignore_ascii_case(&row.coin)
                    && row.closed_at.is_some_and(|at| same::near(closing.at, at, 60))
            })
        };
        let rows: Vec<_> = audit.context.ledger()?.entries.iter().filter(own_row).collect();
        let earlier = closings.len().saturating_sub(rows.len().max(1));
        if earlier > 0 {
            doubled.rows.extend(rows.iter().map(|row| (row.generation, row.id.as_str())));
        }
        // Of those that share a row, the newest has written it.
        closings.sort_by_key(|closing| closing.at);
        closings.truncate(earlier);
        doubled.closings.append(&mut closings);
    }
    doubled.closings.sort_by_key(|closing| closing.at);
    Ok(audit.shared.doubled.get_or_init(|| doubled))
}

/// Tells rows that the file contradicts: open positions that are forgotten or closed elsewhere, and trades whose
/// row tells a second closing. They are reported as that.
pub(in crate::checks) fn contradicted<'run>(
    audit: &Audit<'run>,
) -> anyhow::Result<impl Fn(&Entry) -> bool + use<'run>> {
    let (forgotten, doubled) = (forgotten(audit)?, doubled(audit)?);
    Ok(move |trade: &Entry| match trade.closed_at {
        None => forgotten.contains(trade.id.as_str()),
        Some(_) => doubled.wrote(trade),
    })
}

/// The ids of open positions that the bot has forgotten: see `position-forgotten`.
pub(in crate::checks) fn forgotten<'run>(audit: &Audit<'run>) -> anyhow::Result<HashSet<&'run str>> {
    let forgotten = open::forgotten(audit)?.into_iter();
    Ok(forgotten.chain(open::closed(audit)?).map(|position| position.id.as_str()).collect())
}
