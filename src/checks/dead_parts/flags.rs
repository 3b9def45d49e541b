//! Flags and times that events should have set.

use super::table::{is_past, looked_at, short, tables};
use crate::checks::check::{Audit, Found, Problem};
use crate::model::{AlertType, Severity};
use crate::source::profile::names::names_rows_of;
use crate::source::profile::names::words;
use crate::source::profile::{Column, Kind, Table};
use crate::source::quoted;

/// Last words of flags that say that a row has led to something.
const EVENTS: [&str; 9] =
    ["triggered", "executed", "used", "filled", "opened", "activated", "fulfilled", "consumed", "traded"];
/// Words of tables whose rows are what such a flag announces.
const RESULTS: [&str; 10] = [
    "trade",
    "trades",
    "journal",
    "order",
    "orders",
    "position",
    "positions",
    "fills",
    "execution",
    "executions",
];
/// Newest rows of the other table that are followed to the flag.
const FOLLOWED_ROWS: u32 = 2_000;

pub(super) fn contradicted(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for table in tables(audit).filter(|table| table.rows > 0 && !is_past(audit)) {
        // `condition-not-marked-triggered` follows the bot's own conditions more closely.
        if table.schema.name == "active_conditions" {
            continue;
        }
        let Some(key) = single_key(table) else { continue };
        let flags = table.columns.iter().filter(|column| is_unset_flag(column));
        for flag in flags {
            if let Some(problem) = first_contradiction(audit, table, key, flag, audit.threshold)? {
                found.fact(problem);
            }
        }
    }
    Ok(found)
}

/// Whether other rows show that what a flag announces has happened.
pub(super) fn is_contradicted(audit: &Audit<'_>, table: &Table, flag: &Column) -> anyhow::Result<bool> {
    const FEWEST_ROWS: f64 = 20.0;
    let Some(key) = single_key(table).filter(|_| is_unset_flag(flag)) else { return Ok(false) };
    Ok(first_contradiction(audit, table, key, flag, FEWEST_ROWS)?.is_some())
}

fn single_key(table: &Table) -> Option<&str> {
    let mut keys = table.schema.declared.iter().filter(|column| column.is_key);
    keys.next().filter(|_| keys.next().is_none()).map(|column| column.name.as_str())
}

fn is_unset_flag(column: &Column) -> bool {
    let names_event = column.words().last().is_some_and(|last| EVENTS.contains(&last.as_str()));
    names_event && column.kind == Kind::Number && column.minimum == Some(0.0) && column.maximum == Some(0.0)
}

fn first_contradiction(
    audit: &Audit<'_>,
    table: &Table,
    key: &str,
    flag: &Column,
    fewest_rows: f64,
) -> anyhow::Result<Option<Problem>> {
    for other in tables(audit).filter(|other| other.schema.name != table.schema.name && other.rows > 0) {
        if !words(&other.schema.name).iter().any(|word| RESULTS.contains(&word.as_str())) {
            continue;
        }
        let reference = other.columns.iter().find(|column| {
            column.filled > 0
                && column.name.strip_suffix("_id").is_some_and(|stem| names_rows_of(&table.schema.name, stem))
        });
        let Some(reference) = reference else { continue };
        let newest = other.schema.rowid.map(|rowid| format!("ORDER BY {rowid} DESC")).unwrap_or_default();
        let sql = format!(
            "SELECT count(*), coalesce(sum(row.{flag} <> 0), 0)
            FROM (SELECT {reference} AS reference FROM {} {newest} LIMIT {FOLLOWED_ROWS}) AS other
            JOIN (SELECT {key}, {flag} FROM {}) AS row ON row.{key} = other.reference",
            other.schema.quoted(),
            table.schema.quoted(),
            flag = quoted(&flag.name),
            reference = quoted(&reference.name),
            key = quoted(key),
        );
        let (pointing, set): (i64, i64) =
            audit.context.bot.connection().query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if pointing as f64 >= fewest_rows && set == 0 {
            return Ok(Some(unset(table, flag, other, reference, pointing)));
        }
    }
    Ok(None)
}

fn unset(table: &Table, flag: &Column, other: &Table, reference: &Column, pointing: i64) -> Problem {
    let (name, own) = (short(&table.schema.name), short(&flag.name));
    let (source, column) = (short(&other.schema.name), short(&reference.name));
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: format!("{}.{}", table.schema.name, flag.name),
        title: format!("{own} of {name} is never set although it happens"),
        description: format!(
            "{pointing} rows of {source} name by {column} the row of {name} that they come from, and each of those \
             still has {own} = 0."
        ),
        evidence: format!(
            "{own} = 0 in {}, {pointing} of which {source} refers to; \
             query: SELECT count(*), sum({own}) FROM {name} WHERE id IN (SELECT {column} FROM {source})",
            looked_at(table)
        ),
        recommendation: format!(
            "Set {own} in {name} where the row of {source} is written, in one transaction."
        ),
    }
}

