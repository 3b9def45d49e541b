//! Columns that no row fills or moves.

use super::flags;
use super::table::{is_left_behind, last_sign, listed, looked_at, short, tables};
use crate::checks::check::{Audit, Found, Problem};
use crate::model::{AlertType, Severity};
use crate::source::profile::{Column, Kind, Table};

pub(super) fn never_filled(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    let own = tables(audit).filter(|table| !is_left_behind(audit, table));
    for table in own.filter(|table| table.sampled_rows as f64 >= audit.threshold) {
        let mut columns = Vec::new();
        for column in table.columns.iter().filter(|column| column.null_share + column.blank_share >= 1.0) {
            if column.filled_until.is_none() {
                columns.push(column.name.as_str());
            }
        }
        if !columns.is_empty() {
            found.fact(unfilled(table, &columns));
        }
    }
    Ok(found)
}

fn unfilled(table: &Table, columns: &[&str]) -> Problem {
    let name = short(&table.schema.name);
    let first = columns.first().copied().unwrap_or_default();
    Problem {
        alert_type: AlertType::MissingFeature,
        severity: Severity::Low,
        subject: table.schema.name.clone(),
        title: format!("Columns of {name} are never filled"),
        description: format!(
            "{} of {} columns of {name} hold nothing in any row looked at: {}.",
            columns.len(),
            table.columns.len(),
            listed(columns.iter().copied())
        ),
        evidence: format!(
            "no value in {}: {}; query: SELECT count(*), count(\"{}\") FROM {name}",
            looked_at(table),
            listed(columns.iter().copied()),
            short(first)
        ),
        recommendation: "Fill them where the rows are written, or drop them.".to_owned(),
    }
}

/// Words of names that promise a figure that changes.
const MOVING: [&str; 29] = [
    "count",
    "counter",
    "times",
    "hits",
    "uses",
    "used",
    "flag",
    "score",
    "confidence",
    "rate",
    "ratio",
    "validated",
    "verified",
    "confirmed",
    "triggered",
    "executed",
    "processed",
    "filled",
    "effective",
    "effectiveness",
    "success",
    "successes",
    "failures",
    "unrealized",
    "mark",
    "retries",
    "saves",
    "matched",
    "applied",
];

pub(super) fn never_move(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for table in tables(audit).filter(|table| !is_left_behind(audit, table)) {
        if (table.sampled_rows as f64) < audit.threshold {
            continue;
        }
        let mut columns: Vec<&Column> = Vec::new();
        for column in table.columns.iter().filter(|column| stays_at_default(table, column)) {
            if !flags::is_contradicted(audit, table, column)? {
                columns.push(column);
            }
        }
        if !columns.is_empty() {
            found.fact(unmoved(table, &columns));
        }
    }
    Ok(found)
}

/// Whether all rows have the declared default in a column whose name promises movement.
fn stays_at_default(table: &Table, column: &Column) -> bool {
    let declared = table.schema.declared.iter().find(|declared| declared.name == column.name);
    let default = declared.and_then(|declared| declared.default.as_deref()).map(plain);
    let constant = column.constant.as_deref();
    let moves = column.words().iter().any(|word| MOVING.contains(&word.as_str()));
    moves
        && column.null_share == 0.0
        && constant.is_some()
        && default.as_deref() == constant.map(plain).as_deref()
}

/// A default or a value without quotes, as a number where it is one; SQLite's FALSE is 0.
fn plain(text: &str) -> String {
    let text = text.trim_matches(['(', ')', '\'', '"', ' ']);
    match text.to_lowercase().as_str() {
        "false" => "0".to_owned(),
        "true" => "1".to_owned(),
        _ => text.parse::<f64>().map_or_else(|_| text.to_owned(), |number| number.to_string()),
    }
}

fn unmoved(table: &Table, columns: &[&Column]) -> Problem {
    let name = short(&table.schema.name);
    let shown = columns.iter().map(|column| {
        format!("{} = {}", short(&column.name), column.constant.as_deref().unwrap_or_default())
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    let first = columns.first().map(|column| short(&column.name)).unwrap_or_default();
    Problem {
        alert_type: AlertType::MissingFeature,
        severity: Severity::Low,
        subject: table.schema.name.clone(),
        title: format!("Columns of {name} never leave their default"),
        description: format!(
            "Every row looked at has what the table's declaration gives by itself: {shown}."
        ),
        evidence: format!(
            "{shown} in {}; query: SELECT \"{first}\", count(*) FROM {name} GROUP BY 1",
            looked_at(table)
        ),
        recommendation:
            "Is there a step that should set them? Write them where the event happens, or drop them."
                .to_owned(),
    }
}

/// States in which a row waits for something.
const FIRST_STATES: [&str; 9] = [
    "pending",
    "new",
    "created",
    "queued",
    "waiting",
    "unprocessed",
    "submitted",
    "scheduled",
    "in_progress",
];

pub(super) fn state_never_left(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    let day = chrono::TimeDelta::days(1);
    let alive = last_sign(audit);
    for table in tables(audit).filter(|table| table.sampled_rows as f64 >= audit.threshold) {
        let newest = table.sampled_times.iter().max();
        let old = table.sampled_times.iter().filter(|at| alive - **at > day).count();
        if newest.is_none() || (old as f64) < audit.threshold {
            continue;
        }
        let waiting = table.columns.iter().filter(|column| {
            let words = column.words();
            let is_state = words.last().is_some_and(|last| last == "status" || last == "state");
            let first = column.constant.as_deref().unwrap_or_default().to_lowercase();
            is_state && column.kind == Kind::Text && FIRST_STATES.contains(&first.as_str())
        });
        for column in waiting {
            found.fact(waits(table, column, old));
        }
    }
    Ok(found)
}

fn waits(table: &Table, column: &Column, old: usize) -> Problem {
    let (name, own) = (short(&table.schema.name), short(&column.name));
    let state = column.constant.as_deref().unwrap_or_default();
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: format!("{}.{}", table.schema.name, column.name),
        title: format!("No row of {name} ever leaves its first {own}"),
        description: format!("{own} is \"{state}\" in {}, {old} of them older than a day.", looked_at(table)),
        evidence: format!(
            "{own} = {state} in {}; query: SELECT \"{own}\", count(*) FROM {name} GROUP BY 1",
            looked_at(table)
        ),
        recommendation: format!("Find out what should move {own} on and why it does not run."),
    }
}
