//! What is known of the file itself: its map, its tables and columns, its clocks, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use rusqlite::types::ValueRef;

use super::clock::{Clock, HostOffset, Reading};
use super::declared::{self, Source};
use super::foreign::{Foreign, ForeignObject};
use super::indexes::{Damage, Examined};
use super::limits::Limits;
use super::map::Map;
use super::quoted::quoted;
use super::times::{self, Times, UnreadableTimes};
use crate::model::Period;

/// What is known of the file itself; it stays known when the file is closed.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(super) map: Map,
    pub(super) sources: Vec<Source>,
    pub(super) foreign: Foreign,
    pub(super) indexes: Examined,
    /// Otherwise all naive times are UTC, and no row need be asked for its clock.
    pub(super) has_local_times: bool,
    pub(super) host_offset: HostOffset,
    /// Where some do not sort as text, bounds would miss them.
    pub(super) times: Times,
}

impl Facts {
    /// Whether the file has this table, with the columns that make it the bot's.
    pub(crate) fn has_table(&self, table: &str) -> bool {
        self.sources.iter().any(|source| source.exists && source.table == table)
    }

    /// Whether the file has this table of the map's, with a row in it.
    pub(crate) fn has_rows(&self, table: &str) -> bool {
        self.sources.iter().any(|source| source.has_rows && source.table == table)
    }

    /// The map of the file's kind.
    pub(crate) fn map(&self) -> &Map {
        &self.map
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

    /// Objects of the schema that need what only the bot's own program has.
    pub(crate) fn foreign_objects(&self) -> &[ForeignObject] {
        &self.foreign.objects
    }

    /// Whether a column can be read: one that only the bot's own program can compute cannot.
    pub(crate) fn can_read(&self, table: &str, column: &str) -> bool {
        self.foreign.can_read(table, column)
    }

    /// Indexes of the bot's tables that do not hold what the tables hold.
    pub(crate) fn damaged_indexes(&self) -> &[Damage] {
        &self.indexes.damaged
    }

    /// A table of the file as it stands behind FROM, without the indexes that cannot be relied upon.
    pub(crate) fn rows_of(&self, table: &str) -> String {
        let avoids = |source: &Source| source.avoids_indexes && source.table == table;
        let avoids = self.foreign.unordered.contains(table) || self.sources.iter().any(avoids);
        format!("main.{}{}", quoted(table), if avoids { " NOT INDEXED" } else { "" })
    }

    /// Columns of times of the bot's tables in which rows stand and no time can be read.
    pub(crate) fn unreadable_times(&self) -> &[UnreadableTimes] {
        &self.times.unreadable
    }

    /// Whether some times do not sort as text does.
    pub(crate) fn has_odd_times(&self) -> bool {
        self.times.are_odd
    }

    /// How the host's local time relates to UTC.
    pub(crate) fn host_offset(&self) -> &HostOffset {
        &self.host_offset
    }

    /// The moments that a stored time may mean. Where a whole column is misread, no statement rests on it.
    pub(crate) fn read_time(&self, value: ValueRef<'_>, clock: Clock) -> Option<Reading> {
        let is_read = |reading: &Reading| {
            self.times.unreadable.is_empty() || times::is_plausible(value, reading.earliest)
        };
        self.host_offset.moments(value, clock).filter(is_read)
    }

    /// Whether rows of the file carry times of the host's clock.
    pub(crate) fn has_local_times(&self) -> bool {
        let selects = self.map.selects.iter().filter(|select| select.has_local_times());
        selects.flat_map(|select| select.reads()).any(|table| self.has_rows(table))
    }

    /// The tables of the audit database that the map fills: those for which the file has rows, and the others.
    pub(crate) fn filled_tables(&self) -> (Vec<&str>, Vec<&str>) {
        let names: BTreeSet<&str> = self.map.selects.iter().map(|select| select.table.as_str()).collect();
        names.into_iter().partition(|name| {
            let selects = self.map.selects.iter().filter(|select| select.table == *name);
            selects.flat_map(|select| select.reads()).any(|table| self.has_rows(table))
        })
    }

    /// Instruments by tier, as the map has them.
    pub(crate) fn tiers(&self) -> &BTreeMap<u8, Vec<String>> {
        &self.map.head.tiers
    }

    /// The limits of the generation whose trades stand in a table, as the map has them.
    pub(crate) fn limits(&self, main_source: Option<&str>) -> Limits {
        main_source.and_then(|table| self.map.head.limits.get(table)).copied().unwrap_or_default()
    }

    /// A query behind the definitions of the map's sources that it reads.
    pub(super) fn with_sources(&self, sql: &str) -> String {
        declared::with_sources(&self.sources, sql)
    }

    /// How far the clocks of the file's naive times are behind UTC (zero or below) and ahead of it.
    pub(super) fn furthest(&self, period: Period) -> (TimeDelta, TimeDelta) {
        let host = self.has_local_times.then(|| self.host_offset.furthest(period.after, period.until));
        let fixed = self
            .map
            .fixed_offsets()
            .map(|seconds| (TimeDelta::seconds(seconds), TimeDelta::seconds(seconds)));
        host.into_iter()
            .chain(fixed)
            .fold((TimeDelta::zero(), TimeDelta::zero()), |(west, east), (least, most)| {
                (west.min(least), east.max(most))
            })
    }
}
