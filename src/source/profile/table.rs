//! One table: its declaration, how many rows, how new, how fast it grows, and what its columns hold.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;
use serde::Serialize;

use super::column::Column;
use super::declared::Schema;
use super::pairs::{self, Pair};
use super::rows::{self, Ordered, Precision};
use super::sample::Sample;
use super::span::Span;
use super::turns;
use crate::model::Period;
use crate::source::clock::HostOffset;
use crate::source::{Bot, quoted, skipped};

/// One table.
#[derive(Debug, Default, Serialize)]
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
    /// Mean size of the values of a row read.
    pub(crate) bytes_per_row: f64,
    /// Newest rows that the profiles rest on.
    pub(crate) sampled_rows: u64,
    /// The table holds times after the audited moment and does not tell which rows they are.
    pub(crate) holds_later_rows: bool,
    /// The table has rows after the audited moment, and all figures leave them out.
    #[serde(skip)]
    pub(crate) ends_before_later_rows: bool,
    /// The first and the last rowid, up to the audited moment.
    #[serde(skip)]
    pub(super) ids: Option<(i64, i64)>,
    /// What the columns hold.
    pub(crate) columns: Vec<Column>,
    /// The times of the rows read, newest row first.
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
    /// Looks at a table.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read(bot: &Bot, span: &Span, schema: &Schema) -> rusqlite::Result<Self> {
        let (connection, host) = (bot.connection(), bot.host_offset());
        // Under an earlier moment later times are of rows that do not exist yet.
        let now = (!span.is_of_earlier).then_some(span.now);
        let mut sample = Sample::read(connection, host, schema, None, now)?;
        let mut ids = rows::span(connection, schema)?;
        let mut holds_later_rows = false;
        let mut ends_before_later_rows = false;
        let is_later = |newest: DateTime<Utc>| newest > span.now + CLOCK_TOLERANCE;
        // Live, a time in the future is a wrong clock; the rows are there.
        if span.is_of_earlier && sample.newest().is_some_and(is_later) {
            // Rows after the audited moment do not exist: the sample ends before them, where it can.
            match (sample.ordered(schema, ids, host), &mut ids) {
                (Some(ordered), Some((_, last))) => {
                    *last = ordered.last_until(connection, span.now)?;
                    sample = Sample::read(connection, host, schema, Some(*last), now)?;
                    ends_before_later_rows = true;
                }
                _ => holds_later_rows = true,
            }
        }
        let (rows, rows_are) = match sample.is_whole {
            true => (sample.rows, Precision::Counted),
            false => rows::count(connection, schema, ids, sample.bytes_per_row())?,
        };
        let mut ordered = sample.ordered(schema, ids, host);
        if let Some((ordered, (first, last))) = ordered.as_mut().zip(ids) {
            ordered.density = rows as f64 / (i128::from(last) - i128::from(first) + 1).max(1) as f64;
        }
        // A first row that is not 1, or gaps, mean that rows have been deleted or replaced.
        const KEPT_SHARE: f64 = 0.98;
        let keeps_all_rows =
            ids.is_some_and(|(first, last)| first == 1 && rows as f64 >= KEPT_SHARE * last as f64);
        let oldest = match &ordered {
            Some(ordered) => ordered.oldest(connection)?,
            None => None,
        };
        let mut table = Self {
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
            ids,
            sampled_times: sample.times(),
            columns: sample.columns,
            ordered,
            error: None,
        };
        for column in &mut table.columns {
            let turns = turns::fault(column, &sample.keys);
            column.faults.extend(turns);
        }
        table.rows_in_window = table.rows_within(connection, span.window);
        table.rows_in_previous = table.rows_within(connection, span.previous);
        Ok(table)
    }

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

    /// Whether it is the bot's and could be read.
    pub(super) fn is_bots(&self) -> bool {
        self.error.is_none() && !self.is_monitors_own()
    }

    /// The column of this name.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Whether no row was deleted between the oldest and the newest one: what is missing there was never made.
    pub(super) fn is_dense(&self) -> bool {
        const KEPT_SHARE: f64 = 0.98;
        let span = self.ids.map(|(first, last)| i128::from(last) - i128::from(first) + 1);
        span.is_some_and(|span| self.rows as f64 >= KEPT_SHARE * span as f64)
    }

    /// The newest rows up to the audited moment, as they stand behind FROM: their primary keys as `key`, and a
    /// column of theirs as `value`.
    pub(super) fn newest_rows(&self, column: &str, most: u64) -> String {
        let keys: Vec<String> = self.schema.keys().map(|key| quoted(&key.name)).collect();
        let key = match (keys.as_slice(), self.schema.rowid) {
            ([], rowid) => rowid.unwrap_or("NULL").to_owned(),
            (keys, _) => keys.join(" || '|' || "),
        };
        let order = match (self.schema.rowid, self.ids) {
            (Some(rowid), Some((_, last))) => format!("WHERE {rowid} <= {last} ORDER BY {rowid} DESC"),
            _ => String::new(),
        };
        format!(
            "(SELECT {key} AS key, {} AS value FROM {} {order} LIMIT {most})",
            quoted(column),
            self.schema.quoted()
        )
    }

    /// Rows whose time lies in a period, where that can be told cheaply.
    pub(crate) fn rows_within(&self, connection: &Connection, period: Period) -> Option<u64> {
        if self.is_sampled_whole() && self.sampled_times.len() as u64 == self.sampled_rows {
            return Some(self.sampled_times.iter().filter(|at| period.contains(**at)).count() as u64);
        }
        self.ordered.as_ref()?.rows_within(connection, period).ok()
    }

    /// Its columns of times, two and two.
    pub(crate) fn pairs(&self, host: &HostOffset) -> Vec<Pair<'_>> {
        pairs::all(&self.columns, host)
    }

    /// Rows whose time is not after a moment, where that can be told cheaply.
    pub(super) fn rows_until(&self, connection: &Connection, until: DateTime<Utc>) -> Option<u64> {
        let after = self.oldest? - TimeDelta::seconds(1);
        self.rows_within(connection, Period { after, until })
    }

    /// Bytes that the entries of one row take in the table's indexes: the columns' values and the row's key.
    pub(crate) fn index_bytes_per_row(&self) -> f64 {
        const OVERHEAD_BYTES: f64 = 12.0;
        let names = self.schema.indexes.iter().flat_map(|index| index.columns.iter().flatten());
        let values: f64 = names.filter_map(|name| self.column(name)).map(|column| column.bytes).sum();
        values + self.schema.indexes.len() as f64 * OVERHEAD_BYTES
    }

    /// One that could not be read.
    pub(super) fn unreadable(schema: Schema, error: &anyhow::Error) -> Self {
        Self {
            schema,
            error: Some(skipped(error).unwrap_or_else(|| format!("{error:#}"))),
            ..Self::default()
        }
    }
}

/// A row that is written while the file is read may carry the next second.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);
