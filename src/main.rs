//! autonomous-monitor: the auditor that a trading bot runs on itself.
//!
//! Data flows one way: the bot's file, six collectors, a report, checks and an LLM, findings, the
//! store, a summary, an exit code. No lock on the bot's file is held while anything but SQLite runs.

mod alerts;
mod bot;
mod checks;
mod cli;
mod collectors;
mod config;
mod demo;
mod doctor;
mod exit_code;
mod finding;
mod grounding;
mod guard;
mod llm;
mod logging;
mod prompt;
mod similarity;
mod store;
mod summary;
mod untrusted;

use std::io::{self, Write};
use std::panic;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::Parser as _;

use crate::bot::{Bot, HotJournal};
use crate::cli::{AlertsCommand, Cli, Command, Format};
use crate::collectors::{Context, Report};
use crate::config::Config;
use crate::exit_code::Verdict;
use crate::finding::Finding;
use crate::grounding::{Judgement, Known};
use crate::prompt::{Material, Prompt};
use crate::similarity::Names;
use crate::store::{Alert, Kept};
use crate::summary::Summary;

fn main() -> ExitCode {
    panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    start().into()
}

/// Parses the command line, runs, and says what went wrong: in words, and as JSON where that is asked for.
fn start() -> Verdict {
    let (format, error) = match Cli::try_parse() {
        // A panic's own 101 must not reach cron.
        Ok(cli) => (
            cli.format,
            match guard::run(|| run(cli)) {
                Ok(verdict) => return verdict,
                Err(error) => untrusted::one_line(&format!("{error:#}")),
            },
        ),
        Err(usage) => {
            let _ = usage.print();
            if !usage.use_stderr() {
                return Verdict::Ok;
            }
            let sentence = untrusted::one_line(&usage.render().to_string());
            return fail(cli::wanted_format(std::env::args_os()), &sentence);
        }
    };
    let _ = writeln!(io::stderr(), "autonomous-monitor: {error}");
    fail(format, &error)
}

fn fail(format: Format, sentence: &str) -> Verdict {
    if format == Format::Json {
        let _ = summary::write_failure_json(sentence, &mut io::stdout().lock());
    }
    Verdict::Incomplete
}

fn run(cli: Cli) -> anyhow::Result<Verdict> {
    let command = cli.command.clone();
    let config = Config::new(cli, std::env::var("OPENAI_API_KEY").ok().as_deref())?;
    logging::init(&config)?;
    match command {
        None => audit(config),
        Some(Command::Alerts(command)) => judge_alerts(&command, &config),
        Some(Command::Doctor) => examine(&config),
        Some(Command::Checks) => list_checks(config.format),
    }
}

fn audit(mut config: Config) -> anyhow::Result<Verdict> {
    let now = config.as_of.unwrap_or_else(Utc::now);
    if config.demo {
        config.db = demo::write_to_temporary_folder(now)?;
        tracing::info!("Wrote the sample database {}", config.db.display());
    }
    tracing::info!("Starting autonomous monitoring...");
    let gathered = Gathered::read(&config, now)?;
    if config.print_prompt {
        print_prompt(&gathered.material.render(config.max_prompt_chars), config.format)?;
        return Ok(Verdict::of(None, gathered.report.failed().is_empty()));
    }
    let mut analysis = ask_llm(&config, &gathered.material);
    if !config.trust_llm {
        gathered.hold_against_report(&mut analysis.findings, config.max_prompt_chars)?;
    }
    let findings: Vec<Finding> = [gathered.checks.findings.as_slice(), &analysis.findings].concat();
    let (kept, store_error) = keep(&config, &findings, &gathered);
    let summary = Summary {
        now,
        hours: config.hours,
        database: &config.db,
        dry_run: config.dry_run,
        verbose: config.verbose,
        report: &gathered.report,
        checks: &gathered.checks,
        llm: &analysis,
        kept: &kept,
        store_error,
    };
    if config.quiet && summary.is_nothing_new() {
        return Ok(summary.verdict());
    }
    match write_summary(&summary, config.format) {
        Ok(()) => Ok(summary.verdict()),
        Err(error) => {
            // What was found outranks that nobody could be told.
            tracing::error!("{error:#}");
            Ok(summary.verdict().or_incomplete())
        }
    }
}

/// What is known once the bot's file has been read and closed again.
struct Gathered {
    report: Report,
    checks: checks::Analysis,
    material: Material,
    names: Names,
}

