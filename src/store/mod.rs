//! Alerts: TASK-021's table in the bot's file or in one of its own, and what is stored in it.
//!
//! All writing is one short transaction after all thinking is done, into our own tables only.

mod alert;
mod life;
mod run;
mod same;

use std::path::Path;

use anyhow::{Context as _, anyhow, ensure};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

pub(crate) use self::alert::{Alert, AlertStatus};
pub(crate) use self::life::{Change, changes_of, set_status};
pub(crate) use self::run::{Kept, Resolved, Totals, preview, store, unstored};
use crate::bot::BUSY_TIMEOUT;
use crate::config::Config;

#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, reason = "generated code")]
mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Refinery's own name for it would look like the bot's.
const HISTORY_TABLE: &str = "monitoring_migrations";

/// The specification's table and indexes, made where they are missing.
const SPECIFICATION: &str = include_str!("../../migrations/V1__monitoring_alerts.sql");

/// The specification's columns.
const COLUMNS: [&str; 11] = [
    "id",
    "alert_type",
    "severity",
    "title",
    "description",
    "evidence",
    "recommendation",
    "status",
    "created_at",
    "acknowledged_at",
    "fixed_at",
];

/// Opens the file that keeps the alerts for reading; `None` where it is one of its own and not there yet.
///
/// # Errors
/// When the file cannot be opened.
pub(crate) fn open_read_only(config: &Config) -> anyhow::Result<Option<Connection>> {
    let path = config.alerts_path();
    if config.alerts_db.is_some() && !path.exists() {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).context("cannot open the file")?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(Some(connection))
}

/// Opens the file that keeps the alerts for writing, with our tables as this version knows them. A file
/// of its own is made if it is missing, the bot's never.
///
/// # Errors
/// When the file cannot be written now, or a newer version has written it.
pub(crate) fn open_for_writing(config: &Config) -> anyhow::Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if config.alerts_db.is_some() {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let path = config.alerts_path();
    let mut connection =
        Connection::open_with_flags(path, flags).context("cannot open the file for writing")?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // A deferred transaction that turns into a writer fails at once when another one is faster.
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    if connection.table_exists(Some("main"), "monitoring_alerts")? {
        check_columns(&connection)?;
    }
    migrate(&mut connection, path)?;
    // Whoever dropped the table dropped the alerts, not the wish for new ones.
    connection.execute_batch(SPECIFICATION).context("cannot make the table monitoring_alerts")?;
    Ok(connection)
}

fn migrate(connection: &mut Connection, path: &Path) -> anyhow::Result<()> {
    let migrated = embedded::migrations::runner().set_migration_table_name(HISTORY_TABLE).run(connection);
    migrated.map(drop).map_err(|error| match error.kind() {
        refinery::error::Kind::MissingVersion(_) | refinery::error::Kind::DivergentVersion(..) => anyhow!(
            "a newer version of autonomous-monitor has written {}: use that version, or keep the alerts elsewhere with --alerts-db",
            path.display()
        ),
        _ => anyhow::Error::new(error).context("cannot prepare the table monitoring_alerts"),
    })
}

/// A table of that name with other columns is not ours to change.
fn check_columns(connection: &Connection) -> anyhow::Result<()> {
    for column in COLUMNS {
        ensure!(
            connection.column_exists(Some("main"), "monitoring_alerts", column)?,
            "the table monitoring_alerts has no column {column}: it is not the one of the specification, rename it"
        );
    }
    Ok(())
}
