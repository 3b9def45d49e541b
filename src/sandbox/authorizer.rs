//! What a foreign query may do: read listed tables by listed functions.

use std::collections::{BTreeSet, HashSet};
use std::time::Instant;

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::rows::Read;
use super::{dates, functions, limits};

/// Table-valued functions over a JSON text.
const JSON_TABLES: [&str; 2] = ["json_each", "json_tree"];
/// Two functions without arguments that SQLite would look up in the machine.
const CLOCKS: [&str; 3] = ["current_date", "current_time", "current_timestamp"];

/// Judges what a query is about to do, and remembers what it read and why it was stopped.
#[derive(Debug)]
pub(super) struct Gate {
    tables: HashSet<String>,
    /// Tables that SQLite makes up, such as `dbstat`.
    modules: HashSet<String>,
    until: Option<Instant>,
    reads: BTreeSet<Read>,
    denied: Option<String>,
}

impl Gate {
    /// Open for everything until it is shut.
    ///
    /// # Errors
    /// When the names of the tables cannot be read.
    pub(super) fn new(connection: &Connection) -> rusqlite::Result<Self> {
        let mut tables = names(
            connection,
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'",
        )?;
        tables.extend(JSON_TABLES.map(str::to_owned));
        let modules = names(connection, "SELECT name FROM pragma_module_list")?;
        for table in JSON_TABLES {
            // Its first use declares its columns, which the gate would take for a write.
            connection.query_row(&format!("SELECT count(*) FROM {table}('[]')"), [], |_| Ok(()))?;
        }
        Ok(Self { tables, modules, until: None, reads: BTreeSet::new(), denied: None })
    }

    /// From now on a foreign query is judged, and its time runs.
    pub(super) fn shut(&mut self) {
        self.until = Some(Instant::now() + limits::LONGEST);
        self.reads.clear();
        self.denied = None;
    }

    /// The foreign query has ended: the columns that it read.
    pub(super) fn open(&mut self) -> BTreeSet<Read> {
        self.until = None;
        std::mem::take(&mut self.reads)
    }

    /// Why it was stopped.
    pub(super) fn denied(&mut self) -> Option<String> {
        self.denied.take()
    }

    /// Whether its time is over.
    pub(super) fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() > until)
    }

    /// SQLite's question about one action of a statement.
    pub(super) fn judge(&mut self, context: &AuthContext<'_>) -> Authorization {
        if self.until.is_none() {
            return Authorization::Allow;
        }
        match self.denial(context) {
            None => Authorization::Allow,
            Some(denial) => {
                self.denied.get_or_insert(denial);
                Authorization::Deny
            }
        }
    }

    /// Whether a name that is no listed table is a temporary table, which only the owner can have made, or one that
    /// the query itself makes: `WITH name AS (…)` is read without a column.
    fn is_harmless(&self, table: &str, column: &str, database: Option<&str>) -> bool {
        let is_of_sqlite = self.modules.contains(table)
            || ["sqlite_", "pragma_"].iter().any(|prefix| table.starts_with(prefix));
        !is_of_sqlite && (column.is_empty() || database == Some("temp"))
    }

    fn denial(&mut self, context: &AuthContext<'_>) -> Option<String> {
        match context.action {
            AuthAction::Select | AuthAction::Recursive => None,
            AuthAction::Read { table_name, column_name } => {
                let table = table_name.to_lowercase();
                if self.tables.contains(&table) {
                    self.reads.insert((table, column_name.to_owned()));
                    return None;
                }
                (!self.is_harmless(&table, column_name, context.database_name)).then(|| {
                    format!(
                        "{table_name} may not be read: `autonomous-monitor sql .schema` prints the tables that may"
                    )
                })
            }
            AuthAction::Function { function_name } => {
                let name = function_name.to_lowercase();
                if CLOCKS.contains(&name.as_str()) {
                    return Some(dates::no_clock(&name.to_uppercase()));
                }
                (!functions::is_listed(&name))
                    .then(|| format!("the function {function_name} is denied: use SQLite's plain functions of texts, numbers, dates and JSON"))
            }
            AuthAction::Attach { .. } | AuthAction::Detach { .. } => {
                Some("ATTACH is denied: read the tables of the audit database".to_owned())
            }
            AuthAction::Pragma { .. } => {
                Some("PRAGMA is denied: `autonomous-monitor sql .schema` prints the tables".to_owned())
            }
            _ => Some("only reading is allowed: give one SELECT".to_owned()),
        }
    }
}

fn names(connection: &Connection, sql: &str) -> rusqlite::Result<HashSet<String>> {
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?;
    names.map(|name| name.map(|name| name.to_lowercase())).collect()
}
