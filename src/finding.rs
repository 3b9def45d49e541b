//! What an audit found: one problem, in the shape of the `monitoring_alerts` table.

use serde::{Deserialize, Serialize};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

impl Serialize for Source {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Llm => serializer.serialize_str("llm"),
            Self::Check(id) => serializer.collect_str(&format_args!("check:{id}")),
        }
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
}
