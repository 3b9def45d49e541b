//! The second half of an error's sentence: what a person can do about it.

use reqwest::Url;

use super::address::place;
use super::request::names_request;
use super::server_error::ServerError;
use crate::config::LlmConfig;

const NOT_TAKEN: &str = "this endpoint does not take the request as it is, see its own message";

/// What the server said, and the likely remedy, in one sentence.
pub(super) fn sentence(error: &ServerError, config: &LlmConfig) -> String {
    format!("{}: {}", error.sentence(), remedy(error, config))
}

fn remedy(error: &ServerError, config: &LlmConfig) -> String {
    let model = &config.model;
    let text = error.naming_text();
    match error.status {
        401 if config.api_key.is_none() => "set OPENAI_API_KEY to a key of this endpoint".to_owned(),
        401 => "OPENAI_API_KEY is not a key that this endpoint accepts".to_owned(),
        _ if error.is_quota() => {
            "the account's quota is used up, add credit or use another endpoint".to_owned()
        }
        403 => format!("the key in OPENAI_API_KEY may not use the model {model}"),
        404 | 405 => format!(
            "either the model name {model} is wrong (--model), or the base URL lacks /v1 ({})",
            place(&config.base_url)
        ),
        400 | 422 if is_about_model_name(&text) => format!("check the model name {model} (--model)"),
        400 | 422 => NOT_TAKEN.to_owned(),
        413 => "the prompt is too large for this endpoint, lower --max-prompt-chars".to_owned(),
        429 => {
            "the endpoint's rate limit is reached, run the audit less often or use another model".to_owned()
        }
        500 | 501 if names_request(error) => NOT_TAKEN.to_owned(),
        500..=599 | 498 => "the endpoint itself has a problem, see its log".to_owned(),
        _ => "see the endpoint's own message".to_owned(),
    }
}

/// Whether an error is about the model's name. "This model does not support ..." is not.
fn is_about_model_name(text: &str) -> bool {
    const NAME_WORDS: [&str; 8] = [
        "invalid model",
        "unknown model",
        "no such model",
        "model id",
        "model_not_found",
        "model name",
        "not a valid model",
        "no model",
    ];
    const MISSING_WORDS: [&str; 4] = ["not found", "not exist", "not available", "not loaded"];
    NAME_WORDS.iter().any(|words| text.contains(words))
        || (text.contains("model") && MISSING_WORDS.iter().any(|words| text.contains(words)))
}

/// A redirect is not followed: it would turn the question into a GET and could carry the key elsewhere.
pub(super) fn redirect(status: u16, location: Option<&str>, base: &Url) -> String {
    let target = location.and_then(|location| base.join(location).ok());
    let target = target.map_or_else(|| "an address it does not name".to_owned(), |url| place(&url));
    format!(
        "the endpoint answered {status} and points to {target}: give the address that it really has as the base URL"
    )
}

/// The prompt does not fit, however short.
pub(super) fn context_too_small(window_tokens: Option<u64>, prompt_chars: usize) -> String {
    let window = window_tokens.map(|tokens| format!(" of {tokens} tokens")).unwrap_or_default();
    format!(
        "the model's context{window} is too small for a report of {prompt_chars} characters: enlarge it (Ollama: OLLAMA_CONTEXT_LENGTH=16384, or a Modelfile with PARAMETER num_ctx 16384; llama.cpp: --ctx-size 16384)"
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::ApiKey;

    fn config(key: Option<&str>) -> LlmConfig {
        LlmConfig {
            base_url: Url::parse("http://h.example:1/api").unwrap(),
            model: "m-7b".to_owned(),
            api_key: key.and_then(ApiKey::new),
            timeout: Duration::from_secs(1),
            temperature: None,
            max_tokens: 300,
            ca_file: None,
        }
    }

    #[test]
    fn each_status_has_its_remedy() {
        for (status, message, key, words) in [
            (401, "no key", None, "set OPENAI_API_KEY"),
            (401, "bad key", Some("k"), "OPENAI_API_KEY is not a key"),
            (402, "pay", None, "quota is used up"),
            (403, "no", None, "may not use the model m-7b"),
            (404, "model 'm-7b' not found", None, "the model name m-7b is wrong (--model)"),
            (404, "404 page not found", None, "base URL lacks /v1 (http://h.example:1/api)"),
            (413, "big", None, "--max-prompt-chars"),
            (429, "slow down", None, "rate limit"),
            (429, "You exceeded your current quota", None, "quota is used up"),
            (400, "invalid model ID", None, "check the model name m-7b"),
            (400, "the model 'x' does not exist", None, "check the model name m-7b"),
            (400, "this model does not support tools", None, "does not take the request"),
            (500, "failed to parse grammar", None, "does not take the request"),
            (500, "boom", None, "see its log"),
        ] {
            let error = ServerError { status, message: message.to_owned(), ..ServerError::default() };
            let said = sentence(&error, &config(key));
            assert!(said.contains(words) && said.contains(message), "{said}");
        }
    }

    #[test]
    fn a_redirect_is_told_without_its_query() {
        let base = Url::parse("http://h/v1").unwrap();
        assert!(redirect(307, Some("/login?token=x"), &base).contains("points to http://h/login:"));
        assert!(redirect(302, None, &base).contains("an address it does not name"));
    }
}
