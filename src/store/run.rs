//! What a run does to the alerts: new ones, repeated ones, and those whose problem is gone.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, ErrorCode, Transaction, named_params};
use serde::Serialize;

use super::alert::all_alerts;
use super::file::{open_for_writing, open_read_only};
use super::life::change;
use super::same::Sameness;
use crate::config::Config;
use crate::model::{Alert, AlertStatus, Finding, News, Outcome, Source};
use crate::similarity::Names;
use crate::source::{BUSY_TIMEOUT, clock};

/// A model that reports more than this in one hour reports noise; the rest is counted.
const MOST_NEW_LLM_ALERTS: usize = 20;
/// Busy timeout of one attempt. A commit that waits for readers holds the PENDING lock, which keeps out new
/// readers, the bot's own among them.
const PATIENCE: Duration = Duration::from_millis(50);
/// Pause between two attempts, in which those readers get in.
const PAUSE: Duration = Duration::from_millis(150);
/// Complete runs of a check in a row without its finding, before the monitor itself closes the alert.
const SILENT_RUNS: i64 = 3;
/// Shortest window whose silence counts: a shorter one may not show what a whole day shows.
const LEAST_HOURS_OF_SILENCE: u32 = 24;

const INSERT: &str = "
INSERT INTO monitoring_alerts (alert_type, severity, title, description, evidence, recommendation)
VALUES (:alert_type, :severity, :title, :description, :evidence, :recommendation)";

const INSERT_OCCURRENCE: &str = "
INSERT OR REPLACE INTO monitoring_sightings (
    alert_id, source, fingerprint, follows_alert_id, first_seen_at, last_seen_at, least_hours
)
VALUES (:alert_id, :source, :fingerprint, :follows_alert_id, :audited_at, :audited_at, :hours)";

/// Counts an occurrence. An alert of an earlier version, or one that the bot stored, has no row yet.
const SEEN_AGAIN: &str = "
INSERT INTO monitoring_sightings (alert_id, source, fingerprint, first_seen_at, last_seen_at, least_hours)
VALUES (:alert_id, :source, :fingerprint, :audited_at, :audited_at, :hours)
ON CONFLICT (alert_id) DO UPDATE SET
    times_seen = times_seen + 1,
    last_seen_at = max(last_seen_at, :audited_at),
    least_hours = min(least_hours, :hours),
    missed_runs = 0";

const RAISE: &str = "
UPDATE monitoring_alerts
SET severity = :severity
WHERE id = :id";

/// Counts a silent run, unless it looked at an earlier moment or at a shorter window than any that has shown
/// the problem.
const MISSED: &str = "
UPDATE monitoring_sightings
SET missed_runs = missed_runs + 1
WHERE alert_id = :id AND last_seen_at <= :audited_at AND least_hours <= :hours";

/// Sets back a last occurrence in the future, which a clock that was ahead has left: no run would count as
/// silent until then.
const CLAMP: &str = "
UPDATE monitoring_sightings
SET
    first_seen_at = min(first_seen_at, CURRENT_TIMESTAMP),
    last_seen_at = CURRENT_TIMESTAMP
WHERE last_seen_at > CURRENT_TIMESTAMP";

/// What became of a run's findings.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Each finding, and what became of it.
    pub(crate) outcomes: Vec<Outcome>,
    /// Alerts that the monitor itself closed.
    pub(crate) resolved: Vec<Resolved>,
    /// Whether a check has found something in an earlier run: the bot's file held rows then.
    pub(crate) has_history: bool,
    /// All alerts of the file by status, after the run; unknown where the store failed.
    pub(crate) totals: Option<Totals>,
}

/// An alert that the monitor itself closed.
#[derive(Debug, Serialize)]
pub(crate) struct Resolved {
    /// Its number.
    pub(crate) id: i64,
    /// Its title.
    pub(crate) title: String,
}

