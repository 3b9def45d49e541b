//! The commands `checks new` and `checks test`: how to write a check of one's own.

use std::io::Write;
use std::path::Path;

use anyhow::{anyhow, bail};
use chrono::Utc;
use serde_json::json;

use crate::checks;
use crate::cli::Format;
use crate::config::Config;
use crate::exit_code::Verdict;
use crate::model::{Finding, Source};
use crate::output::wrap;
use crate::source::HotJournal;
use crate::{reading, sanitize};

/// A rule with what may stand in one.
pub(crate) const TEMPLATE: &str = include_str!("template.sql");

/// Runs one file over the bot's and writes what a run would report of it.
///
/// # Errors
/// One sentence where the file holds no check, or the bot's file cannot be used.
pub(crate) fn test(file: &Path, config: &Config, writer: &mut impl Write) -> anyhow::Result<Verdict> {
    let shown = file.display().to_string();
    let catalogue = checks::catalogue(Some(file), config.checks_dir.as_deref());
    if let Some(broken) = catalogue.broken.iter().find(|broken| broken.file == shown) {
        bail!("{shown}: {}", broken.reason);
    }
    let member = catalogue.members().iter().find(|member| member.file() == Some(file));
    let id = member.ok_or_else(|| anyhow!("{shown} holds no check"))?.id();
    let now = config.as_of.unwrap_or_else(Utc::now);
    let analysis = reading::checked(config, now, HotJournal::Leave, catalogue, |_, _, checks| checks)?;
    if let Some(reason) = analysis.failed.get(id) {
        bail!("{shown}: {reason}");
    }
    let is_own = |finding: &&Finding| matches!(finding.source, Source::Check(own) if own == id);
    let findings: Vec<&Finding> = analysis.findings.iter().filter(is_own).collect();
    match config.format {
        Format::Json => sanitize::write_json(writer, &json!({ "id": id, "findings": findings }))?,
        Format::Text => write_text(id, &findings, writer)?,
    }
    Ok(Verdict::of(findings.iter().map(|finding| finding.severity).max(), true))
}

fn write_text(id: &str, findings: &[&Finding], writer: &mut impl Write) -> std::io::Result<()> {
    if findings.is_empty() {
        return writeln!(writer, "{id} would report nothing.");
    }
    for finding in findings {
        wrap::write("", &format!("[{}] {}", finding.severity.as_str(), finding.title), writer)?;
        wrap::write("    ", &finding.description, writer)?;
        for text in [&finding.evidence, &finding.recommendation].into_iter().flatten() {
            wrap::write("    ", text, writer)?;
        }
    }
    Ok(())
}
