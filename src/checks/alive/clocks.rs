//! Times that cannot be, and clocks that are mixed: over every table and every column of times.

use super::span::span;
use crate::checks::check::{Audit, Check, Found, Problem, Theme, Threshold};
use crate::model::{AlertType, Severity};
use crate::plural::plural;
use crate::source::profile::names::Tells;
use crate::source::profile::{Column, Fault, Table};
use crate::untrusted::cut;

/// Rows that are later than now.
pub(super) const FUTURE: Check = Check {
    id: "time-in-future",
    theme: Theme::Liveness,
    why: "A row from the future was written by another clock: windows, cooldowns and durations are wrong.",
    threshold: Some(Threshold {
        default: 5.0,
        reason: "minutes: more than two machines' clocks differ; local text gets an hour more for a clock change",
    }),
    run: future,
};

/// Times before the bot can have existed, and text that is no time.
pub(super) const IMPLAUSIBLE: Check = Check {
    id: "time-implausible",
    theme: Theme::Liveness,
    why: "A time that cannot be, or cannot be read, hides its row from every report and from every clean-up.",
    threshold: None,
    run: implausible,
};

/// One row, two clocks.
pub(super) const TWO_CLOCKS: Check = Check {
    id: "clocks-disagree",
    theme: Theme::Liveness,
    why: "Two times of one moment that differ by whole quarters of an hour are local time beside UTC.",
    threshold: Some(Threshold {
        default: 10.0,
        reason: "rows, 95 % of which show the same offset to two minutes",
    }),
    run: two_clocks,
};

/// Rows of one column that two clocks write in turn.
pub(super) const ALTERNATING: Check = Check {
    id: "clocks-alternate",
    theme: Theme::Liveness,
    why: "Rows that jump back and forth by the same whole quarters of an hour are written in local time and UTC in turn.",
    threshold: Some(Threshold {
        default: 5.0,
        reason: "jumps back in the newest rows, four in five of them by the same offset: a clock change makes one",
    }),
    run: alternating,
};

/// The bot's tables as the profile has them.
fn tables<'run>(audit: &Audit<'run>) -> impl Iterator<Item = &'run Table> {
    let tables = audit.report.tables.available().into_iter().flat_map(|profile| &profile.all);
    tables.filter(|table| !table.is_monitors_own())
}

/// Every column of them that has a fault, with the fault.
fn faults<'run>(
    audit: &Audit<'run>,
    fault: &'static str,
) -> impl Iterator<Item = (&'run Table, &'run Column, &'run Fault)> {
    tables(audit).flat_map(move |table| {
        table.columns.iter().filter_map(move |column| Some((table, column, column.fault(fault)?)))
    })
}

/// `table.column`.
fn title(table: &Table, column: &Column) -> String {
    format!("{}.{}", cut(&table.schema.name, 40), cut(&column.name, 40))
}

/// Shows the rows that were read.
fn query(table: &Table, column: &Column) -> String {
    let (table, column) = (cut(&table.schema.name, 40), cut(&column.name, 40));
    format!("SELECT rowid, {column} FROM {table} ORDER BY rowid DESC")
}

/// How many of which rows, three examples, the query.
fn evidence(table: &Table, column: &Column, fault: &Fault, rows: &str) -> String {
    let examples = fault.examples.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
    format!("{} of {} {rows}; e.g. {examples}; query: {}", fault.n, fault.of, query(table, column))
}

fn future(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for (table, column, fault) in faults(audit, "future_time") {
        let seconds = fault.worst.unwrap_or(0.0);
        if seconds > audit.threshold * 60.0 {
            found.fact(ahead(table, column, fault, seconds));
        }
    }
    Ok(found)
}

fn ahead(table: &Table, column: &Column, fault: &Fault, seconds: f64) -> Problem {
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: title(table, column),
        title: format!("{} holds times in the future", title(table, column)),
        description: format!(
            "{} of {} sampled times {} later than now, by up to {}. Another clock or time zone wrote them; \
             whatever compares them with the present is wrong.",
            fault.n,
            fault.of,
            plural(fault.n, "is", "are"),
            span(seconds)
        ),
        evidence: evidence(table, column, fault, "sampled times"),
        recommendation: "Write all times in UTC, and set the host's clock by NTP.".to_owned(),
    }
}

fn implausible(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for table in tables(audit) {
        for column in &table.columns {
            let impossible = column.fault("impossible_time");
            let unreadable = column.fault("unreadable_time");
            let Some(first) = unreadable.or(impossible) else { continue };
            let both = unreadable.and(impossible);
            let examples = both.into_iter().flat_map(|other| &other.examples);
            let fault = Fault {
                n: first.n + both.map_or(0, |other| other.n),
                examples: first.examples.iter().chain(examples).cloned().collect(),
                ..first.clone()
            };
            found.fact(cannot_be(table, column, &fault));
        }
    }
    Ok(found)
}

