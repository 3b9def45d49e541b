//! The audit database: the bot's file as tables in memory, which everything after the reading works on.

use anyhow::Context as _;
use rusqlite::Connection;

use super::Bot;
use super::fill::{self, Filled};
use super::plan::Plan;

/// Tables and columns, with their comments.
pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// The audit database.
#[derive(Debug)]
pub(crate) struct AuditDb {
    connection: Connection,
    filled: Filled,
}

impl AuditDb {
    /// One whose tables hold no row.
    ///
    /// # Errors
    /// When SQLite has no memory left.
    pub(crate) fn empty() -> rusqlite::Result<Self> {
        let connection = Connection::open_in_memory()?;
        // It is written once and thrown away: there is nothing to roll back to.
        connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA temp_store = MEMORY")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection, filled: Filled::default() })
    }

    /// The bot's file as its map has it, as of a moment.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read(bot: &Bot, plan: &Plan<'_>) -> anyhow::Result<Self> {
        let audit = Self::empty()?;
        audit.connection.execute_batch("BEGIN")?;
        let filled = fill::fill(bot, plan, &audit.connection).context("read the bot's tables")?;
        audit.connection.execute_batch("COMMIT")?;
        Ok(Self { filled, ..audit })
    }

    /// The connection to it.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the queries that still read the bot's file"))]
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What became of the reading.
    pub(crate) fn filled(&self) -> &Filled {
        &self.filled
    }

    /// The connection, for whoever bounds the queries on it.
    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}
