//! The text of a run: the specification's banner and counts, then what is new, worst first, then what is known.

use std::io::{self, Write};

use super::summary::Summary;
use super::terminal::style;
use super::wrap;
use crate::model::{AlertStatus, Disposition, News, Outcome, Severity, Source, Status};
use crate::plural::plural;
use crate::source::clock;

const RULE: &str = "========================================";
/// Most new findings that are printed; the rest is counted by theme.
const MOST_SHOWN: usize = 12;
/// Lines of a description that are printed without `--verbose`.
const MOST_LINES: usize = 4;

impl Summary<'_> {
    /// Writes the text.
    ///
    /// # Errors
    /// When the writer fails.
    pub(crate) fn write_text(&self, writer: &mut impl Write) -> io::Result<()> {
        writeln!(writer, "{}", self.headline())?;
        writeln!(writer, "{RULE}\nMONITORING COMPLETE\n{RULE}")?;
        writeln!(writer, "Total findings: {}", self.kept.outcomes.len())?;
        for severity in Severity::WORST_FIRST {
            let count = self.of(severity).count();
            if count > 0 || severity != Severity::Info {
                writeln!(writer, "  {}: {count}", severity.as_str())?;
            }
        }
        for note in self.notes() {
            wrap::write("", &note, writer)?;
        }
        for shortcoming in self.shortcomings() {
            let style = style(Severity::High);
            write!(writer, "{style}INCOMPLETE{style:#}")?;
            wrap::write_after(
                "INCOMPLETE",
                &format!(": {}: {}", shortcoming.brief, shortcoming.reason),
                writer,
            )?;
        }
        self.write_findings(writer)?;
        if !self.kept.resolved.is_empty() {
            writeln!(writer, "\nRESOLVED:")?;
            for resolved in &self.kept.resolved {
                wrap::write("  - ", &format!("{} (alert {})", resolved.title, resolved.id), writer)?;
            }
        }
        writeln!(writer, "{RULE}")?;
        self.write_next(writer)
    }

    /// What became of the findings, and what to know about the audit, a sentence each.
    fn notes(&self) -> Vec<String> {
        let mut notes = vec![self.stored_line()];
        if let Some(totals) = self.kept.totals {
            notes.push(format!(
                "Alerts: {} open, {} acknowledged, {} fixed, {} wontfix",
                totals.open, totals.acknowledged, totals.fixed, totals.wontfix
            ));
        }
        let suppressed = self.with(Disposition::Suppressed);
        if suppressed > 0 {
            let findings = plural(suppressed, "finding", "findings");
            notes.push(format!("Not stored: {suppressed} more {findings} of the LLM"));
        }
        notes.extend(self.checks.skipped.iter().map(|(check, reason)| format!("Check {check} {reason}")));
        let replaced = self.checks.replaced.iter();
        notes.extend(replaced.map(|check| format!("Check {check} is replaced by a file of yours")));
        if self.report.is_of_nothing() {
            let until = clock::utc_text(self.now);
            notes.push(format!("Nothing to audit: no trade, learning or activity up to {until} UTC"));
        }
        if self.report.holds_later_rows() {
            let later = "The file holds rows later than the audited moment";
            notes.push(format!("{later}: what the bot has overwritten since is not judged"));
        }
        match (self.llm.status, &self.llm.model) {
            (Status::Skipped, _) => notes.push("LLM analysis: skipped".to_owned()),
            (Status::Ok, Some(model)) => {
                let count = self.llm.findings.len();
                notes.push(format!(
                    "LLM analysis: {count} {} by {model}",
                    plural(count, "finding", "findings")
                ));
            }
            _ => {}
        }
        if self.llm.dropped > 0 {
            let items = plural(self.llm.dropped, "item of the answer was", "items of the answer were");
            notes.push(format!("LLM analysis: {} {items} dropped", self.llm.dropped));
        }
        notes
    }

    fn stored_line(&self) -> String {
        let (new, known) = (self.with(Disposition::New), self.with(Disposition::Duplicate));
        match (self.config.dry_run, &self.store_error) {
            (_, Some(_)) => "Stored: nothing".to_owned(),
            (true, None) => {
                format!("Dry run, nothing stored: {} new, {known} repeated", self.with(Disposition::Preview))
            }
            (false, None) => {
                format!("Stored: {new} new, {known} repeated, {} resolved", self.kept.resolved.len())
            }
        }
    }

    /// What is new, by severity with what to do; the rest of it by theme; what is known, a line each.
    fn write_findings(&self, writer: &mut impl Write) -> io::Result<()> {
        let most = if self.config.verbose { usize::MAX } else { MOST_SHOWN };
        let (news, known): (Vec<&Outcome>, Vec<&Outcome>) =
            self.worst_first().partition(|outcome| outcome.is_news());
        let mut heading = None;
        for outcome in news.iter().take(most) {
            let severity = outcome.finding.severity;
            if heading.replace(severity) != Some(severity) {
                let style = style(severity);
                writeln!(writer, "\n{style}{} SEVERITY:{style:#}", severity.as_str().to_uppercase())?;
            }
            self.write_one(outcome, marks(outcome), writer)?;
        }
        write_by_theme(news.get(most..).unwrap_or_default(), writer)?;
        if !known.is_empty() {
            writeln!(writer, "\nKNOWN:")?;
        }
        for outcome in known.iter().take(most) {
            let severity = outcome.finding.severity.as_str().to_owned();
            self.write_one(outcome, [vec![severity], marks(outcome)].concat(), writer)?;
        }
        write_by_theme(known.get(most..).unwrap_or_default(), writer)
    }

    fn worst_first(&self) -> impl Iterator<Item = &Outcome> {
        Severity::WORST_FIRST.into_iter().flat_map(|severity| self.of(severity))
    }

    fn write_one(&self, outcome: &Outcome, marks: Vec<String>, writer: &mut impl Write) -> io::Result<()> {
        let finding = &outcome.finding;
        let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
        let line = format!("[{}] {}{marks}", finding.alert_type.as_str(), finding.title);
        wrap::write("  - ", &line, writer)?;
        if self.config.verbose {
            wrap::write("      ", &finding.description, writer)?;
        } else if outcome.is_news() && finding.severity >= Severity::High {
            wrap::write_start("      ", &finding.description, MOST_LINES, writer)?;
        }
        if let Some(evidence) = finding.evidence.as_ref().filter(|_| self.config.verbose) {
            wrap::write("      ", &format!("Evidence: {evidence}"), writer)?;
        }
        match &finding.recommendation {
            Some(recommendation) if self.config.verbose || outcome.is_news() => {
                wrap::write("      ", &format!("Recommendation: {recommendation}"), writer)
            }
            _ => Ok(()),
        }
    }

    /// The command that shows more.
    fn write_next(&self, writer: &mut impl Write) -> io::Result<()> {
        let (mut news, mut known): (Vec<&Outcome>, Vec<&Outcome>) =
            self.worst_first().filter(|outcome| outcome.alert_id.is_some()).partition(|one| one.is_news());
        known.sort_by_key(|outcome| !outcome.pages());
        news.append(&mut known);
        let alert = news.first().and_then(|outcome| outcome.alert_id);
        let command = match alert {
            Some(id) => format!("autonomous-monitor alerts show {id}"),
            None if !self.shortcomings().is_empty() => "autonomous-monitor doctor".to_owned(),
            None if self.config.dry_run && !self.kept.outcomes.is_empty() => {
                return writeln!(writer, "Next: the same without --dry-run, which stores the alerts");
            }
            None => return Ok(()),
        };
        let words: Vec<String> = [command].into_iter().chain(self.config.file_flags()).collect();
        let line = format!("Next: {}", words.join(" "));
        match line.chars().count() {
            ..=wrap::COLUMNS => writeln!(writer, "{line}"),
            // As the shell reads a command of several lines.
            _ => writeln!(writer, "Next: {}", words.join(" \\\n        ")),
        }
    }
}

