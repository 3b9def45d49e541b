//! Tables as the file declares them.

use rusqlite::Connection;
use serde::Serialize;

use crate::source::Bot;

/// A table's declaration.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Schema {
    /// Its name in the file.
    pub(crate) name: String,
    /// The name by which its rowid is reached; none where it has no rowid.
    #[serde(skip)]
    pub(crate) rowid: Option<&'static str>,
    /// Its columns in their order.
    #[serde(skip)]
    pub(crate) declared: Vec<Declared>,
    /// Columns of single-column foreign keys, each with the table it refers to.
    #[serde(skip)]
    pub(crate) foreign_keys: Vec<(String, String)>,
    /// How it stands in a statement.
    #[serde(skip)]
    from: String,
    /// Its indexes.
    #[serde(skip)]
    pub(super) indexes: Vec<Index>,
    /// The largest id that AUTOINCREMENT has ever given.
    #[serde(skip)]
    pub(crate) last_id_given: Option<i64>,
}

/// An index of a table.
#[derive(Debug, Clone)]
pub(super) struct Index {
    name: String,
    /// Whether it leaves rows out.
    is_partial: bool,
    /// Its columns; none for an expression.
    pub(super) columns: Vec<Option<String>>,
}

/// A column's declaration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Declared {
    /// Its name.
    pub(crate) name: String,
    /// Its type as written.
    pub(crate) declared_type: String,
    /// Its default as written.
    pub(crate) default: Option<String>,
    /// Whether it belongs to the primary key.
    pub(crate) is_key: bool,
}

impl Schema {
    /// The table as it stands behind FROM.
    pub(crate) fn quoted(&self) -> &str {
        &self.from
    }

    /// Whether an index holds all rows.
    pub(super) fn is_indexed(&self) -> bool {
        self.indexes.iter().any(|index| !index.is_partial)
    }

    /// The columns of the primary key.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Declared> {
        self.declared.iter().filter(|column| column.is_key)
    }

    /// The only column of the primary key.
    pub(super) fn single_key(&self) -> Option<&Declared> {
        let mut keys = self.keys();
        keys.next().filter(|_| keys.next().is_none())
    }
}

/// Every table of the main schema, and the names of views and virtual tables.
pub(super) fn read(bot: &Bot) -> rusqlite::Result<(Vec<Schema>, Vec<String>)> {
    const LIST: &str = "
SELECT
    name,
    type,
    wr
FROM pragma_table_list
WHERE schema = 'main' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND type IN ('table', 'view', 'virtual')
ORDER BY name";
    let mut statement = bot.connection().prepare(LIST)?;
    let listed: Vec<(String, String, bool)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut tables = Vec::new();
    let mut views = Vec::new();
    for (name, kind, is_without_rowid) in listed {
        if kind == "table" {
            tables.push(table(bot, name, is_without_rowid)?);
        } else {
            views.push(name);
        }
    }
    Ok((tables, views))
}

fn table(bot: &Bot, name: String, is_without_rowid: bool) -> rusqlite::Result<Schema> {
    let connection = bot.connection();
    let mut declared = columns(connection, &name)?;
    declared.retain(|column| bot.can_read(&name, &column.name));
    let is_free = |alias: &&str| !declared.iter().any(|column| column.name.eq_ignore_ascii_case(alias));
    let rowid = ["rowid", "_rowid_", "oid"].into_iter().find(is_free).filter(|_| !is_without_rowid);
    let indexes = indexes(connection, &name)?;
    // Without a single AUTOINCREMENT in the file there is no such table.
    let last_id_given = connection
        .prepare_cached("SELECT seq FROM main.sqlite_sequence WHERE name = ?1")
        .and_then(|mut statement| statement.query_row([&name], |row| row.get(0)))
        .ok();
    let foreign_keys = foreign_keys(connection, &name)?;
    let from = bot.rows_of(&name);
    Ok(Schema { name, from, rowid, declared, foreign_keys, indexes, last_id_given })
}

/// `hidden = 1` marks columns of virtual tables; generated columns have other marks.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Declared>> {
    const COLUMNS: &str =
        "SELECT name, type, dflt_value, pk FROM pragma_table_xinfo(?1, 'main') WHERE hidden <> 1";
    let mut statement = connection.prepare_cached(COLUMNS)?;
    let columns = statement.query_map([table], |row| {
        Ok(Declared {
            name: row.get(0)?,
            declared_type: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
            default: row.get(2)?,
            is_key: row.get::<_, i64>(3)? > 0,
        })
    })?;
    columns.collect()
}

fn indexes(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Index>> {
    const INDEXES: &str = "
SELECT
    list.name,
    list.partial,
    info.name
FROM pragma_index_list(?1, 'main') AS list
JOIN pragma_index_info(list.name, 'main') AS info
ORDER BY list.seq";
    let mut statement = connection.prepare_cached(INDEXES)?;
    let mut rows = statement.query([table])?;
    let mut indexes: Vec<Index> = Vec::new();
    while let Some(row) = rows.next()? {
        let (name, is_partial): (String, bool) = (row.get(0)?, row.get(1)?);
        match indexes.last_mut().filter(|index| index.name == name) {
            Some(index) => index.columns.push(row.get(2)?),
            None => indexes.push(Index { name, is_partial, columns: vec![row.get(2)?] }),
        }
    }
    Ok(indexes)
}

fn foreign_keys(connection: &Connection, table: &str) -> rusqlite::Result<Vec<(String, String)>> {
    const KEYS: &str = "SELECT \"from\", \"table\" FROM pragma_foreign_key_list(?1, 'main') WHERE seq = 0";
    let mut statement = connection.prepare_cached(KEYS)?;
    statement.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
