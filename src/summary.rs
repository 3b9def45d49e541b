//! What a run says at its end: a text for people and logs, or one JSON document.

use std::io::{self, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::bot::clock;
use crate::checks;
use crate::collectors::Report;
use crate::exit_code::Verdict;
use crate::finding::{Disposition, Outcome, Severity};
use crate::llm::{self, Status};
use crate::plural::plural;
use crate::store::{Kept, Resolved, Totals};
use crate::untrusted::{self, one_line};

/// Changes when a field of the JSON document changes its meaning.
const SCHEMA_VERSION: u32 = 1;
const RULE: &str = "========================================";

/// Everything that a run has to say.
#[derive(Debug)]
pub(crate) struct Summary<'run> {
    /// The audited moment.
    pub(crate) now: DateTime<Utc>,
    /// Length of the analysis window.
    pub(crate) hours: u32,
    /// The bot's file.
    pub(crate) database: &'run Path,
    /// Nothing was to be stored.
    pub(crate) dry_run: bool,
    /// Critical and high findings in full.
    pub(crate) verbose: bool,
    /// What was measured.
    pub(crate) report: &'run Report,
    /// What came of the checks.
    pub(crate) checks: &'run checks::Analysis,
    /// What came of the LLM.
    pub(crate) llm: &'run llm::Analysis,
    /// What was found, and what became of it.
    pub(crate) kept: &'run Kept,
    /// Why nothing could be stored.
    pub(crate) store_error: Option<String>,
}

#[derive(Serialize)]
struct Document<'run> {
    schema_version: u32,
    generated_at: String,
    hours: u32,
    database: String,
    dry_run: bool,
    report: &'run Report,
    analysis: Analyses<'run>,
    findings: &'run [Outcome],
    counts: Counts,
    stored: usize,
    duplicates: usize,
    suppressed: usize,
    resolved: usize,
    resolved_alerts: &'run [Resolved],
    alerts: Option<Totals>,
    store_error: Option<&'run str>,
    exit_code: Verdict,
}

#[derive(Serialize)]
struct Analyses<'run> {
    checks: &'run checks::Analysis,
    llm: &'run llm::Analysis,
}

#[derive(Debug, Serialize)]
struct Counts {
    total: usize,
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
    info: usize,
}

#[derive(Serialize)]
struct Failure<'run> {
    schema_version: u32,
    error: &'run str,
    exit_code: Verdict,
}

