//! What a server says went wrong, in any of the shapes that servers use.

use reqwest::StatusCode;
use serde_json::{Map, Value};

use super::body::{Body, quoted};
use super::context;
use super::retry::FailureKind;

/// Enough of a message to recognise what it names.
const MAX_MESSAGE_CHARS: usize = 4_000;
/// Fields that give back what was sent: what stands there is not what the server says.
const ECHOES: [&str; 6] = ["input", "inputs", "request", "body", "messages", "failed_generation"];
const MAX_NESTING: usize = 6;

/// One error as the server tells it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct ServerError {
    /// HTTP status, or the number that an error inside a 200 gives; zero where neither says it.
    pub(super) status: u16,
    /// The server's own words.
    pub(super) message: String,
    /// `error.code` as text.
    pub(super) code: String,
    /// `error.type`.
    pub(super) kind: String,
    /// The request's field that the server names.
    pub(super) param: String,
    /// All that the body says, in lower case, without what it gives back of the request.
    pub(super) everything: String,
    /// The model's text that Groq's own validation rejected.
    pub(super) failed_generation: Option<String>,
    /// The context's size in tokens, if the server says it.
    pub(super) window_tokens: Option<u64>,
    /// The prompt's size in tokens, if the server says it.
    pub(super) prompt_tokens: Option<u64>,
}

impl ServerError {
    /// The error that a reply of this status carries.
    pub(super) fn of_reply(status: u16, body: &Body) -> Self {
        let said = |message: &str| {
            let message: String = message.chars().take(MAX_MESSAGE_CHARS).collect();
            Self {
                status,
                window_tokens: context::stated_window_tokens(&message),
                prompt_tokens: context::stated_prompt_tokens(&message),
                message,
                ..Self::default()
            }
        };
        match body {
            Body::Json(value) => Self::of_value(status, value).unwrap_or_else(|| said(&shown_json(value))),
            Body::CutShort => Self { status, ..Self::default() },
            Body::Html { title, text } => Self {
                message: format!("a web page: {title}"),
                everything: text.to_lowercase(),
                ..said(text)
            },
            Body::Text(text) => Self { everything: text.to_lowercase(), ..said(text) },
        }
    }

    /// The error that a JSON document states; `None` where it states none.
    pub(super) fn of_value(status: u16, value: &Value) -> Option<Self> {
        let error = Self::of_document(status, value, 0)?;
        let mut everything = String::new();
        collect(value, 0, &mut everything);
        Some(Self { everything: everything.to_lowercase(), ..error })
    }

    fn of_document(status: u16, value: &Value, nesting: usize) -> Option<Self> {
        if nesting > MAX_NESTING {
            return None;
        }
        let document = match value {
            Value::Array(items) => items.first()?.as_object()?,
            other => other.as_object()?,
        };
        match document.get("error").or_else(|| document.get("errors")) {
            // Each proxy on the way may have wrapped it once more.
            Some(Value::Object(error)) if error.get("error").is_some_and(Value::is_object) => {
                Self::of_document(status, &Value::Object(error.clone()), nesting + 1)
            }
            Some(Value::Object(error)) if !error.is_empty() => Some(Self::of_fields(status, error)),
            Some(Value::String(text)) if !text.trim().is_empty() => {
                Some(Self::of_fields(status, &with_message(document, text)))
            }
            Some(Value::Array(errors)) if !errors.is_empty() => {
                let text = errors.iter().map(plain).collect::<Vec<_>>().join("; ");
                Some(Self::of_fields(status, &with_message(document, &text)))
            }
            _ if document.contains_key("message") || document.contains_key("detail") => {
                Some(Self::of_fields(status, document))
            }
            _ => None,
        }
    }

