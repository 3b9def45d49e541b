//! What is sent: as few fields as possible, and one fewer each time a server rejects one.

use serde_json::{Map, Value, json};

use super::context::numbers;
use super::server_error::ServerError;
use crate::config::LlmConfig;

/// Servers say in these words that a model's template has no place for a system message.
const ROLE_WORDS: [&str; 21] = [
    "system role",
    "system message",
    "system prompt",
    "system instruction",
    "system_instruction",
    "systeminstruction",
    "developer instruction",
    "developer role",
    "developer message",
    "role 'system'",
    "role \"system\"",
    "role: system",
    "roles must alternate",
    "roles are supported",
    "unsupported role",
    "invalid role",
    "unknown role",
    "messages[0].role",
    "messages.0.role",
    "chat template",
    "jinja",
];
const FORMAT_WORDS: [&str; 14] = [
    "response_format",
    "response format",
    "responseformat",
    "json_object",
    "json mode",
    "json_mode",
    "structured output",
    "structured_output",
    "schema",
    "grammar",
    "guided",
    "mime type",
    "additionalproperties",
    // The message names no field; the schema is the only uncommon one that is sent.
    "requested parameters",
];
const LIMIT_WORDS: [&str; 7] = [
    "max_tokens",
    "max_completion_tokens",
    "max tokens",
    "maxtokens",
    "max_output_tokens",
    "maxoutputtokens",
    "max_new_tokens",
];
const TEMPERATURE_WORDS: [&str; 1] = ["temperature"];
/// Smaller numbers in an error are no limit on the answer.
const SMALLEST_LIMIT_TOKENS: u64 = 256;

/// How the answer's form is asked for, strictest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerFormat {
    /// A schema that the server enforces.
    JsonSchema,
    /// Any JSON object.
    JsonObject,
    /// Only by the words of the prompt.
    Unstated,
}

/// The name of the field that limits the answer. `max_tokens` first: Ollama silently ignores the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LimitField {
    MaxTokens,
    MaxCompletionTokens,
    None,
}

/// Where the brief stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BriefPlace {
    SystemMessage,
    /// Before the report: some models' templates know no system message.
    UserMessage,
}

/// The parts of a request that servers differ about.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shape {
    /// How the answer's form is asked for.
    pub(super) format: AnswerFormat,
    /// Room for the answer.
    pub(super) max_tokens: u32,
    limit_field: LimitField,
    temperature: Option<f64>,
    is_limit_lowered: bool,
    brief_place: BriefPlace,
}

/// One message of the conversation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    /// Who speaks: `system`, `user` or `assistant`.
    pub(super) role: &'static str,
    /// What is said.
    pub(super) content: &'a str,
}

impl Shape {
    /// The strictest request that the configuration allows.
    pub(super) fn new(config: &LlmConfig) -> Self {
        Self {
            format: AnswerFormat::JsonSchema,
            max_tokens: config.max_tokens,
            limit_field: LimitField::MaxTokens,
            temperature: config.temperature,
            is_limit_lowered: false,
            brief_place: BriefPlace::SystemMessage,
        }
    }

