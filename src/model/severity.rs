//! The two words that sort problems: their kind and how bad they are.

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
