//! The newest rows of a table, read once.

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::column::Column;
use super::declared::{Declared, Schema};
use super::names::{Tells, rank_of_writing};
use super::pairs;
use super::rows::Ordered;
use super::values::Values;
use crate::source::clock::HostOffset;
use crate::source::{cell, quoted};

/// Rows of a narrow table.
const MOST_ROWS: usize = 500;
/// Rows of the widest table: what a share can be told from.
const FEWEST_ROWS: usize = 200;
/// Values of one table: bounds the time of a run with many tables.
const MOST_VALUES: usize = 8_000;
/// Longer texts are measured, not read: prompts and answers are most bytes of a bot's file.
const LONGEST_TEXT_BYTES: usize = 2_000;

/// The newest rows of a table as profiles of its columns.
#[derive(Debug)]
pub(super) struct Sample {
    /// Rows that were read.
    pub(super) rows: u64,
    /// Whether the table has no others.
    pub(super) is_whole: bool,
    /// The profiles, in the order of the declaration.
    pub(super) columns: Vec<Column>,
    /// Primary keys of the rows, newest row first.
    pub(super) keys: Vec<String>,
    /// The instants of the column that tells when a row was written, newest row first.
    written: Option<(usize, Vec<Option<DateTime<Utc>>>)>,
}

impl Sample {
    /// Reads the newest rows, up to a rowid if one is given. Times later than `now` are told where that is given.
    pub(super) fn read(
        connection: &Connection,
        host: &HostOffset,
        schema: &Schema,
        up_to: Option<i64>,
        now: Option<DateTime<Utc>>,
    ) -> rusqlite::Result<Self> {
        let mut all: Vec<Values> = schema.declared.iter().map(Values::new).collect();
        let mut statement = connection.prepare(&select(schema, up_to))?;
        let mut rows = statement.query([])?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            keys.push(key(schema, row)?);
            for (place, values) in all.iter_mut().enumerate() {
                values.add(row.get_ref(place).unwrap_or(ValueRef::Null), host);
            }
        }
        let count = keys.len();
        let is_whole = count < most_rows(schema);
        if !is_whole {
            read_oldest(connection, host, schema, &mut all, &mut keys)?;
        }
        let finish = |values: Values| values.finish(&keys, host, now);
        let mut columns: Vec<Column> = all.into_iter().map(finish).collect();
        keys.truncate(count);
        pairs::measure_clocks(&mut columns);
        let written = written(&columns, host);
        Ok(Self { rows: count as u64, is_whole, columns, keys, written })
    }

    /// The column that tells when a row was written.
    pub(super) fn time_column(&self) -> Option<&Column> {
        self.columns.get(self.written.as_ref()?.0)
    }

    /// The times of the rows that have one, newest row first.
    pub(super) fn times(&self) -> Vec<DateTime<Utc>> {
        self.written.iter().flat_map(|(_, times)| times.iter().copied().flatten()).collect()
    }

    /// The newest time of the sample.
    pub(super) fn newest(&self) -> Option<DateTime<Utc>> {
        self.times().into_iter().max()
    }

    /// The oldest time of the sample.
    pub(super) fn oldest(&self) -> Option<DateTime<Utc>> {
        self.times().into_iter().min()
    }

    /// Mean size of a row's values.
    pub(super) fn bytes_per_row(&self) -> f64 {
        self.columns.iter().map(|column| column.bytes).sum()
    }

    /// How rows are found by time, if time grows with the rowid in 95 of 100 steps of the sample:
    /// rows are written within a second or by several threads, so single steps back are no objection.
    pub(super) fn ordered(
        &self,
        schema: &Schema,
        span: Option<(i64, i64)>,
        host: &HostOffset,
    ) -> Option<Ordered> {
        const GROWING_STEPS: f64 = 0.95;
        const FEWEST_STEPS: usize = 4;
        let times = self.times();
        let steps = times.len().checked_sub(1).filter(|steps| *steps >= FEWEST_STEPS)?;
        let newer = times.iter();
        let growing = newer.zip(times.iter().skip(1)).filter(|(newer, older)| newer >= older).count();
        let column = self.time_column().filter(|_| growing as f64 >= GROWING_STEPS * steps as f64)?;
        Some(Ordered {
            table: schema.quoted().to_owned(),
            rowid: schema.rowid?,
            time: column.name.clone(),
            span: span?,
            density: 1.0,
            reading: column.reading,
            host: host.clone(),
        })
    }
}

