//! Our own tables: made by migrations, and made again where somebody has dropped one of them.

use std::path::Path;

use anyhow::{Context as _, anyhow, ensure};
use chrono::DateTime;
use refinery::error::Kind;
use refinery::{Runner, Target};
use rusqlite::{Connection, ErrorCode};

#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, reason = "generated code")]
mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Refinery's default name would look like a table of the bot.
const HISTORY_TABLE: &str = "monitoring_migrations";

/// The columns that refinery reads.
const HISTORY: &str = "
SELECT
    version,
    name,
    applied_on,
    checksum
FROM monitoring_migrations";

/// The specification's table and indexes, made where they are missing.
const SPECIFICATION: &str = include_str!("../../migrations/V1__monitoring_alerts.sql");

/// The tables beside it, and the migration that makes them.
const OCCURRENCES: &str = include_str!("../../migrations/V2__sightings.sql");
const OCCURRENCES_VERSION: i32 = 2;

/// A column of theirs, and the migration that adds it.
const WINDOWS: &str = include_str!("../../migrations/V3__windows.sql");
const WINDOWS_VERSION: i32 = 3;

/// Made by a migration of its own, and again where somebody has dropped it.
const SNOOZES: &str = include_str!("../../migrations/V4__snoozes.sql");

/// Makes what is missing. If several runs do so at once, the first one gets the write lock; the others look
/// again and find nothing left to do.
///
/// # Errors
/// When the file cannot be written now, or a newer version has written it.
pub(super) fn make(connection: &mut Connection, path: &Path) -> anyhow::Result<()> {
    let happened = match has_windows(connection)? {
        true => Some(WINDOWS_VERSION),
        false => {
            connection.table_exists(Some("main"), "monitoring_sightings")?.then_some(OCCURRENCES_VERSION)
        }
    };
    if let Some(version) = happened
        && !is_recorded(connection, version)?
    {
        // The history was dropped: the migrations whose tables exist are recorded again.
        migrate(connection, Target::FakeVersion(version), path)?;
    }
    migrate(connection, Target::Latest, path)?;
    // A table that was dropped is made again, empty.
    let occurrences = OCCURRENCES
        .replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS")
        .replace("CREATE INDEX", "CREATE INDEX IF NOT EXISTS");
    for tables in [SPECIFICATION, &occurrences, SNOOZES] {
        connection.execute_batch(tables).context("cannot make the tables of the alerts")?;
    }
    if !has_windows(connection)? {
        connection.execute_batch(WINDOWS).context("cannot make the tables of the alerts")?;
    }
    Ok(())
}

/// # Errors
/// When a newer version has written the file.
pub(super) fn check_version(connection: &Connection, path: &Path) -> anyhow::Result<()> {
    if !connection.table_exists(Some("main"), HISTORY_TABLE)? {
        return Ok(());
    }
    let newest = connection.query_row("SELECT max(version) FROM monitoring_migrations", [], |row| {
        row.get::<_, Option<i32>>(0)
    })?;
    let known = embedded::migrations::runner().get_migrations().iter().map(|one| one.version()).max();
    ensure!(newest <= known, "{}", newer(path));
    Ok(())
}

fn newer(path: &Path) -> String {
    format!(
        "a newer version of autonomous-monitor has written {}: use that version, or keep the alerts elsewhere with --alerts-db",
        path.display()
    )
}

fn has_windows(connection: &Connection) -> rusqlite::Result<bool> {
    connection.column_exists(Some("main"), "monitoring_sightings", "least_hours")
}

fn migrate(connection: &mut Connection, target: Target, path: &Path) -> anyhow::Result<()> {
    let migrated = match runner(target).run(connection) {
        Err(error) if !is_locked(&error) => runner(target).run(connection),
        migrated => migrated,
    };
    migrated.map(drop).map_err(|error| match error.kind() {
        Kind::MissingVersion(_) | Kind::DivergentVersion(..) => anyhow!(newer(path)),
        _ => anyhow::Error::new(error).context("cannot make the tables of the alerts"),
    })
}

/// Makes all that is missing in one transaction: a killed run leaves no table without its entry in the
/// history.
fn runner(target: Target) -> Runner {
    let mut runner = embedded::migrations::runner().set_grouped(true).set_target(target);
    runner.set_migration_table_name(HISTORY_TABLE);
    runner
}

fn is_locked(error: &refinery::Error) -> bool {
    let Kind::Connection(_, cause) = error.kind() else { return false };
    let code = cause.downcast_ref().and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Whether the history holds a migration. Refinery assumes that it wrote all rows of the history; others are
/// reported here.
fn is_recorded(connection: &Connection, version: i32) -> anyhow::Result<bool> {
    if !connection.table_exists(Some("main"), HISTORY_TABLE)? {
        return Ok(false);
    }
    let mut statement = connection.prepare(HISTORY).context("cannot read the table monitoring_migrations")?;
    let mut rows = statement.query([])?;
    let mut is_recorded = false;
    while let Some(row) = rows.next()? {
        let (recorded, name): (Result<i32, _>, Result<String, _>) = (row.get(0), row.get(1));
        let (applied_on, checksum): (Result<String, _>, Result<String, _>) = (row.get(2), row.get(3));
        let is_sound = recorded.is_ok()
            && name.is_ok()
            && applied_on.is_ok_and(|time| DateTime::parse_from_rfc3339(&time).is_ok())
            && checksum.is_ok_and(|checksum| checksum.parse::<u64>().is_ok());
        ensure!(
            is_sound,
            "the table {HISTORY_TABLE} holds what no monitor has written: drop it, the next run makes it again"
        );
        is_recorded = is_recorded || recorded.is_ok_and(|recorded| recorded == version);
    }
    Ok(is_recorded)
}
