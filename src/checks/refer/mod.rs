//! Rows that point to nothing or to the wrong row, and rows that contradict each other about what happened.

mod closings;
mod dangling;
mod duplicates;
mod learnings;
mod open;
mod order;
mod spelling;
mod unfinished;

use std::collections::HashSet;

use chrono::TimeDelta;

use super::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::bot::closing::Closing;
use crate::finding::{AlertType, Severity};

/// The checks of this theme.
pub(super) const CHECKS: &[Check] = &[
    closings::RECORDED_TWICE,
    closings::LOGGED_TWICE,
    open::CLOSED,
    open::FORGOTTEN,
    unfinished::WITHOUT_EXIT,
    unfinished::STUCK,
    learnings::WRONG_TRADE,
    dangling::REFERENCES,
    spelling::REFUSED,
    spelling::SPLIT,
    duplicates::RULES,
    duplicates::CONDITIONS,
    order::TIMES,
];

/// What was written in the last moments may not have reached every table yet: both generations
/// finish a closing within one cycle of at most three minutes.
const GRACE: TimeDelta = TimeDelta::minutes(4);

/// The closings that were logged again for a position that had been closed: what counters count twice.
pub(super) fn doubled_closings<'run>(audit: &Audit<'run>) -> anyhow::Result<Vec<&'run Closing>> {
    let mut seen = HashSet::new();
    let closings = audit.context.closings()?.iter();
    Ok(closings
        .filter(|closing| {
            let id = closing.trade_id.as_deref();
            id.is_some_and(|id| !seen.insert((closing.generation, id, closing.coin.as_str())))
        })
        .collect())
}

/// The ids under which a generation's open positions are known.
pub(super) fn open_ids<'run>(audit: &Audit<'run>, generation: i64) -> anyhow::Result<HashSet<&'run str>> {
    let positions = audit.context.open_positions()?.iter();
    let own = positions.filter(|position| position.generation == generation);
    Ok(own
        .flat_map(|position| [Some(&position.id), position.position_id.as_ref()])
        .flatten()
        .map(String::as_str)
        .collect())
}

/// The ids of open positions that the bot has forgotten: see `position-forgotten`.
pub(super) fn forgotten<'run>(audit: &Audit<'run>) -> anyhow::Result<HashSet<&'run str>> {
    let forgotten = open::forgotten(audit)?.into_iter();
    let closed = open::closed(audit)?.into_iter().map(|(position, _)| position);
    Ok(forgotten.chain(closed).map(|position| position.id.as_str()).collect())
}
