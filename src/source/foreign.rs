//! Objects of the schema that need what only the bot's own program has: a module, a collation, a function.
//! Each is told once, and everything beside it is read.

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde::Serialize;

use super::quoted::quoted;

/// Tables that may need something foreign: whether they are virtual, name an order of texts, or compute in a
/// column, a check or an index.
const SUSPECTS: &str = "
SELECT
    tbl_name,
    max(type = 'table' AND rootpage = 0),
    max(sql LIKE '%COLLATE%'),
    max(CASE type
        WHEN 'table' THEN sql LIKE '%CHECK%(%' OR sql LIKE '%GENERATED%' OR sql LIKE '% AS (%' OR sql LIKE '% AS(%'
        ELSE sql LIKE '%(%(%' OR sql LIKE '%WHERE%'
    END),
    max(CASE WHEN type = 'table' AND sql LIKE '%CHECK%(%' THEN sql END)
FROM main.sqlite_master
WHERE type IN ('table', 'index') AND sql IS NOT NULL
GROUP BY tbl_name";

const COMPUTED_COLUMNS: &str = "
SELECT
    name
FROM pragma_table_xinfo(?1, 'main')
WHERE hidden = 2";

const COLUMNS: &str = "
SELECT
    name
FROM pragma_table_info(?1, 'main')";

const COLLATIONS_OF_INDEXES: &str = "
SELECT DISTINCT
    info.coll
FROM pragma_index_list(?1, 'main') AS list, pragma_index_xinfo(list.name, 'main') AS info
WHERE info.key AND info.coll NOT IN ('BINARY', 'NOCASE', 'RTRIM')";

/// One object, and what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ForeignObject {
    /// `table x`.
    pub(crate) object: String,
    /// What is missing, and what that means for the audit.
    pub(crate) reason: String,
}

/// All that the file's schema holds of that.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    /// To be told.
    pub(super) objects: Vec<ForeignObject>,
    /// Collations that are replaced by the order of bytes.
    collations: BTreeSet<String>,
    /// Columns that cannot be computed, each behind its table.
    unreadable_columns: BTreeSet<(String, String)>,
    /// Tables with an index by a collation that only the bot's program defines.
    pub(super) unordered: BTreeSet<String>,
}

impl Foreign {
    /// Looks at what may need something foreign.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let mut foreign = Self::default();
        let mut statement = connection.prepare(SUSPECTS)?;
        let suspects = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
        let suspects: Vec<(String, bool, bool, bool, Option<String>)> =
            suspects.collect::<rusqlite::Result<_>>()?;
        for (table, is_virtual, has_order, computes, checked) in suspects {
            if is_virtual {
                foreign.look_at_module(&table, connection);
                continue;
            }
            if computes {
                foreign.look_at_functions(&table, checked.as_deref(), connection)?;
            }
            if has_order {
                foreign.look_at_collations(&table, connection)?;
            }
        }
        // One that only a part of an expression names.
        connection.collation_needed(|connection, name| {
            connection.create_collation(name, |one, other| one.cmp(other))
        })?;
        Ok(foreign)
    }

    /// Whether a column of a table can be read.
    pub(super) fn can_read(&self, table: &str, column: &str) -> bool {
        let is = |(of, name): &(String, String)| {
            of.eq_ignore_ascii_case(table) && name.eq_ignore_ascii_case(column)
        };
        !self.unreadable_columns.iter().any(is)
    }

    fn look_at_module(&mut self, table: &str, connection: &Connection) {
        let sql = format!("SELECT 1 FROM main.{} LIMIT 0", quoted(table));
        if let Some(missing) = missing(connection, &sql) {
            self.tell(format!("virtual table {table}"), format!("{missing}: it is not read"));
        }
    }

    /// What is computed when it is read, and what only when a row is written.
    fn look_at_functions(
        &mut self,
        table: &str,
        checked: Option<&str>,
        connection: &Connection,
    ) -> rusqlite::Result<()> {
        let mut is_told = false;
        for column in names(connection, COMPUTED_COLUMNS, table)? {
            let sql = format!("SELECT {} FROM main.{} LIMIT 0", quoted(&column), quoted(table));
            if let Some(missing) = missing(connection, &sql) {
                is_told = true;
                self.tell(format!("column {table}.{column}"), format!("{missing}: it is not read"));
                self.unreadable_columns.insert((table.to_owned(), column));
            }
        }
        let sql = format!("INSERT INTO main.{} DEFAULT VALUES", quoted(table));
        let mut missing_to_write = missing(connection, &sql);
        if let (None, Some(declaration)) = (&missing_to_write, checked) {
            // SQLite leaves out the checks of a file that it only reads.
            missing_to_write = missing(&Connection::open_in_memory()?, declaration);
        }
        if let Some(missing) = missing_to_write.filter(|_| !is_told) {
            let reason = format!("{missing}: its rows are read, only a program that has it can write them");
            self.tell(format!("table {table} or an index of it"), reason);
        }
        Ok(())
    }

    /// A comparison of each column needs the collations of all of them.
    fn look_at_collations(&mut self, table: &str, connection: &Connection) -> rusqlite::Result<()> {
        let columns = names(connection, COLUMNS, table)?.into_iter();
        let compared: Vec<_> = columns
            .filter(|column| self.can_read(table, column))
            .map(|column| format!("{} < ''", quoted(&column)))
            .collect();
        let sql = format!("SELECT 1 FROM main.{} WHERE {} LIMIT 0", quoted(table), compared.join(" OR "));
        while let Some(missing) = missing(connection, &sql) {
            let Some((_, collation)) = missing.split_once("no such collation sequence: ") else { break };
            self.replace_collation(collation, table, connection)?;
        }
        let of_indexes = names(connection, COLLATIONS_OF_INDEXES, table)?;
        if !of_indexes.is_empty() {
            self.unordered.insert(table.to_owned());
        }
        for collation in of_indexes {
            self.replace_collation(&collation, table, connection)?;
        }
        Ok(())
    }

    fn replace_collation(
        &mut self,
        collation: &str,
        table: &str,
        connection: &Connection,
    ) -> rusqlite::Result<()> {
        if self.collations.insert(collation.to_owned()) {
            let reason = format!("no such collation sequence: {collation}: texts are compared byte by byte");
            self.tell(format!("table {table} or an index of it"), reason);
            connection.create_collation(collation, |one, other| one.cmp(other))?;
        }
        Ok(())
    }

    fn tell(&mut self, object: String, reason: String) {
        self.objects.push(ForeignObject { object, reason });
    }
}

/// What SQLite misses when it prepares a statement. Any other error is no matter of the schema.
fn missing(connection: &Connection, sql: &str) -> Option<String> {
    const MISSING: [&str; 4] =
        ["no such function", "unknown function", "no such module", "no such collation sequence"];
    let message = match connection.prepare(sql).err()? {
        rusqlite::Error::SqlInputError { msg, .. } => msg,
        rusqlite::Error::SqliteFailure(_, Some(message)) => message,
        _ => return None,
    };
    MISSING.iter().any(|words| message.contains(words)).then_some(message)
}

fn names(connection: &Connection, sql: &str, table: &str) -> rusqlite::Result<Vec<String>> {
    connection.prepare_cached(sql)?.query_map([table], |row| row.get(0))?.collect()
}
