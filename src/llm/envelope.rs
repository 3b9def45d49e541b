//! A 200 is not yet a success: what a completion's envelope says, judged in a fixed order.

use serde_json::{Map, Value};

use super::answer::extract;
use super::body::{Body, quoted};
use super::server_error::ServerError;

/// What an envelope comes to.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// Text to read findings from; `is_cut` where the limit on the answer ended it.
    Answer {
        /// The model's words.
        text: String,
        /// The server says that the limit ended them.
        is_cut: bool,
    },
    /// The limit on the answer was spent before a word of it.
    NoRoom,
    /// The server failed, and said so with a 200.
    Error(ServerError),
    /// Nothing usable, worth another try.
    Empty(String),
    /// Nothing usable, and another try would end alike.
    Failed(String),
}

/// An envelope's verdict, and what it counts.
#[derive(Debug, PartialEq)]
pub(super) struct Judged {
    /// What it comes to.
    pub(super) verdict: Verdict,
    /// The model that answered.
    pub(super) model: Option<String>,
    /// Tokens of the prompt.
    pub(super) prompt_tokens: Option<u64>,
    /// Tokens of the answer.
    pub(super) completion_tokens: Option<u64>,
}

/// Judges the body of a 200.
pub(super) fn judge(body: &Body) -> Judged {
    let Body::Json(value) = body else {
        return Judged { verdict: not_json(body), model: None, prompt_tokens: None, completion_tokens: None };
    };
    let count = |name| value.get("usage").and_then(|usage| usage.get(name)).and_then(Value::as_u64);
    Judged {
        verdict: completion(value),
        model: value.get("model").and_then(Value::as_str).filter(|name| !name.is_empty()).map(quoted),
        prompt_tokens: count("prompt_tokens"),
        completion_tokens: count("completion_tokens"),
    }
}

fn not_json(body: &Body) -> Verdict {
    match body {
        Body::Html(text) => Verdict::Failed(format!(
            "the endpoint answered with a web page ({text}) instead of JSON: check the base URL, and whether a proxy or a login stands before it"
        )),
        Body::Text(text) if text.starts_with("data:") => Verdict::Failed(
            "the endpoint streams its answer although no stream was asked for: switch streaming off in the server"
                .to_owned(),
        ),
        Body::Text(text) => Verdict::Failed(format!(
            "the endpoint answered with text instead of JSON ({text}): check the base URL"
        )),
        Body::CutShort | Body::Json(_) => Verdict::Empty("the answer's JSON was cut short on its way".to_owned()),
    }
}

fn completion(value: &Value) -> Verdict {
    let choice = value.get("choices").and_then(Value::as_array).and_then(|choices| choices.first());
    if (value.get("error").is_some_and(is_error) || choice.is_none())
        && let Some(error) = ServerError::of_value(200, value)
    {
        return Verdict::Error(error);
    }
    let Some(choice) = choice else {
        return Verdict::Empty("the endpoint answered without any choices".to_owned());
    };
    if choice.get("error").is_some_and(is_error)
        && let Some(error) = ServerError::of_value(200, choice)
    {
        return Verdict::Error(error);
    }
    let nothing = Map::new();
    let message = choice.get("message").and_then(Value::as_object).unwrap_or(&nothing);
    match choice.get("finish_reason").and_then(Value::as_str) {
        Some("length" | "max_tokens" | "MAX_TOKENS") => cut_message(message),
        Some("content_filter" | "SAFETY") => Verdict::Failed(
            "the provider's content filter stopped the answer: ask another model or provider".to_owned(),
        ),
        Some("error") => Verdict::Empty("the model stopped with an error of the provider's".to_owned()),
        _ => whole_message(message),
    }
}

fn is_error(error: &Value) -> bool {
    match error {
        Value::String(text) => !text.trim().is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => false,
    }
}

