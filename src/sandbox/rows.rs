//! What a foreign query returned.

use anyhow::anyhow;
use rusqlite::Statement;
use rusqlite::types::{Value, ValueRef};

use crate::sanitize::cut;

/// Texts are cut to this, as those of the audit database are.
const LONGEST_TEXT_CHARS: usize = 2_000;
/// All values together: what this program keeps is not SQLite's memory.
const MOST_BYTES: usize = 32_000_000;

/// A column that a query reads: table and column.
pub(crate) type Read = (String, String);

/// One row, in the order of the columns.
pub(crate) type Row = Vec<Value>;

/// The rows of a query.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Rows {
    /// Names of the columns.
    pub(crate) columns: Vec<String>,
    /// At most as many as were asked for; a blob is NULL.
    pub(crate) rows: Vec<Row>,
    /// Whether there are more.
    pub(crate) is_cut: bool,
}

impl Rows {
    /// Runs a statement whose parameters are bound.
    ///
    /// # Errors
    /// SQLite's.
    pub(super) fn read(statement: &mut Statement<'_>, most_rows: usize) -> rusqlite::Result<Self> {
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut all = Self { columns, ..Self::default() };
        let mut bytes = 0;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if all.rows.len() == most_rows || bytes > MOST_BYTES {
                all.is_cut = true;
                break;
            }
            let mut kept = Row::with_capacity(all.columns.len());
            for column in 0..all.columns.len() {
                let value = owned(row.get_ref(column)?);
                bytes += size_of::<Value>() + if let Value::Text(text) = &value { text.len() } else { 0 };
                kept.push(value);
            }
            all.rows.push(kept);
        }
        Ok(all)
    }

    /// The place of a column.
    pub(crate) fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }

    /// The number in the first column of the only row.
    ///
    /// # Errors
    /// Where it is none.
    pub(crate) fn number(&self) -> anyhow::Result<f64> {
        let value = self.rows.first().and_then(|row| row.first());
        value.and_then(as_number).ok_or_else(|| anyhow!("the query returns no number"))
    }
}

/// The number that a value is.
pub(crate) fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Real(number) => Some(*number),
        _ => None,
    }
}

fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => Value::Text(cut(&String::from_utf8_lossy(text), LONGEST_TEXT_CHARS)),
    }
}