/// Alerts by status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Totals {
    /// Nobody has looked at them.
    pub(crate) open: usize,
    /// Somebody is on them.
    pub(crate) acknowledged: usize,
    /// Closed as fixed.
    pub(crate) fixed: usize,
    /// Closed for good.
    pub(crate) wontfix: usize,
}

impl Totals {
    fn of(alerts: &[Alert]) -> Self {
        let count = |status| alerts.iter().filter(|alert| alert.status == status).count();
        Self {
            open: count(AlertStatus::Open),
            acknowledged: count(AlertStatus::Acknowledged),
            fixed: count(AlertStatus::Fixed),
            wontfix: count(AlertStatus::Wontfix),
        }
    }
}

/// Whose silence proves that a problem is gone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decided {
    /// Checks that ran to their end: the silence of any other proves nothing.
    pub(crate) completed: BTreeSet<&'static str>,
    /// Fingerprints of which they decide nothing: other findings tell all that shows them.
    pub(crate) except: BTreeSet<String>,
}

impl Decided {
    fn closes(&self, alert: &Alert) -> bool {
        let is_open = alert.fingerprint.as_ref().is_some_and(|fingerprint| self.except.contains(fingerprint));
        !is_open && alert.check_id().is_some_and(|check| self.completed.contains(check))
    }
}

/// Stores what is new, counts what is repeated, closes what a check no longer finds. All of it or nothing.
///
/// # Errors
/// One sentence where the file cannot be written now.
pub(crate) fn store(
    config: &Config,
    findings: &[Finding],
    decided: &Decided,
    known: &Known<'_>,
    now: DateTime<Utc>,
) -> anyhow::Result<Kept> {
    let audited = Audited { at: clock::utc_text(now), hours: config.hours };
    let began = Instant::now();
    loop {
        match store_at_once(config, findings, decided, &known.sameness, &audited) {
            Err(error) if is_busy(&error) && began.elapsed() < BUSY_TIMEOUT => std::thread::sleep(PAUSE),
            stored => return stored,
        }
    }
}

/// One attempt, in one transaction.
fn store_at_once(
    config: &Config,
    findings: &[Finding],
    decided: &Decided,
    sameness: &Sameness<'_>,
    audited: &Audited,
) -> anyhow::Result<Kept> {
    let mut connection = open_for_writing(config, PATIENCE)?;
    let transaction = connection.transaction().context("cannot get the write lock")?;
    transaction.execute(CLAMP, []).context("cannot set back an occurrence in the future")?;
    let alerts = all_alerts(&transaction)?;
    let has_history = alerts.iter().any(|alert| alert.check_id().is_some());
    let mut run = Run { audited, alerts, new_llm_alerts: 0, sameness };
    let mut outcomes = Vec::new();
    for (place, finding) in findings.iter().enumerate() {
        outcomes.push(run.place(place, finding, &transaction)?);
    }
    let resolved = match audited.hours {
        LEAST_HOURS_OF_SILENCE.. => run.resolve(decided, &transaction)?,
        _ => Vec::new(),
    };
    let totals = Totals::of(&all_alerts(&transaction)?);
    transaction.commit().context("cannot commit the alerts")?;
    Ok(Kept { outcomes, resolved, has_history, totals: Some(totals) })
}

fn is_busy(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<rusqlite::Error>());
    causes.any(|cause| cause.sqlite_error_code() == Some(ErrorCode::DatabaseBusy))
}

/// The alerts that the file holds before a run stores its own, and which findings say the same.
pub(crate) struct Known<'run> {
    alerts: Vec<Alert>,
    sameness: Sameness<'run>,
}

impl<'run> Known<'run> {
    /// Reads the alerts and compares the findings with them.
    ///
    /// # Errors
    /// When the alerts that the file holds cannot be read.
    pub(crate) fn read(
        config: &Config,
        findings: &'run [Finding],
        names: &'run Names,
    ) -> anyhow::Result<Self> {
        let alerts = match open_read_only(config)? {
            Some(connection) => all_alerts(&connection)?,
            None => Vec::new(),
        };
        let sameness = Sameness::new(&alerts, findings, names);
        Ok(Self { alerts, sameness })
    }
}

