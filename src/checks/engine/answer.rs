//! What the query of a rule returned: faulty rows, of how many.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use rusqlite::types::Value;

use super::rule::Rule;
use crate::checks::problem::Key;
use crate::model::Severity;
use crate::sandbox::{Read, Rows, Sandbox, as_number};

/// Most rows of a rule: as many as the longest table of the audit database holds.
const MOST_ROWS: usize = 20_000;

/// Columns that the engine understands; all others are figures.
const RESERVED: [&str; 8] = ["subject", "severity", "source", "source_id", "in_window", "open", "n", "of"];

/// Faulty rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// As the query returned them.
    pub(crate) rows: Rows,
    /// Rows that are left to other checks, with the ids of those.
    pub(crate) left: BTreeMap<usize, String>,
    /// Columns that the query reads.
    pub(super) reads: BTreeSet<Read>,
    of: Of,
}

/// Rows that could be faulty.
#[derive(Debug, Clone, Default)]
enum Of {
    #[default]
    Unknown,
    All(u64),
    BySubject(BTreeMap<String, u64>),
}

impl Answer {
    /// Asks the tables as they are now.
    ///
    /// # Errors
    /// One sentence.
    pub(super) fn new(rule: &Rule, threshold: f64, sandbox: &Sandbox) -> anyhow::Result<Self> {
        let (rows, reads) = sandbox.select(&rule.sql, threshold, MOST_ROWS)?;
        let of = match &rule.header.of {
            Some(query) if !rows.rows.is_empty() => {
                counted(&sandbox.select(query, threshold, MOST_ROWS).context("the query of")?.0)?
            }
            _ => Of::Unknown,
        };
        Ok(Self { rows, left: BTreeMap::new(), reads, of })
    }

    /// Tables that the query has read.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &str> {
        self.reads.iter().map(|(table, _)| table.as_str())
    }

    /// Number of its rows.
    pub(super) fn len(&self) -> usize {
        self.rows.rows.len()
    }

    /// The value of a column in a row.
    pub(super) fn cell(&self, row: usize, column: &str) -> Option<&Value> {
        self.rows.rows.get(row)?.get(self.rows.place(column)?)
    }

    fn text(&self, row: usize, column: &str) -> Option<String> {
        match self.cell(row, column)? {
            Value::Text(text) => Some(text.clone()),
            Value::Integer(number) => Some(number.to_string()),
            Value::Real(number) => Some(number.to_string()),
            Value::Null | Value::Blob(_) => None,
        }
    }

    /// Which of the bot's rows it is.
    pub(crate) fn key(&self, row: usize) -> Option<Key> {
        Some((self.text(row, "source")?, self.text(row, "source_id")?))
    }

    /// What it is about; empty where the rule has one subject only.
    pub(crate) fn subject(&self, row: usize) -> String {
        self.text(row, "subject").unwrap_or_default()
    }

    /// How bad it is, where the row says so.
    pub(super) fn severity(&self, row: usize) -> Option<Severity> {
        Severity::of(&self.text(row, "severity")?)
    }

    /// The figures of a row: its columns but those that the engine understands.
    pub(crate) fn figures(&self, row: usize) -> impl Iterator<Item = (&str, &Value)> {
        let cells = self.rows.rows.get(row).map(Vec::as_slice).unwrap_or_default();
        let columns = self.rows.columns.iter().map(String::as_str);
        columns.zip(cells).filter(|(column, _)| !RESERVED.contains(column))
    }

    /// The sum of a column over some rows; `None` where the query has no such column.
    pub(super) fn sum(&self, rows: &[usize], column: &str) -> Option<u64> {
        self.rows.place(column)?;
        let numbers = rows.iter().filter_map(|row| self.cell(*row, column).and_then(as_number));
        Some(numbers.sum::<f64>() as u64)
    }

    /// Rows that could be faulty; `None` where the rule does not count them.
    pub(super) fn of(&self, subject: &str) -> Option<u64> {
        match &self.of {
            Of::Unknown => None,
            Of::All(count) => Some(*count),
            Of::BySubject(counts) => counts.get(subject).copied(),
        }
    }
}

/// One number, or a subject and a number a row.
fn counted(rows: &Rows) -> anyhow::Result<Of> {
    if rows.columns.len() == 1 {
        return Ok(Of::All(rows.number().context("the query of")? as u64));
    }
    let count = |row: &Vec<Value>| match row.as_slice() {
        [Value::Text(subject), count, ..] => Some((subject.clone(), as_number(count)? as u64)),
        _ => None,
    };
    let counts = rows.rows.iter().map(count).collect::<Option<_>>();
    Ok(Of::BySubject(counts.context("the query of must return one number, or a subject and a number a row")?))
}
