//! Text in, findings out. Garbage is an error here, never an empty list: "no findings" is believed
//! only where an empty list really is the answer, and nothing around it says otherwise.
//!
//! The order: the whole text as JSON; what follows the thinking; every bracket that starts JSON, the
//! last list that holds findings wins; the same after a few repairs; the complete objects of a list
//! that was cut off.

mod around;
mod extraction;
mod harvest;
mod scan;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub(super) use self::extraction::{Extraction, NoAnswer};
use self::extraction::{Nesting, distinct};
use self::harvest::Harvest;
use self::scan::Scan;

/// Tags that close a model's thinking.
const THINKING_ENDS: [&str; 3] = ["</think>", "</thinking>", "</reasoning>"];
const THINKING_STARTS: [&str; 3] = ["<think>", "<thinking>", "<reasoning>"];
/// Reads the findings out of an answer.
pub(super) fn extract(text: &str) -> Result<Extraction, NoAnswer> {
    extract_nested(text, Nesting::none(extract_nested))
}

/// Whether an answer, its thinking apart, is JSON and nothing else.
pub(super) fn is_plain_json(text: &str) -> bool {
    let text = stripped(text);
    [text, after_thinking(text)].iter().any(|text| serde_json::from_str::<Value>(text).is_ok())
}

fn extract_nested(text: &str, nesting: Nesting) -> Result<Extraction, NoAnswer> {
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
fn whole(value: &Value, nesting: Nesting) -> Result<Extraction, NoAnswer> {
    if let Value::String(inner) = value
        && !nesting.is_deepest()
    {
        return nesting.read(inner);
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
