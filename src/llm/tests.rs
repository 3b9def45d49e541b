//! The exchange with a scripted server, where a test needs more than the command line gives.

#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the binary")]
#[path = "../../tests/it/server.rs"]
mod server;

use std::time::Duration;

use serde_json::json;

use self::server::{Reply, Server};
use super::probe::Probe;
use super::*;
use crate::config::ApiKey;

const ANSWER: &str =
    r#"{"findings": [{"type": "bug", "severity": "low", "title": "t", "description": "d"}]}"#;

fn config(server: &Server) -> LlmConfig {
    LlmConfig {
        base_url: server.base_url().parse().unwrap(),
        model: "m".to_owned(),
        api_key: ApiKey::new("sk-a-secret"),
        timeout: Duration::from_secs(5),
        temperature: None,
        max_tokens: 1_000,
        ca_file: None,
    }
}

fn prompt(budget_chars: usize) -> Prompt {
    Prompt { system: "Answer in JSON.".to_owned(), user: "x".repeat(budget_chars.max(6_000)) }
}

fn analysed(replies: Vec<Reply>, deadline: Duration) -> Analysis {
    let server = Server::start(replies);
    analyse(&config(&server), &prompt, 16_000, Instant::now() + deadline)
}

#[test]
fn a_slow_endpoint_ends_with_the_run_s_deadline() {
    let started = Instant::now();
    let slow = Reply::chat(ANSWER).trickled(1, Duration::from_millis(50));
    let analysis = analysed(vec![slow], Duration::from_millis(700));
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert_eq!(analysis.status, Status::Failed);
    assert!(analysis.error.unwrap().contains("deadline"));
    assert_eq!(analysis.attempts, 1);
}

#[test]
fn nobody_waits_beyond_the_run_s_deadline() {
    let wish = Reply::error(429, "slow down").header("retry-after", "30");
    let started = Instant::now();
    let analysis = analysed(vec![wish], Duration::from_secs(20));
    assert!(started.elapsed() < Duration::from_secs(10));
    let error = analysis.error.unwrap();
    assert!(error.contains("slow down") && error.contains("deadline"), "{error}");
}

#[test]
fn a_deadline_in_the_past_asks_nothing() {
    let analysis = analysed(vec![Reply::chat(ANSWER)], Duration::ZERO);
    assert_eq!((analysis.status, analysis.attempts), (Status::Failed, 0));
}

#[test]
fn an_analysis_knows_what_it_cost() {
    let analysis = analysed(vec![Reply::counted_chat(ANSWER, 4_200)], Duration::from_secs(20));
    assert_eq!((analysis.status, analysis.findings.len()), (Status::Ok, 1));
    assert_eq!((analysis.prompt_tokens, analysis.completion_tokens), (Some(4_200), Some(50)));
    assert_eq!(analysis.model.as_deref(), Some("m"));
    assert!(analysis.elapsed_seconds > 0.0);
}

#[test]
fn a_run_without_an_llm_is_skipped() {
    let analysis = Analysis::skipped();
    assert_eq!((analysis.status, analysis.attempts), (Status::Skipped, 0));
}

fn probed(replies: Vec<Reply>) -> Probe {
    probe(&config(&Server::start(replies)))
}

fn models(names: &[&str]) -> Reply {
    let list: Vec<_> = names.iter().map(|name| json!({"id": name})).collect();
    Reply::json(200, &json!({"object": "list", "data": list}))
}

#[test]
fn a_probe_says_what_works() {
    let found = probed(vec![models(&["other", "m:latest"]), Reply::chat("{\"findings\": []}")]);
    assert!(found.endpoint.is_ok() && found.model.is_ok());
    assert_eq!(found.schema.unwrap(), "json_schema is supported");
    let without_list = probed(vec![Reply::error(404, "no such path"), Reply::chat("hello")]);
    assert!(without_list.model.is_ok());
    assert!(without_list.schema.unwrap().contains("not enforced"));
    let rejected = Reply::error(400, "response_format is not supported");
    let stepped = probed(vec![models(&["m"]), rejected, Reply::chat("{}")]);
    assert!(stepped.schema.unwrap().contains("json_object is supported"));
}

#[test]
fn a_probe_adapts_as_an_audit_does() {
    let rejected = probed(vec![
        models(&["m"]),
        Reply::error(400, "System role not supported"),
        Reply::chat(""),
        Reply::cut_chat("{"),
        Reply::chat("{}"),
    ]);
    assert_eq!(rejected.schema.unwrap(), "json_schema is supported");
    let silent = probed(vec![models(&["m"]), Reply::chat("")]);
    assert!(silent.model.unwrap_err().contains("empty, also when asked again"));
}

#[test]
fn a_probe_says_what_does_not() {
    let unknown = probed(vec![models(&["a", "b"]), Reply::error(404, "model 'm' not found")]);
    let sentence = unknown.model.unwrap_err();
    assert!(sentence.contains("model 'm' not found") && sentence.contains("(a, b)"), "{sentence}");
    let key =
        probed(vec![Reply::error(401, "bad key sk-a-secret"), Reply::error(401, "bad key sk-a-secret")]);
    let sentence = key.model.unwrap_err();
    assert!(sentence.contains("OPENAI_API_KEY") && !sentence.contains("sk-a-secret"), "{sentence}");
    let mut nowhere = config(&Server::start(vec![models(&[])]));
    nowhere.base_url = "http://127.0.0.1:9/v1".parse().unwrap();
    let nowhere = probe(&nowhere);
    assert!(nowhere.endpoint.unwrap_err().contains("nothing is listening"));
    assert!(nowhere.model.is_err() && nowhere.schema.is_err());
}

#[test]
fn jitter_lies_between_nothing_and_all() {
    let draws: Vec<f64> = (0..100).map(|_| jitter()).collect();
    assert!(draws.iter().all(|draw| (0.0..=1.0).contains(draw)));
    assert!(draws.iter().any(|draw| *draw != draws[0]));
}
