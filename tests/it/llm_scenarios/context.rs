//! A model whose context is too small for the prompt.

use serde_json::json;

use super::{Scenario, answer, found};
use crate::server::Reply;

const OPENAI: &str = "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens (4904 in the messages, 4096 in the completion). Please reduce the length of the messages or completion.";

pub(super) fn scenarios() -> Vec<Scenario> {
    let llama = || {
        Reply::json(
            400,
            &json!({"error": {
                "code": 400, "message": "the request exceeds the available context size, try increasing it",
                "type": "exceed_context_size_error", "n_prompt_tokens": 6000, "n_ctx": 4096,
            }}),
        )
    };
    vec![
        Scenario::new("a limit that is said", vec![Reply::error(400, OPENAI), found(&["A"])])
            .finds(&["A"])
            .attempts(2)
            .look(|requests| {
                assert!(requests[1].prompt_chars() < requests[0].prompt_chars());
                assert_eq!(requests[1].body["max_tokens"], 1024);
            }),
        Scenario::new("a limit that is said in fields", vec![llama(), found(&["A"])])
            .finds(&["A"])
            .attempts(2),
        Scenario::new("a limit that is said twice", vec![llama()])
            .fails(&["context of 4096 tokens is too small", "OLLAMA_CONTEXT_LENGTH", "num_ctx"])
            .attempts(2),
        Scenario::new(
            "a limit without a number",
            vec![Reply::error(400, "Your input exceeds the context window of this model"), found(&["A"])],
        )
        .finds(&["A"])
        .attempts(2),
        Scenario::new(
            "a limit below any report",
            vec![Reply::error(400, "maximum context length is 1024 tokens")],
        )
        .fails(&["context of 1024 tokens is too small"]),
        Scenario::new(
            "a prompt that Ollama cut in silence",
            vec![
                Reply::counted_chat("I see a list of rules.", 2_050),
                Reply::counted_chat(&answer(&["A"]), 2_900),
            ],
        )
        .finds(&["A"])
        .attempts(2)
        .look(|requests| {
            assert!(requests[0].prompt_chars() > 12_000, "{}", requests[0].prompt_chars());
            let chars = requests[1].prompt_chars();
            assert!(chars <= 7_296, "{chars}");
            assert_eq!(requests[1].body["messages"].as_array().unwrap().len(), 2);
        }),
        Scenario::new(
            "a prompt that is cut in silence, twice",
            vec![Reply::counted_chat(&answer(&["B"]), 2_050), Reply::counted_chat(&answer(&["B"]), 1_026)],
        )
        .fails(&["context of 2048 tokens is too small", "OLLAMA_CONTEXT_LENGTH"])
        .attempts(2),
        Scenario::new(
            "findings out of a prompt that was cut do not count",
            vec![Reply::counted_chat(&answer(&["B"]), 2_050)],
        )
        .with(&["--max-prompt-chars", "16000"])
        .finds(&["B"])
        .attempts(2),
        Scenario::new("a count that is believable", vec![Reply::counted_chat(&answer(&["A"]), 5_000)])
            .finds(&["A"]),
        Scenario::new("a count that is none", vec![Reply::counted_chat(&answer(&["A"]), 10)]).finds(&["A"]),
    ]
}
