//! One audit: the bot's file is read and closed, an LLM is asked, what was found is stored and said.
//!
//! No lock on the bot's file is held while anything but SQLite runs.

use std::io::{self, Write};
use std::time::Instant;

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use crate::checks::Catalogue;
use crate::cli::Format;
use crate::config::Config;
use crate::exit_code::Verdict;
use crate::grounding::{self, Judgement, Known};
use crate::metrics::{Context, Report};
use crate::model::{Finding, Status};
use crate::output::{Summary, ignore_closed_pipe};
use crate::prompt::{Material, Prompt, Wording};
use crate::redaction::Redaction;
use crate::similarity::Names;
use crate::source::HotJournal;
use crate::store;
use crate::store::{Decided, Kept, Known as KnownAlerts};
use crate::{checks, demo, guard, llm, reading};

/// Audits, stores, and says what was found.
///
/// # Errors
/// When the bot's file cannot be used.
pub(crate) fn run(mut config: Config, catalogue: &'static Catalogue) -> anyhow::Result<Verdict> {
    let now = config.as_of.unwrap_or_else(Utc::now);
    if config.demo {
        config.db = demo::write_to_temporary_folder(now)?;
        tracing::info!("Wrote the sample database {}", config.db.display());
    }
    tracing::info!("Starting autonomous monitoring...");
    let gathered = Gathered::read(&config, now, catalogue)?;
    if config.print_prompt {
        print_prompt(&gathered.sent().render(config.max_prompt_chars), config.format)?;
        return Ok(Verdict::of(None, gathered.report.failed().is_empty()));
    }
    let mut analysis = gathered.restored(ask_llm(&config, gathered.sent()));
    log_outcome(&analysis);
    if !config.trust_llm {
        gathered.hold_against_report(&mut analysis.findings, config.max_prompt_chars);
    }
    let findings: Vec<Finding> = [gathered.checks.findings.as_slice(), &analysis.findings].concat();
    let (kept, store_error) = keep(&config, &findings, &gathered, now);
    let summary = Summary {
        config: &config,
        now,
        report: &gathered.report,
        checks: &gathered.checks,
        llm: &analysis,
        kept: &kept,
        store_error,
    };
    if config.quiet && summary.is_no_news() {
        return Ok(summary.verdict());
    }
    match write_summary(&summary, config.format) {
        Ok(()) => Ok(summary.verdict()),
        Err(error) => {
            // The exit code of a finding outranks that the summary could not be printed.
            tracing::error!("{error:#}");
            if config.quiet {
                let _ = writeln!(io::stderr(), "autonomous-monitor: {error:#}");
            }
            Ok(summary.verdict().or_incomplete())
        }
    }
}

/// What is known once the bot's file has been read and closed again.
struct Gathered {
    report: Report,
    checks: checks::Analysis,
    material: Material,
    redacted: Option<Redacted>,
    names: Names,
}

/// The prompt with placeholders, and what turns placeholders back into names.
struct Redacted {
    material: Material,
    redaction: Redaction,
}

impl Gathered {
    fn read(config: &Config, now: DateTime<Utc>, catalogue: &'static Catalogue) -> anyhow::Result<Self> {
        let hot_journal = match config.dry_run || config.print_prompt {
            true => HotJournal::Leave,
            false => HotJournal::RollBack,
        };
        reading::checked(config, now, hot_journal, catalogue, Self::of)
    }

    fn of(context: &Context<'_>, report: Report, checks: checks::Analysis) -> Self {
        let config = context.config;
        for (column, reason) in &report.unreadable_times {
            tracing::error!("{column}: {reason}");
        }
        for foreign in &report.foreign_objects {
            tracing::warn!("{}: {}", foreign.object, foreign.reason);
        }
        let names = Names::new(report.names());
        let mut gathered = Self { report, checks, material: Material::default(), redacted: None, names };
        if config.llm.is_some() || config.print_prompt {
            gathered.prepare(context);
        }
        gathered
    }