/// Who found it, how it is new, and the number of its alert.
fn marks(outcome: &Outcome) -> Vec<String> {
    let mut marks = Vec::new();
    let mut mark = |text: &str| marks.push(text.to_owned());
    if outcome.finding.source == Source::Llm {
        mark("LLM");
    }
    if outcome.finding.grounded == Some(false) {
        mark("unconfirmed");
    }
    match (outcome.news, outcome.previous_severity, outcome.follows_alert_id) {
        (News::Worse, Some(before), _) => mark(&format!("was {}", before.as_str())),
        (News::Returned, _, Some(fixed)) => mark(&format!("found again: alert {fixed} was fixed")),
        (News::Returned, ..) => mark("its snooze is over"),
        (News::Repeated, ..) => mark("told by another finding too"),
        _ => {}
    }
    if outcome.disposition == Disposition::Suppressed {
        mark("not stored");
    }
    if let Some(id) = outcome.alert_id {
        mark(&format!("alert {id}"));
    }
    match (&outcome.snoozed_until, outcome.alert_status) {
        (Some(until), _) => mark(&format!("snoozed until {until} UTC")),
        (None, Some(status)) if status != AlertStatus::Open => mark(status.as_str()),
        _ => {}
    }
    marks
}

/// One line a theme: how many findings, of which severity.
fn write_by_theme(outcomes: &[&Outcome], writer: &mut impl Write) -> io::Result<()> {
    if outcomes.is_empty() {
        return Ok(());
    }
    writeln!(writer, "\nMORE (--verbose shows them):")?;
    let mut themes: Vec<(&str, Vec<&Outcome>)> = Vec::new();
    for outcome in outcomes {
        let theme = match outcome.finding.source {
            Source::Llm => "LLM",
            Source::Check(_) => outcome.finding.check.theme,
        };
        match themes.iter_mut().find(|(known, _)| *known == theme) {
            Some((_, of_theme)) => of_theme.push(outcome),
            None => themes.push((theme, vec![outcome])),
        }
    }
    for (theme, of_theme) in themes {
        let counts: Vec<String> = Severity::WORST_FIRST
            .into_iter()
            .map(|severity| {
                (severity, of_theme.iter().filter(|one| one.finding.severity == severity).count())
            })
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| format!("{count} {}", severity.as_str()))
            .collect();
        wrap::write("  - ", &format!("{theme}: {}", counts.join(", ")), writer)?;
    }
    Ok(())
}
