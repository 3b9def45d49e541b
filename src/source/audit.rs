//! The audit database: the bot's file as tables in memory, which everything after the reading works on.

use anyhow::Context as _;
use rusqlite::Connection;

use super::Bot;
use super::fill::{self, Filled};
use super::plan::Plan;
use crate::sandbox::Sandbox;

/// Tables and columns, with their comments.
pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// The audit database.
#[derive(Debug)]
pub(crate) struct AuditDb {
    sandbox: Sandbox,
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
        Ok(Self { sandbox: Sandbox::new(connection)?, filled: Filled::default() })
    }

    /// The bot's file as its map has it, as of a moment.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read(bot: &Bot, plan: &Plan<'_>) -> anyhow::Result<Self> {
        let audit = Self::empty()?;
        let filled = fill::fill(bot, plan, audit.connection()).context("read the bot's tables")?;
        Ok(Self { filled, ..audit })
    }

    /// The connection to it, for statements of our own.
    pub(crate) fn connection(&self) -> &Connection {
        self.sandbox.connection()
    }

    /// Where SQL runs on it that is not ours.
    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// What became of the reading.
    pub(crate) fn filled(&self) -> &Filled {
        &self.filled
    }
}
