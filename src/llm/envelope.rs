//! A 200 is not yet a success: what a completion's envelope says, judged in a fixed order.

use serde_json::{Map, Value};

use super::answer::extract;
use super::body::{Body, quoted};
use super::message::{answer_among_reasoning, called, content, refusal};
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
    /// The limit on the answer was reached before its first word.
    NoRoom,
    /// The server failed, and said so with a 200.
    Error(ServerError),
    /// Nothing usable, but asking again often helps.
    Nothing(Nothing),
    /// The rest of the answer was lost on its way.
    CutShort(String),
    /// Nothing usable, and asking again would not help.
    Failed(String),
}

/// A reply without an answer in it.
#[derive(Debug, PartialEq)]
pub(super) struct Nothing {
    /// What came instead.
    pub(super) fault: String,
    /// What to do if it does so again.
    pub(super) remedy: &'static str,
}

const ASK_ANOTHER: &str = "ask another model";
const CHECK_URL: &str = "check the base URL";

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

/// Judges the body of a 200 to a question that gave room for so many tokens.
pub(super) fn judge(body: &Body, max_tokens: u32) -> Judged {
    let Body::Json(value) = body else {
        return Judged { verdict: not_json(body), model: None, prompt_tokens: None, completion_tokens: None };
    };
    let usage = Usage::of(value);
    let verdict = match completion(value) {
        Verdict::Nothing(_) if usage.is_room_spent(max_tokens) => Verdict::NoRoom,
        verdict => verdict,
    };
    Judged {
        verdict,
        model: value.get("model").and_then(Value::as_str).filter(|name| !name.is_empty()).map(quoted),
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
    }
}

/// What a completion counts.
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    reasoning_tokens: Option<u64>,
}

impl Usage {
    fn of(value: &Value) -> Self {
        let usage = value.get("usage");
        let count = |name| usage.and_then(|usage| usage.get(name)).and_then(Value::as_u64);
        let detailed =
            usage.and_then(|usage| usage.get("completion_tokens_details")?.get("reasoning_tokens"));
        Self {
            prompt_tokens: count("prompt_tokens"),
            completion_tokens: count("completion_tokens"),
            reasoning_tokens: detailed.and_then(Value::as_u64).or_else(|| count("reasoning_tokens")),
        }
    }

    /// Whether an answer without content reached its limit: it used nearly all of it, or nearly all that it
    /// used was reasoning.
    fn is_room_spent(&self, max_tokens: u32) -> bool {
        let nearly_all = |part: u64, of: u64| part > 0 && part.saturating_mul(10) >= of.saturating_mul(9);
        let room = u64::from(max_tokens);
        let completion = self.completion_tokens.unwrap_or_default();
        let reasoning = self.reasoning_tokens.unwrap_or_default();
        nearly_all(completion, room)
            || nearly_all(reasoning, if completion > 0 { completion.min(room) } else { room })
    }
}

fn not_json(body: &Body) -> Verdict {
    let nothing = |fault: String, remedy| Verdict::Nothing(Nothing { fault, remedy });
    if let Body::Text(text) = body
        && let Some(text) = salvaged(text)
    {
        return Verdict::Answer { text, is_cut: false };
    }
    match body {
        Body::Html { title, .. } => nothing(
            format!("the endpoint answered with a web page ({title}) instead of JSON"),
            "check the base URL, and whether a proxy or a login stands before it",
        ),
        Body::Text(text) if text.is_empty() => {
            nothing("the endpoint's answer is empty".to_owned(), CHECK_URL)
        }
        Body::Text(text) => {
            nothing(format!("the endpoint answered with text instead of JSON ({})", quoted(text)), CHECK_URL)
        }
        Body::CutShort | Body::Json(_) => {
            Verdict::CutShort("the answer's JSON was cut short on its way: look at the endpoint's log and at any proxy before it, or ask another model"
                    .to_owned())
        }
    }
}

/// The answer in an envelope that is beyond repair, or without one: only where it holds findings.
fn salvaged(text: &str) -> Option<String> {
    let behind_names = text.split("\"content\":").skip(1);
    let contents = behind_names.filter_map(|rest| {
        serde_json::Deserializer::from_str(rest).into_iter::<String>().next().and_then(Result::ok)
    });
    let mut places = contents.chain([text.to_owned()]);
    places.find(|text| extract(text).is_ok_and(|extraction| !extraction.findings.is_empty()))
}

/// The error that a completion states: of its own, or of its first choice.
pub(super) fn stated_error(value: &Value) -> Option<ServerError> {
    let choice = value.get("choices").and_then(|choices| choices.get(0));
    let is_stated = |value: &Value| value.get("error").is_some_and(is_error);
    if is_stated(value) || choice.is_none() {
        return ServerError::of_value(200, value);
    }
    choice.filter(|choice| is_stated(choice)).and_then(|choice| ServerError::of_value(200, choice))
}

