//! A table of the audit database as it is filled: its columns by type, and the statement that adds a row.

use rusqlite::{Connection, Statement};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Seconds since 1970 UTC.
    Time,
    Real,
    Integer,
    Text,
}

/// A column of the table.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Declared NOT NULL.
    pub(super) is_required: bool,
}

/// The table.
#[derive(Debug)]
pub(super) struct Target<'audit> {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    pub(super) insert: Statement<'audit>,
}

impl<'audit> Target<'audit> {
    /// The table of a name.
    ///
    /// # Errors
    /// When the audit database has no such table.
    pub(super) fn new(audit: &'audit Connection, name: &str) -> rusqlite::Result<Self> {
        let mut list = audit.prepare_cached("SELECT name, type, \"notnull\" FROM pragma_table_info(?1)")?;
        let columns = list.query_map([name], |row| {
            let (name, declared): (String, String) = (row.get(0)?, row.get(1)?);
            Ok(Column { kind: kind(&name, &declared), is_required: row.get(2)?, name })
        })?;
        let columns: Vec<Column> = columns.collect::<rusqlite::Result<_>>()?;
        let places = vec!["?"; columns.len()].join(", ");
        let insert = audit.prepare(&format!("INSERT INTO {name} VALUES ({places})"))?;
        Ok(Self { name: name.to_owned(), columns, insert })
    }
}

fn kind(name: &str, declared: &str) -> Kind {
    let is_time = name == "at" || name == "valid_until" || name.ends_with("_at") || name.ends_with("_latest");
    match declared {
        "REAL" if is_time => Kind::Time,
        "REAL" => Kind::Real,
        "INTEGER" => Kind::Integer,
        _ => Kind::Text,
    }
}
