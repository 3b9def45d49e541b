//! One reading of the bot's file: its tables, the report, and what the checks find. Then the file is closed.

use chrono::{DateTime, Utc};

use crate::checks::{self, Catalogue};
use crate::config::Config;
use crate::metrics::{Context, Report};
use crate::source::audit::AuditDb;
use crate::source::{Bot, HotJournal};

/// A bot that writes without a pause is not waited for.
const MOST_READINGS: u32 = 3;

/// Reads the file, again where the bot wrote meanwhile, and hands on what came of it.
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
    let mut readings = 1;
    loop {
        let bot = match readings {
            MOST_READINGS => Bot::open_shared(&config.db, hot_journal)?,
            _ => Bot::open(&config.db, hot_journal)?,
        };
        let context = Context::new(&bot, config, now)?;
        let report = Report::collect(&context);
        let checks = checks::run(&context, &report, catalogue);
        let is_unsure = bot.was_disturbed() || !checks.disturbed.is_empty();
        if is_unsure && readings < MOST_READINGS {
            tracing::info!("The bot wrote while its file was read: it is read again");
            readings += 1;
            continue;
        }
        return Ok(then(&context, report, checks));
    }
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
    let bot = Bot::open(&config.db, HotJournal::Leave)?;
    let context = Context::new(&bot, config, now)?;
    then(&context.db)
}
