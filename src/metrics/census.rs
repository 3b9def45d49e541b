//! Every table of the file, also those that nobody described: how many rows, how new, how fast it
//! grows, and what its columns hold.
//!
//! The cost is bounded whatever a table's size: profiles rest on the newest rows, rows are counted
//! where that is cheap and else estimated from the rowids, and rows of a period are found by
//! bisecting rowids where the sample shows that time grows with them.

mod column;
mod profile;
mod rows;
mod sample;
mod schema;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;
use serde::Serialize;

pub(crate) use self::column::{Column, Form, Kind, Odd, Reading, words};
use self::rows::Ordered;
pub(crate) use self::rows::Precision;
use self::sample::Sample;
pub(crate) use self::schema::Schema;
use crate::guard;
use crate::metrics::context::Context;
use crate::model::Period;
use crate::source::skipped;

/// The section `tables`.
#[derive(Debug, Serialize)]
pub(crate) struct Census {
    /// Every table, by name.
    pub(crate) all: Vec<Table>,
    /// Views and virtual tables, by name only.
    pub(crate) views: Vec<String>,
    /// Rows were written after the audited moment: what the bot overwrites belongs to a later one.
    pub(crate) is_past: bool,
}

impl Census {
    /// The table of this name.
    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.all.iter().find(|table| table.schema.name.eq_ignore_ascii_case(name))
    }
}

/// One table.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    /// Its declaration.
    #[serde(flatten)]
    pub(crate) schema: Schema,
    /// Rows, as exactly as `rows_are` says.
    pub(crate) rows: u64,
    /// How the rows were counted.
    pub(crate) rows_are: Precision,
    /// The column that tells when a row was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time_column: Option<String>,
    /// The oldest time in that column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) oldest: Option<DateTime<Utc>>,
    /// The newest time in that column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) newest: Option<DateTime<Utc>>,
    /// Rows whose time lies in the window; missing where that cannot be told cheaply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rows_in_window: Option<u64>,
    /// Rows whose time lies in the window before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rows_in_previous: Option<u64>,
    /// No row of it has ever been deleted.
    pub(crate) keeps_all_rows: bool,
    /// Mean size of a sampled row's values.
    pub(crate) bytes_per_row: f64,
    /// Newest rows that the profiles rest on.
    pub(crate) sampled_rows: u64,
    /// The table holds times after the audited moment and does not tell which rows they are.
    pub(crate) holds_later_rows: bool,
    /// The table has rows after the audited moment, and all figures leave them out.
    #[serde(skip)]
    pub(crate) ends_before_later_rows: bool,
    /// What the columns hold.
    pub(crate) columns: Vec<Column>,
    /// The row times of the sample, newest row first.
    #[serde(skip)]
    pub(crate) sampled_times: Vec<DateTime<Utc>>,
    /// How rows are found by time, where time grows with the rowid.
    #[serde(skip)]
    pub(crate) ordered: Option<Ordered>,
    /// Why the table could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

impl Table {
    /// Whether the profiles rest on every row.
    pub(crate) fn is_sampled_whole(&self) -> bool {
        self.rows_are == Precision::Counted && self.sampled_rows == self.rows
    }

    /// Whether the monitor made it: its alerts, their life, and the version of these tables.
    pub(crate) fn is_monitors_own(&self) -> bool {
        const OWN: [&str; 5] = [
            "monitoring_alerts",
            "monitoring_changes",
            "monitoring_migrations",
            "monitoring_sightings",
            "monitoring_snoozes",
        ];
        OWN.contains(&self.schema.name.as_str())
    }

    /// The column of this name.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Rows whose time lies in a period, where that can be told cheaply.
    pub(crate) fn rows_within(&self, connection: &Connection, period: Period) -> Option<u64> {
        if self.is_sampled_whole() && self.sampled_times.len() as u64 == self.sampled_rows {
            return Some(self.sampled_times.iter().filter(|at| period.contains(**at)).count() as u64);
        }
        self.ordered.as_ref()?.rows_within(connection, period).ok()
    }

