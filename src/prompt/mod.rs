//! The report as text for an LLM, within a budget of characters.

/// One request's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// The auditor's brief.
    pub(crate) system: String,
    /// The report.
    pub(crate) user: String,
}

impl Prompt {
    /// Length of the whole prompt in characters.
    pub(crate) fn chars(&self) -> usize {
        self.system.chars().count() + self.user.chars().count()
    }
}
