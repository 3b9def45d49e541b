//! Where the rows of a finding stand: in the window or before it, and open or over.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use rusqlite::Connection;

use super::answer::Answer;
use crate::checks::problem::Key;
use crate::sandbox::{Read, as_number};

/// What is open while the bot runs.
const POSITIONS: &str = "position";

type InWindow = Rc<HashMap<Key, bool>>;

/// The rows of the tables that know a window, each table read once where it is asked for.
pub(super) struct Places<'db> {
    connection: &'db Connection,
    windowed: BTreeSet<String>,
    read: RefCell<BTreeMap<String, InWindow>>,
}

/// How many rows of a finding stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Placed {
    /// Rows of which it is known whether they are of the window.
    pub(super) known: u64,
    /// Those that are.
    pub(super) in_window: u64,
    /// Whether any of them is open.
    pub(super) is_open: bool,
}

impl<'db> Places<'db> {
    /// Over the tables of a connection.
    ///
    /// # Errors
    /// When their columns cannot be read.
    pub(super) fn new(connection: &'db Connection) -> rusqlite::Result<Self> {
        let sql = "SELECT list.name FROM sqlite_schema AS list, pragma_table_info(list.name) AS own
            WHERE list.type = 'table' AND own.name IN ('source', 'source_id', 'in_window')
            GROUP BY list.name HAVING count(*) = 3";
        let names = connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(Self { connection, windowed: names, read: RefCell::default() })
    }

    /// Where some rows of an answer stand.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub(super) fn of(&self, answer: &Answer, rows: &[usize]) -> rusqlite::Result<Placed> {
        let mut placed = Placed::default();
        for row in rows {
            let (in_window, is_open) = self.of_row(answer, *row)?;
            placed.known += u64::from(in_window.is_some());
            placed.in_window += u64::from(in_window == Some(true));
            placed.is_open |= is_open;
        }
        Ok(placed)
    }

    fn of_row(&self, answer: &Answer, row: usize) -> rusqlite::Result<(Option<bool>, bool)> {
        let flag = |column| answer.cell(row, column).and_then(as_number).map(|number| number != 0.0);
        let (mut in_window, mut is_open) = (flag("in_window"), flag("open"));
        if let Some(key) = answer.key(row) {
            for table in tables(&answer.reads).filter(|table| self.windowed.contains(*table)) {
                if in_window.is_some() && table != POSITIONS {
                    continue;
                }
                let found = self.table(table)?.get(&key).copied();
                in_window = in_window.or(found);
                is_open = is_open.or_else(|| (table == POSITIONS && found.is_some()).then_some(true));
            }
        }
        Ok((in_window, is_open.unwrap_or(false)))
    }

    fn table(&self, table: &str) -> rusqlite::Result<InWindow> {
        if let Some(known) = self.read.borrow().get(table) {
            return Ok(Rc::clone(known));
        }
        let sql = format!("SELECT source, source_id, in_window FROM main.{table}");
        let mut statement = self.connection.prepare(&sql)?;
        let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
        let rows: InWindow = Rc::new(rows.collect::<Result<_, _>>()?);
        self.read.borrow_mut().insert(table.to_owned(), Rc::clone(&rows));
        Ok(rows)
    }
}

/// The tables that a query reads.
pub(super) fn tables(reads: &BTreeSet<Read>) -> impl Iterator<Item = &str> {
    let tables: BTreeSet<&str> = reads.iter().map(|(table, _)| table.as_str()).collect();
    tables.into_iter()
}
