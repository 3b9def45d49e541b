//! The real binary: run with flags, seen by its exit code and its two streams.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::bot_file::{BotFile, NOW};

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Run {
    /// Standard output with its lines joined: what is said, wherever a line ends.
    pub(crate) fn said(&self) -> String {
        self.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Standard output as one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }
}

/// A command with flags and nothing of this machine's environment.
pub(crate) fn command<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_autonomous-monitor"));
    command.args(arguments).env_clear().env("TZ", "UTC").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn finish(mut command: Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code().expect("the monitor was killed"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs with these flags alone.
pub(crate) fn run<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Run {
    finish(command(arguments))
}

/// Audits a file at `NOW`, without an LLM, with more flags.
pub(crate) fn audit(path: &Path, more: &[&str]) -> Run {
    let mut command = command(["--no-llm", "--db"]);
    command.arg(path).args(more);
    if !more.contains(&"--as-of") {
        command.args(["--as-of", NOW]);
    }
    finish(command)
}

/// The JSON document of a dry run at `NOW` without an LLM.
pub(crate) fn report(bot: &BotFile, more: &[&str]) -> Value {
    let flags: Vec<&str> = ["--dry-run", "--format", "json"].iter().chain(more).copied().collect();
    audit(&bot.path(), &flags).json()
}

/// The findings of one check in a report.
pub(crate) fn found<'report>(report: &'report Value, check: &str) -> Vec<&'report Value> {
    let source = format!("check:{check}");
    report["findings"].as_array().unwrap().iter().filter(|finding| finding["source"] == source).collect()
}

/// The findings of one check in a dry run with more flags; every check must have run.
pub(crate) fn findings(bot: &BotFile, check: &str, more: &[&str]) -> Vec<Value> {
    let report = report(bot, more);
    assert_eq!(report["analysis"]["checks"]["error"], Value::Null);
    found(&report, check).into_iter().cloned().collect()
}

/// The check is silent, then the fault happens, then it tells these words.
pub(crate) fn assert_found_after(bot: &BotFile, check: &str, fault: impl FnOnce(&BotFile), words: &[&str]) {
    assert_eq!(findings(bot, check, &[]), Vec::<Value>::new(), "{check} without a fault");
    fault(bot);
    let found = findings(bot, check, &[]);
    let found =
        found.first().unwrap_or_else(|| panic!("{check} is silent: {:#}", report(bot, &[])["findings"]));
    let text: Vec<_> =
        ["severity", "description", "evidence"].iter().filter_map(|field| found[field].as_str()).collect();
    let text = text.join(" | ");
    for word in words {
        assert!(text.contains(word), "{check} does not say {word}: {text}");
    }
}

/// The checks with a finding of medium severity or above, in alphabetical order.
pub(crate) fn alarms(bot: &BotFile) -> Vec<String> {
    let report = report(bot, &[]);
    assert_eq!(report["analysis"]["checks"]["error"], Value::Null);
    let weighty = |finding: &&Value| finding["severity"] != "low" && finding["severity"] != "info";
    let findings = report["findings"].as_array().unwrap().iter().filter(weighty);
    let mut checks: Vec<_> =
        findings.map(|finding| finding["source"].as_str().unwrap().replace("check:", "")).collect();
    checks.sort();
    checks
}

/// The one finding of a check, as text.
pub(crate) fn only_finding(bot: &BotFile, check: &str) -> String {
    let found = findings(bot, check, &[]);
    assert_eq!(found.len(), 1, "{check}: {found:#?} {:?}", alarms(bot));
    let fields = ["severity", "title", "description", "evidence", "recommendation"];
    fields.iter().map(|field| found[0][field].as_str().unwrap()).collect::<Vec<_>>().join(" | ")
}
