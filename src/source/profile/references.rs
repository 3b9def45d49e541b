//! Columns that name rows of another table, and ids that name none.

use super::column::{Column, Fault};
use super::names::{names_rows_of, words};
use super::odd::{KEPT, Odd};
use super::table::Table;
use crate::source::{Bot, cell, quoted};

/// Newest rows whose ids are looked up.
const FOLLOWED_ROWS: u64 = 1_000;
/// Tables that are tried for one column.
const MOST_CANDIDATES: usize = 4;

/// What a column says about a table.
struct Reference {
    column: usize,
    table: String,
    found: u64,
    fault: Option<Fault>,
}

/// Finds what each column refers to: by a declared foreign key, or as `reflection_id` to `reflections` and
/// `rule_ids` to `rules`, of several tables the one that has most of the ids.
pub(super) fn follow(bot: &Bot, tables: &mut [Table]) -> rusqlite::Result<()> {
    let mut found: Vec<(usize, Reference)> = Vec::new();
    for (place, table) in tables.iter().enumerate().filter(|(_, table)| table.is_bots()) {
        for column in 0..table.columns.len() {
            found.extend(reference(bot, tables, table, column)?.map(|reference| (place, reference)));
        }
    }
    for (place, reference) in found {
        let column = tables.get_mut(place).and_then(|table| table.columns.get_mut(reference.column));
        if let Some(column) = column {
            column.refers_to = Some((reference.table, reference.found));
            column.faults.extend(reference.fault);
        }
    }
    Ok(())
}

fn reference(
    bot: &Bot,
    tables: &[Table],
    table: &Table,
    place: usize,
) -> rusqlite::Result<Option<Reference>> {
    let Some(column) = table.columns.get(place) else { return Ok(None) };
    let declared = table.schema.foreign_keys.iter().find(|(from, _)| *from == column.name);
    let mut candidates = candidates(tables, table, column, declared.map(|(_, to)| to.as_str()));
    candidates.sort_by_key(|other| std::cmp::Reverse(other.rows));
    let Some(largest) = candidates.first() else { return Ok(None) };
    let unproven = Reference { column: place, table: largest.schema.name.clone(), found: 0, fault: None };
    if column.filled == 0 {
        return Ok((table.rows == 0 || declared.is_some()).then_some(unproven));
    }
    let mut best: Option<Reference> = None;
    for other in candidates.into_iter().take(MOST_CANDIDATES) {
        let Some(followed) = look_up(bot, table, column, other)? else { continue };
        let is_proven = followed.found * 2 >= followed.of;
        let fault = followed.fault().filter(|_| declared.is_some() || (is_proven && other.is_dense()));
        let reference =
            Reference { column: place, table: other.schema.name.clone(), found: followed.found, fault };
        if best.as_ref().is_none_or(|best| reference.found > best.found) {
            best = Some(reference);
        }
    }
    Ok(best.filter(|best| best.found > 0 || declared.is_some()))
}

/// Tables whose rows a column may name.
fn candidates<'table>(
    tables: &'table [Table],
    table: &Table,
    column: &Column,
    declared: Option<&str>,
) -> Vec<&'table Table> {
    let others = tables.iter().filter(|other| other.is_bots() && other.schema.name != table.schema.name);
    if let Some(declared) = declared {
        return others.filter(|other| other.schema.name.eq_ignore_ascii_case(declared)).collect();
    }
    let Some(stem) = stem(&column.name) else { return Vec::new() };
    others.filter(|other| other.rows > 0 && names_rows_of(&other.schema.name, &stem)).collect()
}

/// What the rows are called that a column names.
fn stem(column: &str) -> Option<String> {
    let words = words(column);
    let place = words.iter().position(|word| word == "ids" || word == "id")?;
    let is_name = words.get(place).is_some_and(|word| word == "ids") || place + 1 == words.len();
    words.get(..place).filter(|stem| is_name && !stem.is_empty()).map(|stem| stem.join("_"))
}

/// The ids of a column, looked up in a table.
struct Followed {
    of: u64,
    found: u64,
    dangling: Odd,
    keys: Vec<String>,
}

impl Followed {
    fn fault(&self) -> Option<Fault> {
        self.dangling.fault("dangling_reference", self.of, &self.keys)
    }
}

/// Looks up the newest ids; `None` where the table has no key of one column.
fn look_up(bot: &Bot, table: &Table, column: &Column, other: &Table) -> rusqlite::Result<Option<Followed>> {
    let Some(key) = other.schema.single_key().map(|key| quoted(&key.name)) else { return Ok(None) };
    let newest = table.newest_rows(&column.name, FOLLOWED_ROWS);
    let named = match words(&column.name).iter().any(|word| word == "ids") {
        true => format!(
            "(SELECT row.key AS key, item.value AS value
            FROM (SELECT key, '[' || trim(value, '[] ') || ']' AS ids FROM {newest}) AS row,
            json_each(CASE WHEN json_valid(row.ids) THEN row.ids ELSE '[]' END) AS item)"
        ),
        false => newest,
    };
    let target = other.schema.quoted();
    // Rows older than the oldest that is kept were deleted on purpose.
    let sql = format!(
        "SELECT named.key, named.value, named.value IN (SELECT {key} FROM {target}),
            typeof(first.id) = 'integer' AND named.value > 0 AND CAST(named.value AS INTEGER) < first.id
        FROM {named} AS named, (SELECT min({key}) AS id FROM {target}) AS first
        WHERE named.value IS NOT NULL AND named.value <> ''"
    );
    let mut statement = bot.connection().prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut followed = Followed { of: 0, found: 0, dangling: Odd::default(), keys: Vec::new() };
    while let Some(row) = rows.next()? {
        let (is_found, was_deleted): (bool, bool) = (row.get(2)?, row.get(3)?);
        followed.of += 1;
        followed.found += u64::from(is_found);
        if !is_found && !was_deleted {
            followed.dangling.add(followed.keys.len(), &cell::name(row, 1)?.unwrap_or_default());
            if followed.keys.len() < KEPT {
                followed.keys.push(cell::name(row, 0)?.unwrap_or_default().into_owned());
            }
        }
    }
    Ok(Some(followed))
}
