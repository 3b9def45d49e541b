//! Tables that only grow.

use chrono::TimeDelta;

use super::table::{short, tables};
use crate::checks::check::{Audit, Found, Problem};
use crate::model::{AlertType, Severity};
use crate::source::profile::{Precision, Table};

/// A column with this share of the bytes is what to act on.
const MOST_OF_IT_PERCENT: f64 = 60.0;
const DAYS_A_YEAR: f64 = 365.0;
const BYTES_A_GIGABYTE: f64 = 1e9;
/// What SQLite adds to a row's values: header, rowid, cell pointer.
const ROW_OVERHEAD_BYTES: f64 = 12.0;
pub(super) fn check(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for table in tables(audit) {
        let Some(per_day) = rows_per_day(table) else { continue };
        let index_bytes = table.index_bytes_per_row();
        let row_bytes = row_bytes(table);
        let bytes = row_bytes + index_bytes;
        let gigabytes = per_day * DAYS_A_YEAR * bytes / BYTES_A_GIGABYTE;
        if gigabytes >= audit.threshold {
            found.fact(problem(table, per_day, (row_bytes, index_bytes), gigabytes));
        }
    }
    Ok(found)
}

/// What a row takes: its values, of which an INTEGER PRIMARY KEY is the rowid and stands in the overhead.
fn row_bytes(table: &Table) -> f64 {
    let mut keys = table.schema.declared.iter().filter(|column| column.is_key);
    let rowid = keys.next().filter(|key| key.declared_type.eq_ignore_ascii_case("INTEGER"));
    let rowid = rowid.filter(|_| keys.next().is_none()).and_then(|key| table.column(&key.name));
    table.bytes_per_row - rowid.map_or(0.0, |column| column.bytes) + ROW_OVERHEAD_BYTES
}

/// Rows a day since the first one, of a table from which nothing has ever been deleted.
fn rows_per_day(table: &Table) -> Option<f64> {
    /// Less says nothing about a year.
    const SHORTEST_SPAN: TimeDelta = TimeDelta::days(2);
    const FEWEST_ROWS: u64 = 1_000;
    let span = table.newest? - table.oldest?;
    let is_telling = table.keeps_all_rows && table.rows >= FEWEST_ROWS && span >= SHORTEST_SPAN;
    is_telling.then(|| table.rows as f64 / (span.num_minutes() as f64 / 1_440.0))
}

fn problem(table: &Table, per_day: f64, (row_bytes, index_bytes): (f64, f64), gigabytes: f64) -> Problem {
    let name = short(&table.schema.name);
    let largest = table.columns.iter().max_by(|one, other| one.bytes.total_cmp(&other.bytes));
    let share = largest.map_or(0.0, |column| 100.0 * column.bytes / table.bytes_per_row.max(1.0));
    let largest = largest.map(|column| short(&column.name)).filter(|_| share >= MOST_OF_IT_PERCENT);
    let mostly = largest.as_ref().map_or_else(String::new, |column| {
        format!(" {share:.0} % of its rows' bytes are the column {column}.")
    });
    let or_rotate =
        largest.map_or_else(String::new, |column| format!(", or keep {column} in a file that is rotated"));
    let indexes = if index_bytes > 0.0 { " with its indexes" } else { "" };
    let about = if table.rows_are == Precision::Counted { "" } else { "about " };
    Problem {
        alert_type: AlertType::Inefficiency,
        severity: Severity::Low,
        subject: table.schema.name.clone(),
        title: format!("Nothing is ever deleted from {name}"),
        description: format!(
            "{name} has {about}{} rows, none was ever deleted, and it gains {per_day:.0} a day: {:.1} million rows \
             and about {gigabytes:.1} GB a year{indexes}.{mostly}",
            table.rows,
            per_day * DAYS_A_YEAR / 1e6
        ),
        evidence: format!(
            "{about}{} rows, {per_day:.0} a day, about {row_bytes:.0} bytes a row and {index_bytes:.0} in its indexes, about \
             {gigabytes:.1} GB a year; query: SELECT min(rowid), max(rowid) FROM {name}",
            table.rows
        ),
        recommendation: format!("Delete rows of {name} after some days{or_rotate}; then VACUUM."),
    }
}
