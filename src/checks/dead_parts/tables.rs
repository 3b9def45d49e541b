//! Tables that nothing writes, or nothing any more.

use chrono::{DateTime, TimeDelta, Utc};

use super::table::{is_left_behind, last_sign, short, tables};
use crate::checks::check::{Audit, Found, Problem};
use crate::model::{AlertType, Period, Severity};
use crate::source::clock::utc_text;
use crate::source::profile::Table;
use crate::source::profile::names::{names_rows_of, words};

/// Tables of definitions are written in bursts and then rarely: their silence says nothing.
const DEFINITIONS: [&str; 10] = [
    "rule",
    "rules",
    "pattern",
    "patterns",
    "strategy",
    "strategies",
    "config",
    "settings",
    "adaptations",
    "state",
];
/// Shorter silence may be a night, a pause of the market or of the bot.
const SHORTEST_SILENCE: TimeDelta = TimeDelta::hours(24);

pub(super) fn abandoned(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for table in tables(audit).filter(|table| !is_left_behind(audit, table)) {
        let Some(rhythm) = Rhythm::of(table, audit.context.now) else { continue };
        if has_successor(audit, table, rhythm.newest) {
            continue;
        }
        let witness = tables(audit)
            .filter(|other| other.schema.name != table.schema.name && other.ordered.is_some())
            .filter_map(|other| rhythm.missing(audit, other).map(|missing| (missing, other)))
            .filter(|(missing, _)| *missing >= audit.threshold)
            .max_by(|(one, _), (other, _)| one.total_cmp(other));
        if let Some((missing, witness)) = witness {
            found.fact(problem(table, witness, &rhythm, missing));
        }
    }
    Ok(found)
}

/// How regularly a table was written, from the newer half of its sample: a rate that falls off
/// slowly is no fault.
struct Rhythm {
    from: DateTime<Utc>,
    newest: DateTime<Utc>,
    rows: f64,
    /// Silence that a night, a pause of the market or of the bot may explain.
    shortest_silence: TimeDelta,
}

impl Rhythm {
    fn of(table: &Table, now: DateTime<Utc>) -> Option<Self> {
        const FEWEST_ROWS: usize = 30;
        const GAPS: i32 = 3;
        let is_definition = words(&table.schema.name).iter().any(|word| DEFINITIONS.contains(&word.as_str()));
        if table.ordered.is_none() || table.holds_later_rows || is_definition {
            return None;
        }
        let mut times = table.sampled_times.clone();
        times.sort_unstable_by(|one, other| other.cmp(one));
        times.truncate(times.len().div_ceil(2).max(FEWEST_ROWS));
        let (newest, from) = (*times.first()?, *times.last()?);
        let gap = times.iter().zip(times.iter().skip(1)).map(|(newer, older)| *newer - *older).max()?;
        let shortest_silence = SHORTEST_SILENCE.max(gap * GAPS);
        let is_silent = now - newest > shortest_silence;
        (times.len() >= FEWEST_ROWS && is_silent).then_some(Self {
            from,
            newest,
            // Its first row lies on the edge of the period in which the others are counted.
            rows: (times.len() - 1) as f64,
            shortest_silence,
        })
    }

    /// Rows that another table's rows since then let expect. Only a table that is at most five times
    /// as busy tells: a log goes on although the event that the rows are about has become rare.
    fn missing(&self, audit: &Audit<'_>, other: &Table) -> Option<f64> {
        const FEWEST_ROWS: f64 = 10.0;
        const BUSIER: f64 = 5.0;
        // It must have gone on for so long itself: a bot that was stopped stops all of them.
        let until = other.newest?.min(audit.context.now);
        if until - self.newest <= self.shortest_silence {
            return None;
        }
        let connection = audit.context.bot.connection();
        let then = other.rows_within(connection, Period { after: self.from, until: self.newest })? as f64;
        let since = other.rows_within(connection, Period { after: self.newest, until })? as f64;
        (then >= FEWEST_ROWS && then <= BUSIER * self.rows).then_some(self.rows / then * since)
    }
}

