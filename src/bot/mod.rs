//! The bot's file, read-only: opened in one read transaction, seen through canonical views.
//!
//! Everything that is particular to this bot is in `views/trading_bot.sql`; a missing table or
//! column makes a view narrower or empty there, never an error here.

mod bounds;
pub(crate) mod cell;
pub(crate) mod clock;
pub(crate) mod closing;
pub(crate) mod generation;
mod hold;
mod host;
pub(crate) mod ledger;
pub(crate) mod log;
pub(crate) mod opening;
#[cfg(test)]
mod plan_tests;
mod slices;
mod source;
pub(crate) mod trade;
mod views;

use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail, ensure};
use chrono::{DateTime, Days, Utc};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, Row};

pub(crate) use bounds::day_text;
use clock::{Clock, HostOffset, Reading};
use hold::Hold;
pub(crate) use hold::skipped;
use slices::Slices;
pub(crate) use source::quoted;
use source::{Source, Times};
use views::Views;

const VIEWS: &str = include_str!("views/trading_bot.sql");

/// The longest wait for the bot's own write lock.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// A span of time, open at its beginning and closed at its end: neighbouring periods share no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    /// Rows at this instant belong to the period before.
    pub(crate) after: DateTime<Utc>,
    /// Rows at this instant still belong to this period.
    pub(crate) until: DateTime<Utc>,
}

impl Period {
    /// Everything later than a moment: what does not exist for an audit of that moment.
    pub(crate) fn later_than(moment: DateTime<Utc>) -> Self {
        Self { after: moment, until: DateTime::<Utc>::MAX_UTC }
    }

    /// Whether the instant lies in the period.
    pub(crate) fn contains(self, instant: DateTime<Utc>) -> bool {
        self.after < instant && instant <= self.until
    }
}

/// What to do about the half-written transaction of a killed process, which nobody can read past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HotJournal {
    /// Roll it back, as the next process that writes would.
    RollBack,
    /// Touch nothing.
    Leave,
}

/// The bot's file within one read transaction.
#[derive(Debug)]
pub(crate) struct Bot {
    connection: Connection,
    hold: Hold,
    sources: Vec<Source>,
    views: Views,
    /// Otherwise all naive times are UTC, and no row need be asked for its clock.
    has_local_times: bool,
    host_offset: HostOffset,
    /// Where some do not sort as text, bounds would miss them.
    times: Times,
}

impl Bot {
    /// Opens the file read-only and begins the read transaction in which all collectors see one moment.
    ///
    /// A bot that was killed in the middle of a commit leaves a journal that somebody must roll back
    /// before anyone can read: what the bot's own next start would do, done here if it may.
    ///
    /// # Errors
    /// One sentence where there is no such file, it is no SQLite database, it cannot be read now, or
    /// it holds none of the bot's tables.
    pub(crate) fn open(path: &Path, hot_journal: HotJournal) -> anyhow::Result<Self> {
        let shown = path.display();
        ensure!(path.exists(), "there is no file {shown}: name the bot's database with --db or MONITOR_DB");
        ensure!(
            !path.is_dir(),
            "{shown} is a directory: name the bot's database file with --db or MONITOR_DB"
        );
        // Opening a pipe would wait for ever.
        ensure!(
            path.is_file(),
            "{shown} is no regular file: name the bot's database with --db or MONITOR_DB"
        );
        for ending in ["-journal", "-wal"] {
            let beside = PathBuf::from(format!("{shown}{ending}"));
            ensure!(
                !beside.exists() || beside.is_file() || beside.is_dir(),
                "{} is no regular file: move it away",
                beside.display()
            );
        }
        let begin = || Self::begin(open_read_only(path)?);
        let bot = match begin() {
            Err(error) if hot_journal == HotJournal::RollBack && is_hot_journal(&error, path) => {
                roll_back(path).and_then(|()| begin())
            }
            opened => opened,
        };
        let bot = bot.map_err(|error| explain(&error, path))?;
        if bot.sources.iter().all(|source| !source.exists) {
            let looked_for: Vec<_> = bot.sources.iter().map(|source| source.table.as_str()).collect();
            bail!(
                "{shown} holds none of the bot's tables (looked for {}): is it the right file?",
                looked_for.join(", ")
            );
        }
        Ok(bot)
    }

    fn begin(mut connection: Connection) -> rusqlite::Result<Self> {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        // Sorters stay in memory: nothing is written beside the bot's file. Most pages are read once, in
        // order: a cache of half a megabyte does, and stays in the processor's own.
        connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -512")?;
        let hold = Hold::begin(&mut connection)?;
        let sources = source::declared(VIEWS, &connection)?;
        let views = Views::new(VIEWS, &sources);
        let has_local_times = views.have_local_times();
        let host_offset = HostOffset::measure(source::clock_pairs(&connection)?);
        let mut times = Times::default();
        for source in sources.iter().filter(|source| source.exists) {
            times = times.and(source.times(&connection)?);
        }
        Ok(Self { connection, hold, sources, views, has_local_times, host_offset, times })
    }

