//! Alerts: TASK-021's table in the bot's file, and what is stored in it.
//!
//! All writing is one short transaction after all thinking is done, into our own table only.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use rusqlite::{Connection, OpenFlags, TransactionBehavior, named_params};

use crate::bot::BUSY_TIMEOUT;
use crate::finding::{Disposition, Finding, Outcome};

#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, reason = "generated code")]
mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Refinery's own name for it would look like the bot's.
const HISTORY_TABLE: &str = "monitoring_migrations";

/// The specification's table and indexes, made where they are missing.
const SPECIFICATION: &str = include_str!("../migrations/V1__monitoring_alerts.sql");

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

/// Alerts that nobody has closed: a finding that says the same is a duplicate.
const UNRESOLVED: &str = "
SELECT
    id,
    alert_type,
    title
FROM monitoring_alerts
WHERE coalesce(status, 'open') IN ('open', 'acknowledged')
ORDER BY id DESC";

const INSERT: &str = "
INSERT INTO monitoring_alerts (alert_type, severity, title, description, evidence, recommendation)
VALUES (:alert_type, :severity, :title, :description, :evidence, :recommendation)";

/// Stores what is new and says of each finding what became of it. All of it or nothing.
///
/// # Errors
/// One sentence where the file cannot be written now.
pub(crate) fn store(path: &Path, findings: &[Finding]) -> anyhow::Result<Vec<Outcome>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection =
        Connection::open_with_flags(path, flags).context("cannot open the file for writing")?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // A deferred transaction that turns into a writer fails at once when another one is faster.
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    if connection.table_exists(Some("main"), "monitoring_alerts")? {
        check_columns(&connection)?;
    }
    embedded::migrations::runner()
        .set_migration_table_name(HISTORY_TABLE)
        .run(&mut connection)
        .context("cannot prepare the table monitoring_alerts")?;
    let transaction = connection.transaction().context("cannot get the write lock")?;
    // Whoever dropped the table dropped the alerts, not the wish for new ones.
    transaction.execute_batch(SPECIFICATION).context("cannot make the table monitoring_alerts")?;
    let mut known = Known::read(&transaction)?;
    let outcomes =
        findings.iter().map(|finding| known.place(finding, &transaction)).collect::<Result<_, _>>()?;
    transaction.commit().context("cannot commit the alerts")?;
    Ok(outcomes)
}

/// What would become of each finding, without touching the file.
///
/// # Errors
/// When the alerts that the file holds cannot be read.
pub(crate) fn preview(path: &Path, findings: &[Finding]) -> anyhow::Result<Vec<Outcome>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).context("cannot open the file")?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let known = match connection.table_exists(Some("main"), "monitoring_alerts")? {
        true => check_columns(&connection).and_then(|()| Known::read(&connection))?,
        false => Known::default(),
    };
    Ok(findings.iter().map(|finding| known.preview(finding.clone())).collect())
}

/// Findings that no store has seen.
pub(crate) fn unstored(findings: Vec<Finding>) -> Vec<Outcome> {
    findings
        .into_iter()
        .map(|finding| Outcome { finding, disposition: Disposition::Preview, alert_id: None })
        .collect()
}

/// Unresolved alerts by what makes two of them the same: type and normalised title.
#[derive(Debug, Default)]
struct Known(HashMap<(String, String), i64>);

impl Known {
    fn read(connection: &Connection) -> anyhow::Result<Self> {
        let mut statement = connection.prepare(UNRESOLVED).context("cannot read the alerts")?;
        let rows = statement.query_map([], |row| {
            let text = |column| -> rusqlite::Result<String> {
                Ok(crate::bot::cell::text(row, column)?.unwrap_or_default().into_owned())
            };
            Ok(((text(1)?, normalised(&text(2)?)), row.get(0)?))
        })?;
        Ok(Self(rows.collect::<Result<_, _>>().context("cannot read the alerts")?))
    }

    fn id_of(&self, finding: &Finding) -> Option<i64> {
        self.0.get(&Self::key(finding)).copied()
    }

    fn key(finding: &Finding) -> (String, String) {
        (finding.alert_type.as_str().to_owned(), normalised(&finding.title))
    }

    /// Inserts the finding unless an unresolved alert, of this run as well, says the same.
    fn place(&mut self, finding: &Finding, connection: &Connection) -> anyhow::Result<Outcome> {
        let (disposition, id) = match self.id_of(finding) {
            Some(id) => (Disposition::Duplicate, id),
            None => {
                let id = insert(finding, connection).context("cannot store an alert")?;
                self.0.insert(Self::key(finding), id);
                (Disposition::New, id)
            }
        };
        Ok(Outcome { finding: finding.clone(), disposition, alert_id: Some(id) })
    }

    fn preview(&self, finding: Finding) -> Outcome {
        let alert_id = self.id_of(&finding);
        let disposition = if alert_id.is_some() { Disposition::Duplicate } else { Disposition::Preview };
        Outcome { finding, disposition, alert_id }
    }
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

fn insert(finding: &Finding, connection: &Connection) -> anyhow::Result<i64> {
    let inserted = connection.prepare_cached(INSERT)?.execute(named_params! {
        ":alert_type": finding.alert_type.as_str(),
        ":severity": finding.severity.as_str(),
        ":title": finding.title,
        ":description": finding.description,
        ":evidence": finding.evidence,
        ":recommendation": finding.recommendation,
    })?;
    // A trigger of somebody else's can swallow a row without an error.
    ensure!(inserted == 1, "the row was not inserted: is there a trigger on monitoring_alerts?");
    Ok(connection.last_insert_rowid())
}

/// A title's letters and digits in lower case: case, spaces and punctuation make no new alert.
fn normalised(title: &str) -> String {
    let words = title.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_spaces_and_punctuation_make_no_new_alert() {
        assert_eq!(normalised("Rule #3 has NEVER  succeeded!"), normalised("rule 3 has never succeeded"));
        assert_ne!(normalised("Rule #3 has never succeeded"), normalised("Rule #5 has never succeeded"));
    }
}
