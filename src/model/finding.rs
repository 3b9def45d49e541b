//! What an audit found: one problem, in the shape of the `monitoring_alerts` table.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::store::{Alert, AlertStatus};

/// The kind of problem, in the words of the `alert_type` column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AlertType {
    /// The bot does something wrong, or its data contradicts itself.
    Bug,
    /// Something works, at too high a cost.
    Inefficiency,
    /// An anomaly in the data.
    Pattern,
    /// Slow, failing or overloaded.
    Performance,
    /// Something that should exist and does not.
    MissingFeature,
}

impl AlertType {
    /// The word that is stored and shown.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Bug => "bug",
            Self::Inefficiency => "inefficiency",
            Self::Pattern => "pattern",
            Self::Performance => "performance",
            Self::MissingFeature => "missing_feature",
        }
    }
}

/// How bad it is, least first: critical means that money or data are wrong now or the bot is dead,
/// high that a feature does the opposite of its purpose, medium something real to fix.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Worth knowing.
    Info,
    /// Worth knowing, and small.
    Low,
    /// Something real to fix.
    Medium,
    /// A feature does the opposite of its purpose.
    High,
    /// Money or data are wrong now, or the bot is dead.
    Critical,
}

impl Severity {
    /// Every severity, worst first: the order of a summary.
    pub(crate) const WORST_FIRST: [Self; 5] =
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    /// The severity that a stored word names.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::WORST_FIRST.into_iter().find(|severity| severity.as_str() == word)
    }

    /// The word that is stored and shown.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// The language model.
    Llm,
    /// A built-in check, by its id.
    Check(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Llm => formatter.write_str("llm"),
            Self::Check(id) => write!(formatter, "check:{id}"),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// The kind of problem.
    #[serde(rename = "type")]
    pub(crate) alert_type: AlertType,
    /// How bad it is.
    pub(crate) severity: Severity,
    /// One line that names the problem and its subject; without figures that change from run to run.
    pub(crate) title: String,
    /// The whole explanation.
    pub(crate) description: String,
    /// The figures that show it.
    pub(crate) evidence: Option<String>,
    /// What to do.
    pub(crate) recommendation: Option<String>,
    /// Who says so.
    pub(crate) source: Source,
    /// A check's id and subject: equal for the same problem in every run; null for the LLM's.
    pub(crate) fingerprint: Option<String>,
    /// Whether the report carries the evidence; null where nobody judged it.
    pub(crate) grounded: Option<bool>,
    /// The open alert that says the same, as the LLM believes; it is checked, not believed.
    #[serde(skip)]
    pub(crate) duplicate_of: Option<i64>,
}

impl Finding {
    /// In the description of what the report does not carry; its reason follows.
    pub(crate) const UNCONFIRMED: &str = "(Not confirmed by the report: ";

    /// Marks what the report does not carry: of medium severity at most, with the reason.
    pub(crate) fn doubt(&mut self, reason: &str) {
        self.grounded = Some(false);
        self.severity = self.severity.min(Severity::Medium);
        self.description = format!("{} {}{reason}.)", self.description, Self::UNCONFIRMED);
    }
}

/// What became of a finding in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Disposition {
    /// Stored as an alert of its own.
    New,
    /// An alert that is still open says the same.
    Duplicate,
    /// Shown only: a dry run, or the store could not be written.
    Preview,
    /// Not stored: this run's LLM had reported more than anyone reads.
    Suppressed,
}

/// What is new about a finding for whoever knows the alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum News {
    /// No alert has told it before.
    New,
    /// Its alert has told it as less severe.
    Worse,
    /// Its alert was fixed, or the snooze of its alert is over.
    Returned,
    /// Its alert tells it already.
    Known,
    /// Another finding of this run tells it already.
    Repeated,
}

/// A finding and what became of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Outcome {
    /// What was found.
    #[serde(flatten)]
    pub(crate) finding: Finding,
    /// What became of it.
    pub(crate) disposition: Disposition,
    /// The row in `monitoring_alerts` that stands for it; null in a preview.
    pub(crate) alert_id: Option<i64>,
    /// What people have said of that alert: one that somebody has set aside raises no exit code.
    pub(crate) alert_status: Option<AlertStatus>,
    /// What is new about it.
    pub(crate) news: News,
    /// How bad its alert was before; null where it has not become worse.
    pub(crate) previous_severity: Option<Severity>,
    /// The fixed alert whose problem was found again; null where there is none.
    pub(crate) follows_alert_id: Option<i64>,
    /// Until then nobody wants to hear of it, UTC; null where it is not snoozed.
    pub(crate) snoozed_until: Option<String>,
}

impl Outcome {
    /// Stored as an alert of its own.
    pub(crate) fn stored(finding: &Finding, id: i64) -> Self {
        Self::of(finding, Disposition::New, Some((id, AlertStatus::Open)))
    }

    /// The problem of a fixed alert was found again.
    pub(crate) fn following(mut self, fixed: Option<&Alert>) -> Self {
        if let Some(fixed) = fixed {
            (self.news, self.follows_alert_id) = (News::Returned, Some(fixed.id));
        }
        self
    }

    /// An alert says it already. How bad it is, a check has measured: an LLM's words make it no worse.
    pub(crate) fn repeated(finding: &Finding, alert: &Alert) -> Self {
        let stored = (alert.id != Alert::PREVIEWED).then_some((alert.id, alert.status));
        let mut outcome = Self::of(finding, Disposition::Duplicate, stored);
        outcome.news = News::Known;
        let measured = alert.check_id().and_then(|_| Severity::of(&alert.severity));
        if let (Source::Llm, Some(measured)) = (&finding.source, measured) {
            outcome.finding.severity = measured.min(finding.severity);
        }
        outcome
    }

    /// Not stored, since nothing is.
    pub(crate) fn preview(finding: &Finding) -> Self {
        Self::of(finding, Disposition::Preview, None)
    }

    /// Not stored, since there are too many.
    pub(crate) fn suppressed(finding: &Finding) -> Self {
        Self::of(finding, Disposition::Suppressed, None)
    }

    fn of(finding: &Finding, disposition: Disposition, alert: Option<(i64, AlertStatus)>) -> Self {
        Self {
            finding: finding.clone(),
            disposition,
            alert_id: alert.map(|(id, _)| id),
            alert_status: alert.map(|(_, status)| status),
            news: News::New,
            previous_severity: None,
            follows_alert_id: None,
            snoozed_until: None,
        }
    }

    /// Whether it counts for the exit code: nobody has set it aside, and it is no mere claim.
    pub(crate) fn pages(&self) -> bool {
        !self.is_set_aside() && self.finding.grounded != Some(false)
    }

    /// Whether somebody has acknowledged or snoozed its alert, or closed it for good.
    pub(crate) fn is_set_aside(&self) -> bool {
        self.snoozed_until.is_some() || self.alert_status.is_some_and(|status| status != AlertStatus::Open)
    }

    /// Whether whoever knows the alerts has a reason to look.
    pub(crate) fn is_news(&self) -> bool {
        matches!(self.news, News::New | News::Worse | News::Returned)
    }
}
