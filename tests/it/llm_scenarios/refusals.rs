//! A status other than 200, or an error inside a 200, that nothing helps.

use serde_json::json;

use super::Scenario;
use crate::server::Reply;

/// Refusals that are final.
pub(super) fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new("401 without a key", vec![Reply::error(401, "You didn't provide an API key.")])
            .key(None)
            .fails(&["401 Unauthorized", "You didn't provide an API key", "set OPENAI_API_KEY"]),
        Scenario::new(
            "401, and the key is echoed",
            vec![Reply::error(401, "Incorrect API key provided: sk-scenario-5ecret.")],
        )
        .fails(&["401", "Incorrect API key provided: [key removed]", "OPENAI_API_KEY is not a key"]),
        Scenario::new("402", vec![Reply::error(402, "Payment required")]).fails(&["402", "quota"]),
        Scenario::new("403", vec![Reply::json(403, &json!({"error": "no access"}))])
            .fails(&["403 Forbidden (no access)", "asked-model"]),
        Scenario::new("404 of a model", vec![Reply::json(404, &json!({"error": "model 'asked-model' not found"}))])
            .fails(&["404", "model 'asked-model' not found", "--model", "/v1"]),
        Scenario::new("404 of a path", vec![Reply::new(404, "text/plain", "404 page not found")])
            .at(|base| base.trim_end_matches("/v1").to_owned())
            .fails(&["404", "lacks /v1"])
            .look(|requests| assert_eq!(requests[0].line, "POST /chat/completions")),
        Scenario::new("413", vec![Reply::new(413, "text/html", "<html><title>Too large</title></html>")])
            .fails(&["413", "--max-prompt-chars"]),
        Scenario::new("400 in Gemini's shape", vec![Reply::json(400, &json!([{"error": {"code": 400, "message": "API key not valid"}}]))])
            .fails(&["400 Bad Request (API key not valid)"]),
        Scenario::new("a quota spent", vec![Reply::json(429, &json!({"error": {"message": "You exceeded your current quota", "type": "insufficient_quota"}}))])
            .fails(&["429", "quota is used up"]),
        Scenario::new("a redirect", vec![Reply::new(307, "text/html", "").header("Location", "http://127.0.0.1:9/elsewhere")])
            .fails(&["307", "http://127.0.0.1:9/elsewhere", "base URL"]),
        Scenario::new(
            "an error inside a 200 that is final",
            vec![Reply::json(200, &json!({"choices": null, "error": {"code": 401, "message": "No auth credentials found"}}))],
        )
        .fails(&["401", "No auth credentials found"]),
        Scenario::new(
            "a message full of control characters",
            vec![Reply::json(400, &json!({"error": {"message": format!("bad\u{1b}[31m\r\n{}", "x".repeat(5_000))}}))],
        )
        .fails(&["400 Bad Request (bad [31m xxx", "…"]),
    ]
}