    /// Weakens or removes the field that an error names; `None` where it names none that can go.
    pub(super) fn adapt(&mut self, error: &ServerError) -> Option<&'static str> {
        if !error.may_be_about_request() {
            return None;
        }
        // A field that the server names by itself goes before what its message mentions.
        error.naming_texts().iter().find_map(|text| self.step_down(text, error.status))
    }

    fn step_down(&mut self, text: &str, status: u16) -> Option<&'static str> {
        if names(text, &ROLE_WORDS) && self.brief_place == BriefPlace::SystemMessage {
            self.brief_place = BriefPlace::UserMessage;
            return Some("the system role");
        }
        if names(text, &FORMAT_WORDS)
            && let Some(format) = self.format.step_down()
        {
            self.format = format;
            return Some("response_format");
        }
        // A server error (5xx) may name the limit without being about it.
        let is_rejection = status < 500;
        if is_rejection && names(text, &LIMIT_WORDS) && self.change_limit(text) {
            return Some("max_tokens");
        }
        if names(text, &TEMPERATURE_WORDS) && self.temperature.take().is_some() {
            return Some("temperature");
        }
        None
    }

    /// The other name, where the server wants it; a lower limit, where it states one; no limit,
    /// where it takes neither name.
    fn change_limit(&mut self, text: &str) -> bool {
        let next_field = match self.limit_field {
            LimitField::MaxTokens => LimitField::MaxCompletionTokens,
            LimitField::MaxCompletionTokens => LimitField::None,
            LimitField::None => return false,
        };
        if self.limit_field == LimitField::MaxTokens && text.contains("max_completion_tokens") {
            self.limit_field = next_field;
            return true;
        }
        let stated = numbers(text)
            .filter(|number| (SMALLEST_LIMIT_TOKENS..u64::from(self.max_tokens)).contains(number))
            .max()
            .and_then(|number| u32::try_from(number).ok());
        match stated {
            Some(limit) if !self.is_limit_lowered => {
                self.max_tokens = limit;
                self.is_limit_lowered = true;
            }
            // The server has accepted the field's name when the limit was lowered: it rejects the value.
            _ if self.is_limit_lowered => return false,
            _ => self.limit_field = next_field,
        }
        true
    }

    /// The request's body.
    pub(super) fn body(&self, model: &str, messages: &[Message<'_>]) -> String {
        let mut body = Map::new();
        body.insert("model".to_owned(), json!(model));
        body.insert("messages".to_owned(), self.messages(messages));
        let limit_name = match self.limit_field {
            LimitField::MaxTokens => Some("max_tokens"),
            LimitField::MaxCompletionTokens => Some("max_completion_tokens"),
            LimitField::None => None,
        };
        if let Some(name) = limit_name {
            body.insert(name.to_owned(), json!(self.max_tokens));
        }
        if let Some(format) = self.format.value() {
            body.insert("response_format".to_owned(), format);
        }
        if let Some(temperature) = self.temperature {
            body.insert("temperature".to_owned(), json!(temperature));
        }
        Value::Object(body).to_string()
    }

    fn messages(&self, messages: &[Message<'_>]) -> Value {
        let told = |role: &str, content: &str| json!({"role": role, "content": content});
        match (self.brief_place, messages) {
            (BriefPlace::UserMessage, [brief, report, others @ ..]) => {
                let first = told(report.role, &format!("{}\n\n{}", brief.content, report.content));
                let others = others.iter().map(|message| told(message.role, message.content));
                std::iter::once(first).chain(others).collect()
            }
            (_, messages) => messages.iter().map(|message| told(message.role, message.content)).collect(),
        }
    }
}

/// Whether a text in lower case holds one of these words.
fn names(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// Whether an error names any part of a request, also one that cannot go.
pub(super) fn names_request(error: &ServerError) -> bool {
    let words = [&ROLE_WORDS[..], &FORMAT_WORDS, &LIMIT_WORDS, &TEMPERATURE_WORDS];
    error.may_be_about_request()
        && error.naming_texts().iter().any(|text| words.iter().any(|words| names(text, words)))
}

impl AnswerFormat {
    fn step_down(self) -> Option<Self> {
        match self {
            Self::JsonSchema => Some(Self::JsonObject),
            Self::JsonObject => Some(Self::Unstated),
            Self::Unstated => None,
        }
    }

    fn value(self) -> Option<Value> {
        match self {
            Self::JsonSchema => Some(json!({
                "type": "json_schema",
                "json_schema": {"name": "findings", "strict": true, "schema": schema()},
            })),
            Self::JsonObject => Some(json!({"type": "json_object"})),
            Self::Unstated => None,
        }
    }
}

/// A list of findings under an object root. Strict schemas want every property required and no others;
/// patterns and lengths are left out, as servers reject them.
fn schema() -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "properties": {
            "findings": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "type": {
                            "type": "string",
                            "enum": ["bug", "inefficiency", "pattern", "performance", "missing_feature"],
                        },
                        "severity": {
                            "type": "string",
                            "enum": ["critical", "high", "medium", "low", "info"],
                        },
                        "title": text,
                        "description": text,
                        "evidence": text,
                        "recommendation": text,
                        "duplicate_of": {"type": ["integer", "null"]},
                    },
                    "required": [
                        "type", "severity", "title", "description", "evidence", "recommendation", "duplicate_of",
                    ],
                    "additionalProperties": false,
                },
            },
        },
        "required": ["findings"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(temperature: Option<f64>) -> Shape {
        Shape {
            format: AnswerFormat::JsonSchema,
            max_tokens: 4_096,
            limit_field: LimitField::MaxTokens,
            temperature,
            is_limit_lowered: false,
            brief_place: BriefPlace::SystemMessage,
        }
    }

    fn rejection(message: &str) -> ServerError {
        ServerError { status: 400, message: message.to_owned(), ..ServerError::default() }
    }

    fn body(shape: &Shape) -> Value {
        serde_json::from_str(&shape.body("m", &[Message { role: "user", content: "c" }])).unwrap()
    }

    #[test]
    fn the_first_request_has_the_strict_schema_and_no_temperature() {
        let body = body(&shape(None));
        let names: Vec<_> = body.as_object().unwrap().keys().collect();
        assert_eq!(names, ["model", "messages", "max_tokens", "response_format"]);
        let schema = &body["response_format"]["json_schema"]["schema"];
        let item = &schema["properties"]["findings"]["items"];
        for object in [schema, item] {
            let properties: Vec<_> = object["properties"].as_object().unwrap().keys().collect();
            assert_eq!(json!(properties), object["required"]);
            assert_eq!(object["additionalProperties"], json!(false));
        }
    }

    #[test]
    fn each_rejected_field_goes_one_step_at_a_time() {
        let mut shape = shape(Some(0.2));
        for (message, named) in [
            ("'response_format.type' must be 'text'", Some("response_format")),
            ("Unsupported value: 'temperature' does not support 0.2", Some("temperature")),
            ("Use 'max_completion_tokens' instead of 'max_tokens'", Some("max_tokens")),
            ("json_object is not supported", Some("response_format")),
            ("response_format is unknown", None),
            ("temperature is unknown", None),
            ("something else", None),
        ] {
            assert_eq!(shape.adapt(&rejection(message)), named, "{message}");
        }
        let names: Vec<_> = body(&shape).as_object().unwrap().keys().cloned().collect();
        assert_eq!(names, ["model", "messages", "max_completion_tokens"]);
    }

    #[test]
    fn a_stated_limit_on_the_answer_is_taken_once() {
        for message in [
            "max_tokens is too large: 4096. This model supports at most 2048 completion tokens",
            "`max_tokens` must be less than or equal to `2048`",
            "Invalid max_tokens value, the valid range of max_tokens is [1, 2048]",
        ] {
            let mut shape = shape(None);
            assert!(shape.adapt(&rejection(message)).is_some());
            assert_eq!(shape.max_tokens, 2_048, "{message}");
        }
    }

    #[test]
    fn the_named_parameter_goes_before_what_the_message_mentions() {
        let mut shape = shape(Some(0.2));
        let error = ServerError { param: "temperature".to_owned(), ..rejection("with response_format …") };
        assert_eq!(shape.adapt(&error), Some("temperature"));
        assert_eq!(shape.format, AnswerFormat::JsonSchema);
    }

    #[test]
    fn statuses_that_are_not_about_the_request_change_nothing() {
        for status in [401, 408, 429, 502, 503, 504, 529] {
            let error = ServerError { status, ..rejection("response_format") };
            assert_eq!(shape(None).adapt(&error), None, "{status}");
        }
    }
}
