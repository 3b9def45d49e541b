//! The tables as one check sees them: without rows whose needed cells another finding calls wrong.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use crate::checks::problem::Key;

/// Cells, as `trade.closed_at`, with the rows in which they are wrong.
#[derive(Debug, Default)]
pub(super) struct Distrusted {
    rows: BTreeMap<String, BTreeSet<Key>>,
}

/// What a check does not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hidden {
    /// Cells, as `trade.closed_at`.
    pub(super) cells: Vec<String>,
    /// Rows.
    pub(super) rows: u64,
}

const PREPARE: &str = "
CREATE TEMP TABLE IF NOT EXISTS distrusted (
    table_name TEXT NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    PRIMARY KEY (table_name, source, source_id)
) WITHOUT ROWID;
DELETE FROM temp.distrusted";

impl Distrusted {
    /// Notes that a cell is wrong in some rows.
    pub(super) fn add(&mut self, cell: &str, rows: &[Key]) {
        self.rows.entry(cell.to_owned()).or_default().extend(rows.iter().cloned());
    }

    /// Runs a part that sees the tables without the rows whose needed cells are wrong.
    ///
    /// # Errors
    /// When SQLite fails; the part's own outcome is inside.
    pub(super) fn without<T>(
        &self,
        needs: &[&str],
        connection: &Connection,
        part: impl FnOnce(Option<Hidden>) -> T,
    ) -> rusqlite::Result<T> {
        let cells = needs.iter().filter(|cell| self.rows.get(**cell).is_some_and(|rows| !rows.is_empty()));
        let mut by_table: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (table, cell) in cells.filter_map(|cell| Some((cell.split_once('.')?.0, *cell))) {
            by_table.entry(table).or_default().push(cell);
        }
        if by_table.is_empty() {
            return Ok(part(None));
        }
        let hidden = self.hide(&by_table, connection);
        let outcome = hidden.map(|hidden| part((hidden.rows > 0).then_some(hidden)));
        for table in by_table.keys() {
            connection.execute_batch(&format!("DROP VIEW IF EXISTS temp.{table}"))?;
        }
        outcome
    }

    fn hide(&self, tables: &BTreeMap<&str, Vec<&str>>, connection: &Connection) -> rusqlite::Result<Hidden> {
        let mut hidden = Hidden { cells: Vec::new(), rows: 0 };
        connection.execute_batch(PREPARE)?;
        let mut insert = connection.prepare("INSERT OR IGNORE INTO temp.distrusted VALUES (?, ?, ?)")?;
        for (table, cells) in tables {
            for (source, id) in cells.iter().filter_map(|cell| self.rows.get(*cell)).flatten() {
                insert.execute([*table, source, id])?;
            }
            let is_wrong = format!(
                "(SELECT 1 FROM temp.distrusted AS wrong WHERE wrong.table_name = '{table}'
                AND wrong.source = seen.source AND wrong.source_id = seen.source_id)"
            );
            let count = format!("SELECT count(*) FROM main.{table} AS seen WHERE EXISTS {is_wrong}");
            hidden.rows += connection.query_row(&count, [], |row| row.get::<_, i64>(0))?.unsigned_abs();
            hidden.cells.extend(cells.iter().map(|cell| (*cell).to_owned()));
            connection.execute_batch(&format!(
                "CREATE TEMP VIEW {table} AS SELECT * FROM main.{table} AS seen WHERE NOT EXISTS {is_wrong}"
            ))?;
        }
        Ok(hidden)
    }
}
