//! Whether rows of one opening are one position told again, parts of it, or positions of their own.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};

use crate::checks::check::Audit;
use crate::source::cell;
use crate::source::closing::Closing;
use crate::source::ledger::Entry;

/// Two writes of one event are seconds apart; a later cycle has other prices.
pub(super) const APART_SECONDS: i64 = 10;
/// The log's line and the row are written in one breath.
const LOGGED_SECONDS: i64 = 60;
/// Rounding of sizes in the log, and what a bot rounds off when it sells parts.
const SIZE_FRACTION: f64 = 0.02;
/// The log rounds to cents.
const ROUNDING_USD: f64 = 0.006;

/// What rows of one opening are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// One position again.
    Again,
    /// Parts of one position, or positions of their own.
    Own,
    /// The same exit as well, and nothing in the file tells how many were opened.
    Unknown,
}

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

/// The same exit price within seconds, or no exit yet.
pub(super) fn exit(one: &Entry, other: &Entry) -> bool {
    same_price(one.exit_price, other.exit_price) && same_moment(one.closed_at, other.closed_at)
}

/// Neighbours that are the same, in the order of the rows.
pub(super) fn runs<'run>(
    rows: &[&'run Entry],
    same: impl Fn(&Entry, &Entry) -> bool,
) -> Vec<Vec<&'run Entry>> {
    rows.chunk_by(|one, other| same(one, other)).filter(|run| run.len() > 1).map(<[_]>::to_vec).collect()
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

/// The closings that the log tells where these rows are.
fn logged_closings<'run>(audit: &Audit<'run>, rows: &[&Entry]) -> anyhow::Result<Vec<&'run Closing>> {
    let closings = audit.context.closings()?.iter().filter(|closing| {
        rows.iter().any(|row| {
            let is_own = closing.generation == 1 || closing.trade_id == row.position_id;
            closing.generation == row.generation
                && is_own
                && closing.coin.eq_ignore_ascii_case(&row.coin)
                && [row.closed_at, row.closed_by]
                    .into_iter()
                    .flatten()
                    .any(|at| near(closing.at, at, LOGGED_SECONDS))
        })
    });
    Ok(closings.filter(|closing| closing.trade_id.is_some()).collect())
}

/// What logged profits tell of rows that were closed at once: their sum is that of parts, a single one that
/// of a row that stands twice. Of equal parts that were logged one by one they tell nothing.
fn by_profits(rows: &[&Entry], closings: &[&Closing]) -> Verdict {
    let stored: Option<Vec<f64>> = rows.iter().map(|row| row.pnl_usd).collect();
    let logged: Option<Vec<f64>> = closings.iter().map(|closing| closing.pnl_usd).collect();
    let (Some(stored), Some(logged)) = (stored, logged) else { return Verdict::Again };
    let near = |one: f64, other: f64| (one - other).abs() <= ROUNDING_USD;
    let apart = stored.iter().sum::<f64>() - logged.iter().sum::<f64>();
    let is_sum = apart.abs() <= ROUNDING_USD * (stored.len() + logged.len()) as f64;
    let is_row = logged.iter().all(|logged| stored.iter().any(|stored| near(*logged, *stored)));
    let differ = logged.windows(2).any(|pair| matches!(pair, [one, other] if !near(*one, *other)));
    match (is_sum, is_row) {
        (true, true) if !differ => Verdict::Unknown,
        (true, _) => Verdict::Own,
        (false, _) => Verdict::Again,
    }
}

/// What rows of one opening are, as far as log and conditions tell.
pub(super) fn verdict(audit: &Audit<'_>, rows: &[&Entry]) -> anyhow::Result<Verdict> {
    let told = Told::of(audit, rows)?;
    let closings = logged_closings(audit, rows)?;
    let ids: HashSet<_> = rows.iter().map(|row| row.position_id.as_deref()).collect();
    let sizes: HashSet<_> = rows.iter().map(|row| row.size_usd.map(f64::to_bits)).collect();
    let is_named = !ids.contains(&None) && !ids.contains(&Some(""));
    let logged_ids = closings.iter().filter_map(|closing| closing.trade_id.as_deref());
    let logged_ids = logged_ids.collect::<HashSet<_>>().len();
    Ok(match told.holds(rows) {
        _ if told.openings.max(logged_ids) >= rows.len() => Verdict::Own,
        Some(true) => Verdict::Own,
        Some(false) => Verdict::Again,
        None if !rows.windows(2).all(|pair| matches!(pair, [one, other] if exit(one, other))) => Verdict::Own,
        None if !closings.is_empty() => by_profits(rows, &closings),
        // Positions of their own, or parts that were sold at once.
        None if is_named && (ids.len() == rows.len() || (ids.len() == 1 && sizes.len() > 1)) => Verdict::Own,
        None => Verdict::Unknown,
    })
}
