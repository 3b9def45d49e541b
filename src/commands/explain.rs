//! The command `explain`: all that there is to know of one check, or of a stored alert, over the file as it is now.

use std::io::{self, Write};

use anyhow::{Context as _, bail};
use chrono::Utc;
use serde_json::json;

use super::sql;
use crate::checks::{Analysis, Answer, Catalogue, Member, Rule, suggestion};
use crate::cli::Format;
use crate::config::Config;
use crate::model::{Alert, Finding, Source};
use crate::output::{table, wrap};
use crate::source::HotJournal;
use crate::store;
use crate::{reading, sanitize};

/// Explains a check by its id, or an alert by its number.
///
/// # Errors
/// When there is no such check or alert, or a file cannot be used.
pub(crate) fn run(
    what: &str,
    config: &Config,
    catalogue: &'static Catalogue,
    writer: &mut impl Write,
) -> anyhow::Result<()> {
    let alert = what.parse::<i64>().ok().map(|number| stored(number, config)).transpose()?;
    let (id, subject) = match &alert {
        Some(alert) => of_check(alert)?,
        None => (what, None),
    };
    let Some(member) = catalogue.find(id) else {
        bail!("there is no check {id}{}", suggestion(id, catalogue));
    };
    let now = config.as_of.unwrap_or_else(Utc::now);
    let analysis = reading::checked(config, now, HotJournal::Leave, catalogue, |_, _, checks| checks)?;
    let explained = Explained { member, subject, alert: alert.as_ref(), analysis: &analysis };
    match config.format {
        Format::Text => explained.write_text(writer)?,
        Format::Json => sanitize::write_json(writer, &explained.json())?,
    }
    match analysis.failed.get(id) {
        Some(reason) => bail!("{id} could not run: {reason}"),
        None => Ok(()),
    }
}

fn stored(number: i64, config: &Config) -> anyhow::Result<Alert> {
    let connection = store::open_read_only(config)?;
    let alerts = match &connection {
        Some(connection) if store::has_alerts(connection)? => store::all_alerts(connection)?,
        _ => Vec::new(),
    };
    let alert = alerts.into_iter().find(|alert| alert.id == number);
    alert.with_context(|| {
        format!("there is no alert {number}: `autonomous-monitor alerts list --all` shows every one")
    })
}

/// The check that an alert is of, and what it is about.
fn of_check(alert: &Alert) -> anyhow::Result<(&str, Option<&str>)> {
    let number = alert.id;
    let Some(id) = alert.check_id() else {
        bail!("alert {number} is of no check: `autonomous-monitor alerts show {number}` shows all of it");
    };
    let subject = alert.fingerprint.as_deref().and_then(|fingerprint| fingerprint.split_once(':'));
    Ok((id, subject.map(|(_, subject)| subject)))
}

/// A check, and what it finds now.
struct Explained<'run> {
    member: &'run Member,
    /// What an alert is about; `None` shows every subject.
    subject: Option<&'run str>,
    alert: Option<&'run Alert>,
    analysis: &'run Analysis,
}

