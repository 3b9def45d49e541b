//! What a run is about: the bot's file, the moment, the windows, the limits.

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Row;
use serde::Serialize;

use crate::config::Config;
use crate::logging;
use crate::model::Period;
use crate::source::audit::AuditDb;
use crate::source::facts::Facts;
use crate::source::plan::Plan;
use crate::source::{Bot, generation};

/// Rows that averages rest on where the window holds none.
const NEWEST_ROWS: usize = 500;

/// What a run is about.
#[derive(Debug)]
pub(crate) struct Setting<'run> {
    /// The bot's file.
    pub(crate) bot: &'run Bot,
    /// What the file holds, as the tables that every query is to read.
    pub(crate) db: AuditDb,
    /// What is known of the file beside its rows.
    pub(crate) facts: &'run Facts,
    /// What was asked for.
    pub(crate) config: &'run Config,
    /// The moment that is audited; later rows do not exist.
    pub(crate) now: DateTime<Utc>,
    /// The analysis window, ending now.
    pub(crate) window: Period,
    /// The generation that writes the file now, 1 or 2.
    pub(crate) generation: i64,
    /// The bot's limits: its generation's, overridden by the config file.
    pub(crate) limits: generation::Limits,
}

impl<'run> Setting<'run> {
    /// Of a run that audits the hours before `now`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn new(bot: &'run Bot, config: &'run Config, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let length = TimeDelta::hours(i64::from(config.hours));
        let back = |from: DateTime<Utc>| from.checked_sub_signed(length).unwrap_or(DateTime::<Utc>::MIN_UTC);
        let start = back(now);
        let generation = generation::current(bot, now)?;
        let own = generation::limits(generation);
        let limits = config.limits.applied_to(own);
        let window = Period { after: start, until: now };
        let previous = Period { after: back(start), until: start };
        let plan = Plan {
            now,
            window,
            previous,
            hours: config.hours,
            is_of_earlier: config.as_of.is_some(),
            limits: config.limits.stated(),
            tiers: config.tiers.as_ref(),
        };
        let started = Instant::now();
        let db = AuditDb::read(bot, &plan)?;
        logging::took("audit database", started);
        for (table, reason) in &db.filled().failed {
            tracing::error!("The rows of {table} cannot be read: {reason}");
        }
        for (column, values) in &db.filled().unreadable {
            tracing::debug!("{column}: {values} values are no numbers");
        }
        Ok(Self { bot, db, facts: bot, config, now, window, generation, limits })
    }

    /// The coin's tier: the config file's, else the built-in one.
    pub(crate) fn tier(&self, coin: &str) -> u8 {
        match &self.config.tiers {
            None => generation::tier(coin),
            Some(tiers) => tiers
                .iter()
                .find(|(_, coins)| coins.iter().any(|name| name.eq_ignore_ascii_case(coin)))
                .map_or_else(|| tiers.keys().max().map_or(1, |last| last + 1), |(tier, _)| *tier),
        }
    }

    /// Calls `visit` with each row of the window or, where it holds none, with the newest 500.
    pub(crate) fn each_in_basis(
        &self,
        sql: &str,
        mut visit: impl FnMut(DateTime<Utc>, &Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<Basis> {
        let mut rows = 0_usize;
        self.bot.each_within(sql, self.window, |at, row| {
            rows += 1;
            visit(at, row)
        })?;
        if rows > 0 {
            return Ok(Basis::Window);
        }
        let Some(newest) = self.newest(sql)? else { return Ok(Basis::Nothing) };
        self.bot.each_within(sql, newest, visit)?;
        Ok(Basis::Newest)
    }

    /// The period up to now that holds the query's newest 500 rows. It looks back in growing steps,
    /// so that its cost follows the rows found and not the length of the history; what lies before the
    /// oldest time that is known is one step.
    pub(super) fn newest(&self, sql: &str) -> rusqlite::Result<Option<Period>> {
        const STEP: i32 = 8;
        const FURTHEST_HOURS: i64 = 200 * 365 * 24;
        let mut hours = i64::from(self.config.hours);
        loop {
            hours = hours.saturating_mul(i64::from(STEP)).min(FURTHEST_HOURS);
            let mut after =
                self.now.checked_sub_signed(TimeDelta::hours(hours)).unwrap_or(DateTime::<Utc>::MIN_UTC);
            if self.bot.oldest_time().is_some_and(|oldest| after < oldest) {
                (hours, after) = (FURTHEST_HOURS, DateTime::<Utc>::MIN_UTC);
            }
            let mut times = Vec::new();
            self.bot.each_within(sql, Period { after, until: self.now }, |at, _| {
                times.push(at);
                Ok(())
            })?;
            if times.len() >= NEWEST_ROWS || (hours == FURTHEST_HOURS && !times.is_empty()) {
                times.sort_unstable_by(|one, other| other.cmp(one));
                let oldest = times.get(NEWEST_ROWS - 1).or(times.last()).copied();
                return Ok(oldest
                    .map(|oldest| Period { after: oldest - TimeDelta::microseconds(1), until: self.now }));
            }
            if hours == FURTHEST_HOURS {
                return Ok(None);
            }
        }
    }
}

/// One of the two windows that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// The one that is audited.
    Window,
    /// The one before.
    Previous,
}

/// The rows that a section's averages and distributions rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Basis {
    /// The rows of the analysis window.
    #[serde(rename = "window")]
    Window,
    /// The window holds none: the newest rows before it, at most 500.
    #[serde(rename = "newest 500 rows, the window holds none")]
    Newest,
    /// There are no rows.
    #[serde(rename = "no rows")]
    Nothing,
}
