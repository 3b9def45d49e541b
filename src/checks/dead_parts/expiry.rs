//! Rows that have expired and are still there.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::{is_left_behind, is_past, last_sign, short, tables};
use crate::bot::clock::utc_text;
use crate::checks::{Audit, Evidence, Found, Problem};
use crate::collectors::census::{Column, Form, Table};
use crate::finding::{AlertType, Severity};

/// The column that says until when a row is valid.
fn expiry(table: &Table) -> Option<&Column> {
    table
        .columns
        .iter()
        .filter(|column| column.is_time())
        .find(|column| column.words().iter().any(|word| word.starts_with("expir") || word == "until"))
}

/// A table with one row a coin or symbol replaces its rows and cannot pile up.
fn is_keyed_by_entity(table: &Table) -> bool {
    const ENTITIES: [&str; 6] = ["coin", "symbol", "asset", "pair", "market", "key"];
    let keys = table.schema.declared.iter().filter(|column| column.is_key);
    keys.flat_map(|column| crate::collectors::census::words(&column.name))
        .any(|word| ENTITIES.contains(&word.as_str()))
}

pub(super) fn pile_up(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const LONG_AGO: TimeDelta = TimeDelta::days(1);
    let alive = last_sign(audit);
    let mut found = Found::nothing();
    for table in tables(audit).filter(|table| !is_keyed_by_entity(table) && !is_left_behind(audit, table)) {
        let Some(column) = expiry(table).filter(|_| !is_past(audit)) else { continue };
        let mut evidence = Evidence::default();
        for at in instants(audit, column) {
            let since = alive - at;
            evidence.row((since > LONG_AGO).then_some(|| format!("expired at {} UTC", utc_text(at))));
        }
        if evidence.count as f64 >= audit.threshold {
            found.fact(piled_up(table, column, &evidence));
        }
    }
    Ok(found)
}

fn instants<'run>(
    audit: &'run Audit<'_>,
    column: &'run Column,
) -> impl Iterator<Item = DateTime<Utc>> + 'run {
    let host = audit.context.bot.host_offset();
    column.times.iter().filter_map(move |raw| column.reading.of_raw(host, (*raw)?))
}

fn piled_up(table: &Table, column: &Column, evidence: &Evidence) -> Problem {
    let (name, own) = (short(&table.schema.name), short(&column.name));
    Problem {
        alert_type: AlertType::MissingFeature,
        severity: Severity::Low,
        subject: table.schema.name.clone(),
        title: format!("Expired rows of {name} are never removed"),
        description: format!(
            "{} of the {} newest rows of {name} expired more than a day ago by {own} and are still there; it has {} \
             rows in all.",
            evidence.count, evidence.of, table.rows
        ),
        evidence: evidence.text(
            &format!("sampled rows of {name}"),
            &format!("SELECT * FROM {name} WHERE {own} < datetime('now', '-1 day') ORDER BY {own}"),
        ),
        recommendation: format!("Delete rows of {name} some time after {own}, or mark them as expired."),
    }
}

/// A text with `T` is greater than any text of the same day with a space: `DELETE … WHERE valid_until <
/// datetime('now')` then spares everything that expired today and removes it after midnight.
pub(super) fn compared_as_text(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const OVERDUE: TimeDelta = TimeDelta::hours(2);
    const LONGEST_LIFE: TimeDelta = TimeDelta::hours(1);
    let now = last_sign(audit);
    let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let began = tables(audit).filter_map(|table| table.oldest).min();
    // Early in the day nothing tells midnight from a rule that keeps rows for some hours.
    let is_telling =
        now - midnight >= TimeDelta::hours(6) && began.is_some_and(|began| now - began > TimeDelta::days(2));
    let mut found = Found::nothing();
    for table in tables(audit).filter(|table| is_telling && table.is_sampled_whole() && !is_past(audit)) {
        let Some(column) = expiry(table) else { continue };
        let is_iso = column.time_forms.keys().all(|form| form.family() == Form::IsoText);
        let earliest = column.times.iter().flatten().min();
        // As the text has it, whatever its clock: that is what was compared.
        let since_midnight = earliest.is_some_and(|at| *at >= midnight && *at - midnight < OVERDUE);
        let lives_shortly = lives(audit, table, column).is_some_and(|life| life <= LONGEST_LIFE);
        if !(is_iso && since_midnight && lives_shortly) {
            continue;
        }
        let mut evidence = Evidence::default();
        for at in instants(audit, column) {
            evidence.row((now - at > OVERDUE).then_some(|| format!("valid until {} UTC", utc_text(at))));
        }
        if evidence.count as f64 >= audit.threshold {
            found.fact(spared(table, column, &evidence));
        }
    }
    Ok(found)
}

/// The longest time from a row's creation to its expiry.
fn lives(audit: &Audit<'_>, table: &Table, expiry: &Column) -> Option<TimeDelta> {
    let created = table.column(table.time_column.as_deref()?).filter(|column| column.name != expiry.name)?;
    let host = audit.context.bot.host_offset();
    let lives = expiry.times.iter().zip(&created.times).filter_map(|(until, from)| {
        Some(expiry.reading.of_raw(host, (*until)?)? - created.reading.of_raw(host, (*from)?)?)
    });
    lives.max()
}

fn spared(table: &Table, column: &Column, evidence: &Evidence) -> Problem {
    let (name, own) = (short(&table.schema.name), short(&column.name));
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Low,
        subject: table.schema.name.clone(),
        title: format!("Expired rows of {name} stay until midnight"),
        description: format!(
            "{} of {} rows of {name} expired more than two hours ago, the first one just after midnight, and none of an \
             earlier day is left: so looks a table that is cleaned by comparing {own} (with T) as text with \
             datetime('now') (with a space). Every look at the valid rows wades through the expired ones.",
            evidence.count, evidence.of
        ),
        evidence: evidence.text(
            &format!("rows of {name} expired more than two hours ago"),
            &format!("SELECT count(*), min({own}) FROM {name}"),
        ),
        recommendation: format!(
            "Compare datetime({own}) with datetime('now'), or write both sides in one format."
        ),
    }
}
