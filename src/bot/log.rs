//! The newest activity of a period as rows in memory, for those who look at what follows what.

use std::collections::{HashSet, VecDeque};
use std::rc::Rc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::untrusted::cut;

/// Newest rows that are kept: two days of a cycle every 36 seconds with four rows each.
pub(crate) const MOST_ROWS: usize = 20_000;
/// Longest description or detail that is kept.
const LONGEST_TEXT_CHARS: usize = 2_000;

/// One row of the activity log.
#[derive(Debug)]
pub(crate) struct Entry {
    /// When it was written.
    pub(crate) at: DateTime<Utc>,
    /// Its id.
    pub(crate) id: i64,
    /// Its type.
    pub(crate) kind: Rc<str>,
    /// What it says.
    pub(crate) description: String,
    /// What it adds.
    pub(crate) details: Option<String>,
}

/// What the LLM decided.
#[derive(Debug)]
pub(crate) struct Decision {
    /// Its place among the entries.
    pub(crate) place: usize,
    /// As the LLM wrote it.
    pub(crate) action: String,
    /// As the LLM wrote it; `None` where it named none.
    pub(crate) coin: Option<String>,
    /// As the LLM wrote it.
    pub(crate) confidence: Option<f64>,
    /// As the LLM wrote it.
    pub(crate) reason: String,
    /// The reason is a failure's text: the bot has written a decision in the LLM's place.
    pub(crate) is_failure: bool,
    /// Ids of rules, as the LLM wrote them.
    pub(crate) rules: Vec<Value>,
}

impl Decision {
    /// Whether it proposes this action, in any spelling.
    pub(crate) fn is(&self, action: &str) -> bool {
        self.action.trim().eq_ignore_ascii_case(action)
    }
}

/// Words of a failure where a reason should stand.
const FAILURE_WORDS: [&str; 12] = [
    "failed to parse",
    "could not parse",
    "cannot parse",
    "unable to parse",
    "parse error",
    "parsing failed",
    "invalid json",
    "jsondecode",
    "no valid json",
    "traceback",
    "request failed",
    "connection failed",
];

/// Whether a reason is the text of a failure.
pub(crate) fn is_failure_text(text: &str) -> bool {
    let text = text.to_lowercase();
    FAILURE_WORDS.iter().any(|word| text.contains(word))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Answer {
    action: Value,
    coin: Value,
    confidence: Value,
    reason: Value,
    rules_applied: Value,
}

/// The newest rows of a period, oldest first.
#[derive(Debug)]
pub(crate) struct Log {
    /// All rows.
    pub(crate) entries: Vec<Entry>,
    /// The decisions among them.
    pub(crate) decisions: Vec<Decision>,
    /// The period holds more rows than were kept.
    pub(crate) is_cut: bool,
}

/// Keeps the newest of the rows that it is given.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    kinds: HashSet<Rc<str>>,
    newest: VecDeque<Entry>,
    is_cut: bool,
}

impl Recorder {
    /// Takes the next row in the order of time.
    pub(crate) fn row(
        &mut self,
        at: DateTime<Utc>,
        id: i64,
        kind: &str,
        description: &str,
        details: Option<&str>,
    ) {
        if self.newest.len() == MOST_ROWS {
            self.newest.pop_front();
            self.is_cut = true;
        }
        let kind = match self.kinds.get(kind) {
            Some(known) => Rc::clone(known),
            None => {
                let kind: Rc<str> = Rc::from(kind);
                self.kinds.insert(Rc::clone(&kind));
                kind
            }
        };
        self.newest.push_back(Entry {
            at,
            id,
            kind,
            description: cut(description, LONGEST_TEXT_CHARS),
            details: details.map(|details| cut(details, LONGEST_TEXT_CHARS)),
        });
    }

    /// What was kept, with its decisions read.
    pub(crate) fn finish(self) -> Log {
        let entries = Vec::from(self.newest);
        let decisions = entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| &*entry.kind == "llm_decision")
            .map(|(place, entry)| decision(place, entry))
            .collect();
        Log { entries, decisions, is_cut: self.is_cut }
    }
}

impl Log {
    /// The rows from a place on, up to the next cycle, decision, start or stop; `None` where the log
    /// ends before that: what follows may not be written yet.
    pub(crate) fn consequences(&self, decision: &Decision) -> Option<&[Entry]> {
        let rest = self.entries.get(decision.place + 1..)?;
        let end = rest.iter().position(|entry| {
            matches!(&*entry.kind, "market_data" | "llm_decision") || entry.kind.starts_with("bot_")
        })?;
        rest.get(..end)
    }

    /// Rows of one type.
    pub(crate) fn of_kind<'log>(&'log self, kind: &'log str) -> impl Iterator<Item = &'log Entry> {
        self.entries.iter().filter(move |entry| &*entry.kind == kind)
    }
}

/// From its JSON; where there is none, from `BUY (confidence: 0.95)`.
fn decision(place: usize, entry: &Entry) -> Decision {
    let answer: Answer =
        entry.details.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(|text| cut(text.trim(), 120)).unwrap_or_default();
    let described = entry.description.split_once(" (");
    let action = text(&answer.action);
    let stated = described.and_then(|(_, rest)| {
        rest.trim_start_matches("confidence:").trim_end_matches(')').trim().parse().ok()
    });
    Decision {
        place,
        action: if action.is_empty() {
            cut(described.map_or("", |(action, _)| action).trim(), 40)
        } else {
            action
        },
        is_failure: is_failure_text(answer.reason.as_str().unwrap_or_default()),
        coin: Some(text(&answer.coin)).filter(|coin| !coin.is_empty()),
        confidence: answer.confidence.as_f64().or(stated),
        reason: text(&answer.reason),
        rules: match answer.rules_applied {
            Value::Array(rules) => rules,
            _ => Vec::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::is_failure_text;

    #[test]
    fn a_reason_to_wait_is_no_failure() {
        assert!(is_failure_text("Failed to parse LLM response"));
        assert!(!is_failure_text("The coin failed to break its resistance"));
    }
}
