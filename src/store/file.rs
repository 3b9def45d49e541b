//! The file that keeps the alerts: opened for reading or writing, and whether it is ours to write to.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::tables;
use crate::config::Config;
use crate::source::{self, BUSY_TIMEOUT};
use crate::sqlite_error;

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

/// Opens the file that keeps the alerts for reading; `None` where a file of its own does not exist yet.
///
/// # Errors
/// When the file cannot be opened.
pub(crate) fn open_read_only(config: &Config) -> anyhow::Result<Option<Connection>> {
    let path = config.alerts_path();
    if config.alerts_db.is_some() && !path.exists() {
        return Ok(None);
    }
    check_file(path)?;
    let connection = source::open_read_only(path).context("cannot open the file")?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    reject_foreign(&connection, config)?;
    Ok(Some(connection))
}

/// Whether a run has stored something in the file: the bot itself may have made the specification's table,
/// which is empty then.
///
/// # Errors
/// When the tables cannot be read.
pub(crate) fn has_alerts(connection: &Connection) -> rusqlite::Result<bool> {
    const HAS_ROWS: &str = "SELECT EXISTS (SELECT 1 FROM monitoring_alerts)";
    let has = |table| connection.table_exists(Some("main"), table);
    Ok(has("monitoring_sightings")?
        || has("monitoring_alerts")? && connection.query_row(HAS_ROWS, [], |row| row.get(0))?)
}

/// Writes within a transaction that is rolled back: whether a run could store its alerts.
///
/// # Errors
/// When it could not.
pub(crate) fn try_writing(config: &Config) -> anyhow::Result<()> {
    const PROBE: &str =
        "CREATE TABLE monitoring_probe (probed INTEGER); INSERT INTO monitoring_probe VALUES (1)";
    let mut log = config.alerts_path().as_os_str().to_owned();
    log.push("-wal");
    let has_log = std::fs::metadata(&log).is_ok_and(|log| log.len() > 0);
    let mut connection = connect_for_writing(config, BUSY_TIMEOUT)?;
    if has_log {
        // Closing must not checkpoint the write-ahead log that a stopped bot has left.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    }
    tables::check_version(&connection, config.alerts_path())?;
    let transaction = connection.transaction().context("cannot get the write lock")?;
    transaction.execute_batch(PROBE).context("cannot write")?;
    transaction.rollback().context("cannot roll back")
}

/// Opens the file that keeps the alerts for writing, with our tables as this version knows them. A file
/// of its own is made if it is missing, the bot's never. What is locked for longer than `patience` is an error.
///
/// # Errors
/// When the file cannot be written now, or a newer version has written it.
pub(crate) fn open_for_writing(config: &Config, patience: Duration) -> anyhow::Result<Connection> {
    let mut connection = connect_for_writing(config, patience)?;
    tables::make(&mut connection, config.alerts_path())?;
    Ok(connection)
}

fn connect_for_writing(config: &Config, patience: Duration) -> anyhow::Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if config.alerts_db.is_some() {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let path = config.alerts_path();
    check_file(path)?;
    if let Some(folder) = crate::logging::missing_folder(path) {
        bail!("there is no folder {}: make it, or name another file", folder.display());
    }
    // SQLite would fall back to opening it read-only, and create the -wal and -shm files that
    // `source::open_read_only` avoids.
    ensure!(!path.exists() || source::may_write(path), sqlite_error::NOT_WRITABLE);
    let mut connection =
        Connection::open_with_flags(path, flags).context("cannot open the file for writing")?;
    connection.busy_timeout(patience)?;
    reject_foreign(&connection, config)?;
    // A deferred transaction fails with SQLITE_BUSY, without waiting, if another connection writes before it
    // does.
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    if connection.table_exists(Some("main"), "monitoring_alerts")? {
        check_columns(&connection)?;
    }
    Ok(connection)
}

/// Fails for a FIFO, which would block for ever when opened.
fn check_file(path: &Path) -> anyhow::Result<()> {
    ensure!(!path.exists() || path.is_file(), "{} is no regular file: name another one", path.display());
    Ok(())
}

/// A file that was named for the alerts and holds another program's tables is not ours to write to.
fn reject_foreign(connection: &Connection, config: &Config) -> anyhow::Result<()> {
    const TABLES: &str = "
SELECT
    name
FROM sqlite_master
WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    AND name NOT LIKE 'monitoring\\_%' ESCAPE '\\'
ORDER BY name
LIMIT 3";
    if !config.keeps_alerts_apart() || connection.table_exists(Some("main"), "monitoring_alerts")? {
        return Ok(());
    }
    let tables =
        connection.prepare(TABLES)?.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    ensure!(
        tables.is_empty(),
        "{} is the database of another program (it holds {}): name a file of its own with --alerts-db",
        config.alerts_path().display(),
        tables.join(", ")
    );
    Ok(())
}

/// A table of that name with other columns is not ours to change.
pub(super) fn check_columns(connection: &Connection) -> anyhow::Result<()> {
    for column in COLUMNS {
        ensure!(
            connection.column_exists(Some("main"), "monitoring_alerts", column)?,
            "the table monitoring_alerts has no column {column}: it is not the one of the specification, rename it"
        );
    }
    Ok(())
}
