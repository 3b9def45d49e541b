//! What becomes of an audit when the endpoint does this or that: the real binary against a scripted
//! server, one row a scenario.

mod adapted;
mod answers;
mod context;
mod empty;
mod envelopes;
mod made_up;
mod refusals;
mod retries;
mod streams;
mod transport;

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::bot_file::{BotFile, NOW};
use crate::monitor::{Run, command, finish};
use crate::server::{Reply, Request, Server};

/// The key of every scenario: nothing that the monitor prints may hold it.
const KEY: &str = "sk-scenario-5ecret";
/// Scenarios mostly wait, so more of them run at once than there are cores.
const WORKERS: usize = 6;

/// One row of the table.
pub(crate) struct Scenario {
    name: &'static str,
    replies: Vec<Reply>,
    key: Option<&'static str>,
    arguments: Vec<&'static str>,
    /// Lines of the config file.
    settings: &'static str,
    /// Instead of the server's own.
    base_url: Option<fn(&str) -> String>,
    proxy: Option<&'static str>,
    titles: &'static [&'static str],
    /// Empty where the analysis succeeds.
    error_parts: Vec<&'static str>,
    dropped: u64,
    cut: bool,
    attempts: u64,
    longest: Duration,
    look: fn(&[Request]),
}

impl Scenario {
    /// The server gives these replies in turn; one request and a sound, empty audit are expected.
    pub(crate) fn new(name: &'static str, replies: Vec<Reply>) -> Self {
        Self {
            name,
            replies,
            key: Some(KEY),
            arguments: Vec::new(),
            settings: "",
            base_url: None,
            proxy: None,
            titles: &[],
            error_parts: Vec::new(),
            dropped: 0,
            cut: false,
            attempts: 1,
            longest: Duration::from_secs(15),
            look: |_| (),
        }
    }