    /// Whether the file has this table, with the columns that make it the bot's.
    pub(crate) fn has_table(&self, table: &str) -> bool {
        self.sources.iter().any(|source| source.exists && source.table == table)
    }

    /// Whether the file has a table of rules, of either generation.
    pub(crate) fn has_rules(&self) -> bool {
        ["trading_rules", "trading_patterns", "regime_rules"].iter().any(|table| self.has_table(table))
    }

    /// Whether the file has this column of one of the bot's tables.
    pub(crate) fn has_column(&self, table: &str, column: &str) -> bool {
        self.sources.iter().any(|source| source.table == table && source.has_column(column))
    }

    /// The bot's tables that the file has, and those that it lacks.
    pub(crate) fn tables(&self) -> (Vec<&str>, Vec<&str>) {
        let names = |exists: bool| {
            self.sources
                .iter()
                .filter(move |source| source.exists == exists)
                .map(|source| source.table.as_str())
                .collect()
        };
        (names(true), names(false))
    }

    /// The canonical views, in the order of their page.
    pub(crate) fn views(&self) -> impl Iterator<Item = &str> {
        self.views.names()
    }

    /// The oldest time that is known to stand in the bot's tables, give or take the offset of a time zone.
    pub(crate) fn oldest_time(&self) -> Option<DateTime<Utc>> {
        self.times.oldest
    }

    /// How the host's local time relates to UTC.
    pub(crate) fn host_offset(&self) -> &HostOffset {
        &self.host_offset
    }

    /// A query over the views, for one row or few.
    pub(crate) fn prepare(&self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.hold.take_turn(&self.connection)?;
        self.connection.prepare_cached(&self.views.defined_for(sql))
    }

    /// The connection, for a query over the file's own tables, of one row or few.
    pub(crate) fn connection(&self) -> &Connection {
        // Where this fails, the query that follows fails as well, and says so.
        self.hold.take_turn(&self.connection).ok();
        &self.connection
    }

    /// Whether the bot has written while its file was read: rows that it overwrites (the account, counters)
    /// may be of another moment than those that it adds.
    pub(crate) fn was_written_meanwhile(&self) -> bool {
        self.hold.was_written()
    }

    /// Calls `visit` with each row of a query that is not bound to a period.
    pub(crate) fn each_row(
        &self,
        sql: &str,
        mut visit: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> anyhow::Result<()> {
        if self.views.are_empty_for(sql) {
            return Ok(());
        }
        let mut statement = self.prepare(sql).context("cannot prepare a query")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            visit(row)?;
        }
        drop(rows);
        self.hold.end_turn(&self.connection)?;
        Ok(())
    }

    /// Calls `visit` with each row of the period, of an earlier slice of it before those of a later one.
    /// The query selects a time and its clock as the first two columns and filters by `within(column)`,
    /// which becomes a comparison that the index of the underlying table can serve; the exact limits are
    /// applied here.
    pub(crate) fn each_within(
        &self,
        sql: &str,
        period: Period,
        mut visit: impl FnMut(DateTime<Utc>, &Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        if self.views.are_empty_for(sql) {
            return Ok(());
        }
        let sql = bounds::in_query(sql, self.times.are_odd);
        let slices = match self.times.are_odd {
            true => Slices::whole(period),
            false => Slices::of(period, self.times.oldest),
        };
        for slice in slices {
            let mut statement = self.prepare(&sql)?;
            bounds::bind(&mut statement, slice, self.has_local_times.then_some(&self.host_offset))?;
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                if let Some(at) = self.instant(row, 0, 1)?.filter(|at| slice.contains(*at)) {
                    visit(at, row)?;
                }
            }
        }
        self.hold.end_turn(&self.connection)
    }

    /// Number of rows of the period, by a query as for `each_within`.
    pub(crate) fn count_within(&self, sql: &str, period: Period) -> rusqlite::Result<u64> {
        let mut rows = 0;
        self.each_within(sql, period, |_, _| {
            rows += 1;
            Ok(())
        })?;
        Ok(rows)
    }

    /// So many times up to `now`, in the order of a query that streams them, newest first as their texts
    /// sort. The query selects a time and its clock, up to the day that it is given.
    pub(crate) fn newest_times(
        &self,
        sql: &str,
        now: DateTime<Utc>,
        most: usize,
    ) -> rusqlite::Result<Vec<DateTime<Utc>>> {
        let to_day = now.checked_add_days(Days::new(2)).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let mut times = Vec::new();
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query([day_text(to_day)])?;
        while times.len() < most {
            let Some(row) = rows.next()? else { break };
            times.extend(self.instant(row, 0, 1)?.filter(|at| *at <= now));
        }
        Ok(times)
    }