/// What would become of each finding, without touching the file.
pub(crate) fn preview(findings: &[Finding], known: Known<'_>, now: DateTime<Utc>) -> Kept {
    let Known { mut alerts, sameness } = known;
    let totals = Totals::of(&alerts);
    let has_history = alerts.iter().any(|alert| alert.check_id().is_some());
    let audited_at = clock::utc_text(now);
    let mut outcomes = Vec::new();
    for (place, finding) in findings.iter().enumerate() {
        let repeated = sameness.repeated(&alerts, place).map(|alert| (alert.id, alert.place));
        let is_it = |alert: &&mut Alert| Some((alert.id, alert.place)) == repeated;
        if let Some(alert) = alerts.iter_mut().find(is_it) {
            outcomes.push(Outcome::meeting(alert, finding, &audited_at));
            continue;
        }
        outcomes.push(Outcome::preview(finding).following(sameness.fixed(&alerts, place)));
        alerts.push(Alert::new(Alert::PREVIEWED, place, finding));
    }
    Kept { outcomes, resolved: Vec::new(), has_history, totals: Some(totals) }
}

/// What became of findings that could not be stored.
pub(crate) fn unstored(findings: &[Finding]) -> Kept {
    let outcomes = findings.iter().map(Outcome::preview).collect();
    Kept { outcomes, resolved: Vec::new(), has_history: false, totals: None }
}

/// What a run has looked at.
struct Audited {
    /// The moment, as the columns have it.
    at: String,
    /// Length of the analysis window.
    hours: u32,
}

/// One run within its transaction.
struct Run<'run> {
    audited: &'run Audited,
    alerts: Vec<Alert>,
    new_llm_alerts: usize,
    sameness: &'run Sameness<'run>,
}

impl Run<'_> {
    /// Inserts the finding unless an alert that is not fixed, of this run as well, says the same.
    fn place(
        &mut self,
        place: usize,
        finding: &Finding,
        transaction: &Transaction<'_>,
    ) -> anyhow::Result<Outcome> {
        let known = self.sameness.repeated(&self.alerts, place).map(|alert| alert.id);
        if let Some(alert) = self.alerts.iter_mut().find(|alert| Some(alert.id) == known) {
            if !alert.is_met {
                see_again(alert, finding, self.audited, transaction).context("cannot count an occurrence")?;
            }
            let before = alert.clone();
            let outcome = Outcome::meeting(alert, finding, &self.audited.at);
            raise(&before, &outcome, transaction).context("cannot raise an alert")?;
            return Ok(outcome);
        }
        if finding.source == Source::Llm {
            if self.new_llm_alerts == MOST_NEW_LLM_ALERTS {
                return Ok(Outcome::suppressed(finding));
            }
            self.new_llm_alerts += 1;
        }
        let fixed = self.sameness.fixed(&self.alerts, place);
        let id = insert(finding, fixed, self.audited, transaction).context("cannot store an alert")?;
        let outcome = Outcome::stored(finding, id).following(fixed);
        self.alerts.push(Alert::new(id, place, finding));
        Ok(outcome)
    }

    /// Closes the alerts of checks that ran completely and stayed silent for three runs in a row.
    fn resolve(&self, decided: &Decided, transaction: &Transaction<'_>) -> anyhow::Result<Vec<Resolved>> {
        let mut resolved = Vec::new();
        let is_alive = |alert: &&Alert| matches!(alert.status, AlertStatus::Open | AlertStatus::Acknowledged);
        let is_missed = |alert: &&Alert| !alert.is_met && decided.closes(alert);
        for alert in self.alerts.iter().filter(is_alive).filter(is_missed) {
            let Audited { at, hours } = self.audited;
            let missed = named_params! {":id": alert.id, ":audited_at": at, ":hours": hours};
            let is_counted = transaction.prepare_cached(MISSED)?.execute(missed)? > 0;
            if is_counted && alert.missed_runs + 1 >= SILENT_RUNS {
                let note = format!(
                    "closed by the monitor: its check found nothing in {SILENT_RUNS} complete runs in a row"
                );
                change(transaction, alert.id, AlertStatus::Fixed, Some(&note))?;
                resolved.push(Resolved { id: alert.id, title: alert.title.clone() });
            }
        }
        Ok(resolved)
    }
}

