//! autonomous-monitor: the auditor that a trading bot runs on itself.
//!
//! Data flows one way: the bot's file, six collectors, a report, checks and an LLM, findings, the
//! store, a summary, an exit code. No lock on the bot's file is held while anything but SQLite runs.

mod alerts;
mod audit;
mod checks;
mod cli;
mod commands;
mod config;
mod demo;
mod doctor;
mod dollars;
mod exit_code;
mod grounding;
mod guard;
mod llm;
mod logging;
mod metrics;
mod model;
mod output;
mod plural;
mod prompt;
mod reading;
mod redaction;
mod sandbox;
mod sanitize;
mod similarity;
mod source;
mod span;
mod sqlite_error;
mod store;

use std::io::{self, Write};
use std::panic;
use std::process::ExitCode;
#[cfg(unix)]
use std::sync::Arc;

use anyhow::Context as _;
use chrono::Utc;
use clap::Parser as _;

use crate::checks::Catalogue;
use crate::cli::{AlertsCommand, Answer, ChecksCommand, Cli, Command, Format};
use crate::config::{Config, Environment};
use crate::exit_code::Verdict;
use crate::output::ignore_closed_pipe;

fn main() -> ExitCode {
    outlive_file_size_limit();
    panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    start().into()
}

/// Ignores SIGXFSZ, so that a write beyond a limit on file sizes (`ulimit -f`, `LimitFSIZE=`) fails as on a
/// full disk; the signal would end the run before it has reported.
fn outlive_file_size_limit() {
    #[cfg(unix)]
    if let Err(error) = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default()) {
        let _ = writeln!(io::stderr(), "autonomous-monitor: a limit on file sizes may end this run: {error}");
    }
}

/// Parses the command line, runs, and says what went wrong.
fn start() -> Verdict {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            let _ = usage.print();
            if !usage.use_stderr() {
                return Verdict::Ok;
            }
            let sentence = sanitize::one_line(usage.render().to_string().trim_start_matches("error: "));
            return fail(cli::wanted_answer(std::env::args_os()), &sentence, None);
        }
    };
    let (answer, is_quiet, mut name) = (cli.answer(), cli.quiet, None);
    // A panic would exit with 101: it becomes an error here.
    let error = match guard::run(|| run(cli, &mut name)) {
        Ok(verdict) => return verdict,
        Err(error) => sanitize::one_line(&format!("{error:#}")),
    };
    // Cron mails both streams, so that with --quiet the sentence is printed once.
    if !(is_quiet && answer == Answer::Summary) {
        let _ = writeln!(io::stderr(), "autonomous-monitor: {error}");
    }
    fail(answer, &error, name.as_deref())
}

/// Prints the error on standard output as well: programs read the JSON document there, Nagios the first line.
fn fail(answer: Answer, sentence: &str, name: Option<&str>) -> Verdict {
    let _ = match answer {
        Answer::Document => output::write_failure_json(sentence, name, &mut io::stdout().lock()),
        Answer::Summary => writeln!(io::stdout(), "{}", output::headline_of_failure(sentence, name)),
        Answer::Other => Ok(()),
    };
    Verdict::Incomplete
}

fn run(cli: Cli, name: &mut Option<String>) -> anyhow::Result<Verdict> {
    let command = cli.command.clone();
    let variable = |name| std::env::var(name).ok();
    let (api_key, no_llm) = (variable("OPENAI_API_KEY"), variable("MONITOR_NO_LLM"));
    let environment = Environment { api_key: api_key.as_deref(), no_llm: no_llm.as_deref() };
    let config = Config::new(cli, environment)?;
    name.clone_from(&config.name);
    // `doctor` reports itself whether the log file can be written.
    let log_file = config.log_file.as_deref().filter(|_| command != Some(Command::Doctor));
    logging::init(&config, log_file)?;
    let catalogue = checks::catalogue(None, config.checks_dir.as_deref());
    checks::check_settings(&config.checks, catalogue)?;
    match command {
        None => audit::run(config, catalogue),
        Some(Command::Alerts(command)) => judge_alerts(&command, &config),
        Some(Command::Doctor) => examine(&config),
        Some(Command::Checks { command: None }) => list_checks(catalogue, config.format),
        Some(Command::Checks { command: Some(ChecksCommand::New) }) => {
            written(|writer| Ok(writer.write_all(commands::rules::TEMPLATE.as_bytes())?))
        }
        Some(Command::Checks { command: Some(ChecksCommand::Test { file }) }) => {
            let mut verdict = Verdict::Ok;
            written(|writer| {
                verdict = commands::rules::test(&file, &config, writer)?;
                Ok(())
            })?;
            Ok(verdict)
        }
        Some(Command::Sql { query }) => written(|writer| commands::sql::run(&query, &config, writer)),
        Some(Command::Explain { what }) => {
            written(|writer| commands::explain::run(&what, &config, catalogue, writer))
        }
    }
}

fn judge_alerts(command: &AlertsCommand, config: &Config) -> anyhow::Result<Verdict> {
    let now = config.as_of.unwrap_or_else(Utc::now);
    // Collected first: a closed pipe must not stop a change halfway.
    let mut text = Vec::new();
    alerts::run(command, config, now, &mut text)?;
    let written = anstream::stdout().lock().write_all(&text);
    ignore_closed_pipe(written).context("cannot write the alerts")?;
    Ok(Verdict::Ok)
}

/// Writes what a command has to say, whole.
fn written(command: impl FnOnce(&mut Vec<u8>) -> anyhow::Result<()>) -> anyhow::Result<Verdict> {
    let mut text = Vec::new();
    let said = command(&mut text);
    let written = io::stdout().lock().write_all(&text);
    ignore_closed_pipe(written).context("cannot write the answer")?;
    said.map(|()| Verdict::Ok)
}

fn examine(config: &Config) -> anyhow::Result<Verdict> {
    let examination = doctor::Examination::of(config);
    let written = match config.format {
        Format::Json => examination.write_json(&mut io::stdout().lock()),
        Format::Text => examination.write_text(&mut anstream::stdout().lock()),
    };
    ignore_closed_pipe(written).context("cannot write the examination")?;
    Ok(examination.verdict())
}

fn list_checks(catalogue: &Catalogue, format: Format) -> anyhow::Result<Verdict> {
    let written = match format {
        Format::Json => checks::listing::write_json(catalogue, &mut io::stdout().lock()),
        Format::Text => checks::listing::write_text(catalogue, &mut io::stdout().lock()),
    };
    ignore_closed_pipe(written).context("cannot write the list of checks")?;
    Ok(Verdict::Ok)
}
