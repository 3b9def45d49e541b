//! The audit database: the bot's file as tables in memory, which everything after the reading works on.

use std::cell::RefCell;
use std::path::Path;

use anyhow::Context as _;
use rusqlite::Connection;

use super::facts::Facts;
use super::fill::{self, Filled};
use super::plan::Plan;
use super::profile::{Profile, Span};
use super::{Bot, HotJournal};
use crate::sandbox::Sandbox;

/// Tables and columns, with their comments.
pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// The audit database.
#[derive(Debug)]
pub(crate) struct AuditDb {
    sandbox: Sandbox,
    filled: Filled,
    profile: RefCell<Option<anyhow::Result<Profile>>>,
    facts: Facts,
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
        Ok(Self {
            sandbox: Sandbox::new(connection)?,
            filled: Filled::default(),
            profile: RefCell::default(),
            facts: Facts::default(),
        })
    }

    /// Reads the bot's file and closes it again. It is read once more where the bot wrote meanwhile, so that
    /// what it overwrites and what it adds may be of two moments.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub(crate) fn of_file(path: &Path, hot_journal: HotJournal, plan: &Plan<'_>) -> anyhow::Result<Self> {
        /// Most times that the file is read: a bot that writes without a pause is not waited for.
        const MOST_READINGS: u32 = 3;
        let mut readings = 1;
        loop {
            let is_last = readings == MOST_READINGS;
            let bot = match is_last {
                true => Bot::open_shared(path, hot_journal)?,
                false => Bot::open(path, hot_journal)?,
            };
            let audit = Self::read(&bot, plan)?;
            let is_unsure = bot.was_disturbed() || audit.filled.is_torn;
            if is_last || !is_unsure {
                return Ok(Self { facts: bot.close(), ..audit });
            }
            tracing::info!("The bot wrote while its file was read: it is read again");
            readings += 1;
        }
    }

    /// The bot's file as its map has it, as of a moment.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read(bot: &Bot, plan: &Plan<'_>) -> anyhow::Result<Self> {
        let audit = Self::empty()?;
        // Else each row would be a transaction of its own.
        audit.connection().execute_batch("BEGIN")?;
        let filled = fill::fill(bot, plan, audit.connection()).context("read the bot's tables")?;
        let profile = Self::profile(bot, plan, audit.connection());
        audit.connection().execute_batch("COMMIT")?;
        Ok(Self { filled, profile: RefCell::new(Some(profile)), ..audit })
    }

    fn profile(bot: &Bot, plan: &Plan<'_>, audit: &Connection) -> anyhow::Result<Profile> {
        let main_source: Option<String> =
            audit.query_row("SELECT main_source FROM run", [], |row| row.get(0))?;
        let left_behind = main_source.and_then(|main| bot.map().head.left_behind.get(&main));
        let span = Span {
            now: plan.now,
            window: plan.window,
            previous: plan.previous,
            is_of_earlier: plan.is_of_earlier,
            left_behind: left_behind.cloned().unwrap_or_default(),
        };
        let profile = Profile::read(bot, span)?;
        profile.write(bot, audit)?;
        audit.execute("UPDATE run SET is_past = is_past OR ?1", [profile.is_past])?;
        Ok(profile)
    }

    /// The profile of all tables, handed over once.
    ///
    /// # Errors
    /// When the tables could not be read.
    pub(crate) fn take_profile(&self) -> anyhow::Result<Profile> {
        self.profile.take().context("the profile was handed over before")?
    }

    /// Refuses to go on where rows of a table are missing.
    ///
    /// # Errors
    /// Why they could not be read.
    pub(crate) fn ensure_filled(&self, table: &str) -> anyhow::Result<()> {
        match self.filled.failed.get(table) {
            Some(reason) => Err(anyhow::anyhow!("{reason}")),
            None => Ok(()),
        }
    }

    /// The connection to it, for statements of our own.
    pub(crate) fn connection(&self) -> &Connection {
        self.sandbox.connection()
    }

    /// Where SQL runs on it that is not ours.
    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// What is known of the file beside its rows.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What became of the reading.
    pub(crate) fn filled(&self) -> &Filled {
        &self.filled
    }
}
