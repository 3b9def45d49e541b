//! The LLM's part of the audit: one question to an OpenAI-compatible endpoint, its answer as findings.
//!
//! `conversation` asks and decides what follows from each reply, with the help of modules that each
//! know one thing: `request` what is sent, `address` where to, `transport` how, `lost`, `body`, `stream`, `envelope`, `message` and `server_error`
//! what came back, `answer`, `mend`, `finding_item` and `echo` how a text becomes findings, `retry` whether
//! to wait, `context` what fits, `remedy` what a person can do.

mod address;
mod answer;
mod body;
mod context;
mod conversation;
mod echo;
mod envelope;
mod finding_item;
mod key_removal;
mod lost;
mod mend;
mod message;
mod probe;
mod progress;
mod reading;
mod remedy;
mod request;
mod retry;
mod server_error;
mod stream;
#[cfg(test)]
mod tests;
mod transport;

use std::hash::{BuildHasher as _, RandomState};
use std::time::Instant;

use serde::Serialize;

use self::conversation::{Conversation, Tally};
use crate::config::LlmConfig;
use crate::model::{Finding, Status};
use crate::prompt::Prompt;

pub(crate) use self::finding_item::rewritten;
pub(crate) use self::probe::probe;

/// Most findings of one answer, each of which is compared with every alert.
const MOST_FINDINGS: usize = 50;

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
    /// Items of the answer that were no valid finding, and findings beyond the 50 worst.
    pub(crate) dropped: usize,
    /// The answer was cut off; its complete findings count.
    pub(crate) cut: bool,
    /// What was found; reported with the checks' findings, not here.
    #[serde(skip)]
    pub(crate) findings: Vec<Finding>,
}

impl Analysis {
    /// No LLM was asked for.
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
            cut: false,
            findings: Vec::new(),
        }
    }
}

impl Analysis {
    /// Keeps the worst findings, at most `MOST_FINDINGS`.
    fn keep_worst(&mut self) {
        let Some(surplus) = self.findings.len().checked_sub(MOST_FINDINGS).filter(|surplus| *surplus > 0)
        else {
            return;
        };
        tracing::warn!(
            "the LLM's answer holds {surplus} findings more than {MOST_FINDINGS}: the worst count"
        );
        self.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        self.findings.truncate(MOST_FINDINGS);
        self.dropped += surplus;
    }
}

/// Asks the LLM about the report. Never fails: what goes wrong is the analysis' `error`.
///
/// `render` gives the report's prompt for a budget of characters; a budget too small for the brief
/// gives the brief. Nothing is asked, and nobody sleeps, beyond the deadline.
pub(crate) fn analyse(
    config: &LlmConfig,
    render: &dyn Fn(usize) -> Prompt,
    max_prompt_chars: usize,
    deadline: Instant,
) -> Analysis {
    let started = Instant::now();
    let (result, tally) = match Conversation::new(config, render, max_prompt_chars, deadline, jitter) {
        Ok(mut conversation) => (conversation.run(), conversation.tally),
        Err(sentence) => (Err(sentence), Tally::default()),
    };
    let mut analysis = Analysis {
        status: Status::Ok,
        model: Some(tally.model.unwrap_or_else(|| config.model.clone())),
        attempts: tally.attempts,
        elapsed_seconds: started.elapsed().as_secs_f64(),
        prompt_tokens: tally.prompt_tokens,
        completion_tokens: tally.completion_tokens,
        dropped: tally.dropped,
        ..Analysis::skipped()
    };
    match result {
        Ok(extraction) => {
            if extraction.dropped > 0 {
                tracing::warn!("dropped from the LLM's answer, as no findings: {}", extraction.dropped);
            }
            if extraction.cut {
                tracing::warn!("the LLM's answer was cut off: its complete findings count");
            }
            analysis.dropped = extraction.dropped;
            analysis.cut = extraction.cut;
            analysis.findings = extraction.findings;
            analysis.keep_worst();
        }
        Err(sentence) => {
            analysis.status = Status::Failed;
            analysis.error = Some(sentence);
        }
    }
    analysis
}

/// A number from 0 to 1 that differs from run to run; the standard library's only random source.
fn jitter() -> f64 {
    let bits = u32::try_from(RandomState::new().hash_one(0_u8) >> 32).unwrap_or_default();
    f64::from(bits) / f64::from(u32::MAX)
}