impl Summary<'_> {
    /// The exit code that this run deserves.
    pub(crate) fn verdict(&self) -> Verdict {
        let paging = self.kept.outcomes.iter().filter(|outcome| outcome.pages());
        let worst = paging.map(|outcome| outcome.finding.severity).max();
        Verdict::of(worst, self.shortcomings().is_empty())
    }

    /// Whether a person has no reason to look: nothing new, nothing closed, nothing wrong.
    pub(crate) fn is_nothing_new(&self) -> bool {
        let is_new = |outcome: &Outcome| outcome.disposition != Disposition::Duplicate;
        self.verdict() == Verdict::Ok
            && self.kept.resolved.is_empty()
            && !self.kept.outcomes.iter().any(is_new)
    }

    /// What the audit could not do, a sentence each.
    fn shortcomings(&self) -> Vec<String> {
        let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
        for (section, reason) in self.report.failed() {
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, sections)) => sections.push(section),
                None => reasons.push((reason, vec![section])),
            }
        }
        let mut shortcomings: Vec<String> = reasons
            .into_iter()
            .map(|(reason, sections)| format!("not collected: {}: {reason}", sections.join(", ")))
            .collect();
        for (part, status, error) in [
            ("built-in checks", self.checks.status, &self.checks.error),
            ("LLM analysis", self.llm.status, &self.llm.error),
        ] {
            if status == Status::Failed {
                shortcomings
                    .push(format!("{part} failed: {}", error.as_deref().unwrap_or("no reason given")));
            }
        }
        if !self.checks.undecided.is_empty() {
            let checks = self.checks.undecided.join(", ");
            shortcomings.push(format!(
                "not decided: {checks}: each time that the file was read the bot wrote meanwhile, so that what they \
                 found may be its work in progress"
            ));
        }
        if let Some(error) = &self.store_error {
            shortcomings.push(format!("nothing was stored: {error}"));
        }
        shortcomings
    }

    fn with(&self, disposition: Disposition) -> usize {
        self.kept.outcomes.iter().filter(|outcome| outcome.disposition == disposition).count()
    }

    fn of(&self, severity: Severity) -> impl Iterator<Item = &Outcome> {
        self.kept.outcomes.iter().filter(move |outcome| outcome.finding.severity == severity)
    }

    /// Writes the JSON document.
    ///
    /// # Errors
    /// When the writer fails.
    pub(crate) fn write_json(&self, writer: &mut impl Write) -> io::Result<()> {
        let count = |severity| self.of(severity).count();
        let document = Document {
            schema_version: SCHEMA_VERSION,
            generated_at: self.now.to_rfc3339_opts(SecondsFormat::Secs, true),
            hours: self.hours,
            database: self.database.display().to_string(),
            dry_run: self.dry_run,
            report: self.report,
            analysis: Analyses { checks: self.checks, llm: self.llm },
            findings: &self.kept.outcomes,
            counts: Counts {
                total: self.kept.outcomes.len(),
                critical: count(Severity::Critical),
                high: count(Severity::High),
                medium: count(Severity::Medium),
                low: count(Severity::Low),
                info: count(Severity::Info),
            },
            stored: self.with(Disposition::New),
            duplicates: self.with(Disposition::Duplicate),
            suppressed: self.with(Disposition::Suppressed),
            resolved: self.kept.resolved.len(),
            resolved_alerts: &self.kept.resolved,
            alerts: self.kept.totals,
            store_error: self.store_error.as_deref(),
            exit_code: self.verdict(),
        };
        untrusted::write_json(writer, &document)
    }

    /// Writes the text.
    ///
    /// # Errors
    /// When the writer fails.
    pub(crate) fn write_text(&self, writer: &mut impl Write) -> io::Result<()> {
        writeln!(writer, "{RULE}\nMONITORING COMPLETE\n{RULE}")?;
        writeln!(writer, "Total findings: {}", self.kept.outcomes.len())?;
        for severity in Severity::WORST_FIRST {
            let count = self.of(severity).count();
            if count > 0 || severity != Severity::Info {
                writeln!(writer, "  {}: {count}", severity.as_str())?;
            }
        }
        writeln!(writer, "{}", self.stored_line())?;
        if let Some(totals) = self.kept.totals {
            writeln!(
                writer,
                "Alerts: {} open, {} acknowledged, {} fixed, {} wontfix",
                totals.open, totals.acknowledged, totals.fixed, totals.wontfix
            )?;
        }
        let suppressed = self.with(Disposition::Suppressed);
        if suppressed > 0 {
            let findings = plural(suppressed, "finding", "findings");
            writeln!(writer, "Not stored: {suppressed} more {findings} of the LLM")?;
        }
        for (check, reason) in &self.checks.skipped {
            writeln!(writer, "Check {check} {reason}")?;
        }
        if self.report.is_of_nothing() {
            let until = clock::utc_text(self.now);
            writeln!(writer, "Nothing to audit: no trade, learning or activity up to {until} UTC")?;
        }
        if self.report.holds_later_rows() {
            let later = "The file holds rows later than the audited moment";
            writeln!(writer, "{later}: what the bot has overwritten since is not judged")?;
        }
        if self.llm.status == Status::Skipped {
            writeln!(writer, "LLM analysis: skipped")?;
        }
        if self.llm.cut {
            writeln!(writer, "LLM analysis: the answer was cut short, its complete findings count")?;
        }
        if self.llm.dropped > 0 {
            let items = plural(self.llm.dropped, "item of the answer was", "items of the answer were");
            writeln!(writer, "LLM analysis: {} {items} dropped", self.llm.dropped)?;
        }
        for shortcoming in self.shortcomings() {
            let style = style(Severity::High);
            writeln!(writer, "{style}INCOMPLETE{style:#}: {}", one_line(&shortcoming))?;
        }
        for severity in Severity::WORST_FIRST {
            self.write_severity(severity, writer)?;
        }
        if !self.kept.resolved.is_empty() {
            writeln!(writer, "\nRESOLVED:")?;
            for resolved in &self.kept.resolved {
                writeln!(writer, "  - {} (alert {})", one_line(&resolved.title), resolved.id)?;
            }
        }
        writeln!(writer, "{RULE}")
    }

    fn stored_line(&self) -> String {
        let (new, known) = (self.with(Disposition::New), self.with(Disposition::Duplicate));
        match (self.dry_run, &self.store_error) {
            (_, Some(_)) => "Stored: nothing".to_owned(),
            (true, None) => {
                format!("Dry run, nothing stored: {} new, {known} repeated", self.with(Disposition::Preview))
            }
            (false, None) => {
                format!("Stored: {new} new, {known} repeated, {} resolved", self.kept.resolved.len())
            }
        }
    }

    fn write_severity(&self, severity: Severity, writer: &mut impl Write) -> io::Result<()> {
        let mut outcomes = self.of(severity).peekable();
        if outcomes.peek().is_none() {
            return Ok(());
        }
        let style = style(severity);
        writeln!(writer, "\n{style}{} SEVERITY:{style:#}", severity.as_str().to_uppercase())?;
        for outcome in outcomes {
            let finding = &outcome.finding;
            let known = match (outcome.disposition, outcome.alert_id) {
                (Disposition::Duplicate, Some(id)) => {
                    let status = outcome.alert_status.map_or("", |status| status.as_str());
                    format!(" (known, alert {id}, {status})")
                }
                (Disposition::Suppressed, _) => " (not stored)".to_owned(),
                (_, Some(id)) => format!(" (alert {id})"),
                (_, None) => String::new(),
            };
            writeln!(writer, "  - [{}] {}{known}", finding.alert_type.as_str(), one_line(&finding.title))?;
            if self.verbose {
                writeln!(writer, "      {}", one_line(&finding.description))?;
            }
            if self.verbose && severity >= Severity::High {
                for (label, text) in
                    [("Evidence", &finding.evidence), ("Recommendation", &finding.recommendation)]
                {
                    if let Some(text) = text {
                        writeln!(writer, "      {label}: {}", one_line(text))?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// The document of a run that failed before it had a report.
///
/// # Errors
/// When the writer fails.
pub(crate) fn write_failure_json(error: &str, writer: &mut impl Write) -> io::Result<()> {
    let failure = Failure { schema_version: SCHEMA_VERSION, error, exit_code: Verdict::Incomplete };
    untrusted::write_json(writer, &failure)
}

/// Who closes the pipe has read enough.
///
/// # Errors
/// Any other error.
pub(crate) fn ignore_closed_pipe(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// The colour of a severity.
pub(crate) fn style(severity: Severity) -> Style {
    let color = match severity {
        Severity::Critical => AnsiColor::BrightRed,
        Severity::High => AnsiColor::Red,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low => AnsiColor::Cyan,
        Severity::Info => AnsiColor::BrightBlack,
    };
    color.on_default().bold()
}
