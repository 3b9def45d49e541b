//! The profile of a file: every table, also those that nobody described, and what its columns hold.
//!
//! The cost is bounded whatever a table's size: profiles rest on the newest rows, rows are counted
//! where that is cheap and else estimated from the rowids, and rows of a period are found by
//! bisecting rowids where the sample shows that time grows with them. What compares values of the
//! file with each other is decided here and kept as counts and keys, since the file is closed
//! before anything reads the profile.

mod beside;
mod column;
mod declared;
mod filled;
mod form;
pub(crate) mod names;
mod odd;
mod pairs;
mod placeholders;
mod references;
mod rows;
mod sample;
mod span;
mod table;
#[cfg(test)]
mod tests;
mod turns;
mod values;
mod write;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub(crate) use self::column::{Column, Fault, Kind, Reading};
pub(crate) use self::form::Form;
pub(crate) use self::rows::Precision;
pub(crate) use self::span::Span;
pub(crate) use self::table::Table;
use super::Bot;
use crate::guard;

/// The section `tables`.
#[derive(Debug, Serialize)]
pub(crate) struct Profile {
    /// Every table, by name.
    pub(crate) all: Vec<Table>,
    /// Views and virtual tables, by name only.
    pub(crate) views: Vec<String>,
    /// Rows were written after the audited moment: what the bot overwrites belongs to a later one.
    pub(crate) is_past: bool,
    #[serde(skip)]
    span: Span,
}

impl Profile {
    /// Looks at every table; one that cannot be read does not hide the others.
    ///
    /// # Errors
    /// When the schema cannot be read.
    pub(crate) fn read(bot: &Bot, span: Span) -> anyhow::Result<Self> {
        let (schemas, views) = declared::read(bot)?;
        let all: Vec<Table> = schemas
            .into_iter()
            .map(|schema| match guard::run(|| Ok(Table::read(bot, &span, &schema)?)) {
                Ok(table) => table,
                Err(error) => Table::unreadable(schema, &error),
            })
            .collect();
        let is_past = all
            .iter()
            .filter(|table| !table.is_monitors_own())
            .any(|table| table.holds_later_rows || table.ends_before_later_rows);
        let mut profile = Self { all, views, is_past, span };
        guard::run(|| Ok(profile.compare(bot)?))?;
        Ok(profile)
    }

    /// What takes more than a table's newest rows to decide.
    fn compare(&mut self, bot: &Bot) -> rusqlite::Result<()> {
        filled::look_back(bot, &mut self.all)?;
        placeholders::find(bot, &mut self.all)?;
        references::follow(bot, &mut self.all)
    }

    /// The table of this name.
    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.all.iter().find(|table| table.schema.name.eq_ignore_ascii_case(name))
    }

    /// The bot's last sign of life: what nobody did after it is no fault of a part, the bot was not there.
    fn last_sign(&self) -> DateTime<Utc> {
        let tables = self.all.iter().filter(|table| table.is_bots() && table.ordered.is_some());
        let newest = tables.filter_map(|table| table.newest).max();
        newest.map_or(self.span.now, |newest| newest.min(self.span.now))
    }
}
