//! A stream of `data:` lines, although the request asked for none.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Scenario, answer, found};
use crate::server::Reply;

pub(super) fn scenarios() -> Vec<Scenario> {
    [whole(), elsewhere(), failed()].into_iter().flatten().collect()
}

/// Streams that hold a whole answer.
fn whole() -> Vec<Scenario> {
    let body = format!("{}data: [DONE]\n\n", deltas(&answer(&["A", "B"]), 7));
    vec![
        Scenario::new("a stream", vec![stream(body.clone())]).finds(&["A", "B"]),
        Scenario::new(
            "a stream that is called JSON",
            vec![Reply::new(200, "application/json", body.clone())],
        )
        .finds(&["A", "B"]),
        Scenario::new(
            "a stream behind comments",
            vec![stream(format!(": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n{body}"))],
        )
        .finds(&["A", "B"]),
        Scenario::new(
            "a whole completion behind comments",
            vec![stream(format!(": OPENROUTER PROCESSING\n\n{}", completion(&answer(&["A"]))))],
        )
        .finds(&["A"]),
        Scenario::new(
            "a whole completion in one event",
            vec![stream(format!("id: 1\nevent: message\ndata: {}\n\n", completion(&answer(&["A"]))))],
        )
        .finds(&["A"]),
        Scenario::new(
            "a stream with carriage returns and no blank after the colon",
            vec![stream(body.replace("data: ", "data:").replace('\n', "\r\n"))],
        )
        .finds(&["A", "B"]),
        Scenario::new(
            "a stream without [DONE]",
            vec![stream(format!("{}{}", deltas(&answer(&["A"]), 9), event(&json!({}), "stop")))],
        )
        .finds(&["A"]),
        Scenario::new("a stream that says nowhere that it ends", vec![stream(deltas(&answer(&["A"]), 9))])
            .finds(&["A"]),
        Scenario::new("chunks without `data:`", vec![stream(body.replace("data: ", ""))]).finds(&["A", "B"]),
        Scenario::new(
            "a stream with a lone surrogate and a comment in its middle",
            vec![stream(body.replacen("explained", "explained \\ud83d", 1).replacen(
                "\n\ndata",
                "\n\n: ping\n\ndata",
                9,
            ))],
        )
        .finds(&["A", "B"]),
        Scenario::new(
            "a stream of an empty list",
            vec![stream(format!("{}data: [DONE]\n", deltas("{\"findings\": []}", 3)))],
        ),
        Scenario::new(
            "a stream whose limit was spent",
            vec![stream(format!(
                "{}{}data: [DONE]\n",
                deltas(answer(&["A", "B"]).trim_end_matches("}]}"), 9),
                event(&json!({}), "length")
            ))],
        )
        .finds(&["A"])
        .comes_cut(),
    ]
}

/// Streams whose answer is no content.
fn elsewhere() -> Vec<Scenario> {
    let arguments = answer(&["A"]);
    let (first, second) = arguments.split_at(40);
    let call = |id: Value, part: &str| json!({"tool_calls": [{"index": 0, "id": id, "function": {"name": "report", "arguments": part}}]});
    vec![
        Scenario::new(
            "a stream of a tool call",
            vec![stream(format!(
                "{}{}{}data: [DONE]\n",
                event(&call(json!("1"), first), ""),
                event(&call(Value::Null, second), ""),
                event(&json!({}), "tool_calls"),
            ))],
        )
        .finds(&["A"]),
        Scenario::new(
            "a stream of thoughts, then the answer",
            vec![stream(format!(
                "{}{}data: [DONE]\n",
                event(&json!({"content": null, "reasoning_content": "Is it [B]?"}), ""),
                deltas(&arguments, 12),
            ))],
        )
        .finds(&["A"]),
    ]
}

/// Streams that hold no answer.
fn failed() -> Vec<Scenario> {
    let whole = format!("{}data: [DONE]\n\n", deltas(&answer(&["B", "C"]), 7));
    let cut = whole[..whole.len() * 3 / 4].to_owned();
    let error = |code: Value, message: &str| {
        format!(
            "{}data: {}\n\n",
            deltas("{\"findings\": [", 5),
            json!({
                "error": {"code": code, "message": message},
                "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
            })
        )
    };
    vec![
        Scenario::new("a stream cut in its middle", vec![stream(cut).retry_soon(), found(&["A"])])
            .finds(&["A"])
            .attempts(2),
        Scenario::new(
            "an error within a stream that passes",
            vec![stream(error(json!(502), "provider disconnected")).retry_soon(), found(&["A"])],
        )
        .finds(&["A"])
        .attempts(2),
        Scenario::new(
            "an error within a stream that is final",
            vec![stream(error(json!("invalid_api_key"), "no auth"))],
        )
        .fails(&["401", "no auth"]),
        Scenario::new(
            "an error event that names the schema",
            vec![
                stream(
                    "event: error\ndata: {\"code\": 400, \"message\": \"json_schema: no\"}\n\n".to_owned(),
                ),
                found(&["A"]),
            ],
        )
        .finds(&["A"])
        .attempts(2)
        .look(|requests| assert_eq!(requests[1].format(), Some("json_object"))),
        Scenario::new(
            "a refusal in a stream of status 400",
            vec![
                Reply::new(
                    400,
                    "text/event-stream",
                    "data: {\"error\": {\"message\": \"json_schema: no\"}}\n\n",
                ),
                found(&["A"]),
            ],
        )
        .finds(&["A"])
        .attempts(2),
        Scenario::new(
            "a stream of nothing",
            vec![stream("data: {\"choices\": []}\n\ndata: [DONE]\n".to_owned()).retry_soon()],
        )
        .fails(&["no content", "also when asked again"])
        .attempts(2),
    ]
}

fn stream(body: String) -> Reply {
    Reply::new(200, "text/event-stream", body)
}

fn completion(content: &str) -> Value {
    json!({"choices": [{"finish_reason": "stop", "message": {"content": content}}]})
}

/// An event that carries this delta; an empty finish reason is none.
fn event(delta: &Value, finish_reason: &str) -> String {
    let reason = Some(finish_reason).filter(|reason| !reason.is_empty());
    let chunk = json!({
        "object": "chat.completion.chunk",
        "model": "answering-model",
        "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
    });
    format!("data: {chunk}\n\n")
}

/// Events that carry this content, so many characters each.
fn deltas(content: &str, length: usize) -> String {
    let letters: Vec<char> = content.chars().collect();
    let mut events = event(&json!({"role": "assistant", "content": ""}), "");
    for part in letters.chunks(length) {
        let part: String = part.iter().collect();
        write!(events, "{}", event(&json!({"content": part}), "")).unwrap();
    }
    events
}
