//! Rows of one opening, and what log and conditions tell about it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::checks::check::Audit;
use crate::source::cell;
use crate::source::ledger::Entry;

/// Two writes of one event are seconds apart; a later cycle has other prices.
pub(super) const APART_SECONDS: i64 = 10;
/// The log's line and the row are written in one breath.
const LOGGED_SECONDS: i64 = 60;
/// Rounding of sizes in the log, and what a bot rounds off when it sells parts.
const SIZE_FRACTION: f64 = 0.02;
/// Whether two moments are within so many seconds.
pub(super) fn near(one: DateTime<Utc>, other: DateTime<Utc>, seconds: i64) -> bool {
    (one - other).num_milliseconds().abs() <= 1_000 * seconds
}

fn same_moment(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => near(one, other, APART_SECONDS),
        (one, other) => one == other,
    }
}

fn same_price(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one / other - 1.0).abs() < 1e-9,
        (one, other) => one == other,
    }
}

/// The same coin, direction and entry price within seconds, whatever the size.
pub(super) fn opening(one: &Entry, other: &Entry) -> bool {
    one.coin == other.coin
        && one.side == other.side
        && one.opened_at.is_some()
        && same_price(one.entry_price, other.entry_price)
        && same_moment(one.opened_at, other.opened_at)
}

/// What is told about rows of one opening elsewhere: how many positions, and their size together.
pub(super) struct Told {
    pub(super) openings: usize,
    pub(super) size_usd: Option<f64>,
}

impl Told {
    /// From the log's openings, or from the conditions that opened the rows.
    pub(super) fn of(audit: &Audit<'_>, rows: &[&Entry]) -> anyhow::Result<Self> {
        let sizes = match rows.first() {
            Some(first) if first.generation == 1 => logged_sizes(audit, first)?,
            _ => condition_sizes(audit, rows)?,
        };
        let size_usd = sizes.iter().copied().sum::<Option<f64>>().filter(|size| *size > 0.0);
        Ok(Self { openings: sizes.len(), size_usd })
    }

    /// Whether rows of these sizes fit into what was opened: all of it, or parts.
    pub(super) fn holds(&self, rows: &[&Entry]) -> Option<bool> {
        let together: f64 = rows.iter().map(|row| row.size_usd).sum::<Option<f64>>()?;
        Some(together <= self.size_usd? * (1.0 + SIZE_FRACTION))
    }
}

fn logged_sizes(audit: &Audit<'_>, row: &Entry) -> anyhow::Result<Vec<Option<f64>>> {
    let Some(opened_at) = row.opened_at else { return Ok(Vec::new()) };
    let own = audit.context.openings()?.iter().filter(|opening| {
        near(opening.at, opened_at, LOGGED_SECONDS) && opening.coin.eq_ignore_ascii_case(&row.coin)
    });
    Ok(own.map(|opening| opening.size_usd).collect())
}

const CONDITION: &str = "
SELECT
    condition.id,
    condition.size_usd
FROM trade_condition
JOIN condition ON condition.id = trade_condition.condition_id
WHERE trade_condition.trade_id = ?1";

fn condition_sizes(audit: &Audit<'_>, rows: &[&Entry]) -> anyhow::Result<Vec<Option<f64>>> {
    let mut sizes = BTreeMap::new();
    let mut statement = audit.context.bot.prepare(CONDITION)?;
    for row in rows {
        let mut conditions = statement.query([&row.id])?;
        while let Some(condition) = conditions.next()? {
            let id = cell::text(condition, 0)?.unwrap_or_default().into_owned();
            sizes.insert(id, cell::real(condition, 1)?);
        }
    }
    Ok(sizes.into_values().collect())
}
