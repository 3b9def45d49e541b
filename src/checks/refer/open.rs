//! Open positions that the rest of the file contradicts.

use std::collections::HashMap;

use super::grace::GRACE;
use super::same;
use crate::checks::check::Audit;
use crate::source::ledger::Entry;
use chrono::TimeDelta;

/// Open rows that are also closed.
pub(super) fn closed<'run>(audit: &Audit<'run>) -> anyhow::Result<Vec<&'run Entry>> {
    let context = audit.context;
    if context.open_positions()?.is_empty() {
        return Ok(Vec::new());
    }
    let settled_at = context.now - GRACE;
    let ledger = context.ledger()?;
    let mut trades: HashMap<(i64, &str), Vec<&Entry>> = HashMap::new();
    for entry in &ledger.entries {
        trades.entry((entry.generation, entry.coin.as_str())).or_default().push(entry);
    }
    let mut contradicted = Vec::new();
    let is_measured = context.bot.host_offset().newest_seconds().is_some();
    for row in context.open_positions()? {
        // A closed row whose exit only seems to come later, because nothing shows the host's zone.
        if row.generation == 2 && row.status.is_some() && !is_measured {
            continue;
        }
        let logged = context.closings()?.iter().find(|closing| {
            closing.generation == row.generation
                && closing.at <= settled_at
                && closing.trade_id.is_some()
                && [own_id(row), row.position_id.as_ref()].contains(&closing.trade_id.as_ref())
                && closing.coin.eq_ignore_ascii_case(&row.coin)
                && row.opened_at.is_none_or(|opened_at| closing.at > opened_at - slack(row.generation))
        });
        let closed = trades.get(&(row.generation, row.coin.as_str())).into_iter().flatten().copied();
        let mut closed: Vec<_> = closed.filter(|entry| same::opening(entry, row)).collect();
        closed.retain(|entry| entry.closed_at.is_some_and(|at| at <= settled_at));
        if is_rest(audit, row, &closed)? {
            continue;
        }
        if !closed.is_empty() || logged.is_some() {
            contradicted.push(row);
        }
    }
    Ok(contradicted)
}

/// The row's own id, where the log may name the position by it. A closed trade of the first generation has
/// another id than its open row had: a position of an earlier moment that is read from it has none.
pub(super) fn own_id(row: &Entry) -> Option<&String> {
    Some(&row.id).filter(|_| row.generation != 1)
}

/// By how much an opening may be read too late: the journal's times have no time zone of their own. The first
/// generation writes UTC, and gives the id of a closed position to a later one.
fn slack(generation: i64) -> TimeDelta {
    if generation == 1 { TimeDelta::zero() } else { TimeDelta::hours(15) }
}

/// Whether the open row and the closed ones of its opening are parts of one position.
fn is_rest(audit: &Audit<'_>, row: &Entry, closed: &[&Entry]) -> anyhow::Result<bool> {
    if closed.is_empty() {
        return Ok(false);
    }
    let rows: Vec<_> = closed.iter().copied().chain([row]).collect();
    let told = same::Told::of(audit, &rows)?;
    let is_whole = closed.iter().any(|entry| entry.size_usd == row.size_usd);
    Ok(told.openings >= rows.len() || told.holds(&rows).unwrap_or(!is_whole))
}

/// Closed trades that show that the bot holds one position a coin.
const TRADES_FOR_ONE_A_COIN: usize = 20;
/// Overlaps among them that are faults of their own: one in fifty, such as a position closed twice.
const TRADES_FOR_AN_OVERLAP: usize = 50;
/// Later trades of the coin that were opened and closed while the row stayed open.
const LATER_TRADES: usize = 3;

/// Open rows whose coin was traded again and again since, by a bot that holds one position a coin.
pub(super) fn forgotten<'run>(audit: &Audit<'run>) -> anyhow::Result<Vec<&'run Entry>> {
    let ledger = audit.context.ledger()?;
    let closed: Vec<&str> = closed(audit)?.into_iter().map(|row| row.id.as_str()).collect();
    // The first generation may hold several positions of a coin; the second holds one.
    let open = audit.context.open_positions()?.iter();
    let rows = open.filter(|row| row.generation == 2 && !closed.contains(&row.id.as_str()));
    let mut holds_one: HashMap<i64, bool> = HashMap::new();
    let mut forgotten = Vec::new();
    for row in rows {
        let one = *holds_one
            .entry(row.generation)
            .or_insert_with(|| holds_one_a_coin(ledger.of(row.generation).collect()));
        let Some(opened_by) = row.opened_by.filter(|_| one) else { continue };
        let later = ledger
            .of(row.generation)
            .filter(|entry| entry.coin == row.coin && entry.opened_at.is_some_and(|at| at > opened_by))
            .count();
        if later >= LATER_TRADES {
            forgotten.push(row);
        }
    }
    Ok(forgotten)
}

/// Whether the closed trades hardly ever overlap within a coin.
fn holds_one_a_coin(entries: Vec<&Entry>) -> bool {
    let count = entries.len();
    count >= TRADES_FOR_ONE_A_COIN && overlaps(entries) <= count / TRADES_FOR_AN_OVERLAP
}

/// Trades that were opened while another one of their coin was open.
pub(super) fn overlaps(mut entries: Vec<&Entry>) -> usize {
    entries.sort_by(|one, other| (&one.coin, one.opened_at).cmp(&(&other.coin, other.opened_at)));
    let overlap = |pair: &[&Entry]| match pair {
        [one, other] => {
            // Under every reading of the two times.
            let apart = one.closed_at.zip(other.opened_by);
            one.coin == other.coin
                && apart.is_some_and(|(closed, opened)| opened < closed - TimeDelta::seconds(5))
        }
        _ => false,
    };
    entries.windows(2).filter(|pair| overlap(pair)).count()
}
