//! Ids of positions that are given to another trade later.

use std::collections::HashMap;

use super::same;
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::model::{AlertType, Severity};
use crate::source::clock::utc_text;
use crate::source::ledger::Entry;
use crate::untrusted::cut;

pub(super) const REUSED: Check = Check {
    id: "position-id-reused",
    theme: Theme::Integrity,
    why: "Closings in the log name a trade by its position's id: one that is used again leads to the wrong trade.",
    threshold: None,
    run: reused,
};

fn reused(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let rows = audit.context.ledger()?.of(2);
    let open = audit.context.open_positions()?.iter().filter(|position| position.generation == 2);
    let mut by_id: HashMap<&str, Vec<&Entry>> = HashMap::new();
    let mut evidence = Evidence::default();
    for row in rows.chain(open) {
        if let Some(id) = row.position_id.as_deref().filter(|id| !id.trim().is_empty()) {
            by_id.entry(id).or_default().push(row);
        }
    }
    let mut ids: Vec<_> = by_id.iter_mut().filter(|(_, rows)| rows.len() > 1).collect();
    ids.sort_by_key(|(id, _)| **id);
    for (id, rows) in ids {
        rows.sort_by_key(|row| row.opened_at);
        let again = rows.windows(2).find(|pair| matches!(pair, [one, other] if is_another(one, other)));
        let Some([one, other]) = again else { continue };
        evidence.fault(|| {
            let opened = |row: &Entry| {
                format!("{} of {} UTC", row.name(), row.opened_at.map(utc_text).unwrap_or_default())
            };
            format!("{}: {} and {}", cut(id, 32), opened(one), opened(other))
        });
    }
    evidence.of = by_id.len() as u64;
    let problem = Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: "trade_journal".to_owned(),
        title: "Position ids in trade_journal stand for more than one trade".to_owned(),
        description: format!(
            "{} for trades of another opening as well. Whatever finds a trade by this id (an UPDATE \
             at its exit, a closing in the log) finds several.",
            evidence.counted("position ids", "stands", "stand")
        ),
        evidence: evidence.text(
            "position ids",
            "SELECT position_id, count(*), count(DISTINCT coin || entry_time), group_concat(id) FROM trade_journal \
             GROUP BY position_id HAVING count(DISTINCT coin || entry_time) > 1",
        ),
        recommendation: "Give each position an id of its own (uuid4, or the table's key), and make the column unique."
            .to_owned(),
    };
    Ok((evidence.count > 0).then_some(problem).into())
}

/// Whether the later trade is not the earlier one: of another coin, or opened after the other's exit. What was
/// added to a position, or sold in parts, belongs to it.
fn is_another(one: &Entry, other: &Entry) -> bool {
    let is_later = one.closed_by.zip(other.opened_at).is_some_and(|(closed, opened)| opened > closed);
    one.coin != other.coin || (is_later && !same::opening(one, other))
}