/// From now on the alert is known under the finding's fingerprint.
const RENAME: &str = "
UPDATE monitoring_sightings
SET
    source = :source,
    fingerprint = :fingerprint
WHERE alert_id = :id";

fn see_again(
    alert: &Alert,
    finding: &Finding,
    audited: &Audited,
    connection: &Connection,
) -> rusqlite::Result<()> {
    connection.prepare_cached(SEEN_AGAIN)?.execute(named_params! {
        ":alert_id": alert.id,
        ":source": finding.source.to_string(),
        ":fingerprint": finding.fingerprint,
        ":audited_at": audited.at,
        ":hours": audited.hours,
    })?;
    if alert.fingerprint.as_ref().is_some_and(|known| finding.check.was.contains(known)) {
        connection.prepare_cached(RENAME)?.execute(named_params! {
            ":id": alert.id,
            ":source": finding.source.to_string(),
            ":fingerprint": finding.fingerprint,
        })?;
    }
    Ok(())
}

/// Raises the severity of an alert whose problem has become worse, and never lowers it. An alert that was set
/// aside is opened again, with a note that says why.
fn raise(before: &Alert, outcome: &Outcome, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let severity = outcome.finding.severity.as_str();
    let reason = match outcome.previous_severity {
        Some(less) => {
            transaction
                .prepare_cached(RAISE)?
                .execute(named_params! {":severity": severity, ":id": before.id})?;
            format!("opened by the monitor: {} has become {severity}", less.as_str())
        }
        None if outcome.news == News::Returned => "opened by the monitor: its snooze is over".to_owned(),
        None => return Ok(()),
    };
    if before.status != AlertStatus::Open || before.snoozed_until.is_some() {
        change(transaction, before.id, AlertStatus::Open, Some(&reason))?;
    }
    Ok(())
}

fn insert(
    finding: &Finding,
    fixed: Option<&Alert>,
    audited: &Audited,
    connection: &Connection,
) -> anyhow::Result<i64> {
    let found_again = fixed.map(|alert| {
        let when = alert.fixed_at.as_ref().map_or_else(|| "earlier".to_owned(), |at| format!("{at} UTC"));
        format!(" Found again after alert {} was fixed ({when}).", alert.id)
    });
    let inserted = connection.prepare_cached(INSERT)?.execute(named_params! {
        ":alert_type": finding.alert_type.as_str(),
        ":severity": finding.severity.as_str(),
        ":title": finding.title,
        ":description": format!("{}{}", finding.description, found_again.unwrap_or_default()),
        ":evidence": finding.evidence,
        ":recommendation": finding.recommendation,
    })?;
    // A trigger with RAISE(IGNORE) drops the row without an error.
    ensure!(inserted == 1, "the row was not inserted: is there a trigger on monitoring_alerts?");
    let id = connection.last_insert_rowid();
    connection.prepare_cached(INSERT_OCCURRENCE)?.execute(named_params! {
        ":alert_id": id,
        ":source": finding.source.to_string(),
        ":fingerprint": finding.fingerprint,
        ":follows_alert_id": fixed.map(|alert| alert.id),
        ":audited_at": audited.at,
        ":hours": audited.hours,
    })?;
    Ok(id)
}
