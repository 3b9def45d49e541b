//! The tables of the file in the prompt.

use super::figures::shown;
use super::layout::Section;
use super::wording::Wording;
use crate::source::clock::utc_text;
use crate::source::profile::{Precision, Profile, Table};

/// Columns without a value that are named for one table.
const EMPTY_COLUMNS: usize = 6;

/// One line a table: names and figures, never a value.
pub(super) fn tables(profile: &Profile, wording: &mut Wording<'_>, section: &mut Section) {
    let mut tables: Vec<&Table> = profile.all.iter().filter(|table| !table.is_monitors_own()).collect();
    tables.sort_by_key(|table| std::cmp::Reverse(table.rows));
    section.lines(
        480,
        "rows, in window (previous), newest, columns without a value",
        tables.into_iter().map(|one| table(one, wording)),
    );
}

fn table(table: &Table, wording: &mut Wording<'_>) -> String {
    if table.error.is_some() {
        return format!("{} cannot be read", wording.table(&table.schema.name));
    }
    let about = match table.rows_are {
        Precision::Counted => "",
        Precision::Estimated => "about ",
        Precision::AtLeast => "at least ",
    };
    let mut line = format!("{} {about}{}", wording.table(&table.schema.name), table.rows);
    if let Some(rows) = table.rows_in_window {
        line.push_str(&format!(", {rows} ({})", shown(table.rows_in_previous)));
    }
    if let Some(newest) = table.newest {
        line.push_str(&format!(", newest {}", utc_text(newest)));
    }
    let empty = table.columns.iter().filter(|column| column.null_share >= 1.0);
    let empty: Vec<String> = empty.map(|column| wording.column(&column.name)).take(EMPTY_COLUMNS).collect();
    if !empty.is_empty() {
        line.push_str(&format!(", empty {}", empty.join(" ")));
    }
    line
}
