//! The sample database of `--demo`: five days of a generation-1 bot, simulated cycle by cycle.
//!
//! These problems are planted, and nothing else; the rest of the file adds up:
//! - rule #3 has ten uses and no success (`texts::RULES`, `simulation::rules`);
//! - the position in kaspa is older than two days and goes nowhere (`market::PLANS`);
//! - dogecoin is reopened minutes after its close, through the cooldown (`market::PLANS`);
//! - trades opened at night, from 22:00 to 06:00 UTC, mostly lose (`simulation::wins`);
//! - 15 % of the learnings repeat the one before, word for word (`simulation::learn`);
//! - the LLM answers ever more slowly over the last day (`simulation::llm_seconds`);
//! - trades closed 30 to 6 hours ago last an hour longer than they did (`simulation::clock_error_seconds`).
//!
//! As after a clean restart with a fresh log, the activity log covers the last two days only.

mod journal;
mod market;
mod simulation;
mod texts;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use rusqlite::Connection;

use simulation::Simulation;

const SCHEMA: &str = include_str!("demo/schema.sql");
const TOTALS: &str = include_str!("demo/totals.sql");

/// Writes the sample into a new folder of its own below the system's temporary one, where it stays.
///
/// # Errors
/// When the folder or the file cannot be written.
pub(crate) fn write_to_temporary_folder(now: DateTime<Utc>) -> anyhow::Result<PathBuf> {
    let name = format!("autonomous-monitor-demo-{}-{}", std::process::id(), now.timestamp_millis());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    write(&folder, now)
}

/// Writes `trading_bot.db` into a folder that has none, as a bot would have left it at `now`.
pub(crate) fn write(folder: &Path, now: DateTime<Utc>) -> anyhow::Result<PathBuf> {
    let path = folder.join("trading_bot.db");
    let mut connection = Connection::open(&path).context("create the sample database")?;
    fill(&mut connection, now)?;
    Ok(path)
}

/// Writes the sample into an empty database, all of it or nothing.
fn fill(connection: &mut Connection, now: DateTime<Utc>) -> anyhow::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA).context("create the sample tables")?;
    Simulation::new(&transaction, now.timestamp()).run().context("write the sample rows")?;
    transaction.execute_batch(TOTALS).context("write the sample totals")?;
    transaction.commit().context("commit the sample database")
}

#[cfg(test)]
mod tests;
