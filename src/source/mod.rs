//! The bot's file becomes the audit database: opened read-only, mapped by one SQL file for its kind of bot,
//! read in short turns, closed.
//!
//! Everything that is particular to a kind of bot is in `maps/*.sql`; a missing table or column makes a table
//! of the audit database emptier, never an error here.

pub(crate) mod audit;
mod bounds;
pub(crate) mod cell;
pub(crate) mod clock;
mod clock_pairs;
mod declared;
pub(crate) mod facts;
mod file;
mod fill;
#[cfg(test)]
mod fill_tests;
mod foreign;
mod hold;
mod host;
mod indexes;
pub(crate) mod ledger;
pub(crate) mod limits;
pub(crate) mod log;
mod map;
mod numbers;
pub(crate) mod other_times;
pub(crate) mod plan;
#[cfg(test)]
mod plan_tests;
pub(crate) mod profile;
mod quoted;
pub(crate) mod rule_ids;
mod slices;
mod times;
pub(crate) mod trade;

use std::ops::Deref;
use std::path::Path;

use anyhow::ensure;
use chrono::{DateTime, Utc};
use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, Row};

use crate::model::Period;
pub(crate) use crate::sqlite_error::BUSY_TIMEOUT;
use clock::HostOffset;
use facts::Facts;
use file::AtRest;
pub(crate) use file::{may_write, open_read_only};
use foreign::Foreign;
pub(crate) use foreign::ForeignObject;
use hold::Hold;
pub(crate) use hold::skipped;
use map::Map;
pub(crate) use quoted::quoted;
use slices::Slices;
use times::Times;
pub(crate) use times::UnreadableTimes;

/// What to do about a hot journal: it must be rolled back before the file can be read.
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
    /// Where it is read without locks.
    at_rest: Option<AtRest>,
    hold: Hold,
    facts: Facts,
}

