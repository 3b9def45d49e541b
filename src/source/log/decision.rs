//! What the bot's LLM decided, out of the row that the bot wrote about it.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::words::Words;
use crate::sanitize::cut;

/// What the LLM decided.
#[derive(Debug)]
pub(crate) struct Decision {
    /// As the LLM wrote it.
    pub(crate) action: String,
    /// As the LLM wrote it; `None` where it named none.
    pub(crate) coin: Option<String>,
    /// Money that it wants to put in; `None` where it named none.
    pub(crate) size: Option<f64>,
    /// As the LLM wrote it.
    pub(crate) confidence: Option<f64>,
    /// As the LLM wrote it.
    pub(crate) reason: String,
    /// The reason is a failure's text: the bot has written a decision in the LLM's place.
    pub(crate) is_failure: bool,
    /// Ids of rules, as the LLM wrote them.
    pub(crate) rules: Vec<Value>,
}

const LONGEST_ACTION_CHARS: usize = 40;
const LONGEST_TEXT_CHARS: usize = 120;

/// The fields of its JSON, whatever stands in them.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Answer<'json> {
    #[serde(borrow)]
    action: Option<&'json RawValue>,
    #[serde(borrow)]
    coin: Option<&'json RawValue>,
    #[serde(borrow, alias = "size")]
    size_usd: Option<&'json RawValue>,
    #[serde(borrow)]
    confidence: Option<&'json RawValue>,
    #[serde(borrow)]
    reason: Option<&'json RawValue>,
    #[serde(borrow)]
    rules_applied: Option<&'json RawValue>,
}

impl Decision {
    /// From the row's details, which are JSON; where they are not, from `BUY (confidence: 0.95)`.
    pub(super) fn read(description: &str, details: &str) -> Self {
        let answer: Answer<'_> = serde_json::from_str(details).unwrap_or_default();
        let reason = text(answer.reason).unwrap_or_default();
        Self {
            action: match text(answer.action).map(|action| cut(action.trim(), LONGEST_TEXT_CHARS)) {
                Some(action) if !action.is_empty() => action,
                _ => cut(described(description).0, LONGEST_ACTION_CHARS),
            },
            coin: text(answer.coin)
                .map(|coin| cut(coin.trim(), LONGEST_TEXT_CHARS))
                .filter(|coin| !coin.is_empty()),
            size: read(answer.size_usd),
            confidence: read(answer.confidence).or_else(|| described(description).1),
            is_failure: is_failure_text(&reason),
            reason: cut(reason.trim(), LONGEST_TEXT_CHARS),
            rules: read(answer.rules_applied).unwrap_or_default(),
        }
    }
}

/// Action and confidence of `BUY (confidence: 0.95)`.
fn described(description: &str) -> (&str, Option<f64>) {
    let Some((action, rest)) = description.split_once(" (") else { return ("", None) };
    let confidence = rest.trim_start_matches("confidence:").trim_end_matches(')').trim();
    (action.trim(), confidence.parse().ok())
}

/// A field that is a text; borrowed where nothing in it is escaped.
fn text(field: Option<&RawValue>) -> Option<Cow<'_, str>> {
    let json = field?.get();
    let borrowed = serde_json::from_str::<&str>(json).map(Cow::Borrowed);
    borrowed.or_else(|_| serde_json::from_str::<String>(json).map(Cow::Owned)).ok()
}

/// A field of the wanted type.
fn read<'json, T: Deserialize<'json>>(field: Option<&'json RawValue>) -> Option<T> {
    serde_json::from_str(field?.get()).ok()
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

static FAILURES: LazyLock<Words> = LazyLock::new(|| Words::in_any_case(&FAILURE_WORDS));

/// Whether a reason is the text of a failure.
fn is_failure_text(text: &str) -> bool {
    FAILURES.any(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_read_from_its_json() {
        let json = r#"{"action": " BUY", "coin": "s\u006flana", "confidence": 1, "reason": "up", "rules_applied": [1, "2"]}"#;
        let decision = Decision::read("BUY (confidence: 0.50)", json);
        assert_eq!((decision.action.as_str(), decision.coin.as_deref()), ("BUY", Some("solana")));
        assert_eq!((decision.confidence, decision.reason.as_str()), (Some(1.0), "up"));
        assert_eq!(decision.rules, [Value::from(1), Value::from("2")]);
        assert!(!decision.is_failure);
    }

    #[test]
    fn where_a_field_or_the_json_is_unfit_the_description_tells() {
        let json =
            r#"{"action": null, "coin": 7, "confidence": "high", "reason": ["a"], "rules_applied": "1"}"#;
        for details in [json, "", "{", "[]"] {
            let decision = Decision::read("HOLD (confidence: 0.25)", details);
            assert_eq!((decision.action.as_str(), decision.confidence), ("HOLD", Some(0.25)), "{details}");
            assert_eq!((decision.coin, decision.reason.as_str()), (None, ""), "{details}");
            assert!(decision.rules.is_empty(), "{details}");
        }
    }

    #[test]
    fn a_reason_to_wait_is_no_failure() {
        assert!(is_failure_text("Failed to parse LLM response"));
        assert!(!is_failure_text("The coin failed to break its resistance"));
    }
}
