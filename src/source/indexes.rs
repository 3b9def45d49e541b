//! Whether the indexes of the bot's tables hold what the tables hold. SQLite trusts an index: a query by a
//! damaged one silently misses rows.

use std::collections::BTreeSet;

use rusqlite::{Connection, ErrorCode};

use super::declared::Source;
use super::quoted::quoted;

/// Newest rows that are looked up in each index.
const SOUGHT_ROWS: i64 = 50;
/// Span of rowids up to which rows and entries are counted as well: a millisecond at the very most.
const MOST_COUNTED: i64 = 2_000;
/// Entries that show whether an index belongs to its table.
const COMPARED_ENTRIES: i64 = 20;

/// Expressions, and orders that only the bot's program knows, cannot be looked up.
const INDEXES: &str = "
SELECT
    list.name,
    group_concat('\"' || replace(info.name, '\"', '\"\"') || '\"', char(10))
FROM pragma_index_list(?1, 'main') AS list, pragma_index_xinfo(list.name, 'main') AS info
WHERE info.key AND NOT list.partial
GROUP BY list.name
HAVING min(info.cid) >= 0 AND min(info.coll IN ('BINARY', 'NOCASE', 'RTRIM'))";

/// An index that does not hold what its table holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damage {
    /// The table.
    pub(crate) table: String,
    /// The index.
    pub(crate) index: String,
    /// What is wrong with it.
    pub(crate) what: String,
}

/// What the indexes of all tables have shown.
#[derive(Debug, Default)]
pub(super) struct Examined {
    /// Those that do not hold what their table holds.
    pub(super) damaged: Vec<Damage>,
    /// A table none of whose indexes holds a single row of it: which of them has the wrong name cannot be told.
    pub(super) unlike: Option<String>,
}

/// Examines the indexes of all tables that have rows; those that cannot be relied upon are not used.
pub(super) fn examine(
    sources: &mut [Source],
    unordered: &BTreeSet<String>,
    connection: &Connection,
) -> rusqlite::Result<Examined> {
    let mut examined = Examined::default();
    for source in sources.iter_mut().filter(|source| source.has_rows) {
        let known = examined.damaged.len();
        examined.look_at(&source.table, connection)?;
        source.avoids_indexes = examined.damaged.len() > known || unordered.contains(&source.table);
    }
    Ok(examined)
}

impl Examined {
    fn look_at(&mut self, table: &str, connection: &Connection) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(INDEXES)?;
        let indexes = statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let indexes: Vec<(String, String)> = indexes.collect::<rusqlite::Result<_>>()?;
        if indexes.is_empty() {
            return Ok(());
        }
        let from = format!("main.{}", quoted(table));
        // By one seek each.
        let end = |function: &str| format!("(SELECT {function}(rowid) FROM {from} NOT INDEXED)");
        let span = format!("SELECT {} - {}", end("max"), end("min"));
        // Without rowids, and of a view, there is nothing to look up.
        let Ok(Some(span)) = connection.query_row(&span, [], |row| row.get::<_, Option<i64>>(0)) else {
            return Ok(());
        };
        let is_small = (0..MOST_COUNTED).contains(&span);
        let (mut looked_up, mut unlike) = (0, 0);
        for (name, columns) in indexes {
            let index =
                Index { connection, from: &from, by: quoted(&name), columns: columns.lines().collect() };
            let Ok(found) = index.examine(is_small) else { continue };
            looked_up += 1;
            let Some((what, is_unlike)) = found else { continue };
            unlike += usize::from(is_unlike);
            self.damaged.push(Damage { table: table.to_owned(), index: name, what });
        }
        if looked_up > 0 && unlike == looked_up {
            self.unlike = Some(table.to_owned());
        }
        Ok(())
    }
}

/// An index of columns, with its names as they stand in a statement.
struct Index<'index> {
    connection: &'index Connection,
    from: &'index str,
    by: String,
    columns: Vec<&'index str>,
}

impl Index<'_> {
    /// What is wrong with it, and whether no entry is one of the table's rows.
    fn examine(&self, is_small: bool) -> rusqlite::Result<Option<(String, bool)>> {
        let (from, by) = (self.from, &self.by);
        let counts = match is_small {
            true => format!(
                "(SELECT count(*) FROM {from} NOT INDEXED), CAST((SELECT total(1) FROM {from} INDEXED BY {by}) AS INTEGER)"
            ),
            false => "0, 0".to_owned(),
        };
        let columns = self.columns.join(", ");
        let sought = format!(
            "SELECT rowid AS sought_id, {columns} FROM {from} NOT INDEXED ORDER BY rowid DESC LIMIT {SOUGHT_ROWS}"
        );
        let same: Vec<_> = self.columns.iter().map(|column| format!("{column} IS row.{column}")).collect();
        let sql = format!(
            "SELECT count(*), coalesce(sum(NOT EXISTS (
                SELECT 1 FROM {from} INDEXED BY {by} WHERE {} AND rowid = row.sought_id)), 0), {counts}
            FROM ({sought}) AS row",
            same.join(" AND ")
        );
        let read = self.connection.query_row(&sql, [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?))
        });
        let (looked_up, lost, rows, entries) = match read {
            Ok(counts) => counts,
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                // It is the index only where the rows themselves can be read.
                let rows = format!("SELECT count(*) FROM ({sought})");
                self.connection.query_row(&rows, [], |row| row.get::<_, i64>(0))?;
                return Ok(Some(("cannot be read".to_owned(), false)));
            }
            Err(error) => return Err(error),
        };
        let what = match lost {
            0 if rows == entries => return Ok(None),
            0 => format!("holds {entries} entries for {rows} rows"),
            lost => format!("lacks {lost} of the {looked_up} newest rows"),
        };
        Ok(Some((what, lost == looked_up && self.is_unlike()?)))
    }

    /// Whether it has entries, and none of them is what the row of that id says.
    fn is_unlike(&self) -> rusqlite::Result<bool> {
        let (from, by, columns) = (self.from, &self.by, self.columns.join(", "));
        let same: Vec<_> =
            self.columns.iter().map(|column| format!("other.{column} IS entry.{column}")).collect();
        let sql = format!(
            "SELECT count(*), coalesce(sum(other.rowid IS NOT NULL AND {}), 0)
            FROM (SELECT rowid AS entry_id, {columns} FROM {from} INDEXED BY {by} LIMIT {COMPARED_ENTRIES}) AS entry
            LEFT JOIN {from} AS other NOT INDEXED ON other.rowid = entry.entry_id",
            same.join(" AND ")
        );
        self.connection.query_row(&sql, [], |row| Ok(row.get::<_, i64>(0)? > 0 && row.get::<_, i64>(1)? == 0))
    }
}
