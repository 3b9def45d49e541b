//! One reading of the bot's file: its tables, the report, and what the checks find. Then the file is closed.

use std::time::Instant;

use chrono::{DateTime, Utc};

use crate::checks::{self, Catalogue};
use crate::config::Config;
use crate::logging;
use crate::metrics::{self, Context, Report};
use crate::source::HotJournal;
use crate::source::audit::AuditDb;

/// Reads the file, audits what it holds, and hands on what came of it.
///
/// # Errors
/// When the file cannot be used.
pub(crate) fn checked<T>(
    config: &Config,
    now: DateTime<Utc>,
    hot_journal: HotJournal,
    catalogue: &'static Catalogue,
    then: impl FnOnce(&Context<'_>, Report, checks::Analysis) -> T,
) -> anyhow::Result<T> {
    let db = read(config, now, hot_journal)?;
    let context = Context::new(db, config, now)?;
    let report = Report::collect(&context);
    let checks = checks::run(&context, &report, catalogue);
    Ok(then(&context, report, checks))
}

/// The audit database of a run.
fn read(config: &Config, now: DateTime<Utc>, hot_journal: HotJournal) -> anyhow::Result<AuditDb> {
    let started = Instant::now();
    let db = AuditDb::of_file(&config.db, hot_journal, &metrics::plan(config, now))?;
    logging::took("audit database", started);
    Ok(db)
}

/// The bot's file as the audit database, for one use.
///
/// # Errors
/// When the file cannot be used, and the use's own.
pub(crate) fn tables<T>(
    config: &Config,
    now: DateTime<Utc>,
    then: impl FnOnce(&AuditDb) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    then(&read(config, now, HotJournal::Leave)?)
}
