//! Text in, findings out. Garbage is an error here, never an empty list: "no findings" is believed
//! only where an empty list really is the answer, and nothing around it says otherwise.
//!
//! The order: the whole text as JSON; what follows the thinking; every bracket that starts JSON, the
//! last list that holds findings wins; the same after a few repairs; the complete objects of a list
//! that was cut off.

mod around;
mod harvest;
mod scan;
#[cfg(test)]
mod tests;

use serde_json::Value;

use self::harvest::Harvest;
use self::scan::Scan;
use crate::model::Finding;

/// Tags that close a model's thinking.
const THINKING_ENDS: [&str; 3] = ["</think>", "</thinking>", "</reasoning>"];
const THINKING_STARTS: [&str; 3] = ["<think>", "<thinking>", "<reasoning>"];
/// How far to look into containers and into strings that hold JSON.
const MAX_NESTING: usize = 6;
/// What an answer holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Extraction {
    /// The findings, in the answer's order.
    pub(super) findings: Vec<Finding>,
    /// Items that were no finding, or lay outside the list that counts.
    pub(super) dropped: usize,
    /// The text ends in the middle of the list.
    pub(super) cut: bool,
}

/// Why a text is no answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct NoAnswer {
    /// Items that were there, none of them a finding.
    pub(super) dropped: usize,
    /// The text ends in the middle of a list or an object.
    pub(super) cut: bool,
    /// An empty list, and words around it that say otherwise.
    pub(super) is_doubtful: bool,
}

/// Reads the findings out of an answer.
pub(super) fn extract(text: &str) -> Result<Extraction, NoAnswer> {
    extract_nested(text, 0)
}

/// Whether an answer, its thinking apart, is JSON and nothing else.
pub(super) fn is_plain_json(text: &str) -> bool {
    let text = stripped(text);
    [text, after_thinking(text)].iter().any(|text| serde_json::from_str::<Value>(text).is_ok())
}

fn extract_nested(text: &str, nesting: usize) -> Result<Extraction, NoAnswer> {
    let text = stripped(text);
    let answer = after_thinking(text);
    for candidate in [text, answer, unfenced(answer)] {
        if let Ok(value) = serde_json::from_str::<Value>(candidate) {
            return whole(&value, nesting);
        }
    }
    Scan::of(answer, nesting).result(answer)
}

/// The text is JSON from its first to its last character.
fn whole(value: &Value, nesting: usize) -> Result<Extraction, NoAnswer> {
    if let Value::String(inner) = value
        && nesting < MAX_NESTING
    {
        return extract_nested(inner, nesting + 1);
    }
    let harvest = Harvest::of(value, nesting);
    let is_empty_answer = harvest.is_empty_list && harvest.dropped == 0;
    if harvest.findings.is_empty() && (harvest.is_doubtful || !is_empty_answer) {
        let is_doubtful = is_empty_answer;
        return Err(NoAnswer { dropped: harvest.dropped, cut: false, is_doubtful });
    }
    Ok(Extraction { findings: distinct(harvest.findings), dropped: harvest.dropped, cut: false })
}

fn stripped(text: &str) -> &str {
    text.trim_start_matches('\u{feff}').trim()
}

/// What follows the last closing tag. Thinking that never closes leaves nothing.
fn after_thinking(text: &str) -> &str {
    let end = THINKING_ENDS.iter().filter_map(|tag| text.rfind(tag).map(|at| at + tag.len())).max();
    match end {
        Some(end) => stripped(text.get(end..).unwrap_or_default()),
        None if THINKING_STARTS.iter().any(|tag| text.starts_with(tag)) => "",
        None => text,
    }
}

/// The inside of a text that is one code fence.
fn unfenced(text: &str) -> &str {
    let inside = text.strip_prefix("```").and_then(|text| text.strip_suffix("```"));
    inside.map_or(text, |inside| {
        inside.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric()).trim()
    })
}

/// Looping models repeat themselves to the letter.
fn distinct(findings: Vec<Finding>) -> Vec<Finding> {
    let mut distinct: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        if !distinct.contains(&finding) {
            distinct.push(finding);
        }
    }
    distinct
}
