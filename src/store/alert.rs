//! Reading the alerts that the file holds.

use std::collections::BTreeMap;

use anyhow::Context as _;
use rusqlite::{Connection, Row};

use super::file::check_columns;
use crate::model::{Alert, AlertStatus, Finding};
use crate::source::{cell, clock};

const ALERTS: &str = "
SELECT
    alert.id,
    alert.alert_type,
    alert.severity,
    alert.title,
    alert.description,
    alert.evidence,
    alert.recommendation,
    alert.status,
    alert.created_at,
    alert.acknowledged_at,
    alert.fixed_at,
    seen.source,
    seen.fingerprint,
    seen.first_seen_at,
    seen.last_seen_at,
    seen.times_seen,
    seen.missed_runs,
    seen.follows_alert_id
FROM monitoring_alerts AS alert
LEFT JOIN monitoring_sightings AS seen ON seen.alert_id = alert.id
ORDER BY alert.id";

/// The same for a file whose alerts an earlier version, or the bot itself, wrote.
const ALERTS_WITHOUT_OCCURRENCES: &str = "
SELECT
    id,
    alert_type,
    severity,
    title,
    description,
    evidence,
    recommendation,
    status,
    created_at,
    acknowledged_at,
    fixed_at,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL
FROM monitoring_alerts
ORDER BY id";

const SNOOZES: &str = "
SELECT
    alert_id,
    snoozed_until
FROM monitoring_snoozes";

/// Every alert of the file, oldest first; none where it has no such table.
///
/// # Errors
/// When the table has other columns, or cannot be read.
pub(crate) fn all_alerts(connection: &Connection) -> anyhow::Result<Vec<Alert>> {
    let has = |table| connection.table_exists(Some("main"), table);
    if !has("monitoring_alerts")? {
        return Ok(Vec::new());
    }
    check_columns(connection)?;
    let sql = if has("monitoring_sightings")? { ALERTS } else { ALERTS_WITHOUT_OCCURRENCES };
    let mut statement = connection.prepare(sql).context("cannot read the alerts")?;
    let alerts = statement.query_map([], from_row)?.collect::<Result<_, _>>();
    let mut alerts: Vec<Alert> = alerts.context("cannot read the alerts")?;
    if has("monitoring_snoozes")? {
        let mut snoozes = snoozes(connection).context("cannot read the snoozed alerts")?;
        for alert in &mut alerts {
            alert.snoozed_until = snoozes.remove(&alert.id);
        }
    }
    Ok(alerts)
}

/// The alerts that are open or acknowledged, newest first.
///
/// # Errors
/// When the table has other columns, or cannot be read.
pub(crate) fn unresolved_alerts(connection: &Connection) -> anyhow::Result<Vec<Alert>> {
    let mut alerts = all_alerts(connection)?;
    alerts.retain(|alert| matches!(alert.status, AlertStatus::Open | AlertStatus::Acknowledged));
    alerts.reverse();
    Ok(alerts)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Alert> {
    let optional = |column| Ok::<_, rusqlite::Error>(cell::text(row, column)?.map(|text| text.into_owned()));
    let text = |column| Ok::<_, rusqlite::Error>(optional(column)?.unwrap_or_default());
    let (description, source) = (text(4)?, optional(11)?);
    Ok(Alert {
        id: row.get(0)?,
        is_unconfirmed: source.as_deref() == Some("llm") && description.contains(Finding::UNCONFIRMED),
        place: None,
        alert_type: text(1)?,
        severity: text(2)?,
        title: text(3)?,
        description,
        evidence: optional(5)?,
        recommendation: optional(6)?,
        status: AlertStatus::of(&text(7)?),
        created_at: optional(8)?,
        acknowledged_at: optional(9)?,
        fixed_at: optional(10)?,
        source,
        fingerprint: optional(12)?,
        first_seen_at: optional(13)?,
        last_seen_at: optional(14)?,
        times_seen: cell::integer(row, 15)?,
        missed_runs: cell::integer(row, 16)?.unwrap_or(0),
        follows_alert_id: cell::integer(row, 17)?,
        is_met: false,
        snoozed_until: None,
    })
}

fn snoozes(connection: &Connection) -> rusqlite::Result<BTreeMap<i64, String>> {
    let mut statement = connection.prepare(SNOOZES)?;
    let mut rows = statement.query([])?;
    let mut snoozes = BTreeMap::new();
    while let Some(row) = rows.next()? {
        if let (Some(id), Some(until)) = (cell::integer(row, 0)?, cell::text(row, 1)?) {
            // A snooze whose end cannot be read never ends.
            snoozes.extend(clock::parse_utc(&until).map(|until| (id, clock::utc_text(until))));
        }
    }
    Ok(snoozes)
}