    fn of_fields(http_status: u16, fields: &Map<String, Value>) -> Self {
        let text = |name: &str| fields.get(name).map(plain).unwrap_or_default();
        let number = |name: &str| fields.get(name).and_then(Value::as_u64);
        let message = ["message", "detail", "msg"].iter().map(|name| text(name));
        let message = message.map(|text| unwrapped(&text)).find(|text| !text.is_empty()).unwrap_or_default();
        // OpenRouter's own message is generic; the provider's inside it says what is wrong.
        let raw = fields.get("metadata").and_then(|metadata| metadata.get("raw")).map(plain);
        let message = match raw.map(|raw| unwrapped(&raw)).filter(|raw| !raw.is_empty()) {
            Some(raw) => format!("{message}: {raw}"),
            None => message,
        };
        let message: String = message.chars().take(MAX_MESSAGE_CHARS).collect();
        let code = text("code");
        Self {
            status: if http_status == 200 { stated_status(&code, &text("type")) } else { http_status },
            window_tokens: number("n_ctx").or_else(|| context::stated_window_tokens(&message)),
            prompt_tokens: number("n_prompt_tokens").or_else(|| context::stated_prompt_tokens(&message)),
            failed_generation: fields.get("failed_generation").and_then(Value::as_str).map(str::to_owned),
            kind: text("type"),
            param: text("param"),
            everything: String::new(),
            message,
            code,
        }
    }

    /// Everything by which the error may name a field of the request, in lower case.
    pub(super) fn naming_text(&self) -> String {
        format!("{} {} {} {}", self.param, self.code, self.kind, self.message).to_lowercase()
    }

    /// Where the error may name a part of the request, the plainest place first: in the field for
    /// it, in the message, anywhere.
    pub(super) fn naming_texts(&self) -> [String; 3] {
        [self.param.to_lowercase(), self.naming_text(), self.everything.clone()]
    }

    /// Whether this status can be about what was sent: not about who asks, how often, or when.
    pub(super) fn may_be_about_request(&self) -> bool {
        matches!(self.status, 0 | 400..=499 | 500 | 501) && !matches!(self.status, 401 | 408 | 429)
    }

    /// Whether the prompt, or prompt and answer together, do not fit into the model's context.
    pub(super) fn is_context_overflow(&self) -> bool {
        !matches!(self.status, 401 | 403 | 404 | 429) && context::is_overflow_text(&self.naming_text())
    }

    /// Whether the money, and not the pace, is the limit.
    pub(super) fn is_quota(&self) -> bool {
        const WORDS: [&str; 4] =
            ["insufficient_quota", "exceeded your current quota", "insufficient balance", "credits"];
        let text = self.naming_text();
        self.status == 402 || (self.status == 429 && WORDS.iter().any(|word| text.contains(word)))
    }

    /// What a repetition could do about it.
    pub(super) fn failure_kind(&self) -> FailureKind {
        if self.is_quota() { FailureKind::Quota } else { FailureKind::Status(self.status) }
    }

    /// Status and message as the first half of a sentence.
    pub(super) fn sentence(&self) -> String {
        let reason = StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        let status = match (self.status, reason) {
            (0, _) => "an error".to_owned(),
            (status, Some(reason)) => format!("{status} {reason}"),
            (status, None) => status.to_string(),
        };
        let message = quoted(&self.message);
        let message = message.trim_end_matches(['.', ' ']);
        if message.is_empty() {
            format!("the endpoint answered {status}")
        } else {
            format!("the endpoint answered {status} ({message})")
        }
    }
}

/// The status that stands for an error's own code, which is a number or a word.
fn stated_status(code: &str, kind: &str) -> u16 {
    [code, kind]
        .iter()
        .find_map(|word| word.parse().ok().or_else(|| status_of_word(word)))
        .unwrap_or_default()
}

fn status_of_word(word: &str) -> Option<u16> {
    Some(match word.to_lowercase().as_str() {
        "invalid_request_error" | "invalid_argument" | "bad_request" => 400,
        "invalid_api_key" | "authentication_error" | "unauthenticated" => 401,
        "permission_error" | "permission_denied" => 403,
        "model_not_found" | "not_found_error" | "not_found" => 404,
        "insufficient_quota" | "rate_limit_exceeded" | "rate_limit_error" | "resource_exhausted" => 429,
        "server_error" | "internal_server_error" | "api_error" | "internal" => 500,
        "overloaded_error" | "overloaded" | "service_unavailable" | "unavailable" => 503,
        "timeout" | "timeout_error" | "deadline_exceeded" => 504,
        _ => return None,
    })
}

/// A field as text; lists of complaints as FastAPI writes them, with the place they are about.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => {
            let place = fields
                .get("loc")
                .and_then(Value::as_array)
                .map(|place| place.iter().map(plain).collect::<Vec<_>>().join(".") + ": ");
            let text = ["msg", "message", "error"].iter().find_map(|name| fields.get(*name)).map(plain);
            format!("{}{}", place.unwrap_or_default(), text.unwrap_or_default())
        }
        other => other.to_string(),
    }
}

