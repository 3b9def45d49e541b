//! How long the bot's file is held: in rollback-journal mode a reader's SHARED lock keeps every commit
//! waiting.
//!
//! A run reads in one transaction as long as that is short. Once it has held the file for 25 ms, it lets go
//! between two queries, or between two slices of a long period, and takes a fresh turn: a writer that waits
//! goes first. Rows after the audited moment do not exist for the audit, so that what the bot appends
//! meanwhile changes nothing; what it overwrites may be a turn newer than what was read before. In WAL mode
//! readers do not block writers, and all is read in one transaction.

use std::cell::Cell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

/// The longest turn before the bot may write: with SQLite's own pauses between two attempts at the lock,
/// a commit then waits for less than 50 ms.
pub(super) const LONGEST_TURN: Duration = Duration::from_millis(25);
/// A single query is stopped after this: the default busy timeout of Python's sqlite3 is 5 s.
pub(super) const LONGEST_QUERY: Duration = Duration::from_secs(2);
/// Everything that costs more after this is skipped.
const LONGEST_READING: Duration = Duration::from_secs(60);
/// Virtual machine instructions between two calls of the progress handler: some tenths of a millisecond.
const STEPS: i32 = 10_000;

/// The turns in which a connection reads.
#[derive(Debug)]
pub(super) struct Hold {
    is_wal: bool,
    /// Whether a turn is under way.
    holds: Cell<bool>,
    /// When this turn began, or the last one.
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
        Ok(Self {
            is_wal: mode == "wal",
            holds: Cell::new(true),
            since,
            data_version,
            was_written: Cell::new(false),
        })
    }

    /// Before a query: lets the bot write if this turn has been long enough, and takes the next one.
    pub(super) fn take_turn(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.end_turn(connection)?;
        if !self.holds.replace(true) {
            connection.execute_batch("BEGIN")?;
            let version = data_version(connection)?;
            self.was_written.set(self.was_written.get() || self.data_version.replace(version) != version);
            *self.began() = Instant::now();
        }
        Ok(())
    }

    /// After a query: lets go of the file if this turn has been long enough, whatever comes next.
    pub(super) fn end_turn(&self, connection: &Connection) -> rusqlite::Result<()> {
        let taken = self.began().elapsed();
        if taken < LONGEST_TURN || !self.holds.get() {
            return Ok(());
        }
        if self.is_wal {
            // No writer waits: only the time limit of the next query starts again.
            *self.began() = Instant::now();
            return Ok(());
        }
        tracing::debug!("the bot may write after a turn of {:.0} ms", taken.as_secs_f64() * 1e3);
        self.holds.set(false);
        // Nothing was written, so ROLLBACK ends the read; COMMIT would report again a damaged page that a
        // query has met.
        connection.execute_batch("ROLLBACK")
    }

    fn began(&self) -> MutexGuard<'_, Instant> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes this turn older, as if it had lasted for so long.
    #[cfg(test)]
    pub(super) fn age(&self, by: Duration) {
        let mut since = self.began();
        *since = since.checked_sub(by).unwrap_or(*since);
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

/// The reason in words, where an error means that something was left out for the bot's sake: a query was
/// stopped that would have held the file for too long.
pub(crate) fn skipped(error: &anyhow::Error) -> Option<String> {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<rusqlite::Error>());
    let is_stopped = causes.any(|error| error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted));
    is_stopped.then(|| {
        format!(
            "skipped: a query took longer than {} s, or all of them longer than {} s, and the bot comes first",
            LONGEST_QUERY.as_secs(),
            LONGEST_READING.as_secs()
        )
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use chrono::Utc;
    use tempfile::TempDir;

    use super::*;
    use crate::demo;
    use crate::source::{Bot, HotJournal};

    const TIMES: &str = "SELECT closed_at FROM src_closed_trades";
    const UPDATE: &str = "UPDATE account_state SET balance = balance + 1";

    /// A bot's file in a folder of its own.
    struct File {
        path: PathBuf,
        _folder: TempDir,
    }

    impl File {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            Self { path: demo::write(folder.path(), Utc::now()).unwrap(), _folder: folder }
        }

        fn bot(&self) -> Bot {
            Bot::open(&self.path, HotJournal::Leave).unwrap()
        }

        fn writer(&self, patience: Duration) -> Connection {
            let writer = Connection::open(&self.path).unwrap();
            writer.busy_timeout(patience).unwrap();
            writer
        }
    }

    #[test]
    fn the_bot_may_write_between_two_turns_and_not_within_one() {
        let file = File::new();
        let bot = file.bot();
        let read = || bot.each_selected(TIMES, |_| Ok(())).unwrap();
        read();
        assert!(file.writer(Duration::ZERO).execute(UPDATE, []).is_err(), "the file is held");
        assert!(!bot.was_written_meanwhile());
        let written = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| file.writer(Duration::from_secs(10)).execute(UPDATE, []));
            while !waiting.is_finished() {
                bot.hold.age(LONGEST_TURN);
                read();
            }
            waiting.join().unwrap()
        });
        assert_eq!(written.unwrap(), 1);
        bot.hold.age(LONGEST_TURN);
        read();
        assert!(bot.was_written_meanwhile());
    }

    #[test]
    fn in_wal_mode_all_is_read_in_one_transaction_and_nobody_waits() {
        let file = File::new();
        let writer = file.writer(Duration::ZERO);
        writer.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
        let bot = file.bot();
        let balance = || {
            let mut balance = 0.0;
            bot.each_selected("SELECT balance FROM src_account_state", |row| {
                balance = row.get(0)?;
                Ok(())
            })
            .unwrap();
            balance
        };
        let before: f64 = balance();
        assert_eq!(writer.execute(UPDATE, []).unwrap(), 1);
        bot.hold.age(LONGEST_TURN);
        assert_eq!(balance().to_bits(), before.to_bits());
        assert!(!bot.was_written_meanwhile());
    }

    #[test]
    fn a_query_that_holds_the_file_for_too_long_is_stopped_and_known_by_it() {
        const LONG: &str = "
            WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 100000)
            SELECT sum(n) FROM number";
        let file = File::new();
        let bot = file.bot();
        let run = || bot.connection.query_row(LONG, [], |row| row.get::<_, i64>(0));
        assert_eq!(run().unwrap(), 5_000_050_000);
        bot.hold.age(LONGEST_QUERY);
        let error = anyhow::Error::new(run().unwrap_err()).context("read the trades");
        assert!(skipped(&error).unwrap().starts_with("skipped: a query took longer than 2 s"));
        assert_eq!(skipped(&anyhow::anyhow!("no such table")), None);
    }
}