impl Gathered {
    fn read(config: &Config, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let hot_journal = match config.dry_run || config.print_prompt {
            true => HotJournal::Leave,
            false => HotJournal::RollBack,
        };
        let bot = Bot::open(&config.db, hot_journal)?;
        let context = Context::new(&bot, config, now)?;
        let report = Report::collect(&context);
        let checks = checks::run(&context, &report);
        let names = Names::new(report.names());
        let unresolved = store::open_read_only(config)?
            .map_or_else(|| Ok(Vec::new()), |connection| Alert::unresolved(&connection))
            .unwrap_or_else(|error| {
                // The store will say it again, where it counts.
                tracing::warn!("the alerts that are open cannot be read: {error:#}");
                Vec::new()
            });
        let material = Material::new(&context, &report, &checks.findings, &unresolved);
        Ok(Self { report, checks, material, names })
    }
}

impl Gathered {
    /// What an LLM says and the report does not carry is shown, and pages nobody.
    fn hold_against_report(&self, findings: &mut [Finding], budget_chars: usize) -> anyhow::Result<()> {
        if findings.is_empty() {
            return Ok(());
        }
        let report =
            serde_json::to_value(&self.report).context("cannot hold the findings against the report")?;
        let known = Known::new(&report, &self.material.render(budget_chars).user);
        for finding in findings {
            match grounding::judge(finding, &known) {
                Judgement::Grounded => finding.grounded = Some(true),
                Judgement::Ungrounded { reason } => finding.doubt(&reason),
            }
        }
        Ok(())
    }
}

fn ask_llm(config: &Config, material: &Material) -> llm::Analysis {
    let Some(endpoint) = &config.llm else { return llm::Analysis::skipped() };
    tracing::info!("Sending to LLM for analysis...");
    let deadline = Instant::now() + config.deadline;
    let analysis =
        llm::analyse(endpoint, &|budget| material.render(budget), config.max_prompt_chars, deadline);
    match &analysis.error {
        None => tracing::info!("LLM analysis complete"),
        Some(error) => tracing::error!("LLM analysis failed: {error}"),
    }
    analysis
}

/// Stores the findings, or says what would be stored; a failure costs no finding.
fn keep(config: &Config, findings: &[Finding], gathered: &Gathered) -> (Kept, Option<String>) {
    let kept = if config.dry_run {
        store::preview(config, findings, &gathered.names)
    } else {
        tracing::info!("Storing {} findings...", findings.len());
        guard::run(|| store::store(config, findings, &gathered.checks.completed, &gathered.names))
            .with_context(|| format!("cannot store alerts in {}", config.alerts_path().display()))
    };
    match kept {
        Ok(kept) => (kept, None),
        Err(error) => {
            tracing::error!("{error:#}");
            (store::unstored(findings), Some(format!("{error:#}")))
        }
    }
}

fn judge_alerts(command: &AlertsCommand, config: &Config) -> anyhow::Result<Verdict> {
    let now = config.as_of.unwrap_or_else(Utc::now);
    alerts::run(command, config, now, &mut anstream::stdout().lock())?;
    Ok(Verdict::Ok)
}

fn write_summary(summary: &Summary<'_>, format: Format) -> anyhow::Result<()> {
    let written = match format {
        Format::Json => {
            let mut writer = io::BufWriter::new(io::stdout().lock());
            summary.write_json(&mut writer).and_then(|()| writer.flush())
        }
        Format::Text => summary.write_text(&mut anstream::stdout().lock()),
    };
    ignore_closed_pipe(written).context("cannot write the summary")
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

fn list_checks(format: Format) -> anyhow::Result<Verdict> {
    let written = match format {
        Format::Json => checks::listing::write_json(&mut io::stdout().lock()),
        Format::Text => checks::listing::write_text(&mut io::stdout().lock()),
    };
    ignore_closed_pipe(written).context("cannot write the list of checks")?;
    Ok(Verdict::Ok)
}

fn print_prompt(prompt: &Prompt, format: Format) -> anyhow::Result<()> {
    let mut writer = io::stdout().lock();
    let written = match format {
        Format::Json => prompt.write_json(&mut writer),
        Format::Text => write!(writer, "{}\n{}", prompt.system, prompt.user),
    };
    ignore_closed_pipe(written.and_then(|()| writer.flush())).context("cannot write the prompt")
}

/// Who closes the pipe has read enough.
fn ignore_closed_pipe(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
