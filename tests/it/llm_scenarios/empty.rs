//! Answers that hold nothing, refuse, or say "no findings" where that is not what they mean.

use serde_json::{Value, json};

use super::{Scenario, answer, finding, found};
use crate::server::{Reply, Request};

pub(super) fn scenarios() -> Vec<Scenario> {
    [nothing(), room_spent(), empty_lists(), echoes()].into_iter().flatten().collect()
}

/// Nothing came: that passes more often than not, so the question is asked once more.
fn nothing() -> Vec<Scenario> {
    let once_more = |name, words: &[&'static str], reply: Reply| {
        let mut words = words.to_vec();
        words.push("also when asked again");
        Scenario::new(name, vec![reply.retry_soon()]).fails(&words).attempts(2)
    };
    let then_answers = |name, reply: Reply| {
        Scenario::new(name, vec![reply.retry_soon(), found(&["A"])])
            .finds(&["A"])
            .attempts(2)
            .look(same_question)
    };
    let null = || Reply::message(json!({"content": null}));
    let page = || Reply::new(200, "text/html", "<html><head><title>Please log in</title></head></html>");
    vec![
        once_more("blank content", &["blank"], Reply::chat("   \n  ")),
        once_more("empty content", &["empty"], Reply::chat("")),
        once_more("null content", &["no content"], null()),
        once_more("no message", &["no content"], Reply::choice(json!({"finish_reason": "stop"}))),
        once_more("no choices", &["without any choices"], Reply::json(200, &json!({"id": "1"}))),
        once_more("a body of null", &["without any choices"], Reply::new(200, "application/json", "null")),
        once_more("an empty body", &["empty"], Reply::new(200, "application/json", "")),
        once_more("a login page", &["web page (Please log in)", "base URL"], page()),
        once_more(
            "plain text",
            &["text instead of JSON (Ollama is running)"],
            Reply::new(200, "text/plain", "Ollama is running"),
        ),
        once_more(
            "a refusal",
            &["refuses to answer", "I can't help with trading."],
            Reply::message(json!({"content": null, "refusal": "I can't help with trading."})),
        ),
        then_answers("blank content, then the answer", Reply::chat(" ")),
        then_answers("null content, then the answer", null()),
        then_answers("a web page, then the answer", page()),
        then_answers("plain text, then the answer", Reply::new(200, "text/plain", "warming up")),
        then_answers("no choices, then the answer", Reply::json(200, &json!({"choices": []}))),
        then_answers("an empty body, then the answer", Reply::new(200, "application/json", "")),
        Scenario::new(
            "nothing, and then a failure that passes",
            vec![Reply::chat("").retry_soon(), Reply::error(503, "loading").retry_soon(), found(&["A"])],
        )
        .finds(&["A"])
        .attempts(3),
    ]
}

/// The answer's room went into thoughts, though the server does not say so.
fn room_spent() -> Vec<Scenario> {
    let spent = |usage: Value| {
        Reply::json(
            200,
            &json!({
                "choices": [{"finish_reason": "stop", "message": {"content": ""}}],
                "usage": usage,
            }),
        )
    };
    let more_room = |name, usage: Value| {
        Scenario::new(name, vec![spent(usage), found(&["A"])])
            .finds(&["A"])
            .attempts(2)
            .look(|requests| assert_eq!(requests[1].body["max_tokens"], 8_192))
    };
    vec![
        more_room("the whole limit counted", json!({"prompt_tokens": 5_000, "completion_tokens": 4_096})),
        more_room("nearly the whole limit counted", json!({"completion_tokens": 4_090})),
        more_room(
            "all of it reasoning",
            json!({"completion_tokens": 2_000, "completion_tokens_details": {"reasoning_tokens": 2_000}}),
        ),
        more_room("reasoning counted by itself", json!({"reasoning_tokens": 4_000})),
        Scenario::new("the room spent twice", vec![spent(json!({"completion_tokens": 8_192}))])
            .fails(&["room for 8192 tokens", "max_tokens"])
            .attempts(2),
        Scenario::new(
            "an endpoint with a limit of its own",
            vec![Reply::json(
                200,
                &json!({
                    "choices": [{"finish_reason": "stop", "message": {"content": "{\"findings\": [{\"title\": \"so"}}],
                    "usage": {"completion_tokens": 1_200},
                }),
            )],
        )
        .fails(&["after 1200 tokens", "the endpoint's own limit"])
        .attempts(2),
        Scenario::new(
            "room enough was left",
            vec![
                spent(json!({"completion_tokens": 3, "completion_tokens_details": {"reasoning_tokens": 0}}))
                    .retry_soon(),
            ],
        )
        .fails(&["empty", "also when asked again"])
        .attempts(2)
        .look(same_question),
    ]
}