fn cannot_be(table: &Table, column: &Column, fault: &Fault) -> Problem {
    let names_an_event = Tells::of(&column.name).is_of_writing()
        || column.name.ends_with("_time")
        || column.name.ends_with("ed_at");
    Problem {
        alert_type: AlertType::Bug,
        severity: if names_an_event { Severity::Medium } else { Severity::Low },
        subject: title(table, column),
        title: format!("{} holds times that cannot be", title(table, column)),
        description: format!(
            "{} of {} sampled values {} older than any coin or no time at all. Such a row is in no \
             window of any report, and every duration computed from it is wrong.",
            fault.n,
            fault.of,
            plural(fault.n, "is", "are")
        ),
        evidence: evidence(table, column, fault, "sampled values"),
        recommendation: "Correct these rows, and find the code that writes a default or a broken time."
            .to_owned(),
    }
}

/// Pairs of columns that say when a row was written, and differ by the same quarters of an hour.
fn two_clocks(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let (mut same_form, mut other_form) = (Vec::new(), Vec::new());
    for table in tables(audit) {
        for pair in table.pairs(audit.context.bot.host_offset()) {
            let Some(offset) = pair.disagrees().filter(|offset| offset.rows as f64 >= audit.threshold) else {
                continue;
            };
            let example = format!(
                "{}.{} minus {}: {:+.2} h in {} rows",
                cut(&table.schema.name, 40),
                cut(pair.column, 40),
                cut(pair.other, 40),
                offset.seconds as f64 / 3_600.0,
                offset.rows
            );
            if pair.is_same_form { &mut same_form } else { &mut other_form }.push(example);
        }
    }
    let problems = [(same_form, Severity::Medium, "one form"), (other_form, Severity::Low, "two forms")];
    let found = problems.into_iter().filter(|(examples, ..)| !examples.is_empty());
    Ok(found
        .map(|(examples, severity, forms)| disagree(&examples, severity, forms))
        .collect::<Vec<_>>()
        .into())
}

fn disagree(examples: &[String], severity: Severity, forms: &str) -> Problem {
    Problem {
        alert_type: AlertType::Pattern,
        severity,
        subject: forms.to_owned(),
        title: format!("Two clocks in one row: local time beside UTC, in {forms}"),
        description: format!(
            "{} {} of columns that say when their row was written {} by a constant offset. Whoever joins or compares \
             them is wrong by so much.",
            examples.len(),
            plural(examples.len(), "pair", "pairs"),
            plural(examples.len(), "differs", "differ")
        ),
        evidence: examples.iter().take(3).cloned().collect::<Vec<_>>().join("; "),
        recommendation:
            "Write all times in UTC (datetime.now(timezone.utc)), as SQLite's CURRENT_TIMESTAMP does."
                .to_owned(),
    }
}

/// A column that two clocks write in turn.
type Turns<'run> = (&'run Table, &'run Column, &'run Fault);

fn alternating(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let turns: Vec<Turns<'_>> = faults(audit, "clock_turn")
        .filter(|(_, column, fault)| {
            Tells::of(&column.name) == Tells::Creation && fault.n as f64 >= audit.threshold
        })
        .collect();
    // One clock that is wrong writes to many tables.
    Ok(turns.split_first().map(|(first, others)| in_turn(first, others)).into())
}

fn in_turn((table, column, fault): &Turns<'_>, others: &[Turns<'_>]) -> Problem {
    const MOST_NAMES: usize = 9;
    let hours = |fault: &Fault| format!("{:.2} hours", fault.worst.unwrap_or(0.0) / 3_600.0);
    let own = title(table, column);
    let more = match others {
        [] => String::new(),
        others => {
            let all = others.iter().take(MOST_NAMES);
            let all =
                all.map(|(table, column, fault)| format!("{} by {}", title(table, column), hours(fault)));
            format!(" So do {} more columns: {}.", others.len(), all.collect::<Vec<_>>().join(", "))
        }
    };
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: own.clone(),
        title: match others {
            [] => format!("{own} is written by two clocks in turn"),
            _ => format!("{own} and other columns are written by two clocks in turn"),
        },
        description: format!(
            "Row by row the times of {own} jump back and forth by {}: some rows are in local time, others in UTC.\
             {more} Windows, durations and the order of rows are wrong by so much.",
            hours(fault)
        ),
        evidence: evidence(table, column, fault, "pairs of neighbouring rows"),
        recommendation: "Let one function write all times, in UTC.".to_owned(),
    }
}
