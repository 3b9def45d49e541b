//! An alert as it is stored, with what is known of it beside the specification's columns.

use std::collections::BTreeMap;

use anyhow::Context as _;
use rusqlite::{Connection, Row};
use serde::Serialize;

use crate::finding::{Finding, News, Outcome, Severity};
use crate::source::{cell, clock};

/// What may be said of an alert, and who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AlertStatus {
    /// Nobody has looked at it.
    Open,
    /// Somebody has, and is on it.
    Acknowledged,
    /// The problem is gone.
    Fixed,
    /// The problem stays; nobody wants to hear of it.
    Wontfix,
}

impl AlertStatus {
    /// The word in the column.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Fixed => "fixed",
            Self::Wontfix => "wontfix",
        }
    }

    /// A word of the column; what nobody wrote is open.
    fn of(word: &str) -> Self {
        [Self::Acknowledged, Self::Fixed, Self::Wontfix]
            .into_iter()
            .find(|status| status.as_str() == word.trim().to_lowercase())
            .unwrap_or(Self::Open)
    }
}

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
const ALERTS_WITHOUT_SIGHTINGS: &str = "
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

/// One row of `monitoring_alerts`. Times are UTC text.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Alert {
    /// Its number.
    pub(crate) id: i64,
    /// The finding of this run that it has just become.
    #[serde(skip)]
    pub(super) place: Option<usize>,
    /// A finding of this run has met it already.
    #[serde(skip)]
    pub(super) is_met: bool,
    /// The kind of problem.
    #[serde(rename = "type")]
    pub(crate) alert_type: String,
    /// How bad it is.
    pub(crate) severity: String,
    /// One line.
    pub(crate) title: String,
    /// The whole explanation.
    pub(crate) description: String,
    /// The figures that show it.
    pub(crate) evidence: Option<String>,
    /// What to do.
    pub(crate) recommendation: Option<String>,
    /// What became of it.
    pub(crate) status: AlertStatus,
    /// When it was stored.
    pub(crate) created_at: Option<String>,
    /// When somebody acknowledged it.
    pub(crate) acknowledged_at: Option<String>,
    /// When it was closed as fixed.
    pub(crate) fixed_at: Option<String>,
    /// `llm` or `check:<id>`; null where an earlier version stored it.
    pub(crate) source: Option<String>,
    /// A check's id and subject.
    pub(crate) fingerprint: Option<String>,
    /// The first run that found it.
    pub(crate) first_seen_at: Option<String>,
    /// The newest run that found it.
    pub(crate) last_seen_at: Option<String>,
    /// Runs that found it.
    pub(crate) times_seen: Option<i64>,
    /// Complete runs of its check in a row that did not find it.
    pub(crate) missed_runs: i64,
    /// The fixed alert whose problem was found again as this one.
    pub(crate) follows_alert_id: Option<i64>,
    /// What an LLM said and the report did not carry.
    #[serde(rename = "unconfirmed")]
    pub(crate) is_unconfirmed: bool,
    /// Until then nobody wants to hear of it.
    pub(crate) snoozed_until: Option<String>,
}

impl Alert {
    /// Every alert of the file, oldest first; none where it has no such table.
    ///
    /// # Errors
    /// When the table has other columns, or cannot be read.
    pub(crate) fn all(connection: &Connection) -> anyhow::Result<Vec<Self>> {
        let has = |table| connection.table_exists(Some("main"), table);
        if !has("monitoring_alerts")? {
            return Ok(Vec::new());
        }
        super::check_columns(connection)?;
        let sql = if has("monitoring_sightings")? { ALERTS } else { ALERTS_WITHOUT_SIGHTINGS };
        let mut statement = connection.prepare(sql).context("cannot read the alerts")?;
        let alerts = statement.query_map([], Self::from_row)?.collect::<Result<_, _>>();
        let mut alerts: Vec<Self> = alerts.context("cannot read the alerts")?;
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
    pub(crate) fn unresolved(connection: &Connection) -> anyhow::Result<Vec<Self>> {
        let mut alerts = Self::all(connection)?;
        alerts.retain(|alert| matches!(alert.status, AlertStatus::Open | AlertStatus::Acknowledged));
        alerts.reverse();
        Ok(alerts)
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let optional =
            |column| Ok::<_, rusqlite::Error>(cell::text(row, column)?.map(|text| text.into_owned()));
        let text = |column| Ok::<_, rusqlite::Error>(optional(column)?.unwrap_or_default());
        let (description, source) = (text(4)?, optional(11)?);
        Ok(Self {
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

    /// What a finding that says the same makes of it: whoever has set it aside hears of it again when it has
    /// become worse, or when its snooze is over. A claim that the report does not carry makes nothing worse.
    pub(super) fn meet(&mut self, finding: &Finding, audited_at: &str) -> Outcome {
        let mut outcome = Outcome::repeated(finding, self);
        let severity = outcome.finding.severity;
        let before = Severity::of(&self.severity).filter(|before| *before < severity);
        if before.is_some() && finding.grounded != Some(false) {
            self.severity = severity.as_str().to_owned();
            (outcome.news, outcome.previous_severity) = (News::Worse, before);
        } else if self.snoozed_until.as_deref().is_some_and(|until| until <= audited_at) {
            outcome.news = News::Returned;
        }
        if matches!(outcome.news, News::Worse | News::Returned) {
            (self.status, self.snoozed_until) = (AlertStatus::Open, None);
        }
        if self.is_met && outcome.news != News::Worse {
            outcome.news = News::Repeated;
        }
        self.is_met = true;
        if outcome.alert_id.is_some() {
            outcome.alert_status = Some(self.status);
        }
        outcome.snoozed_until.clone_from(&self.snoozed_until);
        outcome
    }

    /// The number of an alert that a dry run would store.
    pub(crate) const PREVIEWED: i64 = 0;

    /// The alert that a finding of this run, by its place among them, has just become.
    pub(super) fn new(id: i64, place: usize, finding: &Finding) -> Self {
        Self {
            id,
            place: Some(place),
            alert_type: finding.alert_type.as_str().to_owned(),
            severity: finding.severity.as_str().to_owned(),
            title: finding.title.clone(),
            description: finding.description.clone(),
            evidence: finding.evidence.clone(),
            recommendation: finding.recommendation.clone(),
            status: AlertStatus::Open,
            created_at: None,
            acknowledged_at: None,
            fixed_at: None,
            source: Some(finding.source.to_string()),
            fingerprint: finding.fingerprint.clone(),
            first_seen_at: None,
            last_seen_at: None,
            times_seen: Some(1),
            missed_runs: 0,
            follows_alert_id: None,
            is_unconfirmed: finding.grounded == Some(false),
            is_met: true,
            snoozed_until: None,
        }
    }

    /// Whether a check has found it; an alert of an earlier version names no source.
    pub(crate) fn check_id(&self) -> Option<&str> {
        self.source.as_deref()?.strip_prefix("check:")
    }
}

fn snoozes(connection: &Connection) -> rusqlite::Result<BTreeMap<i64, String>> {
    let mut statement = connection.prepare(SNOOZES)?;
    let mut rows = statement.query([])?;
    let mut snoozes = BTreeMap::new();
    while let Some(row) = rows.next()? {
        if let (Some(id), Some(until)) = (cell::integer(row, 0)?, cell::text(row, 1)?) {
            // What is no time ends never.
            snoozes.extend(clock::parse_utc(&until).map(|until| (id, clock::utc_text(until))));
        }
    }
    Ok(snoozes)
}
