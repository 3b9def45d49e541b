//! The LLM's part of the audit: one question to an OpenAI-compatible endpoint, its answer as findings.

use serde::Serialize;

use crate::config::LlmConfig;
use crate::finding::Finding;
use crate::prompt::Prompt;

/// Whether a part of the audit did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// It ran to its end.
    Ok,
    /// It could not; `error` says why.
    Failed,
    /// It was not asked for.
    Skipped,
}

/// What came of the LLM's part.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Analysis {
    /// Whether it did its work.
    pub(crate) status: Status,
    /// One sentence: what went wrong and what to do.
    pub(crate) error: Option<String>,
    /// The model that answered, else the one asked for.
    pub(crate) model: Option<String>,
    /// Requests sent.
    pub(crate) attempts: u32,
    /// Wall-clock time, waits included.
    pub(crate) elapsed_seconds: f64,
    /// Tokens of the prompt as the server counted them.
    pub(crate) prompt_tokens: Option<u64>,
    /// Tokens of the answer as the server counted them.
    pub(crate) completion_tokens: Option<u64>,
    /// Items of the answer that were no valid finding.
    pub(crate) dropped: usize,
    /// What was found; reported with the checks' findings, not here.
    #[serde(skip)]
    pub(crate) findings: Vec<Finding>,
}

impl Analysis {
    /// Of a run that goes without an LLM.
    pub(crate) fn skipped() -> Self {
        Self {
            status: Status::Skipped,
            error: None,
            model: None,
            attempts: 0,
            elapsed_seconds: 0.0,
            prompt_tokens: None,
            completion_tokens: None,
            dropped: 0,
            findings: Vec::new(),
        }
    }
}

pub(crate) fn analyse(
    _: &LlmConfig,
    _: &dyn Fn(usize) -> Prompt,
    _: usize,
    _: std::time::Instant,
) -> Analysis {
    Analysis { status: Status::Failed, error: Some("stub".into()), ..Analysis::skipped() }
}
