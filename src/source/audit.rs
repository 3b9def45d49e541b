//! The audit database: the bot's file as tables in memory, which everything after the reading works on.

use rusqlite::Connection;

/// Tables and columns, with their comments.
pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// The audit database.
#[derive(Debug)]
pub(crate) struct AuditDb {
    connection: Connection,
}

impl AuditDb {
    /// One whose tables hold no row.
    ///
    /// # Errors
    /// When SQLite has no memory left.
    pub(crate) fn empty() -> rusqlite::Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection })
    }

    /// The connection to it.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}
