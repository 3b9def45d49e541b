//! What became of a finding in this run.

use serde::Serialize;

use super::alert::{Alert, AlertStatus};
use super::finding::{Finding, Source};
use super::severity::Severity;

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
    /// Not stored: the LLM reported more than a run stores.
    Suppressed,
}

/// How a finding differs from what its alert has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum News {
    /// No alert has told it before.
    New,
    /// Its alert was less severe.
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
    /// That alert's status: one that somebody has set aside does not raise the exit code.
    pub(crate) alert_status: Option<AlertStatus>,
    /// What is new about it.
    pub(crate) news: News,
    /// The alert's severity before; null where it has not become worse.
    pub(crate) previous_severity: Option<Severity>,
    /// The fixed alert whose problem was found again; null where there is none.
    pub(crate) follows_alert_id: Option<i64>,
    /// End of the alert's snooze, UTC; null without one.
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

    /// What a finding about the same problem makes of it: an alert that was set aside is open again if it has
    /// become worse, or if its snooze is over. A claim that the report does not support raises nothing.
    pub(crate) fn meeting(alert: &mut Alert, finding: &Finding, audited_at: &str) -> Self {
        let mut outcome = Self::repeated(finding, alert);
        let severity = outcome.finding.severity;
        let before = Severity::of(&alert.severity).filter(|before| *before < severity);
        if before.is_some() && finding.grounded != Some(false) {
            alert.severity = severity.as_str().to_owned();
            (outcome.news, outcome.previous_severity) = (News::Worse, before);
        } else if alert.snoozed_until.as_deref().is_some_and(|until| until <= audited_at) {
            outcome.news = News::Returned;
        }
        if matches!(outcome.news, News::Worse | News::Returned) {
            (alert.status, alert.snoozed_until) = (AlertStatus::Open, None);
        }
        if alert.is_met && outcome.news != News::Worse {
            outcome.news = News::Repeated;
        }
        alert.is_met = true;
        if outcome.alert_id.is_some() {
            outcome.alert_status = Some(alert.status);
        }
        outcome.snoozed_until.clone_from(&alert.snoozed_until);
        outcome
    }

    /// An alert tells it already. A check has measured the severity, so that an LLM's words do not raise it.
    fn repeated(finding: &Finding, alert: &Alert) -> Self {
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

    /// Whether it counts for the exit code: nobody has set it aside, and the report supports it.
    pub(crate) fn pages(&self) -> bool {
        !self.is_set_aside() && self.finding.grounded != Some(false)
    }

    /// Whether somebody has acknowledged or snoozed its alert, or closed it for good.
    pub(crate) fn is_set_aside(&self) -> bool {
        self.snoozed_until.is_some() || self.alert_status.is_some_and(|status| status != AlertStatus::Open)
    }

    /// Whether it is news to somebody who knows the alerts.
    pub(crate) fn is_news(&self) -> bool {
        matches!(self.news, News::New | News::Worse | News::Returned)
    }
}