/// Whether another table began where this one ended: an upgrade, not a fault.
fn has_successor(audit: &Audit<'_>, table: &Table, ended: DateTime<Utc>) -> bool {
    const BEGINS_WITHIN: TimeDelta = TimeDelta::days(2);
    tables(audit).any(|other| {
        let begins = other
            .oldest
            .is_some_and(|oldest| oldest >= ended - TimeDelta::hours(1) && oldest <= ended + BEGINS_WITHIN);
        begins && other.keeps_all_rows && other.schema.name != table.schema.name
    })
}

fn problem(table: &Table, witness: &Table, rhythm: &Rhythm, missing: f64) -> Problem {
    let name = short(&table.schema.name);
    let other = short(&witness.schema.name);
    let column = table.time_column.as_deref().unwrap_or("rowid");
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: table.schema.name.clone(),
        title: format!("The table {name} is no longer written"),
        description: format!(
            "The last row of {name} is of {} UTC. By the rate at which it grew beside {other} until then, \
             about {missing:.0} rows are missing since. Whatever reads {name} works with old data.",
            utc_text(rhythm.newest)
        ),
        evidence: format!(
            "newest row {} UTC, {missing:.0} rows expected since; {other} has gone on until {} UTC; \
             query: SELECT max({column}) FROM {name}",
            utc_text(rhythm.newest),
            witness.newest.map(utc_text).unwrap_or_default(),
        ),
        recommendation: format!("Find out what stopped writing {name}, or remove it with what reads it."),
    }
}

pub(super) fn never_written(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    // Trades without learnings are the learning theme's.
    let empty = tables(audit)
        .filter(|table| table.rows == 0 && table.schema.name != "learnings" && !is_left_behind(audit, table));
    // An id that was given and is gone means that rows come and go, as open positions do.
    for table in empty.filter(|table| table.schema.last_id_given.is_none()) {
        let parent = table.schema.declared.iter().find_map(|column| {
            let parent = referred_to(audit, table, &column.name)?;
            (settled_rows(audit, parent) as f64 >= audit.threshold).then_some((column.name.as_str(), parent))
        });
        if let Some((column, parent)) = parent {
            found.fact(unwritten(table, column, parent));
        }
    }
    Ok(found)
}

/// Rows that are older than a day, for what is made of them may be made once a day.
fn settled_rows(audit: &Audit<'_>, table: &Table) -> u64 {
    let until = last_sign(audit) - TimeDelta::days(1);
    let dated = table.oldest.and_then(|oldest| {
        let after = oldest - TimeDelta::seconds(1);
        table.rows_within(audit.context.bot.connection(), Period { after, until })
    });
    dated.unwrap_or_else(|| {
        let began = tables(audit).filter_map(|table| table.oldest).min();
        if began.is_some_and(|began| began <= until) { table.rows } else { 0 }
    })
}

/// The table that a column refers to: by a declared key, or as `reflection_id` to `reflections`.
fn referred_to<'run>(audit: &Audit<'run>, table: &Table, column: &str) -> Option<&'run Table> {
    let declared = table.schema.foreign_keys.iter().find(|(from, _)| from == column).map(|(_, to)| to);
    if let Some(declared) = declared {
        return tables(audit).find(|other| other.schema.name.eq_ignore_ascii_case(declared));
    }
    let stem = column.strip_suffix("_id").filter(|stem| !stem.is_empty())?;
    tables(audit)
        .filter(|other| other.rows > 0 && other.schema.name != table.schema.name)
        .filter(|other| names_rows_of(&other.schema.name, stem))
        .max_by_key(|other| other.rows)
}

fn unwritten(table: &Table, column: &str, parent: &Table) -> Problem {
    let (name, other) = (short(&table.schema.name), short(&parent.schema.name));
    Problem {
        alert_type: AlertType::MissingFeature,
        severity: Severity::Low,
        subject: table.schema.name.clone(),
        title: format!("The table {name} was never written"),
        description: format!(
            "{name} refers to {other} by {} and has never had a row, while {other} has {}.",
            short(column),
            parent.rows
        ),
        evidence: format!(
            "rows of {name}: 0; rows of {other}: {}; query: SELECT count(*) FROM {name}",
            parent.rows
        ),
        recommendation: format!(
            "Write {name} where rows of {other} are made, or remove the table and what reads it."
        ),
    }
}
