//! Times that cannot be, and clocks that are mixed: over every table and every column of times.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::columns::columns;
use super::span::span;
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};
use crate::checks::shared::{Column, Form, Value};
use crate::model::{AlertType, Severity};
use crate::plural::plural;
use crate::source::clock;
use crate::untrusted::cut;

/// Rows that are later than now.
pub(super) const FUTURE: Check = Check {
    id: "time-in-future",
    theme: Theme::Alive,
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
    theme: Theme::Alive,
    why: "A time that cannot be, or cannot be read, hides its row from every report and from every clean-up.",
    threshold: None,
    run: implausible,
};

/// One column, several forms.
pub(super) const MIXED_FORMS: Check = Check {
    id: "time-forms-mixed",
    theme: Theme::Alive,
    why: "Times in several forms in one column sort and compare wrongly as text, which is how SQLite compares them.",
    threshold: Some(Threshold {
        default: 0.05,
        reason: "share of the rarer form, interleaved with the other: a migration changes the form once and for all",
    }),
    run: mixed_forms,
};

/// One row, two clocks.
pub(super) const TWO_CLOCKS: Check = Check {
    id: "clocks-disagree",
    theme: Theme::Alive,
    why: "Two times of one moment that differ by whole quarters of an hour are local time beside UTC.",
    threshold: Some(Threshold {
        default: 10.0,
        reason: "rows, 95 % of which show the same offset to two minutes",
    }),
    run: two_clocks,
};

/// No two zones lie further apart.
const LARGEST_OFFSET_HOURS: i64 = 15;

fn future(audit: &Audit<'_>) -> anyhow::Result<Found> {
    // An audit of an earlier moment: later rows do not exist.
    if audit.context.config.as_of.is_some() {
        return Ok(Found::nothing());
    }
    let now = audit.context.now;
    let measured = audit.context.bot.host_offset().newest_seconds().is_some();
    let mut found = Found::nothing();
    for column in columns(audit)?.iter().filter(|column| column.is_past()) {
        let mut evidence = Evidence::default();
        let mut furthest = 0;
        for (at, form) in column.times() {
            let tolerance = match form {
                Form::Naive if measured => audit.threshold + 60.0,
                Form::Naive => audit.threshold + LARGEST_OFFSET_HOURS as f64 * 60.0,
                _ => audit.threshold,
            };
            let ahead = (at - now).num_seconds();
            let is_future = ahead as f64 > tolerance * 60.0;
            furthest = furthest.max(if is_future { ahead } else { 0 });
            evidence.row(
                is_future.then_some(|| format!("{}, {} ahead", clock::utc_text(at), span(ahead as f64))),
            );
        }
        if evidence.count > 0 {
            found.fact(ahead(column, &evidence, furthest));
        }
    }
    Ok(found)
}

fn ahead(column: &Column, evidence: &Evidence, furthest: i64) -> Problem {
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: column.title(),
        title: format!("{} holds times in the future", column.title()),
        description: format!(
            "{} later than now, by up to {}. Another clock or time zone wrote them; \
             whatever compares them with the present is wrong.",
            evidence.counted("sampled times", "is", "are"),
            span(furthest as f64)
        ),
        evidence: evidence.text("sampled times", &column.query()),
        recommendation: "Write all times in UTC, and set the host's clock by NTP.".to_owned(),
    }
}

fn implausible(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for column in columns(audit)? {
        let plausible = column.times().filter(|(at, _)| clock::is_plausible(*at)).count();
        let mut evidence = Evidence::default();
        for value in &column.values {
            match value {
                Value::Empty => {}
                Value::Unreadable(text) => evidence.fault(|| format!("\"{text}\"")),
                Value::Time { at, .. } => {
                    evidence.row((!clock::is_plausible(*at)).then_some(|| clock::utc_text(*at)));
                }
            }
        }
        // Without any good time a column that is not the bot's own may hold something else.
        let holds_times = plausible > 0
            || (column.times().next().is_some() && audit.context.bot.has_column(&column.table, &column.name));
        if evidence.count > 0 && holds_times {
            found.fact(impossible(column, &evidence));
        }
    }
    Ok(found)
}

fn impossible(column: &Column, evidence: &Evidence) -> Problem {
    let names_an_event =
        column.is_of_writing() || column.name.ends_with("_time") || column.name.ends_with("ed_at");
    Problem {
        alert_type: AlertType::Bug,
        severity: if names_an_event { Severity::Medium } else { Severity::Low },
        subject: column.title(),
        title: format!("{} holds times that cannot be", column.title()),
        description: format!(
            "{} older than any coin or no time at all. Such a row is in no \
             window of any report, and every duration computed from it is wrong.",
            evidence.counted("sampled values", "is", "are")
        ),
        evidence: evidence.text("sampled values", &column.query()),
        recommendation: "Correct these rows, and find the code that writes a default or a broken time."
            .to_owned(),
    }
}

