//! One SELECT of the map after the other into the table that it fills.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Row};

use super::row::{self, Setting, Shape};
use super::target::Target;
use crate::guard;
use crate::source::clock::Reading;
use crate::source::map::{Map, Select};
use crate::source::skipped;

/// What became of the reading.
#[derive(Debug, Default)]
pub(crate) struct Filled {
    /// The bot has written rows after the audited moment.
    pub(crate) is_past: bool,
    /// Closing of the oldest trade that was read, where there are older ones.
    pub(crate) trades_from: Option<f64>,
    /// Accounts that were written after the audited moment.
    pub(crate) later_accounts: u64,
    /// Trades that were closed after the audited moment.
    pub(crate) later_trades: u64,
    /// Whether `trade_total` has the sums over all trades.
    pub(crate) counts_all_trades: bool,
    /// Times of the oldest rows of `event` and `decision`, where there are older ones in the window.
    pub(crate) events_from: Option<f64>,
    pub(crate) decisions_from: Option<f64>,
    /// The bot has written between the reading of what it overwrites and of its newest trades: they may be of
    /// two moments.
    pub(crate) is_torn: bool,
    /// The first trade of each of the bot's tables: it does not change any more, and nobody else knows it.
    pub(crate) first_trades: Vec<String>,
    /// Tables of which only the newest rows were read.
    pub(crate) cut: BTreeSet<String>,
    /// Tables of the audit database that lack rows, each with the reason.
    pub(crate) failed: BTreeMap<String, String>,
    /// Values that should be a number and are none, by `table.column` of the audit database.
    pub(crate) unreadable: BTreeMap<String, u64>,
}

/// What fills one table after the other.
#[derive(Debug)]
pub(super) struct Filler<'run> {
    pub(super) setting: Setting<'run>,
    pub(super) audit: &'run Connection,
    pub(super) filled: Filled,
}

impl<'run> Filler<'run> {
    /// For an empty audit database.
    pub(super) fn new(setting: Setting<'run>, audit: &'run Connection) -> Self {
        Self { setting, audit, filled: Filled::default() }
    }

    /// The map of the file's kind.
    pub(super) fn map(&self) -> &'run Map {
        self.setting.bot.map()
    }

    /// Calls `read` with each of the map's SELECTs for one table, of which the file holds rows, to fill
    /// another or the same.
    pub(super) fn each_select(
        &mut self,
        selected: &str,
        filled: &str,
        read: fn(&mut Self, &'run Select, &mut Target<'run>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let bot = self.setting.bot;
        let has_rows = |select: &&Select| select.reads().any(|table| bot.has_rows(table));
        let selects = self.map().selects.iter().filter(|select| select.table == selected);
        let mut selects = selects.filter(has_rows).peekable();
        if selects.peek().is_none() {
            return Ok(());
        }
        let mut target = Target::new(self.audit, filled)?;
        for select in selects {
            // What is damaged, or takes too long, costs no other table.
            if let Err(error) = guard::run(|| read(self, select, &mut target)) {
                let reason = skipped(&error).unwrap_or_else(|| format!("{error:#}"));
                self.filled.failed.insert(filled.to_owned(), reason);
            }
        }
        Ok(())
    }

    /// Fills `damaged_index`.
    pub(super) fn damaged_indexes(&self) -> rusqlite::Result<()> {
        let mut insert = self.audit.prepare("INSERT INTO damaged_index VALUES (?1, ?2, ?3)")?;
        for damage in self.setting.bot.damaged_indexes() {
            insert.execute([&damage.table, &damage.index, &damage.what])?;
        }
        Ok(())
    }

    /// All rows of a SELECT.
    pub(super) fn whole(&mut self, select: &'run Select, target: &mut Target<'run>) -> anyhow::Result<()> {
        /// More are no table that a bot overwrites.
        const MOST_ROWS: usize = 20_000;
        let mut shape = self.shape(select, target)?;
        let bot = self.setting.bot;
        bot.each_selected(&format!("{} LIMIT {MOST_ROWS}", select.rows()), |row| {
            if self.is_known(&shape, row)? {
                shape.insert(&self.setting, row, target)?;
            } else if target.name == "account" {
                self.filled.later_accounts += 1;
            }
            Ok(())
        })?;
        self.count_unreadable(&shape, target);
        Ok(())
    }

    /// How the rows of a SELECT go into a table.
    pub(super) fn shape(&self, select: &Select, target: &Target<'_>) -> anyhow::Result<Shape> {
        let statement = self.setting.bot.select(&select.sql)?;
        if select.table == target.name {
            row::check(select, &statement, target)?;
        }
        Ok(Shape::new(select, &statement, target, self.map().head.currency.as_deref()))
    }

    /// Whether a row had been written by the audited moment. One that the bot has overwritten since is known,
    /// and `run.is_past` says that what it holds is of a later moment.
    pub(super) fn is_known(&mut self, shape: &Shape, row: &Row<'_>) -> rusqlite::Result<bool> {
        let (bot, now) = (self.setting.bot, self.setting.plan.now);
        let is_later = |reading: Option<Reading>| reading.is_some_and(|reading| reading.earliest > now);
        let was_written_later = is_later(shape.written(bot, row)?);
        self.filled.is_past |= was_written_later || is_later(shape.updated(bot, row)?);
        Ok(!was_written_later)
    }

    pub(super) fn count_unreadable(&mut self, shape: &Shape, target: &Target<'_>) {
        for (column, unreadable) in target.columns.iter().zip(&shape.unreadable).filter(|(_, n)| **n > 0) {
            *self.filled.unreadable.entry(format!("{}.{}", target.name, column.name)).or_default() +=
                unreadable;
        }
    }
}