/// The message inside a message that is itself an error as JSON.
fn unwrapped(text: &str) -> String {
    let inner = serde_json::from_str::<Value>(text).ok();
    let error = inner.and_then(|value| ServerError::of_document(0, &value, 1));
    error.map(|error| error.message).filter(|message| !message.is_empty()).unwrap_or_else(|| text.to_owned())
}

fn with_message(fields: &Map<String, Value>, message: &str) -> Map<String, Value> {
    let mut fields = fields.clone();
    fields.insert("message".to_owned(), Value::from(message));
    fields
}

/// Every text in a document, names included.
fn collect(value: &Value, nesting: usize, text: &mut String) {
    if nesting > MAX_NESTING || text.len() > MAX_MESSAGE_CHARS {
        return;
    }
    match value {
        Value::String(part) => text.push_str(part),
        Value::Array(items) => items.iter().for_each(|item| collect(item, nesting + 1, text)),
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| !ECHOES.contains(&name.as_str())) {
                text.push_str(name);
                text.push(' ');
                collect(value, nesting + 1, text);
            }
        }
        other => text.push_str(&other.to_string()),
    }
    text.push(' ');
}

fn shown_json(value: &Value) -> String {
    match value {
        Value::Object(fields) if fields.is_empty() => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::llm::key_removal::KeyRemoval;

    fn error(status: u16, body: &str) -> ServerError {
        ServerError::of_reply(status, &crate::llm::reading::read(body.as_bytes(), &KeyRemoval::of(None)))
    }

    #[test]
    fn every_shape_yields_a_message() {
        for (body, sentence) in [
            (r#"{"error": {"message": "Bad.", "type": "t", "param": null, "code": null}}"#, "(Bad)"),
            (r#"{"error": {"message": "Bad", "code": 400}}"#, "(Bad)"),
            (r#"{"error": "model \"x\" not found"}"#, r#"(model "x" not found)"#),
            (r#"[{"error": {"code": 400, "message": "API key\nnot valid"}}]"#, "(API key not valid)"),
            (r#"{"object": "error", "message": "too long", "code": 40303}"#, "(too long)"),
            (r#"{"detail": "Not Found"}"#, "(Not Found)"),
            (
                r#"{"detail": [{"loc": ["body", "max_tokens"], "msg": "too big", "input": {"response_format": 1}}]}"#,
                "(body.max_tokens: too big)",
            ),
            ("<html><title>Bad Gateway</title></html>", "(a web page: Bad Gateway)"),
            ("upstream failed", "(upstream failed)"),
            ("", "400 Bad Request"),
            ("{}", "400 Bad Request"),
            (r#"{"status": "fail"}"#, r#"({"status":"fail"})"#),
        ] {
            let said = error(400, body).sentence();
            assert!(said.starts_with("the endpoint answered 400 Bad Request"), "{said}");
            assert!(said.ends_with(sentence), "{body} gives {said}");
        }
    }

    #[test]
    fn a_long_message_is_cut() {
        let said = error(500, &json!({"error": {"message": "x".repeat(9_000)}}).to_string()).sentence();
        assert!(said.chars().count() < 400, "{said}");
    }

    #[test]
    fn an_error_inside_a_200_is_judged_by_its_own_code() {
        for (body, status) in [
            (json!({"error": {"code": 502, "message": "m"}}), 502),
            (json!({"error": {"code": "429", "message": "m"}}), 429),
            (json!({"error": {"code": "rate_limit_exceeded", "message": "m"}}), 429),
            (json!({"error": {"code": null, "type": "server_error", "message": "m"}}), 500),
            (json!({"error": {"message": "m"}}), 0),
        ] {
            assert_eq!(ServerError::of_value(200, &body).unwrap().status, status, "{body}");
        }
    }

    #[test]
    fn a_spent_quota_is_told_from_a_fast_pace() {
        for (status, message, is_quota) in [
            (429, "You exceeded your current quota, please check your plan", true),
            (429, "Insufficient balance", true),
            (429, "Rate limit reached for requests", false),
            (402, "Payment required", true),
            (500, "credits", false),
        ] {
            let error = ServerError { status, message: message.to_owned(), ..ServerError::default() };
            assert_eq!(error.failure_kind() == FailureKind::Quota, is_quota, "{status} {message}");
        }
    }
}