fn completion(value: &Value) -> Verdict {
    if let Some(error) = stated_error(value) {
        return Verdict::Error(error);
    }
    let nothing = |fault: &str, remedy| Verdict::Nothing(Nothing { fault: fault.to_owned(), remedy });
    let Some(choice) = value.get("choices").and_then(|choices| choices.get(0)) else {
        return match salvaged(&value.to_string()) {
            Some(text) => Verdict::Answer { text, is_cut: false },
            None => nothing("the endpoint answered without any choices", CHECK_URL),
        };
    };
    let message = choice.get("message").and_then(Value::as_object).cloned().unwrap_or_else(|| {
        // Completions of the older kind hold a text.
        choice.get("text").map(|text| ("content".to_owned(), text.clone())).into_iter().collect()
    });
    match choice.get("finish_reason").and_then(Value::as_str) {
        Some("length" | "max_tokens" | "MAX_TOKENS") => cut_message(&message),
        Some("content_filter" | "SAFETY") => Verdict::Failed(
            "the provider's content filter stopped the answer: ask another model or provider".to_owned(),
        ),
        Some("error") => nothing("the model stopped with an error of the provider's", ASK_ANOTHER),
        _ => whole_message(&message),
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
    let content = content(message);
    let text = if content.trim().is_empty() { called(message) } else { content };
    if text.trim().is_empty() { Verdict::NoRoom } else { Verdict::Answer { text, is_cut: true } }
}

fn whole_message(message: &Map<String, Value>) -> Verdict {
    let nothing = |fault: String| Verdict::Nothing(Nothing { fault, remedy: ASK_ANOTHER });
    if let Some(refusal) = refusal(message) {
        return nothing(format!("the model refuses to answer ({})", quoted(&refusal)));
    }
    let answer = |text| Verdict::Answer { text, is_cut: false };
    let (text, called) = (content(message), called(message));
    if !called.trim().is_empty() && extract(&text).is_err() && extract(&called).is_ok() {
        return answer(called);
    }
    if !text.trim().is_empty() {
        return answer(text);
    }
    if let Some(text) = answer_among_reasoning(message) {
        return answer(text);
    }
    let has_calls = |name| match message.get(name) {
        Some(Value::Array(calls)) => !calls.is_empty(),
        Some(Value::Object(call)) => !call.is_empty(),
        _ => false,
    };
    let fault = match message.get("content") {
        _ if has_calls("tool_calls") || has_calls("function_call") => {
            "the model called a tool instead of answering, though none was offered"
        }
        Some(Value::String(text)) if !text.is_empty() => {
            "the model's answer is blank: nothing but white space came"
        }
        Some(Value::String(_) | Value::Array(_)) => "the model's answer is empty",
        _ => "the model's answer has no content",
    };
    nothing(fault.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FINDING: &str =
        r#"{"findings": [{"type": "bug", "severity": "low", "title": "t", "description": "d"}]}"#;

    fn verdict(value: Value) -> Verdict {
        judge(&Body::Json(value), 4_096).verdict
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
            (message("tool_calls", json!({"content": null, "tool_calls": [{"id": "1"}]})), "called a tool"),
        ] {
            match verdict(envelope.clone()) {
                Verdict::Nothing(nothing) => {
                    assert!(nothing.fault.contains(words), "{envelope}: {}", nothing.fault);
                }
                other => panic!("{envelope}: {other:?}"),
            }
        }
        let filtered = message("content_filter", json!({"content": FINDING}));
        assert!(
            matches!(verdict(filtered), Verdict::Failed(sentence) if sentence.contains("content filter"))
        );
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
            assert!(matches!(verdict(envelope.clone()), Verdict::Nothing(_)), "{envelope}");
        }
        let cut = judge(&Body::CutShort, 4_096).verdict;
        assert!(matches!(cut, Verdict::CutShort(told) if told.contains("look at the endpoint's log")));
    }

    #[test]
    fn a_limit_spent_on_thinking_is_no_answer() {
        let envelope = message("length", json!({"content": "", "reasoning_content": FINDING}));
        assert_eq!(verdict(envelope), Verdict::NoRoom);
    }

    #[test]
    fn counts_may_be_missing_or_null() {
        let judged = judge(&Body::Json(json!({"usage": null, "model": null, "choices": []})), 4_096);
        assert_eq!((judged.model, judged.prompt_tokens), (None, None));
        let judged =
            judge(&Body::Json(json!({"usage": {"prompt_tokens": 7, "completion_tokens": null}})), 4_096);
        assert_eq!((judged.prompt_tokens, judged.completion_tokens), (Some(7), None));
    }
}