impl Deref for Bot {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.facts
    }
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
        file::check(path)?;
        let maps = Map::embedded()?;
        let at_rest = AtRest::of(path);
        let was_at_rest = at_rest.is_some();
        match Self::begin(path, at_rest, hot_journal, &maps) {
            // Another process has begun to write, so that locks are needed.
            Err(_) if was_at_rest && AtRest::of(path).is_none() => Self::open_shared(path, hot_journal),
            opened => opened.map_err(|error| file::explain(&error, path))?.checked(path),
        }
    }

    /// The same for a file that others write meanwhile: with locks, whatever lies beside it.
    ///
    /// # Errors
    /// As for `open`.
    pub(crate) fn open_shared(path: &Path, hot_journal: HotJournal) -> anyhow::Result<Self> {
        let opened = Self::begin(path, None, hot_journal, &Map::embedded()?);
        opened.map_err(|error| file::explain(&error, path))?.checked(path)
    }

    fn begin(
        path: &Path,
        at_rest: Option<AtRest>,
        hot_journal: HotJournal,
        maps: &[Map],
    ) -> rusqlite::Result<Self> {
        let begin = |at_rest: Option<AtRest>| Self::read(file::open(path, at_rest.as_ref())?, at_rest, maps);
        match begin(at_rest) {
            Err(error) if hot_journal == HotJournal::RollBack && file::is_hot_journal(&error, path) => {
                file::roll_back(path).and_then(|()| begin(None))
            }
            opened => opened,
        }
    }

    fn read(mut connection: Connection, at_rest: Option<AtRest>, maps: &[Map]) -> rusqlite::Result<Self> {
        connection.busy_timeout(BUSY_TIMEOUT)?;
        numbers::register(&connection)?;
        // Sorters stay in memory: nothing is written beside the bot's file. Most pages are read once, in
        // order: a cache of half a megabyte does, and stays in the processor's own.
        connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -512")?;
        // Without QPSG, SQLite may prepare a query again for other bound values, which costs several reads.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let hold = Hold::begin(&mut connection)?;
        let foreign = Foreign::of(&connection)?;
        let map = declared::recognised(maps, &connection)?.cloned().unwrap_or_default();
        let mut sources = declared::declared(&map, &connection, &foreign)?;
        let indexes = indexes::examine(&mut sources, &foreign.unordered, &connection)?;
        let has_local_times = map.has_local_times();
        let host_offset = HostOffset::measure(clock_pairs::clock_pairs(&connection, &sources)?);
        let mut times = Times::default();
        for source in sources.iter().filter(|source| source.exists) {
            times.add(times::of(source, &connection)?);
        }
        let facts = Facts { map, sources, foreign, indexes, has_local_times, host_offset, times };
        Ok(Self { connection, at_rest, hold, facts })
    }

    /// The bot's file, and no other program's.
    fn checked(self, path: &Path) -> anyhow::Result<Self> {
        let looked_for: Vec<_> = self.sources.iter().map(|source| source.table.as_str()).collect();
        ensure!(
            self.sources.iter().any(|source| source.exists),
            "{} holds none of the bot's tables (looked for {} and {} more): is it the right file?",
            path.display(),
            looked_for.iter().take(3).copied().collect::<Vec<_>>().join(", "),
            looked_for.len().saturating_sub(3)
        );
        ensure!(
            self.indexes.unlike.is_none(),
            "{shown} is damaged: the table {} and its indexes hold different rows: run `sqlite3 {shown} \
             'PRAGMA integrity_check'` and restore a backup",
            self.indexes.unlike.as_deref().unwrap_or_default(),
            shown = path.display()
        );
        Ok(self)
    }

    /// Closes the file; what is known of it stays.
    pub(crate) fn close(self) -> Facts {
        self.facts
    }

    /// Whether the file was read without locks and somebody has begun to write it meanwhile: what was read
    /// is worth nothing.
    pub(crate) fn was_disturbed(&self) -> bool {
        self.at_rest.as_ref().is_some_and(AtRest::is_over)
    }

    /// The connection, for a query over the file's own tables, of one row or few.
    pub(crate) fn connection(&self) -> &Connection {
        // If this fails, the next query fails as well and reports it.
        self.hold.take_turn(&self.connection).ok();
        &self.connection
    }

    /// Whether the bot has written while its file was read: rows that it overwrites (the account, counters)
    /// may be of another moment than those that it adds.
    pub(crate) fn was_written_meanwhile(&self) -> bool {
        self.hold.was_written()
    }

    /// A query over the map's sources, `src_<table>`.
    pub(crate) fn select(&self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.hold.take_turn(&self.connection)?;
        self.connection.prepare_cached(&self.with_sources(sql))
    }

    /// Whether an index leads to the rows of a query over the map's sources; otherwise it looks at all.
    pub(crate) fn is_indexed(&self, sql: &str) -> rusqlite::Result<bool> {
        let sql = format!("EXPLAIN QUERY PLAN {}", self.with_sources(sql));
        let mut statement = self.connection.prepare(&sql)?;
        // Its parameters need no values to be planned.
        let mut rows = statement.raw_query();
        let mut is_indexed = false;
        while let Some(row) = rows.next()? {
            is_indexed |= row.get_ref(3)?.as_str()?.starts_with("SEARCH");
        }
        Ok(is_indexed)
    }

    /// Calls `visit` with each row of a query over the map's sources.
    pub(crate) fn each_selected(
        &self,
        sql: &str,
        mut visit: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.select(sql)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            visit(row)?;
        }
        drop(rows);
        self.hold.end_turn(&self.connection)
    }

    /// Calls `visit` with the rows that a query over the map's sources has up to a moment and some hours
    /// more. Its `not_later(column)` becomes a comparison that an index can serve; the exact limit is left
    /// to `visit`.
    pub(crate) fn each_not_later(
        &self,
        sql: &str,
        now: DateTime<Utc>,
        mut visit: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let until = Period { after: DateTime::<Utc>::MIN_UTC, until: now };
        let mut statement = self.select(&bounds::in_query(sql, self.times.are_odd))?;
        bounds::bind(&mut statement, until, self.furthest(until))?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            visit(row)?;
        }
        drop(rows);
        self.hold.end_turn(&self.connection)
    }

    /// Calls `visit` with the rows that a query over the map's sources has in a period and some hours around
    /// it, slice by slice. Its `within(column)` becomes a comparison that an index can serve; the exact
    /// limits are those of the slice that each row comes with.
    pub(crate) fn each_in_slices(
        &self,
        sql: &str,
        period: Period,
        mut visit: impl FnMut(Period, &Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let sql = bounds::in_query(sql, self.times.are_odd);
        let slices = match self.times.are_odd {
            true => Slices::whole(period),
            false => Slices::of(period, self.times.oldest),
        };
        for slice in slices {
            let mut statement = self.select(&sql)?;
            bounds::bind(&mut statement, slice, self.furthest(slice))?;
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                visit(slice, row)?;
            }
        }
        self.hold.end_turn(&self.connection)
    }
}