fn mixed_forms(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const FEWEST_SWITCHES: usize = 4;
    let mut found = Found::nothing();
    for column in columns(audit)? {
        let forms: Vec<Form> = column
            .values
            .iter()
            .take(column.newest)
            .filter_map(|value| match value {
                Value::Time { form, .. } => Some(*form),
                _ => None,
            })
            .collect();
        let switches = forms.iter().zip(forms.iter().skip(1)).filter(|(one, next)| one != next).count();
        let mut counts: BTreeMap<Form, usize> = BTreeMap::new();
        for form in &forms {
            *counts.entry(*form).or_default() += 1;
        }
        let mut shares: Vec<_> = counts.into_iter().collect();
        shares.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let rare = shares.get(1).map_or(0, |(_, count)| *count);
        if switches >= FEWEST_SWITCHES && rare as f64 >= audit.threshold * forms.len() as f64 {
            found.fact(mixed(column, &shares));
        }
    }
    Ok(found)
}

fn mixed(column: &Column, shares: &[(Form, usize)]) -> Problem {
    let shares: Vec<_> = shares.iter().map(|(form, count)| format!("{count} {}", form.name())).collect();
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: column.title(),
        title: format!("{} holds times in several forms", column.title()),
        description: format!(
            "Of the newest times of {} {}. Compared as text they are in no order: windows, sorting and clean-ups \
             by this column take the wrong rows.",
            column.title(),
            shares.join(", ")
        ),
        evidence: format!("{}; query: {}", shares.join(", "), column.query()),
        recommendation: "Let one function write all times, in UTC and in one form, and convert the old rows."
            .to_owned(),
    }
}

/// Pairs of columns that say when a row was written, and differ by the same quarters of an hour.
fn two_clocks(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let columns = columns(audit)?;
    let mut same_form = Vec::new();
    let mut other_form = Vec::new();
    for (place, one) in columns.iter().enumerate().filter(|(_, column)| column.is_of_writing()) {
        let others = columns.iter().skip(place + 1).filter(|other| other.table == one.table);
        for other in others.filter(|other| other.is_of_writing()) {
            if let Some((minutes, rows, same)) = offset(one, other, audit.threshold) {
                let example = format!(
                    "{} minus {}: {:+.2} h in {rows} rows",
                    one.title(),
                    cut(&other.name, 40),
                    minutes as f64 / 60.0
                );
                if same { &mut same_form } else { &mut other_form }.push(example);
            }
        }
    }
    let problems = [(same_form, Severity::Medium, "one form"), (other_form, Severity::Low, "two forms")];
    let found = problems.into_iter().filter(|(examples, ..)| !examples.is_empty());
    Ok(found
        .map(|(examples, severity, forms)| disagree(&examples, severity, forms))
        .collect::<Vec<_>>()
        .into())
}

/// The constant offset in minutes, the rows that show it, and whether both are written in one form.
fn offset(one: &Column, other: &Column, fewest: f64) -> Option<(i64, usize, bool)> {
    const QUARTER_SECONDS: i64 = 15 * 60;
    const NEAR_SECONDS: i64 = 120;
    let pairs: Vec<(i64, bool)> = one
        .values
        .iter()
        .zip(&other.values)
        .filter_map(|(one, other)| match (one, other) {
            (Value::Time { raw, form, .. }, Value::Time { raw: other, form: other_form, .. }) => {
                Some(((*raw - *other).num_seconds(), form == other_form))
            }
            _ => None,
        })
        .collect();
    let mut seconds: Vec<i64> = pairs.iter().map(|(seconds, _)| *seconds).collect();
    seconds.sort_unstable();
    let middle = *seconds.get(seconds.len() / 2)?;
    let rounded = (middle + QUARTER_SECONDS / 2).div_euclid(QUARTER_SECONDS) * QUARTER_SECONDS;
    let near = seconds.iter().filter(|seconds| (**seconds - rounded).abs() <= NEAR_SECONDS).count();
    let largest = TimeDelta::hours(LARGEST_OFFSET_HOURS).num_seconds();
    // An update may rightly follow a row's creation by any time; it cannot precede it.
    let precedes = match (one.is_of_update(), other.is_of_update()) {
        (false, true) => rounded > 0,
        (true, false) => rounded < 0,
        _ => true,
    };
    let constant = rounded != 0 && rounded.abs() <= largest && precedes && near * 20 >= seconds.len() * 19;
    let same = pairs.iter().all(|(_, same)| *same);
    (constant && near as f64 >= fewest).then_some((rounded / 60, near, same))
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
