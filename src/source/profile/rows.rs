//! How many rows a table has, and which of them a period holds, without reading them all.

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _};
use serde::Serialize;

use super::column::Reading;
use super::declared::Schema;
use crate::model::Period;
use crate::source::clock::HostOffset;
use crate::source::quoted;

/// How rows were counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Precision {
    /// All of them.
    Counted,
    /// From the span of rowids and how densely they are used.
    Estimated,
    /// Counting stopped there.
    #[default]
    AtLeast,
}

impl Precision {
    /// The word for it in `table_profile.rows_are`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::Estimated => "estimated",
            Self::AtLeast => "at_least",
        }
    }
}

/// Most rows that are counted one by one: some milliseconds at the very most.
const COUNTED_ROWS: i64 = 20_000;
/// The same without an index to count by, where rows are so wide that few share a page.
const COUNTED_WIDE_ROWS: i64 = 2_000;
/// Above this many bytes a row is wide: fewer than eight share a page of 4 KB.
const WIDE_ROW_BYTES: f64 = 500.0;

/// The first and the last rowid; `None` without rows or without rowids.
pub(super) fn span(connection: &Connection, schema: &Schema) -> rusqlite::Result<Option<(i64, i64)>> {
    let Some(rowid) = schema.rowid else { return Ok(None) };
    // Two queries: SQLite answers min and max by one seek each only when asked one at a time.
    let end = |order: &str| -> rusqlite::Result<Option<i64>> {
        let sql = format!("SELECT {rowid} FROM {} ORDER BY {rowid} {order} LIMIT 1", schema.quoted());
        connection.query_row(&sql, [], |row| row.get(0)).optional()
    };
    Ok(end("ASC")?.zip(end("DESC")?))
}

/// Rows between the two rowids, or of a table that has none.
pub(super) fn count(
    connection: &Connection,
    schema: &Schema,
    span: Option<(i64, i64)>,
    bytes_per_row: f64,
) -> rusqlite::Result<(u64, Precision)> {
    let Some(rowid) = schema.rowid else {
        let sql =
            format!("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {})", schema.quoted(), COUNTED_ROWS + 1);
        let rows: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
        let precision = if rows > COUNTED_ROWS { Precision::AtLeast } else { Precision::Counted };
        return Ok((rows.unsigned_abs(), precision));
    };
    let Some((first, last)) = span.filter(|(first, last)| first <= last) else {
        return Ok((0, Precision::Counted));
    };
    let ids = i128::from(last) - i128::from(first) + 1;
    let is_wide = bytes_per_row > WIDE_ROW_BYTES && !schema.is_indexed();
    if ids <= i128::from(if is_wide { COUNTED_WIDE_ROWS } else { COUNTED_ROWS }) {
        let sql = format!("SELECT count(*) FROM {} WHERE {rowid} BETWEEN ?1 AND ?2", schema.quoted());
        let rows: i64 = connection.query_row(&sql, [first, last], |row| row.get(0))?;
        return Ok((rows.unsigned_abs(), Precision::Counted));
    }
    Ok((estimate(connection, schema, rowid, first, ids)?, Precision::Estimated))
}

/// The span of rowids times how densely they are used, looked at in a few places.
fn estimate(
    connection: &Connection,
    schema: &Schema,
    rowid: &str,
    first: i64,
    ids: i128,
) -> rusqlite::Result<u64> {
    const PLACES: i128 = 8;
    const ROWS_A_PLACE: u32 = 50;
    let sql = format!(
        "SELECT min({rowid}), max({rowid}), count(*) FROM (
            SELECT {rowid} FROM {} WHERE {rowid} >= ?1 ORDER BY {rowid} LIMIT {ROWS_A_PLACE})",
        schema.quoted()
    );
    let mut statement = connection.prepare(&sql)?;
    let mut density = 0.0;
    for place in 0..PLACES {
        let from = i64::try_from(i128::from(first) + ids * place / PLACES).unwrap_or(i64::MAX);
        let (low, high, rows): (Option<i64>, Option<i64>, i64) =
            statement.query_row([from], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        if let Some((_, high)) = low.zip(high) {
            density += rows as f64 / (i128::from(high) - i128::from(from) + 1) as f64;
        }
    }
    Ok((ids as f64 * density / PLACES as f64).round() as u64)
}

/// A table whose time grows with its rowid: rows are found by bisecting.
#[derive(Debug, Clone)]
pub(crate) struct Ordered {
    pub(super) table: String,
    pub(super) rowid: &'static str,
    pub(super) time: String,
    pub(super) span: (i64, i64),
    /// Rows per rowid.
    pub(super) density: f64,
    pub(super) reading: Reading,
    pub(super) host: HostOffset,
}

impl Ordered {
    /// Rows of a period: counted where they are few, else the span of their rowids.
    pub(super) fn rows_within(&self, connection: &Connection, period: Period) -> rusqlite::Result<u64> {
        let before = self.last_until(connection, period.after)?;
        let until = self.last_until(connection, period.until)?;
        if until <= before {
            return Ok(0);
        }
        let ids = i128::from(until) - i128::from(before);
        if ids > i128::from(COUNTED_WIDE_ROWS) {
            return Ok((ids as f64 * self.density).round() as u64);
        }
        let sql =
            format!("SELECT count(*) FROM {} WHERE {} > ?1 AND {} <= ?2", self.table, self.rowid, self.rowid);
        let rows: i64 = connection.query_row(&sql, [before, until], |row| row.get(0))?;
        Ok(rows.unsigned_abs())
    }

    /// The last rowid whose time is not after an instant; one before the first where there is none.
    pub(super) fn last_until(&self, connection: &Connection, until: DateTime<Utc>) -> rusqlite::Result<i64> {
        let (mut low, mut high) = (self.span.0.saturating_sub(1), self.span.1);
        while low < high {
            let half = (i128::from(high) - i128::from(low) + 1) / 2;
            let middle = i64::try_from(i128::from(low) + half).unwrap_or(high);
            match self.first_from(connection, middle)? {
                Some((rowid, at)) if at <= until => low = rowid.max(middle).min(high),
                _ => high = middle.saturating_sub(1),
            }
        }
        Ok(low)
    }

    /// The time of the first row.
    pub(super) fn oldest(&self, connection: &Connection) -> rusqlite::Result<Option<DateTime<Utc>>> {
        Ok(self.first_from(connection, self.span.0)?.map(|(_, at)| at))
    }

    /// The first row from a rowid on whose time can be read.
    pub(crate) fn first_from(
        &self,
        connection: &Connection,
        from: i64,
    ) -> rusqlite::Result<Option<(i64, DateTime<Utc>)>> {
        const TRIED_ROWS: u32 = 8;
        let time = quoted(&self.time);
        let sql = format!(
            "SELECT {rowid}, {time} FROM {} WHERE {rowid} >= ?1 ORDER BY {rowid} LIMIT {TRIED_ROWS}",
            self.table,
            rowid = self.rowid,
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([from])?;
        while let Some(row) = rows.next()? {
            let value: ValueRef<'_> = row.get_ref(1)?;
            if let Some(at) = self.reading.instant(&self.host, value) {
                return Ok(Some((row.get(0)?, at)));
            }
        }
        Ok(None)
    }
}
