//! A status other than 200, or an error inside a 200, that no repetition helps.

use serde_json::json;

use super::{Scenario, answer, found};
use crate::server::Reply;

pub(super) fn scenarios() -> Vec<Scenario> {
    [adapted(), refused()].into_iter().flatten().collect()
}

/// Refusals that name a field: it goes, and the question is asked again.
fn adapted() -> Vec<Scenario> {
    let no_schema = || Reply::error(400, "This response_format type is unavailable now");
    vec![
        Scenario::new("no json_schema", vec![no_schema(), found(&["A"])]).finds(&["A"]).attempts(2).look(
            |requests| {
                assert_eq!(requests[0].format(), Some("json_schema"));
                assert_eq!(requests[1].format(), Some("json_object"));
            },
        ),
        Scenario::new("no response_format at all", vec![no_schema(), no_schema(), found(&["A"])])
            .finds(&["A"])
            .attempts(3)
            .look(|requests| assert_eq!(requests[2].format(), None)),
        Scenario::new("the ladder has an end", vec![no_schema()])
            .fails(&["400 Bad Request", "response_format type is unavailable"])
            .attempts(3),
        Scenario::new(
            "max_completion_tokens wanted",
            vec![
                Reply::json(400, &json!({"error": {
                    "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                    "type": "invalid_request_error", "param": "max_tokens", "code": "unsupported_parameter",
                }})),
                found(&["A"]),
            ],
        )
        .finds(&["A"])
        .attempts(2)
        .look(|requests| {
            assert_eq!(requests[1].body["max_completion_tokens"], 4096);
            assert!(requests[1].body.get("max_tokens").is_none());
            assert_eq!(requests[1].format(), Some("json_schema"));
        }),
        Scenario::new(
            "a smaller limit wanted",
            vec![Reply::error(400, "max_tokens is too large: 4096. This model supports at most 2048 completion tokens"), found(&["A"])],
        )
        .finds(&["A"])
        .attempts(2)
        .look(|requests| assert_eq!(requests[1].body["max_tokens"], 2048)),
        Scenario::new(
            "no temperature but the default",
            vec![Reply::error(400, "Unsupported value: 'temperature' does not support 0.2 with this model."), found(&["A"])],
        )
        .finds(&["A"])
        .attempts(2)
        .configured("temperature = 0.2")
        .look(|requests| {
            assert_eq!(requests[0].body["temperature"], 0.2);
            assert!(requests[1].body.get("temperature").is_none());
        }),
        Scenario::new(
            "a complaint in FastAPI's shape",
            vec![
                Reply::json(422, &json!({"detail": [{"loc": ["body", "response_format"], "msg": "extra fields not permitted"}]})),
                found(&["A"]),
            ],
        )
        .finds(&["A"])
        .attempts(2),
        Scenario::new(
            "everything is refused in turn, and then it is slow",
            vec![
                no_schema(),
                no_schema(),
                Reply::error(400, "use max_completion_tokens"),
                Reply::error(503, "loading").retry_soon(),
                Reply::error(503, "loading").retry_soon(),
                Reply::error(503, "loading").retry_soon(),
                found(&["A"]),
            ],
        )
        .finds(&["A"])
        .attempts(7),
        Scenario::new(
            "findings in what Groq's check refused",
            vec![Reply::json(400, &json!({"error": {
                "message": "Failed to generate JSON", "code": "json_validate_failed",
                "failed_generation": format!("Sure! {}", answer(&["A"])),
            }}))],
        )
        .finds(&["A"]),
        Scenario::new(
            "Groq's check refuses once",
            vec![
                Reply::json(400, &json!({"error": {"message": "Failed to generate JSON", "code": "json_validate_failed", "failed_generation": ""}})),
                found(&["A"]),
            ],
        )
        .finds(&["A"])
        .attempts(2),
        Scenario::new(
            "Groq's check refuses twice",
            vec![Reply::json(400, &json!({"error": {"message": "Failed to generate JSON", "code": "json_validate_failed"}}))],
        )
        .fails(&["Failed to generate JSON"])
        .attempts(2),
    ]
}

/// Refusals that are final.
fn refused() -> Vec<Scenario> {
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
