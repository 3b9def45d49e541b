//! What has been said of the file already: by the checks of this run, and by alerts that are open.

use super::layout::Section;
use super::wording::Wording;
use crate::model::{Alert, Finding, Source};

/// The findings of the checks.
pub(super) fn already_reported(reported: &[Finding], wording: &mut Wording<'_>) -> Section {
    let mut section = Section::new("ALREADY REPORTED BY BUILT-IN CHECKS");
    if reported.is_empty() {
        section.fact(1_000, "nothing");
    }
    section.lines(
        860,
        "facts, not to be repeated",
        reported.iter().map(|finding| reported_line(finding, wording)),
    );
    section
}

fn reported_line(finding: &Finding, wording: &mut Wording<'_>) -> String {
    let severity = finding.severity.as_str();
    let evidence = finding.evidence.as_deref();
    match wording {
        Wording::AsTheyAre => {
            let evidence = evidence.map(|evidence| wording.text(evidence)).unwrap_or_default();
            format!("[{severity}] {} {evidence}", wording.text(&finding.title))
        }
        Wording::Hidden(_) => {
            format!("[{severity}] {}", in_our_words(finding, evidence.unwrap_or_default(), wording))
        }
    }
}

/// With `--redact`, title and evidence, which quote the file, are replaced by the check's own sentence, its
/// subject and the number of rows.
fn in_our_words(finding: &Finding, evidence: &str, wording: &mut Wording<'_>) -> String {
    let Source::Check(id) = finding.source else { return wording.prose(&finding.title) };
    let fingerprint = finding.fingerprint.as_deref().unwrap_or_default();
    let subject = fingerprint.strip_prefix(id).and_then(|rest| rest.strip_prefix(':')).unwrap_or_default();
    let mut line = id.to_owned();
    if !subject.is_empty() {
        line.push_str(&format!(" {}", wording.subject(subject)));
    }
    if let Some(counts) = counts(evidence) {
        line.push_str(&format!(" ({counts})"));
    }
    format!("{line}: {}", finding.check.why)
}

/// `12 of 363`, where evidence begins so.
fn counts(evidence: &str) -> Option<String> {
    let (count, rest) = evidence.split_once(" of ")?;
    let of = rest.split(' ').next()?;
    let count: u64 = count.parse().ok()?;
    let of: u64 = of.parse().ok()?;
    Some(format!("{count} of {of}"))
}

/// Open alerts of the LLM; those of checks that still hold are listed above as findings.
pub(super) fn still_open(unresolved: &[Alert], wording: &mut Wording<'_>) -> Section {
    let mut section = Section::new("OPEN ALERTS");
    let own: Vec<_> = unresolved.iter().filter(|alert| alert.check_id().is_none()).collect();
    if own.is_empty() {
        section.fact(1_000, "none");
    }
    section.lines(
        840,
        "already stored; if a finding says the same, give its number as duplicate_of",
        own.into_iter().map(|alert| {
            format!("{} [{}] {}", alert.id, wording.name(&alert.alert_type), wording.prose(&alert.title))
        }),
    );
    section
}
