//! Every table of the file.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::span::Span;
use super::table::Table;
use super::{declared, filled, placeholders, references};
use crate::guard;
use crate::source::Bot;

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
    pub(super) span: Span,
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
        profile.compare(bot)?;
        Ok(profile)
    }

    /// What takes more than a table's newest rows to decide.
    fn compare(&mut self, bot: &Bot) -> rusqlite::Result<()> {
        filled::look_back(bot, &mut self.all)?;
        placeholders::find(bot, &mut self.all)?;
        references::follow(bot, &mut self.all)
    }

    /// The bot's last sign of life: what nobody did after it is no fault of a part, the bot was not there.
    pub(super) fn last_sign(&self) -> DateTime<Utc> {
        let tables = self.all.iter().filter(|table| table.is_bots() && table.ordered.is_some());
        let newest = tables.filter_map(|table| table.newest).max();
        newest.map_or(self.span.now, |newest| newest.min(self.span.now))
    }
}
