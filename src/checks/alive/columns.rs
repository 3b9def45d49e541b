//! The file's columns of times: a bounded sample of every table, read once for all checks of a run.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use crate::checks::check::Audit;
use crate::checks::shared::{Column, Form, Value};
use crate::source::clock::Clock;
use crate::untrusted::cut;

/// Newest and oldest rows that are looked at in each table.
const NEWEST_ROWS: usize = 300;
const OLDEST_ROWS: usize = 100;
const MOST_TABLES: usize = 100;

impl Form {
    /// In a sentence.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Space => "with a space",
            Self::Naive => "with a T",
            Self::Zoned => "with a zone",
            Self::TwelveHours => "with AM or PM",
            Self::Number => "as a number",
        }
    }
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

    /// The values that are times.
    pub(super) fn times(&self) -> impl Iterator<Item = (DateTime<Utc>, Form)> {
        self.values.iter().filter_map(|value| match value {
            Value::Time { at, form, .. } => Some((*at, *form)),
            _ => None,
        })
    }

    /// Says when its row was written or when its event happened, never when something will be.
    pub(super) fn is_past(&self) -> bool {
        const AHEAD: [&str; 8] = ["until", "expir", "next", "sched", "valid", "unlock", "end", "due"];
        let name = self.name.to_lowercase();
        !AHEAD.iter().any(|word| name.contains(word))
    }

    /// Whether it says when its row was written.
    pub(super) fn is_of_writing(&self) -> bool {
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
    pub(super) fn is_of_update(&self) -> bool {
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
        WHERE tables.type = 'table' AND tables.rootpage > 0 AND tables.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
            AND tables.name NOT LIKE 'monitoring\\_%' ESCAPE '\\'";
    audit.context.bot.each_row(sql, |row| {
        let (table, column): (String, String) = (row.get(0)?, row.get(1)?);
        if is_time_name(&column) && audit.context.bot.can_read(&table, &column) {
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
    let quoted: Vec<_> = names.iter().map(|name| crate::source::quoted(name)).collect();
    let new = |name: String| Column { table: table.to_owned(), name, values: Vec::new(), newest: 0 };
    let mut columns: Vec<_> = names.into_iter().map(new).collect();
    let mut before = i64::MAX;
    for (order, limit) in [("DESC", NEWEST_ROWS), ("ASC", OLDEST_ROWS)] {
        let sql = format!(
            "SELECT {}, rowid FROM main.{} WHERE rowid < {before} ORDER BY rowid {order} LIMIT {limit}",
            quoted.join(", "),
            crate::source::quoted(table)
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
        _ if text.parse::<f64>().is_ok() => Form::Number,
        Some(b' ' | b'T') if text.ends_with(['M', 'm']) => Form::TwelveHours,
        None if !text.contains('-') => Form::Number,
        None => Form::Space,
        _ if !zone.is_empty() => Form::Zoned,
        Some(b'T' | b't') => Form::Naive,
        Some(b' ') => Form::Space,
        _ => Form::Number,
    }
}
