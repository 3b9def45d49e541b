//! What a run is about: the audit database, the moment, the window, the limits.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::config::Config;
use crate::model::Period;
use crate::source::audit::AuditDb;
use crate::source::limits::Limits;
use crate::source::plan::Plan;

/// What a run is about.
#[derive(Debug)]
pub(crate) struct Setting<'run> {
    /// What the bot's file holds, as the tables that every query reads.
    pub(crate) db: AuditDb,
    /// What was asked for.
    pub(crate) config: &'run Config,
    /// The moment that is audited; later rows do not exist.
    pub(crate) now: DateTime<Utc>,
    /// The analysis window, ending now.
    pub(crate) window: Period,
    /// The generation that writes the file now, 1 or 2.
    pub(crate) generation: i64,
    /// The limits in force: those of the config file, else of the map.
    pub(crate) limits: Limits,
}

/// What is to be read of the bot's file for a run that audits the hours before `now`.
pub(crate) fn plan(config: &Config, now: DateTime<Utc>) -> Plan<'_> {
    let length = TimeDelta::hours(i64::from(config.hours));
    let back = |from: DateTime<Utc>| from.checked_sub_signed(length).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let start = back(now);
    Plan {
        now,
        window: Period { after: start, until: now },
        previous: Period { after: back(start), until: start },
        hours: config.hours,
        is_of_earlier: config.as_of.is_some(),
        limits: config.limits.stated(),
        tiers: config.tiers.as_ref(),
    }
}

impl<'run> Setting<'run> {
    /// Of a run over what was read by `plan`.
    pub(super) fn new(db: AuditDb, config: &'run Config, now: DateTime<Utc>) -> rusqlite::Result<Self> {
        for (table, reason) in &db.filled().failed {
            tracing::error!("The rows of {table} cannot be read: {reason}");
        }
        for (column, values) in &db.filled().unreadable {
            tracing::debug!("{column}: {values} values are no numbers");
        }
        let main = "SELECT main_source FROM run";
        let main: Option<String> = db.connection().query_row(main, [], |row| row.get(0))?;
        let generation = if main.as_deref() == Some("trade_journal") { 2 } else { 1 };
        let limits = config.limits.stated().or(db.facts().limits(main.as_deref()));
        Ok(Self { db, config, now, window: plan(config, now).window, generation, limits })
    }

    /// The coin's tier: the config file's, else the map's; without any, all are of the first.
    pub(crate) fn tier(&self, coin: &str) -> u8 {
        let own = self.db.facts().tiers();
        let tiers = self.config.tiers.as_ref().unwrap_or(own);
        tiers
            .iter()
            .find(|(_, coins)| coins.iter().any(|name| name.eq_ignore_ascii_case(coin)))
            .map_or_else(|| tiers.keys().max().map_or(1, |last| last + 1), |(tier, _)| *tier)
    }
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

/// One of the two windows that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// The one that is audited.
    Window,
    /// The one before.
    Previous,
}
