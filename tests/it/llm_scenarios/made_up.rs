//! What a model of 135 million parameters really answered when it was asked to audit a bot: word for
//! word, but shortened. None of it may be believed.

use serde_json::json;

use crate::bot_file::{BotFile, NOW};
use crate::monitor::{Run, command, finish};
use crate::server::{Reply, Server};

const ECHO: &str = r#"{"findings": [{"type": "bug","severity": "critical", "title":"the problem and its subject in one line, without figures", "description": "the problem and its subject in one line, without figures", "evidence": "the figures of the report that shows it, quoted as they stand there", "recommendation": "what to do", "duplicate_of": null}]}"#;
const ENDLESS: &str = r#"{
    "findings": [{"type": "bug", "severity": "critical", "title": "the problem and its subject in one line, without figures", "description": "the problems of money and data are endless, they should be solved", "evidence": "the figures of the report that show it, quoted as they stand there, the problems of money and data is endless, they should be solved","recommendation": "the problems of money and data are endless, they should be solved","duplicate_of": null},
        {
            "type":"missing_feature", "severity": "critical",
            "title": "the problem and its subject in one line, without figures",
            "description": "the problems and their causes are infinite, they should be solved",
            "evidence": "the figures of the report that shows it, quoted as they stand there",
            "recomme"#;
const LOOP: &str = r#"{
    "findings": [{"type": "bug", "severity": "high", "title": "The problem and its subject in one line, without figures", "description": "The bot never uses the AI, has no AI, but the AI does not use the AI. The AI exists. The AI exists. The AI exi"#;
const OWN_WORDS: &str = r#"{"findings": [{"type": "bug", "severity": "critical", "title": "Money and data are endless", "description": "the problems of money and data are endless, they should be solved", "evidence": "the figures of the report that shows it, quoted as they stand there", "recommendation": "what to do", "duplicate_of": null}]}"#;

/// A stored audit with these answers, and the LLM's part of its document.
fn audited(replies: Vec<Reply>) -> (Run, serde_json::Value, Vec<(String, String)>) {
    let bot = BotFile::generation1();
    let server = Server::start(replies);
    let mut command = command(["--format", "json", "--as-of", NOW, "--db"]);
    command.arg(bot.path()).args(["--base-url", &server.base_url(), "--model", "tiny"]);
    let run = finish(command);
    let connection = rusqlite::Connection::open(bot.path()).unwrap();
    let mut rows = connection
        .prepare(
            "SELECT severity, description FROM monitoring_alerts
             WHERE id IN (SELECT alert_id FROM monitoring_sightings WHERE source = 'llm')",
        )
        .unwrap();
    let alerts = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let alerts = alerts.collect::<Result<_, _>>().unwrap();
    let llm = run.json()["analysis"]["llm"].clone();
    (run, llm, alerts)
}

#[test]
fn the_form_that_comes_back_is_stored_nowhere_and_counted() {
    for (answer, dropped) in [(ECHO, 1), (ENDLESS, 1)] {
        let (run, llm, alerts) = audited(vec![Reply::chat(answer)]);
        assert_eq!((&llm["status"], &llm["dropped"]), (&json!("failed"), &json!(dropped)), "{llm}");
        assert_eq!((run.code, alerts), (3, Vec::new()), "{llm}");
        assert_eq!(llm["attempts"], 2);
    }
}

#[test]
fn an_answer_that_never_ends_is_a_failure() {
    let (run, llm, alerts) = audited(vec![Reply::cut_chat(LOOP)]);
    assert_eq!((run.code, alerts), (3, Vec::new()), "{llm}");
    assert!(llm["error"].as_str().unwrap().contains("before one finding was complete"), "{llm}");
}

#[test]
fn words_of_its_own_without_a_figure_are_unconfirmed_and_page_nobody() {
    let (run, llm, alerts) = audited(vec![Reply::chat(OWN_WORDS)]);
    assert_eq!((run.code, &llm["status"]), (0, &json!("ok")), "{}", run.stdout);
    let [(severity, description)] = alerts.as_slice() else { panic!("{alerts:?}") };
    assert_eq!(severity, "medium");
    assert!(description.contains("Not confirmed by the report"), "{description}");
}
