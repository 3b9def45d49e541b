//! Times that cannot be, and clocks that are mixed: over every table and every column of times.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::{Audit, Check, Evidence, Found, Problem, Theme, Threshold, span};
use crate::bot::clock::{self, Clock};
use crate::finding::{AlertType, Severity};
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

/// Newest and oldest rows that are looked at in each table.
const NEWEST_ROWS: usize = 300;
const OLDEST_ROWS: usize = 100;
const MOST_TABLES: usize = 100;
/// Bitcoin's first block: no coin was traded before 2009.
const FIRST_YEAR_TEXT: &str = "2009-01-01 00:00:00";
/// No two zones lie further apart.
const LARGEST_OFFSET_HOURS: i64 = 15;

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// `2026-02-05 20:04:20`
    Space,
    /// `2026-02-05T20:04:20.123456`
    Naive,
    /// With an offset or `Z`.
    Zoned,
    /// Epoch.
    Number,
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Self::Space => "with a space",
            Self::Naive => "with a T",
            Self::Zoned => "with a zone",
            Self::Number => "as a number",
        }
    }
}

/// One value of a column of times.
#[derive(Debug)]
enum Value {
    Empty,
    Unreadable(String),
    Time { at: DateTime<Utc>, raw: DateTime<Utc>, form: Form },
}

/// One column's sampled values, newest row first, in step with the other columns of its table.
#[derive(Debug)]
pub(crate) struct Column {
    table: String,
    name: String,
    values: Vec<Value>,
    /// So many of the values are from the newest rows, the rest from the oldest.
    newest: usize,
}

impl Column {
    /// `table.column`.
    pub(super) fn title(&self) -> String {
        format!("{}.{}", cut(&self.table, 40), cut(&self.name, 40))
    }

    /// Shows the sampled rows.
    pub(super) fn query(&self) -> String {
        format!("SELECT rowid, {} FROM {} ORDER BY rowid DESC", cut(&self.name, 40), cut(&self.table, 40))
    }

    fn times(&self) -> impl Iterator<Item = (DateTime<Utc>, Form)> {
        self.values.iter().filter_map(|value| match value {
            Value::Time { at, form, .. } => Some((*at, *form)),
            _ => None,
        })
    }

    /// Says when its row was written or when its event happened, never when something will be.
    fn is_past(&self) -> bool {
        const AHEAD: [&str; 8] = ["until", "expir", "next", "sched", "valid", "unlock", "end", "due"];
        let name = self.name.to_lowercase();
        !AHEAD.iter().any(|word| name.contains(word))
    }

    /// Whether it says when its row was written.
    fn is_of_writing(&self) -> bool {
        matches!(
            self.name.to_lowercase().as_str(),
            "created_at" | "timestamp" | "updated_at" | "last_updated" | "inserted_at" | "logged_at"
        )
    }
}

impl Column {
    /// Whether it says when its row was made, so that a later row has a later time.
    pub(super) fn is_of_creation(&self) -> bool {
        self.is_of_writing() && !self.is_of_update()
    }

    /// The newest rows' times as they are written, naive text taken as UTC, newest row first.
    pub(super) fn newest_raw(&self) -> Vec<DateTime<Utc>> {
        let newest = self.values.iter().take(self.newest);
        newest
            .filter_map(|value| match value {
                Value::Time { raw, .. } => Some(*raw),
                _ => None,
            })
            .collect()
    }

    /// Whether it is written again when its row changes.
    fn is_of_update(&self) -> bool {
        self.name.to_lowercase().contains("updated")
    }
}

fn is_time_name(name: &str) -> bool {
    let name = name.to_lowercase();
    name.ends_with("_at")
        || name.ends_with("_time")
        || name.ends_with("_until")
        || matches!(name.as_str(), "timestamp" | "last_updated" | "last_used" | "datetime")
}

/// Every column of times of the file's own tables, sampled once for all checks of the run.
pub(super) fn columns<'run>(audit: &Audit<'run>) -> anyhow::Result<&'run [Column]> {
    if let Some(columns) = audit.shared.time_columns.get() {
        return Ok(columns);
    }
    let columns = sampled(audit)?;
    Ok(audit.shared.time_columns.get_or_init(|| columns))
}

fn sampled(audit: &Audit<'_>) -> anyhow::Result<Vec<Column>> {
    let connection = audit.context.bot.connection();
    let mut by_table: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let sql = "
        SELECT tables.name, columns.name
        FROM main.sqlite_master AS tables, pragma_table_xinfo(tables.name, 'main') AS columns
        WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
            AND tables.name NOT LIKE 'monitoring\\_%' ESCAPE '\\'";
    crate::bot::each_row(connection, sql, |row| {
        let (table, column): (String, String) = (row.get(0)?, row.get(1)?);
        if is_time_name(&column) {
            by_table.entry(table).or_default().push(column);
        }
        Ok(())
    })?;
    let mut all = Vec::new();
    for (table, names) in by_table.into_iter().take(MOST_TABLES) {
        all.extend(sample(audit, connection, &table, names));
    }
    Ok(all)
}

