//! An alert: a problem that a run has stored, with what is known of it beside the specification's columns.

use serde::Serialize;

use super::finding::Finding;

/// The status of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AlertStatus {
    /// Nobody has looked at it.
    Open,
    /// Somebody works on it.
    Acknowledged,
    /// The problem is gone.
    Fixed,
    /// The problem stays, and is not reported again.
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

    /// Reads the column; an unknown word is open.
    pub(crate) fn of(word: &str) -> Self {
        [Self::Acknowledged, Self::Fixed, Self::Wontfix]
            .into_iter()
            .find(|status| status.as_str() == word.trim().to_lowercase())
            .unwrap_or(Self::Open)
    }
}

/// One row of `monitoring_alerts`. Times are UTC text.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Alert {
    /// Its number.
    pub(crate) id: i64,
    /// Place of the finding of this run that is stored as this alert.
    #[serde(skip)]
    pub(crate) place: Option<usize>,
    /// A finding of this run is about the same problem.
    #[serde(skip)]
    pub(crate) is_met: bool,
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
    /// A finding of the LLM that the report did not support.
    #[serde(rename = "unconfirmed")]
    pub(crate) is_unconfirmed: bool,
    /// End of its snooze.
    pub(crate) snoozed_until: Option<String>,
}

impl Alert {
    /// The number of an alert that a dry run would store.
    pub(crate) const PREVIEWED: i64 = 0;

    /// The alert as which a finding of this run, by its place among them, is stored.
    pub(crate) fn new(id: i64, place: usize, finding: &Finding) -> Self {
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