impl Explained<'_> {
    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.analysis.findings.iter().filter(|finding| {
            let is_own = matches!(finding.source, Source::Check(id) if id == self.member.id());
            let subject = finding.fingerprint.as_deref().and_then(|text| text.split_once(':'));
            is_own && self.subject.is_none_or(|wanted| subject.is_some_and(|(_, own)| own == wanted))
        })
    }

    /// Columns and rows of the query, with the check that a row is left to.
    fn rows(&self) -> Option<(Vec<&str>, Vec<Vec<serde_json::Value>>)> {
        let answer: &Answer = self.analysis.answers.get(self.member.id())?;
        let mut columns: Vec<&str> = answer.rows.columns.iter().map(String::as_str).collect();
        if !answer.left.is_empty() {
            columns.push("left_to");
        }
        let is_wanted = |row: &usize| self.subject.is_none_or(|subject| answer.subject(*row) == subject);
        let rows =
            answer.rows.rows.iter().enumerate().filter(|(row, _)| is_wanted(row)).map(|(row, cells)| {
                let mut cells: Vec<_> = cells.iter().map(sql::json).collect();
                if !answer.left.is_empty() {
                    cells.push(json!(answer.left.get(&row)));
                }
                cells
            });
        Some((columns, rows.collect()))
    }

    fn write_text(&self, writer: &mut impl Write) -> io::Result<()> {
        let line = |label: &str, text: &str, writer: &mut dyn Write| {
            let mut written = Vec::new();
            wrap::write(&format!("{:<14}", format!("{label}:")), text, &mut written)?;
            writer.write_all(&written)
        };
        if let Some(alert) = self.alert {
            line(&format!("Alert {}", alert.id), &alert.title, writer)?;
        }
        for (label, text) in facts(self.member) {
            line(label, &text, writer)?;
        }
        if let Member::Rule(rule) = self.member {
            writeln!(writer, "SQL:")?;
            for text in rule.sql.lines() {
                writeln!(writer, "  {}", sanitize::one_line(text))?;
            }
        }
        let mut is_found = false;
        for finding in self.findings() {
            is_found = true;
            writeln!(writer)?;
            line("Finding", &format!("[{}] {}", finding.severity.as_str(), finding.title), writer)?;
            line("Description", &finding.description, writer)?;
            if let Some(evidence) = &finding.evidence {
                line("Evidence", evidence, writer)?;
            }
        }
        if !is_found {
            writeln!(writer, "\n{}", self.nothing())?;
        }
        match self.rows() {
            Some((columns, rows)) if !rows.is_empty() => {
                writeln!(writer, "\nRows ({}):", rows.len())?;
                let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
                table::write(&columns, &rows, writer)
            }
            _ => Ok(()),
        }
    }

    /// Why there is no finding.
    fn nothing(&self) -> &'static str {
        let id = self.member.id();
        if self.analysis.disabled.contains(&id) {
            "The config file switches it off."
        } else if self.analysis.failed.contains_key(id) {
            "It could not run."
        } else if self
            .analysis
            .explained
            .iter()
            .any(|text| text.split_once(':').is_some_and(|(own, _)| own == id))
        {
            "It is not decided: other findings tell the rows that show it."
        } else {
            "It finds nothing in the file as it is now."
        }
    }

    fn json(&self) -> serde_json::Value {
        let rule: Option<&Rule> = if let Member::Rule(rule) = self.member { Some(rule) } else { None };
        let (columns, rows) = self.rows().unwrap_or_default();
        json!({
            "id": self.member.id(),
            "kind": if rule.is_some() { "rule" } else { "code" },
            "theme": self.member.theme().as_str(),
            "why": self.member.why(),
            "threshold": self.member.threshold(),
            "threshold_reason": self.member.threshold_reason(),
            "explained_by": self.member.explained_by(),
            "distrusts": self.member.distrusts(),
            "needs": self.member.needs(),
            "sql": rule.map(|rule| &rule.sql),
            "of": rule.and_then(|rule| rule.header.of.as_ref()),
            "alert_id": self.alert.map(|alert| alert.id),
            "findings": self.findings().collect::<Vec<_>>(),
            "columns": columns,
            "rows": rows,
        })
    }
}

fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "NULL".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What a check says of itself, a label and a text each.
fn facts(member: &Member) -> Vec<(&'static str, String)> {
    let kind = match member {
        Member::Code(_) => "a function of the program".to_owned(),
        Member::Rule(rule) => match &rule.file {
            Some(file) => file.display().to_string(),
            None => "a rule".to_owned(),
        },
    };
    let mut facts = vec![
        ("Check", format!("{} ({}, {kind})", member.id(), member.theme())),
        ("Why", member.why().to_owned()),
    ];
    if let Some(threshold) = member.threshold() {
        let reason = member.threshold_reason().map(|reason| format!(", {reason}")).unwrap_or_default();
        facts.push(("Threshold", format!("{threshold}{reason}")));
    }
    if let Member::Rule(rule) = member {
        let header = &rule.header;
        if header.min_rows > 1 || header.min_share > 0.0 {
            let share = 100.0 * header.min_share;
            let least = format!("{} rows, and {share} % of those that could be faulty", header.min_rows);
            facts.push(("At least", least));
        }
        if let Some(of) = &header.of {
            facts.push(("Of", of.clone()));
        }
    }
    for (label, names) in [
        ("Explained by", member.explained_by()),
        ("Distrusts", member.distrusts()),
        ("Needs", member.needs()),
    ] {
        if !names.is_empty() {
            facts.push((label, names.join(", ")));
        }
    }
    facts
}
