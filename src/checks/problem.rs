//! What a check has found.

use crate::model::{AlertType, Severity};

/// One of the bot's rows: its table, and its primary key as text.
pub(crate) type Key = (String, String);

/// One fault, however many rows show it.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    /// The kind of problem.
    pub(crate) alert_type: AlertType,
    /// By its consequence, not by its surprise.
    pub(crate) severity: Severity,
    /// What it is about, stable from run to run: a table, a column, a coin, a rule. With the check's
    /// id it is the finding's fingerprint; empty where the check has one subject only.
    pub(crate) subject: String,
    /// One line that names the problem and its subject, without figures that change.
    pub(crate) title: String,
    /// What is wrong and why it matters, with figures.
    pub(crate) description: String,
    /// The figures, examples and how to see all rows.
    pub(crate) evidence: String,
    /// What to do.
    pub(crate) recommendation: String,
}

/// What one check found: facts as they are, and claims with the p-value of their test.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(super) facts: Vec<Problem>,
    pub(super) claims: Vec<(f64, Problem)>,
}

impl Found {
    /// Nothing to report.
    pub(crate) fn nothing() -> Self {
        Self::default()
    }

    /// Whether there is nothing to report.
    pub(super) fn is_nothing(&self) -> bool {
        self.facts.is_empty() && self.claims.is_empty()
    }

    /// Adds a test's claim. Every test that was made belongs here, also one with a large p-value:
    /// the number of tests decides which claims stand.
    pub(crate) fn claim(&mut self, p_value: f64, problem: Problem) {
        self.claims.push((p_value, problem));
    }
}

impl From<Option<Problem>> for Found {
    fn from(problem: Option<Problem>) -> Self {
        Self { facts: problem.into_iter().collect(), ..Self::default() }
    }
}

impl From<Vec<Problem>> for Found {
    fn from(facts: Vec<Problem>) -> Self {
        Self { facts, ..Self::default() }
    }
}