fn most_rows(schema: &Schema) -> usize {
    (MOST_VALUES / schema.declared.len().max(1)).clamp(FEWEST_ROWS, MOST_ROWS)
}

fn select(schema: &Schema, up_to: Option<i64>) -> String {
    let mut columns: Vec<String> = schema.declared.iter().map(expression).collect();
    columns.extend(schema.rowid.filter(|_| schema.keys().next().is_none()).map(str::to_owned));
    let rows = most_rows(schema);
    let newest = match (schema.rowid, up_to) {
        (Some(rowid), Some(up_to)) => format!("WHERE {rowid} <= {up_to} ORDER BY {rowid} DESC "),
        (Some(rowid), None) => format!("ORDER BY {rowid} DESC "),
        (None, _) => String::new(),
    };
    format!("SELECT {} FROM {} {newest}LIMIT {rows}", columns.join(", "), schema.quoted())
}

/// A column that may hold long texts is asked for their size first, which reads none of them.
fn expression(column: &Declared) -> String {
    let name = quoted(&column.name);
    let declared_type = column.declared_type.to_uppercase();
    let is_short = ["INT", "REAL", "FLOA", "DOUB", "NUM", "DEC", "BOOL", "DATE", "TIME"]
        .iter()
        .any(|word| declared_type.contains(word));
    if is_short || column.is_key {
        return name;
    }
    format!(
        "CASE WHEN octet_length({name}) > {LONGEST_TEXT_BYTES} THEN CAST(octet_length({name}) AS BLOB) ELSE {name} END"
    )
}

/// The row's primary key as text, several columns joined by `|`, else its rowid.
fn key(schema: &Schema, row: &Row<'_>) -> rusqlite::Result<String> {
    let mut key = String::new();
    for (place, _) in schema.declared.iter().enumerate().filter(|(_, column)| column.is_key) {
        if !key.is_empty() {
            key.push('|');
        }
        key.push_str(&cell::name(row, place)?.unwrap_or_default());
    }
    if schema.keys().next().is_none() && schema.rowid.is_some() {
        key = cell::name(row, schema.declared.len())?.unwrap_or_default().into_owned();
    }
    Ok(key)
}

/// The times of the oldest rows: one that cannot be is often of the first days.
fn read_oldest(
    connection: &Connection,
    host: &HostOffset,
    schema: &Schema,
    all: &mut [Values],
    keys: &mut Vec<String>,
) -> rusqlite::Result<()> {
    const OLDEST_ROWS: usize = 100;
    let Some(rowid) = schema.rowid.filter(|_| all.iter().any(Values::may_hold_times)) else { return Ok(()) };
    let columns: Vec<String> = schema
        .declared
        .iter()
        .zip(all.iter())
        .map(|(column, values)| match column.is_key || values.may_hold_times() {
            true => quoted(&column.name),
            false => "NULL".to_owned(),
        })
        .collect();
    let sql = format!(
        "SELECT {}, {rowid} FROM {} ORDER BY {rowid} LIMIT {OLDEST_ROWS}",
        columns.join(", "),
        schema.quoted()
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for (place, values) in all.iter_mut().enumerate().filter(|(_, values)| values.may_hold_times()) {
            values.add_oldest(keys.len(), row.get_ref(place)?, host);
        }
        keys.push(key(schema, row)?);
    }
    Ok(())
}

/// The column that tells when a row was written: a time in nearly every row, by name if several are.
fn written(columns: &[Column], host: &HostOffset) -> Option<(usize, Vec<Option<DateTime<Utc>>>)> {
    const MOST_NULLS: f64 = 0.05;
    let (place, column) = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| {
            column.is_time() && column.null_share <= MOST_NULLS && Tells::of(&column.name).is_past()
        })
        .min_by_key(|(_, column)| rank_of_writing(&column.name))?;
    let times = column.times.iter().map(|raw| raw.and_then(|raw| column.reading.of_raw(host, raw))).collect();
    Some((place, times))
}