    /// Gathers what the prompt is made of and, with `--redact`, the same with placeholders.
    fn prepare(&mut self, context: &Context<'_>) {
        let config = context.config;
        let unresolved = store::open_read_only(config).and_then(|opened| {
            opened.map_or_else(|| Ok(Vec::new()), |alerts| store::unresolved_alerts(&alerts))
        });
        let unresolved = unresolved.unwrap_or_else(|error| {
            // The store reports the same error when it writes.
            tracing::warn!("the alerts that are open cannot be read: {error:#}");
            Vec::new()
        });
        let material = |wording: &mut Wording<'_>| {
            Material::new(context, &self.report, &self.checks.findings, &unresolved, wording)
        };
        let redacted = config.redact.then(|| {
            let mut redaction = Redaction::new(&self.report, context);
            Redacted { material: material(&mut Wording::Hidden(&mut redaction)), redaction }
        });
        self.material = material(&mut Wording::AsTheyAre);
        self.redacted = redacted;
    }

    /// Checks whose silence closes their alerts. None where the bot has written since the audited moment
    /// (what it overwrites is of a later state), where rows could not be placed in time, or where there is no
    /// row to judge.
    fn conclusive(&self, config: &Config) -> Decided {
        let is_of_the_past = config.as_of.is_some() && self.report.holds_later_rows();
        let is_blind = !self.report.unreadable_times.is_empty();
        if is_of_the_past || is_blind || self.report.is_of_nothing() {
            return Decided::default();
        }
        Decided { completed: self.checks.completed.clone(), except: self.checks.explained.clone() }
    }

    /// What is sent to the LLM; its answer is held against the real names.
    fn sent(&self) -> &Material {
        self.redacted.as_ref().map_or(&self.material, |redacted| &redacted.material)
    }

    /// The LLM's answer with placeholders turned back into names.
    fn restored(&self, analysis: llm::Analysis) -> llm::Analysis {
        let Some(Redacted { redaction, .. }) = &self.redacted else { return analysis };
        let restore = |text: &str| redaction.restore(text);
        let findings = analysis.findings.into_iter().map(|finding| llm::rewritten(finding, restore));
        llm::Analysis {
            findings: findings.collect(),
            error: analysis.error.as_deref().map(restore),
            ..analysis
        }
    }

    /// Marks what the report does not support: it is shown, and does not raise the exit code.
    fn hold_against_report(&self, findings: &mut [Finding], budget_chars: usize) {
        if findings.is_empty() {
            return;
        }
        let judged = guard::run(|| {
            let report = serde_json::to_value(&self.report)?;
            let known = Known::new(&report, &self.material.render(budget_chars).user);
            Ok(findings.iter().map(|finding| grounding::judge(finding, &known)).collect::<Vec<_>>())
        });
        let judgements = judged.unwrap_or_else(|error| {
            tracing::error!("The LLM's findings cannot be held against the report: {error:#}");
            let reason = "it could not be held against it".to_owned();
            vec![Judgement::Ungrounded { reason }; findings.len()]
        });
        for (finding, judgement) in findings.iter_mut().zip(judgements) {
            match judgement {
                Judgement::Grounded => finding.grounded = Some(true),
                Judgement::Ungrounded { reason } => finding.doubt(&reason),
            }
        }
    }
}

fn ask_llm(config: &Config, material: &Material) -> llm::Analysis {
    let Some(endpoint) = &config.llm else { return llm::Analysis::skipped() };
    tracing::info!("Sending to LLM for analysis...");
    let deadline = Instant::now() + config.deadline;
    llm::analyse(endpoint, &|budget| material.render(budget), config.max_prompt_chars, deadline)
}

fn log_outcome(analysis: &llm::Analysis) {
    match (&analysis.error, analysis.status) {
        (Some(error), _) => tracing::error!("LLM analysis failed: {error}"),
        (None, Status::Ok) => tracing::info!("LLM analysis complete"),
        (None, _) => {}
    }
}

/// Stores the findings, or says what would be stored; a failure costs no finding.
fn keep(
    config: &Config,
    findings: &[Finding],
    gathered: &Gathered,
    now: DateTime<Utc>,
) -> (Kept, Option<String>) {
    let does = if config.dry_run { "read" } else { "store" };
    let failed = |error: &anyhow::Error| {
        let next = if config.dry_run { "" } else { "; the next run tries again" };
        let error = format!("cannot {does} alerts in {}: {error:#}{next}", config.alerts_path().display());
        tracing::error!("{error}");
        Some(error)
    };
    if !config.dry_run {
        tracing::info!("Storing {} findings...", findings.len());
    }
    let known = match guard::run(|| KnownAlerts::read(config, findings, &gathered.names)) {
        Ok(known) => known,
        Err(error) => return (store::unstored(findings), failed(&error)),
    };
    if config.dry_run {
        return (store::preview(findings, known, now), None);
    }
    match guard::run(|| store::store(config, findings, &gathered.conclusive(config), &known, now)) {
        Ok(kept) => (kept, None),
        Err(error) => {
            // Findings are known or set aside also where nothing could be stored.
            let previewed = store::preview(findings, known, now);
            (Kept { totals: None, ..previewed }, failed(&error))
        }
    }
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

fn print_prompt(prompt: &Prompt, format: Format) -> anyhow::Result<()> {
    let mut writer = io::stdout().lock();
    let written = match format {
        Format::Json => prompt.write_json(&mut writer),
        Format::Text => write!(writer, "{}\n{}", prompt.system, prompt.user),
    };
    ignore_closed_pipe(written.and_then(|()| writer.flush())).context("cannot write the prompt")
}
