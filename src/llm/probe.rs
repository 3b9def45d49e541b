//! Three short questions for a person who sets things up: is there an endpoint, does it know the
//! model, does it take a schema.

use std::time::Duration;

use reqwest::Url;
use serde_json::Value;

use super::address::{chat_url, models_url, place};
use super::body::Body;
use super::envelope::{Verdict, judge};
use super::remedy;
use super::request::{AnswerFormat, Message, Shape};
use super::server_error::ServerError;
use super::transport::{Reply, Transport};
use crate::config::LlmConfig;

/// A list of models takes no thinking.
const LIST_TIMEOUT: Duration = Duration::from_secs(15);
/// Room for an empty list, and for a little thinking before it.
const ANSWER_TOKENS: u32 = 512;
/// Schema, temperature, limit and format may each be refused once.
const MAX_QUESTIONS: u32 = 5;
const NAMED_MODELS: usize = 5;

/// What an endpoint can do: for each point what is fine, or what is wrong and the remedy.
#[derive(Debug)]
pub(crate) struct Probe {
    /// Something that speaks HTTP answers at the base URL.
    pub(crate) endpoint: Result<String, String>,
    /// The configured model is there.
    pub(crate) model: Result<String, String>,
    /// Answers come in the form of the schema.
    pub(crate) schema: Result<String, String>,
}

/// Asks the endpoint for its models, and the model for an empty list.
pub(crate) fn probe(config: &LlmConfig) -> Probe {
    let transport = match Transport::new(config) {
        Ok(transport) => transport,
        Err(sentence) => return Probe::unreachable(sentence),
    };
    let listed = match transport.get(&models_url(&config.base_url), LIST_TIMEOUT.min(config.timeout)) {
        Ok(reply) => listed_models(&reply, &transport),
        Err(lost) => return Probe::unreachable(lost.sentence),
    };
    let endpoint = Ok(format!("{} answers", place(&config.base_url)));
    if let Some(names) = listed.as_deref()
        && !names.iter().any(|name| is_same_model(name, &config.model))
    {
        return Probe {
            endpoint,
            model: Err(unknown_model(&config.model, names)),
            schema: Err("not asked: the model is not there".to_owned()),
        };
    }
    let url = chat_url(&config.base_url);
    match ask(config, &transport, &url) {
        Ok(schema) => Probe { endpoint, model: Ok(format!("{} answers", config.model)), schema: Ok(schema) },
        Err(sentence) => Probe {
            endpoint,
            model: Err(sentence),
            schema: Err("not known: the model gave no answer".to_owned()),
        },
    }
}

impl Probe {
    fn unreachable(sentence: String) -> Self {
        let not_asked = || Err("not asked: the endpoint cannot be reached".to_owned());
        Self { endpoint: Err(sentence), model: not_asked(), schema: not_asked() }
    }
}

/// The names on the endpoint's list; `None` where it has none to show.
fn listed_models(reply: &Reply, transport: &Transport) -> Option<Vec<String>> {
    let Body::Json(value) = Body::read(&reply.body, transport.key_removal()) else { return None };
    let list = value.get("data").unwrap_or(&value).as_array()?;
    let names: Vec<String> =
        list.iter().filter_map(|model| model.get("id").and_then(Value::as_str)).map(str::to_owned).collect();
    (reply.status == 200 && !names.is_empty()).then_some(names)
}

/// Ollama's `name` means `name:latest`, and Gemini lists `models/name`.
fn is_same_model(listed: &str, asked: &str) -> bool {
    let plain = |name: &str| {
        let name = name.strip_prefix("models/").unwrap_or(name);
        name.strip_suffix(":latest").unwrap_or(name).to_lowercase()
    };
    plain(listed) == plain(asked)
}

fn unknown_model(model: &str, names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED_MODELS).map(String::as_str).collect();
    let more = if names.len() > shown.len() { ", …" } else { "" };
    format!(
        "the endpoint does not list {model}: pull it (Ollama: ollama pull {model}) or choose with --model among {}{more}",
        shown.join(", ")
    )
}

/// What became of the schema, once the model has answered.
fn ask(config: &LlmConfig, transport: &Transport, url: &Url) -> Result<String, String> {
    let question = [
        Message { role: "system", content: "You answer in JSON only." },
        Message {
            role: "user",
            content: "There is nothing to report. Answer with the JSON {\"findings\": []}",
        },
    ];
    let mut shape = Shape::new(config);
    shape.max_tokens = ANSWER_TOKENS;
    for _ in 0..MAX_QUESTIONS {
        let body = shape.body(&config.model, &question);
        let reply = transport.post(url, body, config.timeout).map_err(|lost| lost.sentence)?;
        let body = Body::read(&reply.body, transport.key_removal());
        if (200..300).contains(&reply.status) {
            return answered(&body, config, shape.format);
        }
        let error = ServerError::of_reply(reply.status, &body);
        if shape.adapt(&error).is_none() {
            return Err(remedy::sentence(&error, config));
        }
    }
    Err("the endpoint refuses every form of the request: see its own log".to_owned())
}

fn answered(body: &Body, config: &LlmConfig, format: AnswerFormat) -> Result<String, String> {
    let is_json = match judge(body).verdict {
        Verdict::Answer { text, .. } => serde_json::from_str::<Value>(text.trim()).is_ok(),
        Verdict::NoRoom => false,
        Verdict::Error(error) => return Err(remedy::sentence(&error, config)),
        Verdict::Empty(sentence) | Verdict::Failed(sentence) => return Err(sentence),
    };
    Ok(match (format, is_json) {
        (AnswerFormat::JsonSchema, true) => "json_schema is supported",
        (AnswerFormat::JsonSchema, false) => {
            "json_schema is accepted but not enforced: findings are read out of the text"
        }
        (AnswerFormat::JsonObject, _) => "json_schema is refused, json_object is supported",
        (AnswerFormat::Unstated, _) => "no response_format is supported: findings are read out of the text",
    }
    .to_owned())
}
