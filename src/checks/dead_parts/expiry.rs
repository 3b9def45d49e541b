//! Rows that have expired and are still there.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::table::{is_left_behind, is_past, last_sign, looked_at, short, tables};
use crate::checks::check::{Audit, Evidence, Found, Problem};
use crate::model::{AlertType, Severity};
use crate::source::clock::utc_text;
use crate::source::profile::{Column, Form, Reading, Table};

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
    keys.flat_map(|column| crate::source::profile::names::words(&column.name))
        .any(|word| ENTITIES.contains(&word.as_str()))
}

/// Rows that expired longer ago than this are no longer valid by any clock.
const OVERDUE: TimeDelta = TimeDelta::hours(2);

pub(super) fn pile_up(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const LONG_AGO: TimeDelta = TimeDelta::days(1);
    /// Of all rows: where nearly all have expired nobody removes them, or not for hours.
    const NEARLY_ALL: f64 = 0.9;
    let alive = last_sign(audit);
    let mut found = Found::nothing();
    for table in tables(audit).filter(|table| !is_keyed_by_entity(table) && !is_left_behind(audit, table)) {
        let Some(column) = expiry(table).filter(|_| !is_past(audit)) else { continue };
        // The cause is known: the other check tells it of these rows.
        let is_told = audit.is_on("expiry-compared-as-text");
        if is_told
            && spared_rows(audit, table).is_some_and(|(_, spared)| spared.count as f64 >= audit.threshold)
        {
            continue;
        }
        let (mut expired, mut overdue, mut long_ago) = (Evidence::default(), 0_u64, 0_u64);
        for at in instants(audit, column) {
            expired.row((at < alive).then_some(|| format!("expired at {} UTC", utc_text(at))));
            overdue += u64::from(alive - at > OVERDUE);
            long_ago += u64::from(alive - at > LONG_AGO);
        }
        let is_full = expired.count as f64 >= NEARLY_ALL * expired.of as f64;
        if long_ago as f64 >= audit.threshold || (overdue as f64 >= audit.threshold && is_full) {
            found.fact(piled_up(audit, (table, column), &expired, (overdue, long_ago)));
        }
    }
    Ok(found)
}

/// A moment as the column's texts have it.
fn as_stored(audit: &Audit<'_>, column: &Column, at: DateTime<Utc>) -> String {
    let ahead = match column.reading {
        Reading::Utc => 0,
        Reading::Local => audit.context.bot.host_offset().newest_seconds().unwrap_or(0),
        Reading::Ahead(seconds) => seconds,
    };
    utc_text(at + TimeDelta::seconds(ahead))
}

fn instants<'run>(
    audit: &'run Audit<'_>,
    column: &'run Column,
) -> impl Iterator<Item = DateTime<Utc>> + 'run {
    let host = audit.context.bot.host_offset();
    column.times.iter().filter_map(move |raw| column.reading.of_raw(host, (*raw)?))
}

fn piled_up(
    audit: &Audit<'_>,
    (table, column): (&Table, &Column),
    expired: &Evidence,
    (overdue, long_ago): (u64, u64),
) -> Problem {
    let (name, own) = (short(&table.schema.name), short(&column.name));
    Problem {
        alert_type: AlertType::MissingFeature,
        severity: Severity::Low,
        subject: table.schema.name.clone(),
        title: if long_ago as f64 >= audit.threshold {
            format!("Expired rows of {name} are never removed")
        } else {
            format!("Nearly all rows of {name} have expired")
        },
        description: format!(
            "{} of {} have expired by {own} and are still there: {overdue} more than two hours ago, {long_ago} more than a day ago.",
            expired.count,
            looked_at(table)
        ),
        evidence: expired.text(
            &format!("rows of {name} looked at"),
            &format!(
                "SELECT * FROM {name} WHERE datetime({own}) < '{}' ORDER BY {own}",
                as_stored(audit, column, last_sign(audit))
            ),
        ),
        recommendation: format!("Delete rows of {name} some time after {own}, or mark them as expired."),
    }
}

/// A text with `T` is greater than any text of the same day with a space: `DELETE … WHERE valid_until <
/// datetime('now')` then spares everything that expired today and removes it after midnight.
pub(super) fn compared_as_text(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for table in tables(audit) {
        let spared = spared_rows(audit, table);
        if let Some((column, evidence)) =
            spared.filter(|(_, evidence)| evidence.count as f64 >= audit.threshold)
        {
            let now = last_sign(audit);
            let expired = instants(audit, column).filter(|at| *at < now).count();
            found.fact(spared_problem(
                table,
                column,
                &evidence,
                (expired, &as_stored(audit, column, now - OVERDUE)),
            ));
        }
    }
    Ok(found)
}

/// The rows of a table that such a comparison has spared; `None` where nothing shows one.
fn spared_rows<'run>(audit: &Audit<'run>, table: &'run Table) -> Option<(&'run Column, Evidence)> {
    const LONGEST_LIFE: TimeDelta = TimeDelta::hours(1);
    let now = last_sign(audit);
    let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let began = tables(audit).filter_map(|table| table.oldest).min();
    // Early in the day nothing tells midnight from a rule that keeps rows for some hours.
    let is_telling =
        now - midnight >= TimeDelta::hours(6) && began.is_some_and(|began| now - began > TimeDelta::days(2));
    if !is_telling || !table.is_sampled_whole() || is_past(audit) {
        return None;
    }
    let column = expiry(table)?;
    let is_iso = column.time_forms.keys().all(|form| form.family() == Form::IsoText);
    let earliest = column.times.iter().flatten().min();
    // As the text has it, whatever its clock: that is what was compared.
    let since_midnight = earliest.is_some_and(|at| *at >= midnight && *at - midnight < OVERDUE);
    let lives_shortly = lives(audit, table, column).is_some_and(|life| life <= LONGEST_LIFE);
    if !(is_iso && since_midnight && lives_shortly) {
        return None;
    }
    let mut evidence = Evidence::default();
    for at in instants(audit, column) {
        evidence.row((now - at > OVERDUE).then_some(|| format!("valid until {} UTC", utc_text(at))));
    }
    Some((column, evidence))
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

fn spared_problem(
    table: &Table,
    column: &Column,
    evidence: &Evidence,
    (expired, overdue): (usize, &str),
) -> Problem {
    let (name, own) = (short(&table.schema.name), short(&column.name));
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Low,
        subject: table.schema.name.clone(),
        title: format!("Expired rows of {name} stay until midnight"),
        description: format!(
            "{expired} of {} rows of {name} have expired and are still there, {} of them for more than two hours. The oldest \
             expired just after midnight; no row that expired before is left. {own} is written with T between day and time.",
            evidence.of, evidence.count
        ),
        evidence: evidence.text(
            &format!("rows of {name} expired more than two hours ago"),
            &format!("SELECT {own} FROM {name} WHERE datetime({own}) < '{overdue}' ORDER BY {own}"),
        ),
        recommendation: format!(
            "Does the clean-up compare {own} as text with datetime('now'), which has a space where {own} has T? Then a row is \
             greater until midnight: compare datetime({own}), or write both sides in one format."
        ),
    }
}
