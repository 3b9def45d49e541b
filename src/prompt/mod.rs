//! The report as text for an LLM, within a budget of characters.
//!
//! The budget holds for the whole prompt, whatever the file holds: the brief and the output contract
//! are always whole, and of the report the least telling detail is dropped first.

mod figures;
mod layout;
mod said;
mod sections;
mod tables;
mod wording;

use std::io::{self, Write};

use serde::Serialize;

pub(crate) use self::wording::Wording;
use crate::metrics::{Context, Report};
use crate::model::{Alert, Finding};
use crate::sanitize;

/// What an auditor does, and how.
pub(crate) const BRIEF: &str = include_str!("system.md");
/// The form of an answer.
pub(crate) const CONTRACT: &str = include_str!("contract.md");

/// One request's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Prompt {
    /// The auditor's brief.
    pub(crate) system: String,
    /// The report.
    pub(crate) user: String,
}

impl Prompt {
    /// Writes both messages as one JSON document.
    ///
    /// # Errors
    /// When the writer fails.
    pub(crate) fn write_json(&self, writer: &mut impl Write) -> io::Result<()> {
        sanitize::write_json(writer, self)
    }

    /// Length of the whole prompt in characters.
    pub(crate) fn chars(&self) -> usize {
        self.system.chars().count() + self.user.chars().count()
    }
}

/// What a prompt is made of, ready to be rendered within any budget and without the bot's file.
#[derive(Debug, Default)]
pub(crate) struct Material {
    preamble: String,
    sections: Vec<layout::Section>,
}

impl Material {
    /// From the report, from what the checks have already found, and from what is still open; the
    /// file's own words as they are to be worded.
    pub(crate) fn new(
        context: &Context<'_>,
        report: &Report,
        reported: &[Finding],
        unresolved: &[Alert],
        wording: &mut Wording<'_>,
    ) -> Self {
        Self {
            preamble: sections::preamble(context),
            sections: sections::all(report, reported, unresolved, wording),
        }
    }

    /// The prompt within a budget of characters for all of it. The contract is repeated at its end:
    /// a server that cuts an over-long prompt keeps the tail.
    pub(crate) fn render(&self, budget_chars: usize) -> Prompt {
        let system = format!("{BRIEF}\n{CONTRACT}");
        let ending = format!("\n### YOUR ANSWER\n{CONTRACT}");
        let fixed = [&system, &self.preamble, &ending].map(|text| text.chars().count()).iter().sum();
        let report = layout::fit(&self.sections, budget_chars.saturating_sub(fixed));
        Prompt { system, user: format!("{}{report}{ending}", self.preamble) }
    }
}
