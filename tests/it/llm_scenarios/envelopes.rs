//! A body that strict JSON refuses, and an answer that does not stand where answers stand.

use serde_json::{Value, json};

use super::{Scenario, answer, finding, found};
use crate::server::Reply;

pub(super) fn scenarios() -> Vec<Scenario> {
    [mended(), called()].into_iter().flatten().collect()
}

/// What is wrong costs at most the finding it stands in.
fn mended() -> Vec<Scenario> {
    let body = envelope(&answer(&["A", "B"])).to_string();
    let raw = |from: &str, to: &str| Reply::new(200, "application/json", body.replacen(from, to, 1));
    vec![
        Scenario::new("a lone surrogate in the envelope", vec![raw("A, explained", "A \\ud83d explained")])
            .finds(&["A", "B"]),
        Scenario::new(
            "a lone low surrogate in the envelope",
            vec![raw("A, explained", "A \\udE00 \\ud83d\\ud83d\\ude00")],
        )
        .finds(&["A", "B"]),
        Scenario::new("a lone surrogate in the answer", vec![raw("A, explained", "A \\\\ud83d explained")])
            .finds(&["A", "B"]),
        Scenario::new("raw control characters", vec![raw("A, explained", "A\n\t\u{1}\u{0} explained")])
            .finds(&["A", "B"]),
        Scenario::new(
            "NaN and infinities",
            vec![raw("\"stop\"", "\"stop\", \"logprobs\": [NaN, -Infinity, Infinity, 1e999, -nan, +.5]")],
        )
        .finds(&["A", "B"]),
        Scenario::new("a trailing comma", vec![raw("\"stop\"", "\"stop\", \"logprobs\": [1,]")])
            .finds(&["A", "B"]),
        Scenario::new("bytes that are no UTF-8", vec![Reply::new(200, "application/json", not_utf8(&body))])
            .finds(&["A", "B"]),
        Scenario::new(
            "an error that strict JSON refuses",
            vec![
                Reply::new(
                    400,
                    "application/json",
                    "{\"error\": {\"message\": \"json_schema \\ud83d is\n refused\"}}",
                ),
                found(&["A"]),
            ],
        )
        .finds(&["A"])
        .attempts(2),
        Scenario::new(
            "a broken envelope that is cut as well",
            vec![
                Reply::new(
                    200,
                    "application/json",
                    body.replacen("A,", "\\ud83d", 1)[..body.len() / 2].to_owned(),
                )
                .retry_soon(),
                found(&["A"]),
            ],
        )
        .finds(&["A"])
        .attempts(2),
        Scenario::new("an envelope beyond repair", vec![raw("\"stop\"", "stop, {[")]).finds(&["A", "B"]),
        Scenario::new(
            "an envelope that forgets to escape",
            vec![Reply::new(
                200,
                "application/json",
                format!("{{\"choices\": [{{\"message\": {{\"content\": \"{}\"}}}}]}}", answer(&["A", "B"])),
            )],
        )
        .finds(&["A", "B"]),
        Scenario::new(
            "an answer without an envelope",
            vec![Reply::new(200, "application/json", answer(&["A"]))],
        )
        .finds(&["A"]),
        Scenario::new(
            "an empty list without an envelope",
            vec![Reply::new(200, "application/json", "{\"findings\": []}").retry_soon()],
        )
        .fails(&["without any choices"])
        .attempts(2),
        Scenario::new(
            "one finding beyond repair",
            vec![Reply::chat(&format!(
                "{{\"findings\": [{}, {}]}}",
                finding("A").replace("A, explained", "he said \"no\" to it"),
                finding("B")
            ))],
        )
        .finds(&["B"])
        .drops(1),
    ]
}

/// The answer in the arguments of a call.
fn called() -> Vec<Scenario> {
    let call = |arguments: Value| json!({"id": "1", "type": "function", "function": {"name": "f", "arguments": arguments}});
    let calls = |content: Value, calls: Vec<Value>| {
        Reply::choice(json!({
            "finish_reason": "tool_calls", "message": {"content": content, "tool_calls": calls},
        }))
    };
    vec![
        Scenario::new("a tool call", vec![calls(Value::Null, vec![call(json!(answer(&["A"])))])]).finds(&["A"]),
        Scenario::new("a tool call with an object", vec![
            calls(json!(""), vec![call(json!({"findings": [serde_json::from_str::<Value>(&finding("A")).unwrap()]}))]),
        ])
        .finds(&["A"]),
        Scenario::new("a tool call a finding", vec![
            calls(Value::Null, vec![call(json!(finding("A"))), call(json!(finding("B")))]),
        ])
        .finds(&["A", "B"]),
        Scenario::new("a tool call beside words", vec![
            calls(json!("I report what I found."), vec![call(json!(answer(&["A"])))]),
        ])
        .finds(&["A"]),
        Scenario::new("a tool call with an empty list", vec![calls(Value::Null, vec![call(json!("{\"findings\": []}"))])]),
        Scenario::new("a function call", vec![Reply::message(json!({
            "content": null, "function_call": {"name": "f", "arguments": answer(&["A"])},
        }))])
        .finds(&["A"]),
        Scenario::new("a tool call that the limit cut", vec![Reply::choice(json!({
            "finish_reason": "length",
            "message": {"content": null, "tool_calls": [call(json!(format!("{{\"findings\": [{}, {{\"ti", finding("A"))))]},
        }))])
        .finds(&["A"])
        .comes_cut(),
        Scenario::new("a tool call of something else", vec![
            calls(Value::Null, vec![call(json!("{\"coin\": \"bitcoin\"}"))]).retry_soon(),
        ])
        .fails(&["called a tool", "also when asked again"])
        .attempts(2),
        Scenario::new("the older form of a completion", vec![
            Reply::choice(json!({"finish_reason": "stop", "text": answer(&["A"])})),
        ])
        .finds(&["A"]),
    ]
}

fn envelope(content: &str) -> Value {
    json!({"choices": [{"finish_reason": "stop", "message": {"content": content}}]})
}

/// With bytes in the first description that are no text.
fn not_utf8(body: &str) -> Vec<u8> {
    let at = body.find("explained").unwrap();
    [&body.as_bytes()[..at], &[0xff, 0xfe, 0xc3], &body.as_bytes()[at..]].concat()
}
