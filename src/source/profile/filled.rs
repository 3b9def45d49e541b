//! When a column was filled last that no longer is.

use chrono::{DateTime, Utc};
use rusqlite::OptionalExtension as _;

use super::column::Column;
use super::rows::Precision;
use super::table::Table;
use crate::source::{Bot, quoted};

/// Rows without a value, one after the other, that are no chance.
const FEWEST_NULLS: u64 = 100;

/// Finds it for every column whose newest rows have no value.
pub(super) fn look_back(bot: &Bot, tables: &mut [Table]) -> rusqlite::Result<()> {
    for table in tables.iter_mut().filter(|table| table.is_bots()) {
        let mut found = Vec::new();
        for (place, column) in table.columns.iter().enumerate() {
            let is_empty = column.null_share + column.blank_share >= 1.0;
            match () {
                () if is_empty && !table.is_sampled_whole() => {
                    let last = last_filled(bot, table, column)?;
                    let until = last.map_or(Ok(None), |last| until(bot, table, column, last))?;
                    found.push((place, last.is_some(), until));
                }
                () if column.newest_nulls >= FEWEST_NULLS => {
                    found.push((place, false, within_sample(table, column)));
                }
                () => {}
            }
        }
        for (place, was_filled, until) in found {
            if let Some(column) = table.columns.get_mut(place) {
                (column.was_filled, column.filled_until) = (was_filled, until);
            }
        }
    }
    Ok(())
}

/// The time of the newest row with a value, where the rows since then are too many to lack it by chance.
fn within_sample(table: &Table, column: &Column) -> Option<DateTime<Utc>> {
    /// By chance, with the share that had a value before.
    const BY_CHANCE: f64 = 1e-9;
    const FEWEST_FILLED: u64 = 10;
    let is_timed = table.sampled_times.len() as u64 == table.sampled_rows;
    if table.ordered.is_none() || !is_timed || column.filled < FEWEST_FILLED {
        return None;
    }
    let before = table.sampled_rows - column.newest_nulls;
    let chance = (1.0 - column.filled as f64 / before as f64).powf(column.newest_nulls as f64);
    let place = usize::try_from(column.newest_nulls).unwrap_or(usize::MAX);
    table.sampled_times.get(place).copied().filter(|_| chance < BY_CHANCE)
}

/// The newest row with a value of a column that has none in the rows read, among older ones: of all of them where
/// the table's rows are counted.
fn last_filled(bot: &Bot, table: &Table, column: &Column) -> rusqlite::Result<Option<i64>> {
    const OLDER_ROWS: u64 = 5_000;
    let Some(rowid) = table.schema.rowid else { return Ok(None) };
    let most = if table.rows_are == Precision::Counted { table.rows } else { OLDER_ROWS };
    let (name, from) = (quoted(&column.name), table.schema.quoted());
    let sql = format!(
        "SELECT {rowid} FROM (SELECT {rowid}, {name} FROM {from} ORDER BY {rowid} DESC LIMIT {most})
        WHERE {name} IS NOT NULL AND {name} <> '' LIMIT 1"
    );
    bot.connection().query_row(&sql, [], |row| row.get(0)).optional()
}

/// The time of that row, if at least a third of the rows before it had a value.
fn until(bot: &Bot, table: &Table, column: &Column, last: i64) -> rusqlite::Result<Option<DateTime<Utc>>> {
    const SHARE_OF_ROWS: u32 = 100;
    const FEWEST_FILLED: i64 = 33;
    let (Some(rowid), Some(ordered)) = (table.schema.rowid, &table.ordered) else { return Ok(None) };
    let (name, from) = (quoted(&column.name), table.schema.quoted());
    let sql = format!(
        "SELECT count({name}) FROM (SELECT {name} FROM {from} WHERE {rowid} <= ?1 ORDER BY {rowid} DESC LIMIT {SHARE_OF_ROWS})"
    );
    let filled: i64 = bot.connection().query_row(&sql, [last], |row| row.get(0))?;
    if filled < FEWEST_FILLED {
        return Ok(None);
    }
    Ok(ordered.first_from(bot.connection(), last)?.map(|(_, at)| at))
}
