//! The bot's own tables, as a map declares them and as the file has them.

use std::collections::BTreeMap;

use rusqlite::{Connection, ErrorCode, Row};

use super::foreign::Foreign;
use super::map::{self, Map};
use super::quoted::quoted;

/// One declared table of the bot.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its name in the file.
    pub(crate) table: String,
    /// The declared columns, each with whether the file has it.
    columns: Vec<(String, bool)>,
    /// Whether the file has the table, with at least half of the declared columns: another
    /// program's table of the same name is not the bot's.
    pub(crate) exists: bool,
    /// Whether it holds a row.
    pub(super) has_rows: bool,
    /// Whether its indexes are damaged, or use a collation that only the bot's program defines.
    pub(super) avoids_indexes: bool,
}

impl Source {
    /// The query of `src_<table>`: the declared columns and no others.
    pub(super) fn query(&self) -> String {
        let columns: Vec<_> = self
            .columns
            .iter()
            .map(|(column, found)| match *found && self.exists {
                true => quoted(column),
                false => format!("NULL AS {}", quoted(column)),
            })
            .collect();
        let rows = match self.exists {
            true if self.avoids_indexes => format!("FROM main.{} NOT INDEXED", quoted(&self.table)),
            true => format!("FROM main.{}", quoted(&self.table)),
            false => "WHERE 0".to_owned(),
        };
        format!("SELECT {} {rows}", columns.join(", "))
    }

    /// Whether the file has the table and this column of it.
    pub(crate) fn has_column(&self, column: &str) -> bool {
        self.exists && self.columns.iter().any(|(name, found)| *found && name == column)
    }

    /// The declared columns that the file has.
    pub(super) fn found_columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|(_, found)| *found).map(|(name, _)| name.as_str())
    }
}

/// The tables that a map declares, compared with those of the file.
pub(super) fn declared(
    map: &Map,
    connection: &Connection,
    foreign: &Foreign,
) -> rusqlite::Result<Vec<Source>> {
    map.sources.iter().map(|(table, columns)| source(table, columns, connection, foreign)).collect()
}

fn source(
    table: &str,
    columns: &[String],
    connection: &Connection,
    foreign: &Foreign,
) -> rusqlite::Result<Source> {
    let mut found = columns_of(connection, table)?;
    found.retain(|column| foreign.can_read(table, column));
    let is_found = |column: &String| found.iter().any(|name| name.eq_ignore_ascii_case(column));
    let columns: Vec<_> = columns.iter().map(|column| (column.clone(), is_found(column))).collect();
    let known = columns.iter().filter(|(_, found)| *found).count();
    let exists = known * 2 >= columns.len();
    let has_rows = exists && has_rows(connection, table)?;
    Ok(Source { table: table.to_owned(), columns, exists, has_rows, avoids_indexes: false })
}

/// The map of a file's kind: the first whose tables and columns it has, else the last one.
pub(super) fn recognised<'maps>(
    maps: &'maps [Map],
    connection: &Connection,
) -> rusqlite::Result<Option<&'maps Map>> {
    for map in maps.iter().filter(|map| !map.head.recognised_by.is_empty()) {
        if has_all(&map.head.recognised_by, connection)? {
            return Ok(Some(map));
        }
    }
    Ok(maps.last())
}

fn has_all(tables: &BTreeMap<String, Vec<String>>, connection: &Connection) -> rusqlite::Result<bool> {
    for (table, columns) in tables {
        let found = columns_of(connection, table)?;
        let has = |column: &String| found.iter().any(|name| name.eq_ignore_ascii_case(column));
        if found.is_empty() || !columns.iter().all(has) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A query behind the definitions of the sources that it reads.
pub(super) fn with_sources(sources: &[Source], sql: &str) -> String {
    let is_read = |source: &&Source| map::sources_in(sql).any(|table| table == source.table);
    let definitions = sources.iter().filter(is_read).map(|source| {
        // Without these words SQLite would copy what a query reads twice.
        format!("src_{} AS NOT MATERIALIZED ({})", source.table, source.query())
    });
    let definitions: Vec<_> = definitions.collect();
    if definitions.is_empty() { sql.to_owned() } else { format!("WITH {}\n{sql}", definitions.join(",\n")) }
}

/// A damaged table counts as one with rows: the query that reads them reports the damage.
fn has_rows(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = format!("SELECT EXISTS (SELECT 1 FROM main.{} NOT INDEXED)", quoted(table));
    match connection.query_row(&sql, [], |row| row.get(0)) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => Ok(true),
        has_rows => has_rows,
    }
}

pub(super) fn columns_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached("SELECT name FROM pragma_table_xinfo(?1, 'main')")?;
    let name = |row: &Row<'_>| Ok(String::from_utf8_lossy(row.get_ref(0)?.as_bytes()?).into_owned());
    match statement.query_map([table], name)?.collect() {
        // A view over what is not there, or over itself, has none.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => {
            tracing::warn!("{table} is left out: {error}");
            Ok(Vec::new())
        }
        columns => columns,
    }
}

/// Columns that an index begins with.
pub(super) fn indexed_columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT info.name FROM pragma_index_list(?1, 'main') AS list, pragma_index_info(list.name, 'main') AS info
        WHERE info.seqno = 0 AND info.name IS NOT NULL AND NOT list.partial";
    connection.prepare_cached(sql)?.query_map([table], |row| row.get(0))?.collect()
}