    fn unreadable(schema: Schema, error: &anyhow::Error) -> Self {
        Self {
            schema,
            rows: 0,
            rows_are: Precision::AtLeast,
            time_column: None,
            oldest: None,
            newest: None,
            rows_in_window: None,
            rows_in_previous: None,
            keeps_all_rows: false,
            bytes_per_row: 0.0,
            sampled_rows: 0,
            holds_later_rows: false,
            ends_before_later_rows: false,
            columns: Vec::new(),
            sampled_times: Vec::new(),
            ordered: None,
            error: Some(skipped(error).unwrap_or_else(|| format!("{error:#}"))),
        }
    }
}

/// Looks at every table; one that cannot be read does not hide the others.
///
/// # Errors
/// When the schema cannot be read.
pub(crate) fn collect(context: &Context<'_>) -> anyhow::Result<Census> {
    let (schemas, views) = schema::read(context.bot)?;
    let all: Vec<Table> = schemas
        .into_iter()
        .map(|schema| match guard::run(|| Ok(table(context, &schema)?)) {
            Ok(table) => table,
            Err(error) => Table::unreadable(schema, &error),
        })
        .collect();
    let is_past = all
        .iter()
        .filter(|table| !table.is_monitors_own())
        .any(|table| table.holds_later_rows || table.ends_before_later_rows);
    Ok(Census { all, views, is_past })
}

/// A row that is written while the file is read may carry the next second.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

fn table(context: &Context<'_>, schema: &Schema) -> rusqlite::Result<Table> {
    let connection = context.bot.connection();
    let host = context.bot.host_offset();
    let mut sample = Sample::read(connection, host, schema, None)?;
    let mut span = rows::span(connection, schema)?;
    let mut holds_later_rows = false;
    let mut ends_before_later_rows = false;
    let is_later = |newest: DateTime<Utc>| newest > context.now + CLOCK_TOLERANCE;
    // Live, a time in the future is a wrong clock; the rows are there.
    if context.config.as_of.is_some() && sample.newest().is_some_and(is_later) {
        // Rows after the audited moment do not exist: the sample ends before them, where it can.
        match (sample.ordered(schema, span, host), &mut span) {
            (Some(ordered), Some((_, last))) => {
                *last = ordered.last_until(connection, context.now)?;
                sample = Sample::read(connection, host, schema, Some(*last))?;
                ends_before_later_rows = true;
            }
            _ => holds_later_rows = true,
        }
    }
    let (rows, rows_are) = match sample.is_whole {
        true => (sample.rows, Precision::Counted),
        false => rows::count(connection, schema, span, sample.bytes_per_row())?,
    };
    let mut ordered = sample.ordered(schema, span, host);
    if let Some((ordered, (first, last))) = ordered.as_mut().zip(span) {
        ordered.density = rows as f64 / (i128::from(last) - i128::from(first) + 1).max(1) as f64;
    }
    // A first row that is not 1, or gaps, mean that rows have been deleted or replaced.
    const KEPT_SHARE: f64 = 0.98;
    let keeps_all_rows =
        span.is_some_and(|(first, last)| first == 1 && rows as f64 >= KEPT_SHARE * last as f64);
    let oldest = match &ordered {
        Some(ordered) => ordered.oldest(connection)?,
        None => None,
    };
    let mut table = Table {
        schema: schema.clone(),
        rows,
        rows_are,
        time_column: sample.time_column().map(|column| column.name.clone()),
        oldest: oldest.into_iter().chain(sample.oldest()).min(),
        newest: sample.newest(),
        rows_in_window: None,
        rows_in_previous: None,
        keeps_all_rows,
        bytes_per_row: sample.bytes_per_row(),
        sampled_rows: sample.rows,
        holds_later_rows,
        ends_before_later_rows,
        sampled_times: sample.times(),
        columns: sample.columns,
        ordered,
        error: None,
    };
    table.rows_in_window = table.rows_within(connection, context.window);
    table.rows_in_previous = table.rows_within(connection, context.previous);
    Ok(table)
}