/// The table's newest and oldest rows; none where it has no rowid or cannot be read.
fn sample(audit: &Audit<'_>, connection: &Connection, table: &str, names: Vec<String>) -> Vec<Column> {
    let quoted: Vec<_> = names.iter().map(|name| crate::bot::quoted(name)).collect();
    let new = |name: String| Column { table: table.to_owned(), name, values: Vec::new(), newest: 0 };
    let mut columns: Vec<_> = names.into_iter().map(new).collect();
    let mut before = i64::MAX;
    for (order, limit) in [("DESC", NEWEST_ROWS), ("ASC", OLDEST_ROWS)] {
        let sql = format!(
            "SELECT {}, rowid FROM main.{} WHERE rowid < {before} ORDER BY rowid {order} LIMIT {limit}",
            quoted.join(", "),
            crate::bot::quoted(table)
        );
        let Ok(mut statement) = connection.prepare(&sql) else { return Vec::new() };
        let mut rows = statement.raw_query();
        let mut lowest = before;
        while let Ok(Some(row)) = rows.next() {
            lowest = row.get(quoted.len()).unwrap_or(lowest);
            for (place, column) in columns.iter_mut().enumerate() {
                column.values.push(value(audit, row, place).unwrap_or(Value::Empty));
            }
        }
        if order == "DESC" {
            before = lowest;
            columns.iter_mut().for_each(|column| column.newest = column.values.len());
        }
    }
    columns
}

fn value(audit: &Audit<'_>, row: &Row<'_>, place: usize) -> rusqlite::Result<Value> {
    let value = row.get_ref(place)?;
    let text = match value {
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).trim().to_owned(),
        ValueRef::Integer(_) | ValueRef::Real(_) => String::new(),
        ValueRef::Null | ValueRef::Blob(_) => return Ok(Value::Empty),
    };
    let form = match value {
        ValueRef::Text(_) => form_of(&text),
        _ => Form::Number,
    };
    let clock = if form == Form::Naive { Clock::Local } else { Clock::Utc };
    let host = audit.context.bot.host_offset();
    Ok(match (host.instant(value, clock), host.instant(value, Clock::Utc)) {
        (Some(at), Some(raw)) => Value::Time { at, raw, form },
        _ if text.is_empty() => Value::Empty,
        _ => Value::Unreadable(cut(&text, 40)),
    })
}

fn form_of(text: &str) -> Form {
    let zone = text
        .get(19..)
        .unwrap_or_default()
        .trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    match text.as_bytes().get(10) {
        None if !text.contains('-') => Form::Number,
        None => Form::Space,
        _ if !zone.is_empty() => Form::Zoned,
        Some(b'T' | b't') => Form::Naive,
        Some(b' ') => Form::Space,
        _ => Form::Number,
    }
}

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
            evidence.row(is_future.then(|| format!("{}, {} ahead", clock::utc_text(at), span(ahead as f64))));
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
            "{} of the {} sampled times are later than now, by up to {}. Another clock or time zone wrote them; \
             whatever compares them with the present is wrong.",
            evidence.count,
            evidence.of,
            span(furthest as f64)
        ),
        evidence: evidence.text("sampled times", &column.query()),
        recommendation: "Write all times in UTC, and set the host's clock by NTP.".to_owned(),
    }
}

fn implausible(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let first = clock::parse_utc(FIRST_YEAR_TEXT).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let mut found = Found::nothing();
    for column in columns(audit)? {
        let plausible = column.times().filter(|(at, _)| *at >= first).count();
        let mut evidence = Evidence::default();
        for value in &column.values {
            match value {
                Value::Empty => {}
                Value::Unreadable(text) => evidence.row(Some(format!("\"{text}\""))),
                Value::Time { at, .. } => evidence.row((*at < first).then(|| clock::utc_text(*at))),
            }
        }
        // Without any good time the column may hold something else.
        if evidence.count > 0 && plausible > 0 {
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
            "{} of the {} sampled values are older than any coin or are no time at all. Such a row is in no \
             window of any report, and every duration computed from it is wrong.",
            evidence.count, evidence.of
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
            "{} pairs of columns that say when their row was written differ by a constant offset. Whoever joins \
             or compares them is wrong by so much.",
            examples.len()
        ),
        evidence: examples.iter().take(3).cloned().collect::<Vec<_>>().join("; "),
        recommendation:
            "Write all times in UTC (datetime.now(timezone.utc)), as SQLite's CURRENT_TIMESTAMP does."
                .to_owned(),
    }
}
