//! Refusals that name something that was sent: it goes or changes, and the question is asked again.

use serde_json::{Value, json};

use super::{Scenario, answer, found};
use crate::server::{Reply, Request};

pub(super) fn scenarios() -> Vec<Scenario> {
    [fields(), roles(), named_anywhere(), refused_again()].into_iter().flatten().collect()
}

/// Refusals that name a field: it goes, and the question is asked again.
fn fields() -> Vec<Scenario> {
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

/// A model without a system message gets its brief in the user's.
fn roles() -> Vec<Scenario> {
    let folds = |name, refusal: Reply| {
        Scenario::new(name, vec![refusal, found(&["A"])]).finds(&["A"]).attempts(2).look(|requests| {
            assert_eq!(roles_of(&requests[0]), ["system", "user"]);
            assert_eq!(roles_of(&requests[1]), ["user"]);
            assert!(requests[1].prompt_chars() >= requests[0].prompt_chars());
            let text = requests[1].body["messages"][0]["content"].as_str().unwrap();
            assert!(text.starts_with("You audit") && text.contains("### YOUR ANSWER"), "{text}");
            assert_eq!(requests[1].format(), Some("json_schema"));
        })
    };
    vec![
        folds("no system role", Reply::error(400, "System role not supported")),
        folds(
            "no system role, as llama.cpp says it",
            Reply::json(
                500,
                &json!({"error": {"code": 500, "message": "Jinja Exception: System role not supported", "type": "server_error"}}),
            ),
        ),
        folds(
            "no developer instruction",
            Reply::error(400, "Developer instruction is not enabled for models/gemma-3-27b-it"),
        ),
        folds(
            "a role that the parameter names",
            Reply::json(
                400,
                &json!({"error": {"message": "Unsupported value: 'messages[0].role' does not support 'system' with this model.", "param": "messages[0].role"}}),
            ),
        ),
        folds(
            "a role in pydantic's shape",
            Reply::json(
                422,
                &json!({"detail": [{"type": "literal_error", "loc": ["body", "messages", 0, "role"], "msg": "Input should be 'user' or 'assistant'", "input": "system"}]}),
            ),
        ),
        folds(
            "roles that must alternate",
            Reply::error(500, "Conversation roles must alternate user/assistant/user/assistant/..."),
        ),
        folds(
            "a role within a 200",
            Reply::json(200, &json!({"error": {"message": "System role not supported"}})),
        ),
        Scenario::new(
            "no system role, and a correction",
            vec![Reply::error(400, "System role not supported"), Reply::chat("All fine."), found(&["A"])],
        )
        .finds(&["A"])
        .attempts(3)
        .look(|requests| assert_eq!(roles_of(&requests[2]), ["user", "assistant", "user"])),
    ]
}

/// The words stand anywhere in the body, and under any status that is about the request.
fn named_anywhere() -> Vec<Scenario> {
    let steps = |name, refusal: Reply| {
        Scenario::new(name, vec![refusal, found(&["A"])])
            .finds(&["A"])
            .attempts(2)
            .look(|requests| assert_eq!(requests[1].format(), Some("json_object")))
    };
    let raw = json!({"error": {"message": "'response_format' of this type is not supported", "code": 400}})
        .to_string();
    vec![
        steps(
            "a provider's refusal as text within the error",
            Reply::json(400, &json!({"error": {"message": "Provider returned error", "code": 400, "metadata": {"raw": raw, "provider_name": "Some"}}})),
        ),
        steps("a message that is JSON", Reply::json(400, &json!({"error": {"message": raw}}))),
        steps("a message that holds JSON", Reply::json(400, &json!({"error": {"message": format!("BadRequestError: upstream said {raw}")}}))),
        steps("details beside the message", Reply::json(400, &json!({"error": {"message": "Invalid request", "details": [{"field": "response_format", "issue": "unknown"}]}}))),
        steps("a list of errors", Reply::json(400, &json!({"success": false, "errors": [{"code": 5006, "message": "must not have additional property: response_format"}]}))),
        steps("a page of HTML", Reply::new(400, "text/html", format!("<html><title>Bad Request</title><body><p>{}</p><p>json_schema is not supported</p>", "x ".repeat(400)))),
        steps("a long text", Reply::new(400, "text/plain", format!("{} json_schema is not supported", "x".repeat(900)))),
        steps("500 for a grammar", Reply::error(500, "failed to parse grammar")),
        steps("501 for a schema", Reply::new(501, "text/plain", "structured outputs are not implemented")),
        steps("405 for a mode", Reply::json(405, &json!({"detail": "JSON mode is not enabled for this model"}))),
        steps("404 for parameters", Reply::error(404, "No endpoints found that can handle the requested parameters.")),
        steps("a keyword of the schema", Reply::error(400, "Invalid JSON payload received. Unknown name \"additionalProperties\" at 'generation_config'")),
        steps("a refusal within a choice", Reply::choice(json!({"error": {"code": 400, "message": "Provider returned error", "metadata": {"raw": raw}}, "message": {"content": ""}}))),
        Scenario::new("402 with what can be afforded", vec![
            Reply::error(402, "This request requires more credits, or fewer max_tokens. You requested up to 4096 tokens, but can only afford 1029."),
            found(&["A"]),
        ])
        .finds(&["A"])
        .attempts(2)
        .look(|requests| assert_eq!(requests[1].body["max_tokens"], 1029)),
        Scenario::new("no limit under either name", vec![
            Reply::error(400, "Unrecognized request argument supplied: max_tokens"),
            Reply::error(400, "Unrecognized request argument supplied: max_completion_tokens"),
            found(&["A"]),
        ])
        .finds(&["A"])
        .attempts(3)
        .look(|requests| {
            assert!(requests[1].body["max_tokens"].is_null() && requests[2].body["max_completion_tokens"].is_null());
        }),
        Scenario::new("a window that holds prompt and answer, in TGI's words", vec![
            Reply::json(422, &json!({"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 4096 `max_new_tokens`", "error_type": "validation"})),
            found(&["A"]),
        ])
        .finds(&["A"])
        .attempts(2)
        .look(|requests| assert!(requests[1].prompt_chars() < requests[0].prompt_chars())),
    ]
}

/// What cannot be adapted is not asked again and again.
fn refused_again() -> Vec<Scenario> {
    let alike = |requests: &[Request]| {
        let bodies: Vec<Value> = requests.iter().map(|request| request.body.clone()).collect();
        let most = bodies.iter().map(|body| bodies.iter().filter(|other| *other == body).count()).max();
        assert!(most.unwrap() <= 2, "{most:?} requests alike");
    };
    vec![
        Scenario::new(
            "no system role, and none folded either",
            vec![Reply::error(400, "System role not supported")],
        )
        .fails(&["400", "System role not supported"])
        .attempts(2)
        .look(alike),
        Scenario::new(
            "a grammar that fails for ever",
            vec![Reply::error(500, "failed to parse grammar").retry_soon()],
        )
        .fails(&["500", "failed to parse grammar", "does not take the request"])
        .attempts(4)
        .look(alike),
        Scenario::new(
            "a failure that happens to name the limit, and passes",
            vec![Reply::error(500, "worker lost while it had max_tokens left").retry_soon(), found(&["A"])],
        )
        .finds(&["A"])
        .attempts(2)
        .look(|requests| assert_eq!(requests[1].body["max_tokens"], 4096)),
    ]
}

fn roles_of(request: &Request) -> Vec<&str> {
    request.body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["role"].as_str().unwrap())
        .collect()
}
