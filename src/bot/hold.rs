//! How long the bot's file is held: in rollback-journal mode no commit of the bot gets through while it
//! is read.
//!
//! A run reads in one transaction as long as that is short. Once it has held the file for 40 ms, it lets
//! go between two queries, or between two slices of a long period, and takes a fresh turn: a writer that
//! waits goes first. Rows after the audited moment do not exist for the audit, so that what the bot
//! appends meanwhile changes nothing; what it overwrites may be a turn newer than what was read before.
//! In WAL mode readers hold up nobody, and all is read in one transaction.

use std::cell::Cell;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

/// The longest turn before the bot may write: with SQLite's own pauses between two attempts at the lock,
/// a commit then waits for less than 100 ms.
const LONGEST_TURN: Duration = Duration::from_millis(40);
/// A single query is stopped after this: Python's own patience with a locked file ends at 5 s.
const LONGEST_QUERY: Duration = Duration::from_secs(2);
/// Everything that costs more after this is skipped.
const LONGEST_READING: Duration = Duration::from_secs(60);
/// Steps of SQLite's machine between two looks at the clock: some tenths of a millisecond.
const STEPS: i32 = 10_000;

/// The turns in which a connection reads.
#[derive(Debug)]
pub(super) struct Hold {
    is_wal: bool,
    /// When this turn began.
    since: Arc<Mutex<Instant>>,
    data_version: Cell<i64>,
    was_written: Cell<bool>,
}

impl Hold {
    /// Begins the first turn, and stops queries that take too long.
    pub(super) fn begin(connection: &mut Connection) -> rusqlite::Result<Self> {
        let started = Instant::now();
        let since = Arc::new(Mutex::new(started));
        let turn = Arc::clone(&since);
        connection.progress_handler(
            STEPS,
            Some(move || {
                let since = *turn.lock().unwrap_or_else(PoisonError::into_inner);
                since.elapsed() > LONGEST_QUERY || started.elapsed() > LONGEST_READING
            }),
        )?;
        connection.execute_batch("BEGIN")?;
        let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        let data_version = Cell::new(data_version(connection)?);
        Ok(Self { is_wal: mode == "wal", since, data_version, was_written: Cell::new(false) })
    }

    /// Between two queries: lets the bot write, if this turn has been long enough.
    pub(super) fn give_way(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        if since.elapsed() < LONGEST_TURN {
            return Ok(());
        }
        if !self.is_wal {
            connection.execute_batch("COMMIT; BEGIN")?;
            let version = data_version(connection)?;
            self.was_written.set(self.was_written.get() || self.data_version.replace(version) != version);
        }
        *since = Instant::now();
        Ok(())
    }

    /// Makes this turn as old as the longest.
    #[cfg(test)]
    pub(super) fn end_turn(&self) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        *since = since.checked_sub(LONGEST_TURN).unwrap_or(*since);
    }

    /// Whether the bot has written between two turns: rows that it overwrites may be of another moment.
    pub(super) fn was_written(&self) -> bool {
        self.was_written.get()
    }
}

/// Changes when another connection has committed; asking for it begins the read.
fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT 1 FROM sqlite_master LIMIT 1", [], |_| Ok(())).or_else(
        |error| match error {
            rusqlite::Error::QueryReturnedNoRows => Ok(()),
            error => Err(error),
        },
    )?;
    connection.query_row("PRAGMA data_version", [], |row| row.get(0))
}

/// Whether a query was stopped because it would have held the file for too long, with the reason in words.
pub(crate) fn stopped(error: &anyhow::Error) -> Option<String> {
    let is_stopped = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<rusqlite::Error>())
        .any(|error| error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted));
    is_stopped.then(|| {
        format!(
            "skipped: a query took longer than {} s, or all of them longer than {} s, and the bot comes first",
            LONGEST_QUERY.as_secs(),
            LONGEST_READING.as_secs()
        )
    })
}