    /// The instant in column `time`, whose clock is named in column `clock`: the earlier one of two readings.
    pub(crate) fn instant(
        &self,
        row: &Row<'_>,
        time: usize,
        clock: usize,
    ) -> rusqlite::Result<Option<DateTime<Utc>>> {
        Ok(self.moments(row, time, clock)?.map(|reading| reading.earliest))
    }

    /// The moments that the time in column `time` may mean, whose clock is named in column `clock`.
    pub(crate) fn moments(
        &self,
        row: &Row<'_>,
        time: usize,
        clock: usize,
    ) -> rusqlite::Result<Option<Reading>> {
        let is_local =
            self.has_local_times && matches!(row.get_ref(clock)?.as_bytes_or_null(), Ok(Some(b"local")));
        let clock = if is_local { Clock::Local } else { Clock::Utc };
        Ok(self.host_offset.moments(row.get_ref(time)?, clock))
    }

    /// Whether some times are of the host's clock; otherwise all naive ones are UTC.
    pub(crate) fn has_local_times(&self) -> bool {
        self.has_local_times
    }

    /// Seconds from one time to another as their texts read, whatever a change of the clock did between them.
    pub(crate) fn naive_seconds(
        &self,
        row: &Row<'_>,
        from: usize,
        to: usize,
    ) -> rusqlite::Result<Option<f64>> {
        let from = self.host_offset.instant(row.get_ref(from)?, Clock::Utc);
        let to = self.host_offset.instant(row.get_ref(to)?, Clock::Utc);
        Ok(from.zip(to).map(|(from, to)| (to - from).num_milliseconds() as f64 / 1e3))
    }
}

/// Whether reading failed because a rollback journal of a killed process lies beside the file.
fn is_hot_journal(error: &rusqlite::Error, path: &Path) -> bool {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
        && Path::new(&journal).exists()
}

/// Opens a file for reading, and leaves nothing beside it that could keep its writer out.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn open_read_only(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    match as_it_lies(path) {
        Some(uri) => Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI),
        None => Connection::open_with_flags(path, flags),
    }
}

/// Whether this user may write a file. To be asked while no connection to it is open: closing a file lets go
/// of the locks that the process holds on it.
pub(crate) fn may_write(path: &Path) -> bool {
    OpenOptions::new().write(true).open(path).is_ok()
}

/// Whoever reads a file in WAL mode makes a log and its index beside it. Where another user is to write the
/// file, theirs would be in his way. A log that is not there holds nothing: the file is read as it lies.
fn as_it_lies(path: &Path) -> Option<String> {
    let path = path.canonicalize().ok()?;
    let mut header = [0; 20];
    File::open(&path).ok()?.read_exact(&mut header).ok()?;
    let is_in_wal_mode = header.ends_with(&[2, 2]);
    let is_another_s = !may_write(&path);
    let path = path.to_str()?;
    if !is_in_wal_mode || Path::new(&format!("{path}-wal")).exists() || !is_another_s {
        return None;
    }
    let encoded = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    Some(format!("file:{encoded}?immutable=1"))
}

/// The first read of a writer rolls a hot journal back; nothing else is done.
fn roll_back(path: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))
}

/// SQLite's error as a sentence about the file.
fn explain(error: &rusqlite::Error, path: &Path) -> anyhow::Error {
    let shown = path.display();
    let sentence = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            format!("{shown} is not an SQLite database (or is encrypted): name the bot's file with --db")
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            format!("{shown} is damaged: run `sqlite3 {shown} 'PRAGMA integrity_check'` and restore a backup")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => format!(
            "{shown} stayed locked for {} s: another process holds its write lock",
            BUSY_TIMEOUT.as_secs()
        ),
        _ if is_hot_journal(error, path) => format!(
            "{shown} cannot be read before somebody rolls back the half-written transaction of a killed \
             process beside it: start the bot, or run without --dry-run as a user who may write its folder"
        ),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly) => format!(
            "{shown} cannot be opened: check that this user may read the file and, \
             while a -wal or -journal file lies beside it, write its folder"
        ),
        Some(ErrorCode::SystemIoFailure) => format!(
            "{shown} cannot be read: check the disk, and what lies beside the file under its name with \
             -journal or -wal"
        ),
        _ => format!("{shown} cannot be read: run `sqlite3 {shown} 'PRAGMA integrity_check'`"),
    };
    anyhow!("{sentence} ({error})")
}
