//! Columns that were filled once.

use chrono::{DateTime, TimeDelta, Utc};

use super::table::{short, tables};
use crate::checks::check::{Audit, Found, Problem};
use crate::model::{AlertType, Severity};
use crate::source::clock::utc_text;
use crate::source::profile::{Column, Table};

pub(super) fn check(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for table in tables(audit) {
        for column in &table.columns {
            if let Some(last) = column.filled_until {
                let silence = table.newest.map(|newest| newest - last).unwrap_or_default();
                if silence.num_hours() as f64 >= audit.threshold * 24.0 {
                    found.fact(problem(table, column, last, silence));
                }
            }
        }
    }
    Ok(found)
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