fn cut_message(message: &Map<String, Value>) -> Verdict {
    let text = content(message);
    if text.trim().is_empty() { Verdict::NoRoom } else { Verdict::Answer { text, is_cut: true } }
}

fn whole_message(message: &Map<String, Value>) -> Verdict {
    if let Some(refusal) = refusal(message) {
        return Verdict::Failed(format!(
            "the model refuses to answer ({}): ask another model",
            quoted(&refusal)
        ));
    }
    let text = content(message);
    if !text.trim().is_empty() {
        return Verdict::Answer { text, is_cut: false };
    }
    if let Some(text) = answer_among_reasoning(message) {
        return Verdict::Answer { text, is_cut: false };
    }
    let has_calls = |name| match message.get(name) {
        Some(Value::Array(calls)) => !calls.is_empty(),
        Some(Value::Object(call)) => !call.is_empty(),
        _ => false,
    };
    if has_calls("tool_calls") || has_calls("function_call") {
        return Verdict::Failed(
            "the model called a tool instead of answering, though none was offered: ask another model"
                .to_owned(),
        );
    }
    Verdict::Failed(match message.get("content") {
        Some(Value::String(text)) if !text.is_empty() => {
            "the model's answer is blank: nothing but white space came, ask another model".to_owned()
        }
        Some(Value::String(_) | Value::Array(_)) => {
            "the model's answer is empty: ask another model".to_owned()
        }
        _ => "the model's answer has no content: ask another model".to_owned(),
    })
}

/// The content as text: a string, a list of parts, or JSON that some server has parsed already.
fn content(message: &Map<String, Value>) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) if parts.iter().all(is_part) => parts.iter().map(part_text).collect(),
        Some(value @ (Value::Array(_) | Value::Object(_))) => value.to_string(),
        _ => String::new(),
    }
}

/// A part of a content: text by itself, or an object that says which kind of part it is. A list of
/// findings has titles.
fn is_part(part: &Value) -> bool {
    part.is_string()
        || part.as_object().is_some_and(|part| part.contains_key("type") && !part.contains_key("title"))
}

fn part_text(part: &Value) -> &str {
    match part {
        Value::String(text) => text,
        // A part of another type, such as thinking, is not the answer.
        Value::Object(fields) => match fields.get("type").and_then(Value::as_str) {
            Some("text" | "output_text") => fields.get("text").and_then(Value::as_str).unwrap_or_default(),
            _ => "",
        },
        _ => "",
    }
}

fn refusal(message: &Map<String, Value>) -> Option<String> {
    let of_parts = || {
        let parts = message.get("content")?.as_array()?;
        parts.iter().find_map(|part| part.get("refusal").and_then(Value::as_str))
    };
    let text = message.get("refusal").and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    text.or_else(of_parts).map(str::to_owned)
}

