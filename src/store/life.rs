//! What people do with alerts: acknowledge, close, reopen, with a note.

use anyhow::{Context as _, bail, ensure};
use rusqlite::{Connection, OptionalExtension as _, Transaction, named_params};
use serde::Serialize;

use crate::model::AlertStatus;

/// Sets status and times: reopening clears both times, acknowledging clears the time of the fix, wontfix sets
/// none.
const SET_STATUS: &str = "
UPDATE monitoring_alerts
SET
    status = :status,
    acknowledged_at = CASE
        WHEN :status = 'acknowledged' THEN CURRENT_TIMESTAMP
        WHEN :status = 'open' THEN NULL
        ELSE acknowledged_at
    END,
    fixed_at = CASE
        WHEN :status = 'fixed' THEN CURRENT_TIMESTAMP
        WHEN :status IN ('open', 'acknowledged') THEN NULL
        ELSE fixed_at
    END
WHERE id = :id";

const ADD_CHANGE: &str = "
INSERT INTO monitoring_changes (alert_id, status, note)
VALUES (:id, :status, :note)";

/// A reopened alert starts counting its silent runs anew.
const FORGET_MISSED_RUNS: &str = "
UPDATE monitoring_sightings
SET missed_runs = 0
WHERE alert_id = :id";

/// Any change of an alert's status ends its snooze.
const END_SNOOZE: &str = "
DELETE FROM monitoring_snoozes
WHERE alert_id = :id";

const SNOOZE: &str = "
INSERT OR REPLACE INTO monitoring_snoozes (alert_id, snoozed_until)
VALUES (:id, :until)";

const IS_CLOSED: &str = "
SELECT lower(trim(status)) IN ('fixed', 'wontfix')
FROM monitoring_alerts
WHERE id = :id";

/// The newest alert about the same problem that followed a fixed one: by the check's fingerprint, or along
/// the chain of follows_alert_id.
const SUCCESSOR: &str = "
WITH RECURSIVE later (id) AS (
    SELECT :id
    UNION
    SELECT seen.alert_id
    FROM monitoring_sightings AS seen
    INNER JOIN later ON seen.follows_alert_id = later.id
)
SELECT max(id)
FROM monitoring_alerts
WHERE lower(trim(status)) <> 'fixed' AND id > :id
    AND (
        id IN (SELECT later.id FROM later)
        OR id IN (
            SELECT other.alert_id
            FROM monitoring_sightings AS seen
            INNER JOIN monitoring_sightings AS other ON other.fingerprint = seen.fingerprint
            WHERE seen.alert_id = :id
        )
    )";

const CHANGES: &str = "
SELECT
    changed_at,
    status,
    note
FROM monitoring_changes
WHERE alert_id = ?1
ORDER BY id";

const UNKNOWN: &str =
    "there is no alert {}: nothing was changed; `autonomous-monitor alerts list --all` shows every one";

/// One change of an alert's status.
#[derive(Debug, Serialize)]
pub(crate) struct Change {
    /// When, UTC.
    pub(crate) changed_at: String,
    /// What it became.
    pub(crate) status: String,
    /// Why.
    pub(crate) note: Option<String>,
}

/// Gives alerts a status, all of them or none.
///
/// # Errors
/// When an id is unknown, or the file cannot be written.
pub(crate) fn set_status(
    connection: &mut Connection,
    ids: &[i64],
    status: AlertStatus,
    note: Option<&str>,
) -> anyhow::Result<()> {
    let transaction = connection.transaction().context("cannot get the write lock")?;
    let mut unknown = Vec::new();
    for id in ids {
        reject_second_of_its_kind(&transaction, *id, status)?;
        if status == AlertStatus::Acknowledged {
            reject_closed(&transaction, *id)?;
        }
        if !change(&transaction, *id, status, note)? {
            unknown.push(id.to_string());
        }
    }
    ensure!(unknown.is_empty(), UNKNOWN.replace("{}", &unknown.join(", ")));
    transaction.commit().context("cannot commit the change")
}

/// Snoozes alerts until a moment, all of them or none.
///
/// # Errors
/// When an id is unknown, an alert is closed, or the file cannot be written.
pub(crate) fn snooze(
    connection: &mut Connection,
    ids: &[i64],
    until: &str,
    note: Option<&str>,
) -> anyhow::Result<()> {
    let transaction = connection.transaction().context("cannot get the write lock")?;
    let note = note.map_or_else(String::new, |note| format!(": {note}"));
    let note = format!("snoozed until {until} UTC{note}");
    for id in ids {
        reject_closed(&transaction, *id)?;
        let is_known = change(&transaction, *id, AlertStatus::Open, Some(&note))?;
        ensure!(is_known, UNKNOWN.replace("{}", &id.to_string()));
        transaction.prepare_cached(SNOOZE)?.execute(named_params! {":id": id, ":until": until})?;
    }
    transaction.commit().context("cannot commit the change")
}

/// Fails for a closed alert: acknowledging or snoozing it would reopen it unasked.
fn reject_closed(transaction: &Transaction<'_>, id: i64) -> anyhow::Result<()> {
    let closed: Option<Option<bool>> = transaction
        .prepare_cached(IS_CLOSED)?
        .query_row(named_params! {":id": id}, |row| row.get(0))
        .optional()?;
    ensure!(
        closed.flatten() != Some(true),
        "alert {id} is closed: nothing was changed; `autonomous-monitor alerts reopen {id}` opens it again"
    );
    Ok(())
}

/// Fails where a newer alert tells the same problem: only one of them may be unfixed.
fn reject_second_of_its_kind(
    transaction: &Transaction<'_>,
    id: i64,
    status: AlertStatus,
) -> anyhow::Result<()> {
    if status == AlertStatus::Fixed {
        return Ok(());
    }
    let successor: Option<i64> =
        transaction.prepare_cached(SUCCESSOR)?.query_row(named_params! {":id": id}, |row| row.get(0))?;
    if let Some(successor) = successor {
        bail!(
            "alert {id} was fixed and its problem found again as alert {successor}: nothing was changed; say it of alert {successor}"
        );
    }
    Ok(())
}

/// Changes one alert; false where there is none of this id.
pub(super) fn change(
    transaction: &Transaction<'_>,
    id: i64,
    status: AlertStatus,
    note: Option<&str>,
) -> rusqlite::Result<bool> {
    let status = status.as_str();
    if transaction.prepare_cached(SET_STATUS)?.execute(named_params! {":id": id, ":status": status})? == 0 {
        return Ok(false);
    }
    transaction
        .prepare_cached(ADD_CHANGE)?
        .execute(named_params! {":id": id, ":status": status, ":note": note})?;
    for forgets in [FORGET_MISSED_RUNS, END_SNOOZE] {
        transaction.prepare_cached(forgets)?.execute(named_params! {":id": id})?;
    }
    Ok(true)
}

/// The life of one alert, oldest change first.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn changes_of(connection: &Connection, id: i64) -> anyhow::Result<Vec<Change>> {
    if !connection.table_exists(Some("main"), "monitoring_changes")? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached(CHANGES)?;
    let changes = statement.query_map([id], |row| {
        Ok(Change { changed_at: row.get(0)?, status: row.get(1)?, note: row.get(2)? })
    })?;
    changes.collect::<Result<_, _>>().context("cannot read the changes of the alert")
}