pub(super) fn last_use_never_set(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const USES: [&str; 8] = ["used", "uses", "count", "wins", "losses", "triggered", "hits", "executions"];
    let mut found = Found::nothing();
    for table in tables(audit).filter(|table| table.is_sampled_whole() && table.rows > 0 && !is_past(audit)) {
        let last = table.columns.iter().find(|column| {
            let words = column.words();
            let says_use =
                words.iter().any(|word| ["used", "triggered", "hit", "applied"].contains(&word.as_str()));
            words.iter().any(|word| word == "last") && says_use && column.filled == 0
        });
        let counters: Vec<&Column> = table
            .columns
            .iter()
            .filter(|column| column.kind == Kind::Number && column.maximum.is_some_and(|most| most > 0.0))
            .filter(|column| column.words().iter().any(|word| USES.contains(&word.as_str())))
            .collect();
        let (Some(last), false) = (last, counters.is_empty()) else { continue };
        let sums = counters.iter().map(|column| format!("total({})", quoted(&column.name)));
        let sql = format!("SELECT {} FROM {}", sums.collect::<Vec<_>>().join(" + "), table.schema.quoted());
        let uses: f64 = audit.context.bot.connection().query_row(&sql, [], |row| row.get(0))?;
        if uses >= audit.threshold {
            found.fact(never_set(table, last, &counters, uses));
        }
    }
    Ok(found)
}

fn never_set(table: &Table, last: &Column, counters: &[&Column], uses: f64) -> Problem {
    let (name, own) = (short(&table.schema.name), short(&last.name));
    let counted = super::table::listed(counters.iter().map(|column| column.name.as_str()));
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: format!("{}.{}", table.schema.name, last.name),
        title: format!("{own} of {name} is never set"),
        description: format!(
            "{own} is NULL in {} of {name}, while {counted} count {uses:.0} in all.",
            super::table::all_rows(table)
        ),
        evidence: format!(
            "{own} NULL in {} of {} rows, {counted} together {uses:.0}; query: SELECT * FROM {name} WHERE {own} IS NULL",
            table.rows, table.rows
        ),
        recommendation: format!(
            "Set {own} where {counted} are raised: whatever sorts or retires by it takes every row for unused."
        ),
    }
}

pub(super) fn update_time_frozen(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for table in tables(audit).filter(|_| !is_past(audit)) {
        let with = |wanted: &[&str]| {
            let names = |column: &&Column| column.words().iter().any(|word| wanted.contains(&word.as_str()));
            table.columns.iter().filter(|column| column.is_time()).find(names)
        };
        let (Some(created), Some(updated)) =
            (with(&["created", "inserted"]), with(&["updated", "modified", "changed"]))
        else {
            continue;
        };
        if created.name == updated.name || !is_frozen(audit, created, updated) {
            continue;
        }
        let changed = table.columns.iter().filter(|column| column.is_time()).find_map(|column| {
            let rows = rows_after(audit, column, created);
            (rows as f64 >= audit.threshold).then_some((column, rows))
        });
        if let Some((later, rows)) = changed {
            found.fact(frozen(table, created, updated, later, rows));
        }
    }
    Ok(found)
}

/// Whether all rows have been changed, as they say, when they were made.
fn is_frozen(audit: &Audit<'_>, created: &Column, updated: &Column) -> bool {
    const ONE_STATEMENT_SECONDS: i64 = 2;
    let mut differences = differences(audit, updated, created).peekable();
    differences.peek().is_some() && differences.all(|seconds| seconds.abs() <= ONE_STATEMENT_SECONDS)
}

/// Rows in which a past event is more than a minute later than the creation.
fn rows_after(audit: &Audit<'_>, column: &Column, created: &Column) -> usize {
    const LATER_SECONDS: i64 = 60;
    let is_plan = column.words().iter().any(|word| {
        word.starts_with("expir")
            || ["until", "valid", "next", "due", "deadline", "scheduled"].contains(&word.as_str())
    });
    if is_plan {
        0
    } else {
        differences(audit, column, created).filter(|seconds| *seconds > LATER_SECONDS).count()
    }
}

/// Seconds from one time of a row to another, in rows that have both.
fn differences<'run>(
    audit: &'run Audit<'_>,
    later: &'run Column,
    earlier: &'run Column,
) -> impl Iterator<Item = i64> + 'run {
    let host = audit.context.bot.host_offset();
    later.times.iter().zip(&earlier.times).filter_map(move |(one, other)| {
        let one = later.reading.of_raw(host, (*one)?)?;
        let other = earlier.reading.of_raw(host, (*other)?)?;
        Some((one - other).num_seconds())
    })
}

fn frozen(table: &Table, created: &Column, updated: &Column, later: &Column, rows: usize) -> Problem {
    let (name, own) = (short(&table.schema.name), short(&updated.name));
    let (made, event) = (short(&created.name), short(&later.name));
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: format!("{}.{}", table.schema.name, updated.name),
        title: format!("{own} of {name} stays at the creation"),
        description: format!(
            "{own} equals {made} in {}, although {event} shows that {rows} of them changed later.",
            looked_at(table)
        ),
        evidence: format!(
            "{own} = {made} in {}, {event} later than {made} in {rows}; \
             query: SELECT count(*) FROM {name} WHERE {own} <> {made}",
            looked_at(table)
        ),
        recommendation: format!("Set {own} in every UPDATE of {name}, or by a trigger."),
    }
}
