//! Rows in aligned columns. What they hold is data: nothing of it acts on the terminal.

use std::io::{self, Write};

use rusqlite::types::Value;

use crate::sanitize::{cut, one_line};

/// Of a cell; a longer one is cut.
const LONGEST_CHARS: usize = 60;

/// Writes a line of names, a line of dashes, and a line a row.
///
/// # Errors
/// When the writer fails.
pub(crate) fn write(columns: &[&str], rows: &[Vec<String>], writer: &mut impl Write) -> io::Result<()> {
    let names: Vec<String> = columns.iter().map(|name| cleaned(name)).collect();
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| cleaned(cell)).collect()).collect();
    let mut widths: Vec<usize> = names.iter().map(|name| width(name)).collect();
    for row in &rows {
        for (longest, cell) in widths.iter_mut().zip(row) {
            *longest = (*longest).max(width(cell));
        }
    }
    let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    for row in [names, dashes].iter().chain(&rows) {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, longest)| format!("{cell}{}", " ".repeat(longest.saturating_sub(width(cell)))));
        writeln!(writer, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

/// A value of SQLite as a cell.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null | Value::Blob(_) => "NULL".to_owned(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    }
}

fn cleaned(cell: &str) -> String {
    cut(&one_line(cell), LONGEST_CHARS)
}

fn width(cell: &str) -> usize {
    textwrap::core::display_width(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_clean() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let mut written = Vec::new();
        write(&["id", "text"], &[row(["1", "a\u{1b}[31mb"]), row(["1234", "日本\nx"])], &mut written)
            .unwrap();
        insta::assert_snapshot!(String::from_utf8(written).unwrap(), @r"
        id    text
        ----  -------
        1     a [31mb
        1234  日本 x
        ");
    }
}
