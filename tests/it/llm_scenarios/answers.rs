//! A 200, and what stands in it.

use serde_json::{Value, json};

use super::{Scenario, answer, finding, found};
use crate::server::Reply;

pub(super) fn scenarios() -> Vec<Scenario> {
    [readable(), cut(), useless()].into_iter().flatten().collect()
}

/// Answers that hold findings, or the word that there are none.
fn readable() -> Vec<Scenario> {
    vec![
        Scenario::new("findings in the form asked for", vec![found(&["A", "B"])]).finds(&["A", "B"]).look(|requests| {
            let request = &requests[0];
            assert_eq!(request.line, "POST /v1/chat/completions");
            assert_eq!(request.header("authorization"), Some("Bearer sk-scenario-5ecret"));
            let agent = request.header("user-agent").unwrap();
            assert_eq!(agent, concat!("autonomous-monitor/", env!("CARGO_PKG_VERSION")));
            let names: Vec<_> = request.body.as_object().unwrap().keys().collect();
            assert_eq!(names, ["model", "messages", "max_tokens", "response_format"]);
            assert_eq!(request.body["model"], "asked-model");
            assert!(request.body["messages"].to_string().contains("JSON"));
        }),
        Scenario::new("no key", vec![found(&["A"])])
            .finds(&["A"])
            .key(None)
            .look(|requests| assert_eq!(requests[0].header("authorization"), None)),
        Scenario::new("no findings", vec![Reply::chat("{\"findings\": []}")]),
        Scenario::new("no findings as a bare array", vec![Reply::chat("[]")]),
        Scenario::new("no findings in a fence", vec![Reply::chat("Nothing this hour.\n```json\n[]\n```")]),
        Scenario::new("a bare array", vec![Reply::chat(&format!("[{}]", finding("A")))]).finds(&["A"]),
        Scenario::new("one object", vec![Reply::chat(&finding("A"))]).finds(&["A"]),
        Scenario::new(
            "thinking before the answer",
            vec![Reply::chat(&format!("<think>maybe [{}]?</think>{}", finding("B"), answer(&["A"])))],
        )
        .finds(&["A"]),
        Scenario::new(
            "prose with brackets around it",
            vec![Reply::chat(&format!("In [the report] I see:\n```json\n{}\n```\nSee [1].", answer(&["A"])))],
        )
        .finds(&["A"]),
        Scenario::new(
            "broken spelling",
            vec![Reply::chat("[{'type': 'Bug', 'severity': 'P3', 'title': 'A', 'description': 'it's\nbad', 'evidence': None,},]")],
        )
        .finds(&["A"]),
        Scenario::new(
            "an item without a description",
            vec![Reply::chat(&format!("[{}, {{\"title\": \"B\", \"severity\": \"critical\"}}]", finding("A")))],
        )
        .finds(&["A"])
        .drops(1),
        Scenario::new(
            "content in parts",
            vec![Reply::message(json!({"content": [{"type": "text", "text": answer(&["A"])}]}))],
        )
        .finds(&["A"]),
        Scenario::new(
            "the answer among the reasoning",
            vec![Reply::message(json!({"content": "", "reasoning_content": answer(&["A"])}))],
        )
        .finds(&["A"]),
        Scenario::new(
            "blank lines and a byte-order mark before the body",
            vec![Reply::new(200, "application/json", format!("\u{feff}\n\n{}", envelope(&answer(&["A"]))))],
        )
        .finds(&["A"]),
        Scenario::new(
            "no usage, no id, no model",
            vec![Reply::json(200, &json!({"choices": [{"message": {"content": answer(&["A"])}}]}))],
        )
        .finds(&["A"]),
        Scenario::new(
            "the key comes back in a finding",
            vec![found(&["the key sk-scenario-5ecret is in the log"])],
        )
        .finds(&["the key [key removed] is in the log"]),
        Scenario::new("prose, then the answer", vec![Reply::chat("All [five] rules look fine."), found(&["A"])])
            .finds(&["A"])
            .attempts(2)
            .look(|requests| {
                let messages = requests[1].body["messages"].as_array().unwrap();
                assert_eq!(messages.len(), 4);
                assert_eq!(messages[2]["content"], "All [five] rules look fine.");
                assert!(messages[3]["content"].as_str().unwrap().contains("JSON"));
            }),
        Scenario::new(
            "incomplete items, then the answer",
            vec![Reply::chat("[{\"title\": \"A\", \"severity\": \"low\"}]"), found(&["A"])],
        )
        .finds(&["A"])
        .attempts(2),
    ]
}

/// Answers that the limit ended.
fn cut() -> Vec<Scenario> {
    let cut_in_second = format!("{{\"findings\": [{}, {{\"type\": \"bug\", \"title\": \"hal", finding("A"));
    vec![
        Scenario::new("cut within the second finding", vec![Reply::cut_chat(&cut_in_second)])
            .finds(&["A"])
            .comes_cut(),
        Scenario::new("cut, though the server does not say so", vec![Reply::chat(&cut_in_second)])
            .finds(&["A"])
            .comes_cut(),
        Scenario::new(
            "cut before the first finding, then more room",
            vec![Reply::cut_chat("{\"findings\": [{\"type\": \"b"), found(&["A"])],
        )
        .finds(&["A"])
        .attempts(2)
        .look(|requests| assert_eq!((limit(&requests[0].body), limit(&requests[1].body)), (4_096, 8_192))),
        Scenario::new(
            "an empty list that was cut proves nothing",
            vec![Reply::cut_chat("{\"findings\": []}"), found(&["A"])],
        )
        .finds(&["A"])
        .attempts(2),
        Scenario::new(
            "the whole limit spent on thinking, twice",
            vec![Reply::choice(
                json!({"finish_reason": "length", "message": {"content": "", "reasoning": "hmm [1]"}}),
            )],
        )
        .fails(&["room for 8192 tokens", "max_tokens"])
        .attempts(2),
    ]
}

/// Answers that are none, each with a sentence of its own.
fn useless() -> Vec<Scenario> {
    vec![
        Scenario::new("prose twice", vec![Reply::chat("I see no [real] issues.")])
            .fails(&["without a list of findings", "I see no [real] issues."])
            .attempts(2),
        Scenario::new("an empty list in prose", vec![Reply::chat("The list [] is empty.")])
            .fails(&["without a list of findings"])
            .attempts(2),
        Scenario::new(
            "a content filter",
            vec![Reply::choice(json!({"finish_reason": "content_filter", "message": {"content": ""}}))],
        )
        .fails(&["content filter"]),
        Scenario::new(
            "an HTML page as the model's answer",
            vec![Reply::chat("<html><script>var a =\n[]\n</script></html>")],
        )
        .fails(&["without a list of findings"])
        .attempts(2),
    ]
}

fn envelope(content: &str) -> Value {
    json!({"choices": [{"finish_reason": "stop", "message": {"content": content}}]})
}

fn limit(body: &Value) -> u64 {
    body["max_tokens"].as_u64().unwrap()
}
