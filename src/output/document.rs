//! The JSON document of a run.

use std::io::{self, Write};

use chrono::SecondsFormat;
use serde::Serialize;

use super::headline::headline_of_failure;
use super::summary::Summary;
use crate::checks;
use crate::exit_code::Verdict;
use crate::llm;
use crate::metrics::Report;
use crate::model::{Disposition, Outcome, Severity};
use crate::sanitize;
use crate::store::{Resolved, Totals};

/// Changes when a field of the document changes its meaning.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'run> {
    schema_version: u32,
    headline: String,
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
    headline: String,
    error: &'run str,
    exit_code: Verdict,
}

impl Summary<'_> {
    /// Writes the JSON document.
    ///
    /// # Errors
    /// When the writer fails.
    pub(crate) fn write_json(&self, writer: &mut impl Write) -> io::Result<()> {
        let count = |severity| self.of(severity).count();
        let document = Document {
            schema_version: SCHEMA_VERSION,
            headline: self.headline(),
            generated_at: self.now.to_rfc3339_opts(SecondsFormat::Secs, true),
            hours: self.config.hours,
            database: self.config.db.display().to_string(),
            dry_run: self.config.dry_run,
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
        sanitize::write_json(writer, &document)
    }
}

/// The document of a run that failed before it had a report.
///
/// # Errors
/// When the writer fails.
pub(crate) fn write_failure_json(error: &str, name: Option<&str>, writer: &mut impl Write) -> io::Result<()> {
    let failure = Failure {
        schema_version: SCHEMA_VERSION,
        headline: headline_of_failure(error, name),
        error,
        exit_code: Verdict::Incomplete,
    };
    sanitize::write_json(writer, &failure)
}
