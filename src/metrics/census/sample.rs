//! The newest rows of a table, read once.

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::column::{Column, Form, Reading, words};
use super::profile::Profile;
use super::rows::Ordered;
use super::schema::{Declared, Schema};
use crate::source::clock::HostOffset;
use crate::source::quoted;

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
    /// The instants of the column that tells when a row was written, newest row first.
    written: Option<(usize, Vec<Option<DateTime<Utc>>>)>,
}

impl Sample {
    /// Reads the newest rows, up to a rowid if one is given.
    pub(super) fn read(
        connection: &Connection,
        host: &HostOffset,
        schema: &Schema,
        up_to: Option<i64>,
    ) -> rusqlite::Result<Self> {
        let mut profiles: Vec<Profile> = schema.declared.iter().map(Profile::new).collect();
        let mut statement = connection.prepare(&select(schema, up_to))?;
        let mut rows = statement.query([])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += 1;
            for (place, profile) in profiles.iter_mut().enumerate() {
                profile.add(row.get_ref(place).unwrap_or(ValueRef::Null), host);
            }
        }
        let mut columns: Vec<Column> = profiles.into_iter().map(Profile::finish).collect();
        compare_clocks(&mut columns);
        let written = written(&columns, host);
        Ok(Self { rows: count, is_whole: count < most_rows(schema) as u64, columns, written })
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
    let columns: Vec<String> = schema.declared.iter().map(expression).collect();
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

/// Measures how far naive ISO times are ahead of a time in UTC that the same row carries.
fn compare_clocks(columns: &mut [Column]) {
    const QUARTER: i64 = 15 * 60;
    const TOLERANCE_SECONDS: i64 = 120;
    const LARGEST_OFFSET_SECONDS: i64 = 14 * 3_600;
    const FEWEST_PAIRS: usize = 3;
    const AGREEING_SHARE: f64 = 0.9;
    let references: Vec<Vec<Option<DateTime<Utc>>>> = columns
        .iter()
        .filter(|column| column.is_time() && column.time_forms.keys().all(|form| is_reference(*form)))
        .map(|column| column.times.clone())
        .collect();
    for column in columns.iter_mut().filter(|column| column.is_time() && column.reading == Reading::Local) {
        for reference in &references {
            let pairs = column.times.iter().zip(reference).filter_map(|(own, utc)| own.zip(*utc));
            let differences: Vec<i64> = pairs.map(|(own, utc)| (own - utc).num_seconds()).collect();
            let Some(first) = differences.first() else { continue };
            let offset = (first + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
            let agreeing =
                differences.iter().filter(|seconds| (*seconds - offset).abs() <= TOLERANCE_SECONDS);
            let share = agreeing.count() as f64 / differences.len() as f64;
            if differences.len() >= FEWEST_PAIRS
                && share >= AGREEING_SHARE
                && offset.abs() <= LARGEST_OFFSET_SECONDS
            {
                column.offset_hours = Some(offset as f64 / 3_600.0);
                column.reading = Reading::Ahead(offset);
            }
        }
    }
}

/// Forms that are UTC or name their offset.
fn is_reference(form: Form) -> bool {
    !matches!(form.family(), Form::IsoText | Form::DayText)
}

/// The column that tells when a row was written: a time in nearly every row, by name if several are.
fn written(columns: &[Column], host: &HostOffset) -> Option<(usize, Vec<Option<DateTime<Utc>>>)> {
    const MOST_NULLS: f64 = 0.05;
    let (place, column) = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.is_time() && column.null_share <= MOST_NULLS && !is_plan(&column.name))
        .min_by_key(|(_, column)| rank(&column.name))?;
    let times = column.times.iter().map(|raw| raw.and_then(|raw| column.reading.of_raw(host, raw))).collect();
    Some((place, times))
}

/// How likely a name is the moment of writing.
fn rank(name: &str) -> usize {
    const BEST_FIRST: [&str; 12] = [
        "created",
        "inserted",
        "logged",
        "recorded",
        "timestamp",
        "ts",
        "closed",
        "discovered",
        "opened",
        "entry",
        "updated",
        "time",
    ];
    let words = words(name);
    let known = BEST_FIRST.iter().position(|best| words.iter().any(|word| word == best));
    known.unwrap_or(BEST_FIRST.len())
}

/// Whether a name is a plan: such a time may well lie in the future.
fn is_plan(name: &str) -> bool {
    const PLANS: [&str; 7] = ["until", "valid", "next", "due", "deadline", "scheduled", "planned"];
    words(name).iter().any(|word| word.starts_with("expir") || PLANS.contains(&word.as_str()))
}
