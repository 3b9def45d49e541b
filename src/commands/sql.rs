//! The command `sql`: one SELECT over the audit database.

use std::io::{self, Write};

use chrono::Utc;
use rusqlite::types::Value;
use serde_json::json;

use crate::cli::Format;
use crate::config::Config;
use crate::output::table;
use crate::reading;
use crate::sanitize;
use crate::source::audit::SCHEMA;

/// Most rows that are shown.
const MOST_ROWS: usize = 1_000;

/// Runs a query, or prints the tables, and writes what there is.
///
/// # Errors
/// When the file cannot be used, or one sentence on the query.
pub(crate) fn run(query: &str, config: &Config, writer: &mut impl Write) -> anyhow::Result<()> {
    if query.trim().trim_end_matches(';') == ".schema" {
        return Ok(match config.format {
            Format::Text => writer.write_all(SCHEMA.as_bytes()),
            Format::Json => sanitize::write_json(writer, &json!({ "schema": SCHEMA })),
        }?);
    }
    let now = config.as_of.unwrap_or_else(Utc::now);
    let (answer, _) = reading::tables(config, now, |tables| tables.sandbox().select(query, 0.0, MOST_ROWS))?;
    match config.format {
        Format::Json => {
            let rows: Vec<Vec<_>> = answer.rows.iter().map(|row| row.iter().map(json).collect()).collect();
            let columns = &answer.columns;
            sanitize::write_json(
                writer,
                &json!({ "columns": columns, "rows": rows, "is_cut": answer.is_cut }),
            )?;
        }
        Format::Text => write_text(&answer.columns, &answer.rows, answer.is_cut, writer)?,
    }
    Ok(())
}

fn write_text(
    columns: &[String],
    rows: &[Vec<Value>],
    is_cut: bool,
    writer: &mut impl Write,
) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(writer, "No row ({}).", sanitize::one_line(&columns.join(", ")));
    }
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(table::text).collect()).collect();
    table::write(&columns, &rows, writer)?;
    if is_cut {
        writeln!(writer, "There are more rows: the first {MOST_ROWS} are shown.")?;
    }
    Ok(())
}

/// A value of SQLite in JSON; what JSON has no number for is null.
pub(super) fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null | Value::Blob(_) => serde_json::Value::Null,
        Value::Integer(number) => json!(number),
        Value::Real(number) => json!(number),
        Value::Text(text) => json!(text),
    }
}