    /// These findings come out, in this order.
    pub(crate) fn finds(mut self, titles: &'static [&'static str]) -> Self {
        self.titles = titles;
        self
    }

    /// The analysis fails with a sentence that holds these words.
    pub(crate) fn fails(mut self, error_parts: &[&'static str]) -> Self {
        self.error_parts = error_parts.to_vec();
        self
    }

    /// So many items are dropped.
    pub(crate) fn drops(mut self, items: u64) -> Self {
        self.dropped = items;
        self
    }

    /// The answer counts as cut.
    pub(crate) fn comes_cut(mut self) -> Self {
        self.cut = true;
        self
    }

    /// So many requests arrive.
    pub(crate) fn attempts(mut self, requests: u64) -> Self {
        self.attempts = requests;
        self
    }

    /// With these flags.
    pub(crate) fn with(mut self, arguments: &[&'static str]) -> Self {
        self.arguments = arguments.to_vec();
        self
    }

    /// With these lines in the config file.
    pub(crate) fn configured(mut self, settings: &'static str) -> Self {
        self.settings = settings;
        self
    }

    /// With this key, or none.
    pub(crate) fn key(mut self, key: Option<&'static str>) -> Self {
        self.key = key;
        self
    }

    /// With a base URL made of the server's.
    pub(crate) fn at(mut self, base_url: fn(&str) -> String) -> Self {
        self.base_url = Some(base_url);
        self
    }

    /// With this proxy in the environment.
    pub(crate) fn proxy(mut self, proxy: &'static str) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// The whole audit takes no longer than this.
    pub(crate) fn within(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// The requests are as this wants them.
    pub(crate) fn look(mut self, look: fn(&[Request])) -> Self {
        self.look = look;
        self
    }

    fn play(&self, database: &Path) {
        let server = Server::start(self.replies.clone());
        let started = Instant::now();
        let run = self.run(database, &server.base_url());
        let elapsed = started.elapsed();
        let requests = server.requests();
        let document = run.json();
        let llm = &document["analysis"]["llm"];
        let expected_status = if self.error_parts.is_empty() { "ok" } else { "failed" };
        assert_eq!(llm["status"], json!(expected_status), "{llm}");
        for part in &self.error_parts {
            let error = llm["error"].as_str().unwrap_or_default();
            assert!(error.contains(part), "{part:?} is not in {error:?}");
            assert!(error.lines().count() == 1 && error.chars().count() < 700, "{error:?}");
        }
        assert_eq!(titles(&document), self.titles, "{llm}");
        assert_eq!((&llm["dropped"], &llm["cut"]), (&json!(self.dropped), &json!(self.cut)), "{llm}");
        assert_eq!(llm["attempts"], json!(self.attempts), "{llm}");
        assert!(
            requests.len() as u64 == self.attempts || self.base_url.is_some(),
            "{} requests",
            requests.len()
        );
        assert_eq!(run.code, deserved_exit_code(&document), "{document}");
        assert!(elapsed < self.longest, "took {elapsed:?}");
        if let Some(key) = self.key {
            assert!(!run.stdout.contains(key) && !run.stderr.contains(key), "the key leaks: {run:?}");
        }
        assert!(!run.stderr.contains(['\r', '\u{1b}']), "a progress line in a pipe: {run:?}");
        (self.look)(&requests);
    }

    fn run(&self, database: &Path, server_url: &str) -> Run {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("monitor.toml");
        std::fs::write(&config, self.settings).unwrap();
        let base_url = self.base_url.map_or_else(|| server_url.to_owned(), |change| change(server_url));
        let mut command = command([
            "--dry-run",
            "--trust-llm",
            "--format",
            "json",
            "--as-of",
            NOW,
            "--model",
            "asked-model",
        ]);
        command.arg("--db").arg(database).arg("--config").arg(&config).arg("--base-url").arg(base_url);
        if let Some(key) = self.key {
            command.env("OPENAI_API_KEY", format!(" {key}\n"));
        }
        if let Some(proxy) = self.proxy {
            command.env("HTTP_PROXY", proxy).env("http_proxy", proxy);
        }
        command.args(&self.arguments);
        finish(command)
    }
}

/// The titles of the LLM's findings.
fn titles(document: &Value) -> Vec<&str> {
    let findings = document["findings"].as_array().unwrap();
    let of_llm = findings.iter().filter(|finding| finding["source"] == "llm");
    of_llm.map(|finding| finding["title"].as_str().unwrap()).collect()
}

/// What the contract says about the exit code, from what the document says.
fn deserved_exit_code(document: &Value) -> i32 {
    let findings = document["findings"].as_array().unwrap();
    let believed = || findings.iter().filter(|finding| finding["grounded"] != false);
    let any = |severity: &str| believed().any(|finding| finding["severity"] == severity);
    match () {
        () if any("critical") => 2,
        () if any("high") => 1,
        () if document["analysis"]["llm"]["status"] == "failed"
            || document["analysis"]["llm"]["cut"] == true =>
        {
            3
        }
        () => 0,
    }
}

/// A complete finding of low severity, as a model states it.
pub(crate) fn finding(title: &str) -> String {
    json!({
        "type": "pattern",
        "severity": "low",
        "title": title,
        "description": format!("{title}, explained"),
        "evidence": "win_rate 0.5",
        "recommendation": "watch it",
    })
    .to_string()
}

/// An answer with these findings, in the form that was asked for.
pub(crate) fn answer(titles: &[&str]) -> String {
    let findings: Vec<String> = titles.iter().map(|title| finding(title)).collect();
    format!("{{\"findings\": [{}]}}", findings.join(", "))
}

/// A completion with these findings.
pub(crate) fn found(titles: &[&str]) -> Reply {
    Reply::chat(&answer(titles))
}

/// A healthy bot's file with enough rules and learnings to fill a prompt.
fn busy_bot() -> BotFile {
    let bot = BotFile::generation1();
    for number in 0..40 {
        let coin = format!("coin-with-a-long-name-{number}");
        bot.closed_trade(|trade| trade.coin_name = &coin);
        let rule = format!(
            "Rule {number}: when {coin} drops 6% within 1 hour, then WAIT for stabilization before buying it"
        );
        bot.rule(|row| row.rule_text = &rule);
        let lesson =
            format!("Avoid re-entering {coin} within {number} minutes of an exit, unless the volume doubles");
        bot.learning(|row| row.lesson = &lesson);
    }
    bot.cycle("2026-11-22 08:59:30", 3, "HOLD");
    bot
}

fn all() -> Vec<Scenario> {
    [
        adapted::scenarios(),
        answers::scenarios(),
        context::scenarios(),
        empty::scenarios(),
        envelopes::scenarios(),
        refusals::scenarios(),
        retries::scenarios(),
        streams::scenarios(),
        transport::scenarios(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn every_scenario_ends_as_written() {
    let bot = busy_bot();
    let database: PathBuf = bot.path();
    let scenarios = all();
    let names: BTreeSet<_> = scenarios.iter().map(|scenario| scenario.name).collect();
    assert!(names.len() == scenarios.len() && names.len() >= 50, "{} scenarios", names.len());
    let queue = Mutex::new(VecDeque::from(scenarios));
    let failures = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let Some(scenario) = queue.lock().unwrap().pop_front() else { return };
                    let played = std::panic::catch_unwind(|| scenario.play(&database));
                    if let Err(panic) = played {
                        let words = panic.downcast_ref::<String>().cloned();
                        failures.lock().unwrap().push(format!(
                            "{}: {}",
                            scenario.name,
                            words.unwrap_or_default()
                        ));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}
