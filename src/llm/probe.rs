//! Three short questions for a person who sets things up: is there an endpoint, does it know the
//! model, does it take a schema.

use std::time::Duration;

use reqwest::Url;
use serde_json::Value;

use super::address::{chat_url, models_url, place};
use super::answer::is_plain_json;
use super::body::Body;
use super::envelope::{Verdict, judge};
use super::reading;
use super::remedy;
use super::request::{AnswerFormat, Message, Shape};
use super::server_error::ServerError;
use super::transport::{Reply, Transport};
use crate::config::LlmConfig;

/// Timeout of the list of models, for which no model runs.
const LIST_TIMEOUT: Duration = Duration::from_secs(15);
/// Room for an empty list, and for a little thinking before it.
const ANSWER_TOKENS: u32 = 512;
/// Two steps of the format, two of the limit, temperature, system role, more room and once more
/// after nothing: each may be needed once.
const MAX_QUESTIONS: u32 = 9;
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
    // Routers, gateways and servers of one model answer to names that they do not list.
    let unlisted = listed.filter(|names| !names.iter().any(|name| is_same_model(name, &config.model)));
    let unlisted = unlisted.map(|names| not_listed(&names));
    match ask(config, &transport, &chat_url(&config.base_url)) {
        Ok(schema) => {
            let hint = unlisted.map(|hint| format!(", though {hint}")).unwrap_or_default();
            Probe { endpoint, model: Ok(format!("{} answers{hint}", config.model)), schema: Ok(schema) }
        }
        Err(sentence) => {
            let hint = unlisted.map(|hint| format!("; {hint}")).unwrap_or_default();
            Probe {
                endpoint,
                model: Err(format!("{sentence}{hint}")),
                schema: Err("not known: the model gave no answer".to_owned()),
            }
        }
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
    let Body::Json(value) = reading::read(&reply.body, transport.key_removal()) else { return None };
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

fn not_listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED_MODELS).map(String::as_str).collect();
    let more = if names.len() > shown.len() { ", …" } else { "" };
    format!("the endpoint's list does not name it ({}{more})", shown.join(", "))
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
    shape.max_tokens = ANSWER_TOKENS.min(config.max_tokens);
    let mut asked_after_nothing = false;
    for _ in 0..MAX_QUESTIONS {
        let body = shape.body(&config.model, &question);
        let reply = transport.post(url, body, config.timeout).map_err(|lost| lost.sentence)?;
        let body = reading::read(&reply.body, transport.key_removal());
        let verdict = match reply.status {
            200..=299 => judge(&body, shape.max_tokens).verdict,
            status => Verdict::Error(ServerError::of_reply(status, &body)),
        };
        match verdict {
            Verdict::Error(error) if shape.adapt(&error).is_some() => {}
            Verdict::Error(error) => return Err(remedy::sentence(&error, config)),
            // A model that thinks first gets as much room as in an audit.
            Verdict::NoRoom | Verdict::Answer { is_cut: true, .. }
                if shape.max_tokens < config.max_tokens =>
            {
                shape.max_tokens = config.max_tokens;
            }
            Verdict::NoRoom | Verdict::Answer { is_cut: true, .. } => {
                return Ok(thought_only(shape.max_tokens));
            }
            Verdict::Answer { text, .. } => return Ok(format_support(shape.format, &text).to_owned()),
            Verdict::Nothing(_) if !asked_after_nothing => asked_after_nothing = true,
            Verdict::Nothing(nothing) => {
                return Err(format!("{}, also when asked again: {}", nothing.fault, nothing.remedy));
            }
            Verdict::CutShort(sentence) | Verdict::Failed(sentence) => return Err(sentence),
        }
    }
    Err("the endpoint rejects every form of the request: see its own log".to_owned())
}

fn format_support(format: AnswerFormat, text: &str) -> &'static str {
    match format {
        AnswerFormat::JsonSchema if is_plain_json(text) => "json_schema is supported",
        AnswerFormat::JsonSchema => {
            "json_schema is accepted but not enforced: findings are read out of the text"
        }
        AnswerFormat::JsonObject => "json_schema is rejected, json_object is supported",
        AnswerFormat::Unstated => "no response_format is supported: findings are read out of the text",
    }
}

fn thought_only(max_tokens: u32) -> String {
    format!(
        "whether the schema is enforced is not known: the model spent its {max_tokens} tokens before it had answered, raise max_tokens in the config file if audits fail for that"
    )
}
