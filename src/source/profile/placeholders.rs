//! Placeholders that are stored as if they were values.

use std::collections::BTreeMap;

use rusqlite::params_from_iter;

use super::column::{Column, Fault, Kind};
use super::odd::Odd;
use super::rows::Precision;
use super::table::Table;
use crate::source::{Bot, cell};

/// What programs write for nothing and templates write for anything. In this spelling only:
/// `none` and `test` may be states, `None` is Python's.
const PLACEHOLDERS: [&str; 22] = [
    "None",
    "null",
    "NULL",
    "nan",
    "NaN",
    "undefined",
    "[object Object]",
    "string",
    "str",
    "TODO",
    "TBD",
    "FIXME",
    "N/A",
    "n/a",
    "example",
    "placeholder",
    "PLACEHOLDER",
    "lorem ipsum",
    "<string>",
    "...",
    "{}",
    "xxx",
];

/// Counts them in every column of texts: in the whole table where its rows are counted, else in the newest rows.
pub(super) fn find(bot: &Bot, tables: &mut [Table]) -> rusqlite::Result<()> {
    for table in tables.iter_mut().filter(|table| table.is_bots()) {
        let mut found = Vec::new();
        for (place, column) in
            table.columns.iter().enumerate().filter(|(_, column)| column.kind == Kind::Text)
        {
            let values = column.common.iter().map(|(value, _)| value.as_str());
            let values: Vec<&str> = values.filter(|value| is_placeholder(column, value)).collect();
            if !values.is_empty() {
                found.extend(count(bot, table, column, &values)?.map(|fault| (place, fault)));
            }
        }
        for (place, fault) in found {
            if let Some(column) = table.columns.get_mut(place) {
                column.faults.push(fault);
            }
        }
    }
    Ok(())
}

/// A placeholder, or the name of a field as a template shows it: `pattern_name`, `your_coin_here`, or
/// the column's own name. A value that all rows have is a choice.
fn is_placeholder(column: &Column, value: &str) -> bool {
    let value = value.trim();
    let bare = value.trim_matches(['<', '>', '{', '}', '[', ']', '"', '\'']).to_lowercase();
    let own = column.name.to_lowercase();
    let stem = own.trim_end_matches("_id").trim_end_matches("_name").trim_end_matches("_observed");
    let is_field = bare.ends_with("_name") || (bare.starts_with("your_") && bare.ends_with("_here"));
    let is_own = bare.contains('_') && (bare == own || bare == format!("{stem}_id"));
    let is_echo = column.distinct > 1 && (is_field || is_own);
    PLACEHOLDERS.contains(&value) || is_echo
}

/// The rows with one of the values. Its examples are the values with their rows.
fn count(bot: &Bot, table: &Table, column: &Column, values: &[&str]) -> rusqlite::Result<Option<Fault>> {
    let is_counted = table.rows_are == Precision::Counted;
    let of = if is_counted { table.rows } else { table.sampled_rows };
    let sql = format!(
        "SELECT key, value FROM {} WHERE value IN ({})",
        table.newest_rows(&column.name, of),
        vec!["?"; values.len()].join(", ")
    );
    let mut statement = bot.connection().prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let (mut odd, mut keys) = (Odd::default(), Vec::new());
    let mut by_value: BTreeMap<String, u64> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let value = cell::text(row, 1)?.unwrap_or_default().into_owned();
        odd.add(keys.len(), &value);
        if keys.len() < super::odd::KEPT {
            keys.push(cell::name(row, 0)?.unwrap_or_default().into_owned());
        }
        *by_value.entry(value).or_default() += 1;
    }
    let mut by_value: Vec<_> = by_value.into_iter().collect();
    by_value.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    let examples = by_value.iter().map(|(value, rows)| format!("\"{value}\" {rows}")).collect();
    Ok(odd.fault("placeholder", of, &keys).map(|fault| Fault { examples, ..fault }))
}
