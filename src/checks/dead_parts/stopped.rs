//! Columns that were filled once.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::OptionalExtension as _;

use super::table::{short, tables};
use crate::checks::check::{Audit, Found, Problem};
use crate::metrics::census::{Column, Table};
use crate::model::{AlertType, Severity};
use crate::source::clock::utc_text;
use crate::source::quoted;

/// Rows that are looked at before the sample.
const OLDER_ROWS: u32 = 5_000;

pub(super) fn check(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for table in tables(audit) {
        for column in &table.columns {
            if let Some(last) = last_of_many(audit, table, column)? {
                let silence = table.newest.map(|newest| newest - last).unwrap_or_default();
                if silence.num_hours() as f64 >= audit.threshold * 24.0 {
                    found.fact(problem(table, column, last, silence));
                }
            }
        }
    }
    Ok(found)
}

/// When a column was filled for the last time that used to be, and has not been in many rows since.
fn last_of_many(audit: &Audit<'_>, table: &Table, column: &Column) -> anyhow::Result<Option<DateTime<Utc>>> {
    /// By chance, with the share that had a value before.
    const BY_CHANCE: f64 = 1e-9;
    const FEWEST_ROWS: u64 = 100;
    let is_timed = table.sampled_times.len() as u64 == table.sampled_rows;
    if column.newest_nulls < FEWEST_ROWS || table.ordered.is_none() || !is_timed {
        return Ok(None);
    }
    if column.filled == 0 {
        return last_filled(audit, table, column);
    }
    let before = table.sampled_rows - column.newest_nulls;
    let share = column.filled as f64 / before as f64;
    let chance = (1.0 - share).powf(column.newest_nulls as f64);
    let is_enough = column.filled >= 10 && chance < BY_CHANCE;
    let place = usize::try_from(column.newest_nulls).unwrap_or(usize::MAX);
    Ok(table.sampled_times.get(place).copied().filter(|_| is_enough))
}

/// When a column that is empty in the whole sample was filled last, if at least a third of the rows
/// before that were; `None` where the older rows looked at hold nothing either.
pub(super) fn last_filled(
    audit: &Audit<'_>,
    table: &Table,
    column: &Column,
) -> anyhow::Result<Option<DateTime<Utc>>> {
    const SHARE_OF_ROWS: u32 = 100;
    const FEWEST_FILLED: i64 = 33;
    let (Some(rowid), Some(ordered), false) = (table.schema.rowid, &table.ordered, table.is_sampled_whole())
    else {
        return Ok(None);
    };
    let connection = audit.context.bot.connection();
    let (name, from) = (quoted(&column.name), table.schema.quoted());
    let last = format!(
        "SELECT {rowid} FROM (SELECT {rowid}, {name} FROM {from} ORDER BY {rowid} DESC LIMIT {OLDER_ROWS})
        WHERE {name} IS NOT NULL AND {name} <> '' LIMIT 1"
    );
    let Some(last): Option<i64> = connection.query_row(&last, [], |row| row.get(0)).optional()? else {
        return Ok(None);
    };
    let filled = format!(
        "SELECT count({name}) FROM (SELECT {name} FROM {from} WHERE {rowid} <= ?1 ORDER BY {rowid} DESC LIMIT {SHARE_OF_ROWS})"
    );
    let filled: i64 = connection.query_row(&filled, [last], |row| row.get(0))?;
    if filled < FEWEST_FILLED {
        return Ok(None);
    }
    Ok(ordered.first_from(connection, last)?.map(|(_, at)| at))
}

fn problem(table: &Table, column: &Column, last: DateTime<Utc>, silence: TimeDelta) -> Problem {
    let (name, own) = (short(&table.schema.name), short(&column.name));
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: format!("{}.{}", table.schema.name, column.name),
        title: format!("{own} of {name} is no longer filled"),
        description: format!(
            "Until {} UTC rows of {name} had {own}; the {} rows of the {:.1} days since have none.",
            utc_text(last),
            column.newest_nulls,
            silence.num_hours() as f64 / 24.0
        ),
        evidence: format!(
            "NULL in the newest {} rows, last value in a row of {} UTC; \
             query: SELECT * FROM {name} WHERE \"{own}\" IS NOT NULL ORDER BY rowid DESC LIMIT 3",
            column.newest_nulls,
            utc_text(last)
        ),
        recommendation: format!("Compare what was changed around {} UTC.", utc_text(last)),
    }
}
