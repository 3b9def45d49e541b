//! What times the bot's tables hold: whether they sort as text, how far back they go, and whether any of
//! them can be read at all.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::cell;
use super::clock::{self, Clock, HostOffset};
use super::declared::{self, Source};
use super::profile::names::is_time;
use super::quoted::quoted;
use crate::sanitize::cut;

/// The times of a table, as far as they have been looked at.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// One does not sort as `YYYY-MM-DD…` text does: a number, or text in another form.
    pub(super) are_odd: bool,
    /// The oldest of them, give or take the offset of a time zone.
    pub(super) oldest: Option<DateTime<Utc>>,
    /// Columns with values of which none can be read.
    pub(super) unreadable: Vec<UnreadableTimes>,
}

/// A column whose rows no report can place in time.
#[derive(Debug, Clone)]
pub(crate) struct UnreadableTimes {
    /// `table.column`.
    pub(crate) column: String,
    /// One of its values.
    pub(crate) example: String,
}

impl Times {
    fn see(&mut self, value: ValueRef<'_>) -> Option<DateTime<Utc>> {
        let at = HostOffset::ThisMachine.instant(value, Clock::Utc)?;
        self.are_odd |= clock::is_odd_time(value);
        self.oldest = Some(self.oldest.map_or(at, |oldest| oldest.min(at)));
        Some(at)
    }

    /// Those of another table as well.
    pub(super) fn add(&mut self, other: Self) {
        self.are_odd |= other.are_odd;
        self.oldest = [self.oldest, other.oldest].into_iter().flatten().min();
        self.unreadable.extend(other.unreadable);
    }
}

/// Whether a value has been read as what it means. A number before 2009, when no coin was traded, or after
/// 2100 has another unit or origin than was assumed; a date is unambiguous.
pub(super) fn is_plausible(value: ValueRef<'_>, at: DateTime<Utc>) -> bool {
    const LAST: DateTime<Utc> = DateTime::from_timestamp_nanos(4_102_444_800_000_000_000);
    let is_date = |text: &[u8]| matches!(text.trim_ascii().get(4), Some(b'-' | b'/'));
    matches!(value, ValueRef::Text(text) if is_date(text)) || (clock::FIRST_PLAUSIBLE..LAST).contains(&at)
}

/// Whether a value is meant to be a time. What has no digit but zeros (`never`, `0`, `0000-00-00`) says
/// that there is none.
fn is_meant(value: ValueRef<'_>) -> bool {
    match value {
        ValueRef::Null => false,
        ValueRef::Integer(number) => number != 0,
        ValueRef::Real(number) => number != 0.0,
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            bytes.iter().any(|byte| byte.is_ascii_digit() && *byte != b'0')
        }
    }
}

/// Whether a column is the time of something that may never happen to a row.
fn may_stay_unset(column: &str) -> bool {
    matches!(column, "last_used" | "triggered_at" | "effectiveness_measured_at")
}

/// What times the table holds. An index tells exactly by its two ends; without one the newest and the
/// oldest rows tell, since a file changes its format when its program changes.
pub(super) fn of(source: &Source, connection: &Connection) -> rusqlite::Result<Times> {
    const SAMPLED_ROWS: usize = 50;
    let table = quoted(&source.table);
    let indexed = match source.avoids_indexes {
        true => Vec::new(),
        false => declared::indexed_columns(connection, &source.table)?,
    };
    let (by_index, by_sample): (Vec<_>, Vec<_>) = source
        .found_columns()
        .filter(|name| is_time(name))
        .partition(|name| indexed.iter().any(|one| one == name));
    let mut queries: Vec<(Vec<&str>, String)> = Vec::new();
    for name in by_index {
        let column = quoted(name);
        let end = |function: &str| format!("(SELECT {function}({column}) FROM main.{table})");
        queries.push((vec![name, name], format!("SELECT {}, {}", end("min"), end("max"))));
    }
    if !by_sample.is_empty() {
        let names: Vec<_> = by_sample.iter().map(|name| quoted(name)).collect();
        let names = names.join(", ");
        for order in ["ORDER BY rowid DESC ", ""] {
            let sql = format!("SELECT {names} FROM main.{table} NOT INDEXED {order}LIMIT {SAMPLED_ROWS}");
            queries.push((by_sample.clone(), sql));
        }
    }
    let mut times = Times::default();
    let (mut meant, mut plausible) = (BTreeSet::new(), BTreeSet::new());
    for (names, sql) in queries {
        // A view or a table WITHOUT ROWID has no such order.
        let Ok(mut statement) = connection.prepare(&sql) else { continue };
        let mut rows = statement.query([])?;
        // Damage is reported by the query that needs the table.
        while let Ok(Some(row)) = rows.next() {
            for (place, name) in names.iter().enumerate() {
                let value = row.get_ref(place)?;
                if times.see(value).is_some_and(|at| is_plausible(value, at)) {
                    plausible.insert(*name);
                } else if is_meant(value) {
                    meant.insert(*name);
                }
            }
        }
    }
    for name in meant.difference(&plausible).filter(|name| !may_stay_unset(name)) {
        times.unreadable.extend(unreadable(source, name, connection)?);
    }
    Ok(times)
}

/// A second look at a column in which no time has been found yet.
fn unreadable(
    source: &Source,
    column: &str,
    connection: &Connection,
) -> rusqlite::Result<Option<UnreadableTimes>> {
    const MOST_ROWS: usize = 20_000;
    const EXAMPLE_CHARS: usize = 40;
    let name = quoted(column);
    let sql = format!(
        "SELECT {name} FROM main.{} NOT INDEXED WHERE {name} IS NOT NULL LIMIT {MOST_ROWS}",
        quoted(&source.table)
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut example = None;
    while let Some(row) = rows.next()? {
        let value = row.get_ref(0)?;
        if HostOffset::ThisMachine.instant(value, Clock::Utc).is_some_and(|at| is_plausible(value, at)) {
            return Ok(None);
        }
        if example.is_none() && is_meant(value) {
            example = cell::text(row, 0)?.map(|text| cut(&text, EXAMPLE_CHARS));
        }
    }
    let column = format!("{}.{column}", source.table);
    Ok(example.map(|example| UnreadableTimes { column, example }))
}