/// Some servers put a reasoning model's answer where its thoughts belong. Thoughts alone are none.
fn answer_among_reasoning(message: &Map<String, Value>) -> Option<String> {
    ["reasoning_content", "reasoning"]
        .iter()
        .filter_map(|name| message.get(*name).and_then(Value::as_str))
        .find(|text| extract(text).is_ok())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FINDING: &str =
        r#"{"findings": [{"type": "bug", "severity": "low", "title": "t", "description": "d"}]}"#;

    fn verdict(value: Value) -> Verdict {
        judge(&Body::Json(value)).verdict
    }

    fn message(finish_reason: &str, message: Value) -> Value {
        json!({"choices": [{"finish_reason": finish_reason, "message": message}]})
    }

    fn answer(text: &str, is_cut: bool) -> Verdict {
        Verdict::Answer { text: text.to_owned(), is_cut }
    }

    #[test]
    fn every_place_where_an_answer_stands_is_read() {
        for (envelope, expected) in [
            (message("stop", json!({"content": "x"})), answer("x", false)),
            (json!({"choices": [{"message": {"content": "x"}}]}), answer("x", false)),
            (message("length", json!({"content": "x"})), answer("x", true)),
            (
                message(
                    "stop",
                    json!({"content": [{"type": "text", "text": "a"}, {"type": "thinking", "thinking": "no"}, "b"]}),
                ),
                answer("ab", false),
            ),
            (message("stop", json!({"content": {"findings": []}})), answer("{\"findings\":[]}", false)),
            (message("stop", json!({"content": "", "reasoning_content": FINDING})), answer(FINDING, false)),
            (message("stop", json!({"content": null, "reasoning": FINDING})), answer(FINDING, false)),
            (message("tool_calls", json!({"content": "x", "tool_calls": [{"id": "1"}]})), answer("x", false)),
            (message("stop", json!({"content": "x", "refusal": null})), answer("x", false)),
            (json!({"error": null, "choices": [{"message": {"content": "x"}}]}), answer("x", false)),
        ] {
            assert_eq!(verdict(envelope.clone()), expected, "{envelope}");
        }
    }

    #[test]
    fn every_failure_has_a_sentence_of_its_own() {
        for (envelope, words) in [
            (message("stop", json!({"content": "   \n"})), "blank"),
            (message("stop", json!({"content": ""})), "empty"),
            (message("stop", json!({"content": null})), "no content"),
            (message("stop", json!({})), "no content"),
            (json!({"choices": [{"message": null}]}), "no content"),
            (message("stop", json!({"content": "", "reasoning": "let me think [1]"})), "empty"),
            (
                message("stop", json!({"content": null, "refusal": "I cannot"})),
                "refuses to answer (I cannot)",
            ),
            (message("stop", json!({"content": [{"type": "refusal", "refusal": "No"}]})), "(No)"),
            (message("content_filter", json!({"content": FINDING})), "content filter"),
            (message("tool_calls", json!({"content": null, "tool_calls": [{"id": "1"}]})), "called a tool"),
        ] {
            match verdict(envelope.clone()) {
                Verdict::Failed(sentence) => assert!(sentence.contains(words), "{envelope}: {sentence}"),
                other => panic!("{envelope}: {other:?}"),
            }
        }
    }

    #[test]
    fn an_error_goes_before_everything_else() {
        for envelope in [
            json!({"choices": null, "error": {"code": 502, "message": "m"}}),
            json!({"choices": [{"message": {"content": "x"}}], "error": {"code": 502, "message": "m"}}),
            json!({"choices": [{"error": {"code": 502, "message": "m"}, "message": {"content": ""}}]}),
            json!({"object": "error", "code": 502, "message": "m"}),
        ] {
            match verdict(envelope.clone()) {
                Verdict::Error(error) => assert_eq!((error.status, error.message.as_str()), (502, "m")),
                other => panic!("{envelope}: {other:?}"),
            }
        }
    }

    #[test]
    fn no_choices_are_worth_another_try() {
        for envelope in [json!({}), json!({"choices": null}), json!({"choices": []}), json!([])] {
            assert!(matches!(verdict(envelope.clone()), Verdict::Empty(_)), "{envelope}");
        }
        assert!(matches!(judge(&Body::CutShort).verdict, Verdict::Empty(_)));
    }

    #[test]
    fn a_limit_spent_on_thinking_is_no_answer() {
        let envelope = message("length", json!({"content": "", "reasoning_content": FINDING}));
        assert_eq!(verdict(envelope), Verdict::NoRoom);
    }

    #[test]
    fn counts_may_be_missing_or_null() {
        let judged = judge(&Body::Json(json!({"usage": null, "model": null, "choices": []})));
        assert_eq!((judged.model, judged.prompt_tokens), (None, None));
        let judged = judge(&Body::Json(json!({"usage": {"prompt_tokens": 7, "completion_tokens": null}})));
        assert_eq!((judged.prompt_tokens, judged.completion_tokens), (Some(7), None));
    }
}
