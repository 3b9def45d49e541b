//! What an answer comes to, and how deep it may be nested.

use crate::model::Finding;

/// How far to look into containers and into strings that hold JSON.
const MAX_NESTING: usize = 6;

/// What an answer holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::llm) struct Extraction {
    /// The findings, in the answer's order.
    pub(in crate::llm) findings: Vec<Finding>,
    /// Items that were no finding, or lay outside the list that counts.
    pub(in crate::llm) dropped: usize,
    /// The text ends in the middle of the list.
    pub(in crate::llm) cut: bool,
}

/// Why a text is no answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::llm) struct NoAnswer {
    /// Items that were there, none of them a finding.
    pub(in crate::llm) dropped: usize,
    /// The text ends in the middle of a list or an object.
    pub(in crate::llm) cut: bool,
    /// An empty list, and words around it that say otherwise.
    pub(in crate::llm) is_doubtful: bool,
}

/// How deep a text lies within others, and what reads one that lies within it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nesting {
    depth: usize,
    read: fn(&str, Nesting) -> Result<Extraction, NoAnswer>,
}

impl Nesting {
    /// Of the whole answer.
    pub(super) fn none(read: fn(&str, Self) -> Result<Extraction, NoAnswer>) -> Self {
        Self { depth: 0, read }
    }

    /// One level further in.
    pub(super) fn deeper(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    /// Whether nothing further in is looked at.
    pub(super) fn is_deepest(self) -> bool {
        self.depth >= MAX_NESTING
    }

    /// The findings in a text one level further in.
    pub(super) fn read(self, text: &str) -> Result<Extraction, NoAnswer> {
        (self.read)(text, self.deeper())
    }
}

/// Looping models repeat themselves to the letter.
pub(super) fn distinct(findings: Vec<Finding>) -> Vec<Finding> {
    let mut distinct: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        if !distinct.contains(&finding) {
            distinct.push(finding);
        }
    }
    distinct
}
