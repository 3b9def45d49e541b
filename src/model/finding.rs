//! What an audit found: one problem, in the shape of the `monitoring_alerts` table.

use std::fmt;

use serde::Serialize;

use super::severity::{AlertType, Severity};

/// Who found it.
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
    /// Who found it.
    pub(crate) source: Source,
    /// A check's id and subject: equal for the same problem in every run; null for the LLM's.
    pub(crate) fingerprint: Option<String>,
    /// Whether the report supports the evidence; null where that was not judged.
    pub(crate) grounded: Option<bool>,
    /// The open alert that the LLM names as the same problem; the store verifies it.
    #[serde(skip)]
    pub(crate) duplicate_of: Option<i64>,
    /// What its check says of itself.
    #[serde(skip)]
    pub(crate) check: About,
}

/// What a check says of itself; nothing for the LLM's findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct About {
    /// Its theme.
    pub(crate) theme: &'static str,
    /// What it finds and why that matters.
    pub(crate) why: &'static str,
    /// Fingerprints under which the finding was stored before.
    pub(crate) was: Vec<String>,
}

impl Finding {
    /// Begins the last part of the description of a finding that the report does not support; the reason
    /// follows.
    pub(crate) const UNCONFIRMED: &str = "(Not confirmed by the report: ";

    /// Marks a finding that the report does not support: medium at most, with the reason.
    pub(crate) fn doubt(&mut self, reason: &str) {
        self.grounded = Some(false);
        self.severity = self.severity.min(Severity::Medium);
        self.description = format!("{} {}{reason}.)", self.description, Self::UNCONFIRMED);
    }
}