/// An empty list is believed where nothing around it says otherwise.
fn empty_lists() -> Vec<Scenario> {
    let believed = |name, content: &str| Scenario::new(name, vec![Reply::chat(content)]);
    let doubted = |name, content: &str| {
        Scenario::new(name, vec![Reply::chat(content)])
            .fails(&["an empty list", "also when asked again"])
            .attempts(2)
    };
    vec![
        believed(
            "no findings behind thoughts",
            "<think>An error? I cannot see one.</think>{\"findings\": []}",
        ),
        believed("no findings with a word before", "No issues found.\n\n{\"findings\": []}"),
        believed("no findings with a word on its line", "No issues found. {\"findings\": []}"),
        believed(
            "no findings, and no error",
            r#"{"findings": [], "error": null, "errors": [], "summary": "I could not find any problem."}"#,
        ),
        believed(
            "no findings, announced",
            "Here is my answer:\n```json\n{\"findings\": []}\n```\nAll figures are consistent.",
        ),
        doubted(
            "an empty list with an error",
            r#"{"findings": [], "error": "the report could not be parsed"}"#,
        ),
        doubted("an empty list with an error's object", r#"{"error": {"code": 7}, "findings": []}"#),
        doubted(
            "an empty list without a report",
            "I cannot see any report in your message. {\"findings\": []}",
        ),
        doubted(
            "an empty list without a report, on lines",
            "I'm sorry, but no report was attached.\n\n```json\n{\"findings\": []}\n```",
        ),
        doubted(
            "an empty list with a reason",
            r#"{"findings": [], "reason": "The input was truncated, so nothing could be audited."}"#,
        ),
        doubted("an empty list without success", r#"{"success": false, "findings": []}"#),
        doubted(
            "an empty list behind a problem",
            "Rule 7 contradicts its own counters, which is a critical bug.\n[]",
        ),
        doubted(
            "an empty list beside a problem",
            r#"{"findings": [], "notes": ["Rule 7 contradicts rule 9"]}"#,
        ),
        Scenario::new(
            "an empty list that is doubted, then meant",
            vec![
                Reply::chat("I cannot see any report. {\"findings\": []}"),
                Reply::chat("{\"findings\": []}"),
            ],
        )
        .attempts(2)
        .look(|requests| {
            let messages = requests[1].body["messages"].as_array().unwrap();
            assert_eq!(messages.len(), 4);
            assert!(messages[3]["content"].as_str().unwrap().contains("empty list"));
        }),
        Scenario::new(
            "findings under another name beside an empty list",
            vec![Reply::chat(&format!("{{\"findings\": [], \"bugs\": [{}]}}", finding("A")))],
        )
        .finds(&["A"]),
        Scenario::new(
            "findings with an error beside them",
            vec![Reply::chat(&format!(
                "{{\"error\": \"rate table was cut\", \"findings\": [{}]}}",
                finding("A")
            ))],
        )
        .finds(&["A"]),
    ]
}

/// The prompt's own form, sent back, is no finding.
fn echoes() -> Vec<Scenario> {
    let echo = |title: &str, description: &str, evidence: &str| {
        json!({
            "type": "bug", "severity": "high", "title": title, "description": description,
            "evidence": evidence, "recommendation": "what to do", "duplicate_of": null,
        })
        .to_string()
    };
    let whole = echo(
        "the problem and its subject in one line, without figures",
        "what is wrong and why it matters",
        "the figures of the report that show it, quoted as they stand there",
    );
    let answer_of = |items: &[&str]| Reply::chat(&format!("{{\"findings\": [{}]}}", items.join(", ")));
    vec![
        Scenario::new("the form beside a finding", vec![answer_of(&[&whole, &finding("A")])])
            .finds(&["A"])
            .drops(1),
        Scenario::new(
            "parts of the form",
            vec![answer_of(&[
                &echo("The problem and its subject in one line", "The bot loses money", "win_rate 0.5"),
                &echo("Losses in bitcoin", "What is wrong and why it matters.", "win_rate 0.5"),
                &echo(
                    "BUG: the problem and its subject in one line, without figures",
                    "It matters",
                    "win_rate 0.5",
                ),
                &echo(
                    "Bugs",
                    "Rules that never or always fire, counters that cannot be right",
                    "win_rate 0.5",
                ),
                &echo("...", "...", "..."),
                &echo("title", "description", "evidence"),
                &finding("A"),
            ])],
        )
        .finds(&["A"])
        .drops(6),
        Scenario::new("the form alone", vec![answer_of(&[&whole])])
            .fails(&["1 item", "of its own", "also when asked again"])
            .drops(1)
            .attempts(2),
        Scenario::new("the form, then a finding", vec![answer_of(&[&whole]), Reply::chat(&answer(&["A"]))])
            .finds(&["A"])
            .attempts(2),
        Scenario::new(
            "the brief's words in a finding of its own",
            vec![answer_of(&[&echo(
                "Rules that never fire",
                "Rule 7 and rule 9 never fire: 0 of 12 uses",
                "win_rate 0.5",
            )])],
        )
        .finds(&["Rules that never fire"]),
    ]
}

fn same_question(requests: &[Request]) {
    assert_eq!(requests[0].body, requests[1].body);
}
