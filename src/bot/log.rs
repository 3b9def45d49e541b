//! The window's activity as rows in memory: read once, shared by the checks that look at what
//! follows what.

use std::collections::HashMap;
use std::rc::Rc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::bot::cell;
use crate::collectors::Context;
use crate::untrusted::cut;

/// Newest rows that are kept: two days of a cycle every 36 seconds with four rows each.
pub(crate) const MOST_ROWS: usize = 20_000;
/// Longest description or detail that is kept.
const LONGEST_TEXT_CHARS: usize = 2_000;

/// Details of an `llm_query` are never read: they are most of the file's bytes.
const ACTIVITY: &str = "
SELECT
    created_at,
    clock,
    id,
    activity_type,
    description,
    CASE WHEN activity_type NOT IN ('llm_query', 'strategist') THEN substr(details, 1, 2000) END
FROM activity
WHERE within(created_at)
ORDER BY created_at DESC, id DESC";

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
    /// Ids of rules, as the LLM wrote them.
    pub(crate) rules: Vec<Value>,
}

impl Decision {
    /// Whether it proposes this action, in any spelling.
    pub(crate) fn is(&self, action: &str) -> bool {
        self.action.trim().eq_ignore_ascii_case(action)
    }
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

/// The newest rows of the window, oldest first.
#[derive(Debug)]
pub(crate) struct Log {
    /// All rows.
    pub(crate) entries: Vec<Entry>,
    /// The decisions among them.
    pub(crate) decisions: Vec<Decision>,
    /// The window holds more rows than were kept.
    pub(crate) is_cut: bool,
}

impl Log {
    /// Reads the window's newest rows.
    pub(super) fn read(context: &Context<'_>) -> anyhow::Result<Self> {
        let mut kinds: HashMap<String, Rc<str>> = HashMap::new();
        let mut entries = Vec::new();
        let mut is_cut = false;
        context.bot.each_within(ACTIVITY, context.window, |at, row| {
            if entries.len() == MOST_ROWS {
                is_cut = true;
                return Ok(());
            }
            let kind = cell::text(row, 3)?.unwrap_or_default();
            let kind = match kinds.get(kind.as_ref()) {
                Some(known) => Rc::clone(known),
                None => Rc::clone(kinds.entry(kind.to_string()).or_insert_with(|| Rc::from(kind.as_ref()))),
            };
            entries.push(Entry {
                at,
                id: cell::integer(row, 2)?.unwrap_or_default(),
                kind,
                description: cut(&cell::text(row, 4)?.unwrap_or_default(), LONGEST_TEXT_CHARS),
                details: cell::text(row, 5)?.map(std::borrow::Cow::into_owned),
            });
            Ok(())
        })?;
        entries.reverse();
        let decisions = entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| &*entry.kind == "llm_decision")
            .map(|(place, entry)| decision(place, entry))
            .collect();
        Ok(Self { entries, decisions, is_cut })
    }

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
        coin: Some(text(&answer.coin)).filter(|coin| !coin.is_empty()),
        confidence: answer.confidence.as_f64().or(stated),
        reason: text(&answer.reason),
        rules: match answer.rules_applied {
            Value::Array(rules) => rules,
            _ => Vec::new(),
        },
    }
}
