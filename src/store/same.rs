//! Whether a finding says what an alert says already.

use super::{Alert, AlertStatus};
use crate::finding::{Finding, Source};
use crate::similarity::{Names, Statement, is_same_problem};

/// Whether an alert that nobody has closed as fixed says the same.
fn is_repeated(alert: &Alert, finding: &Finding, names: &Names) -> bool {
    alert.status != AlertStatus::Fixed && is_same(alert, finding, names)
}

/// Whether a fixed alert said the same: the problem has come back.
pub(super) fn was_fixed(alert: &Alert, finding: &Finding, names: &Names) -> bool {
    alert.status == AlertStatus::Fixed && is_same(alert, finding, names)
}

/// The alert that a finding repeats: first the one that the LLM names, if it really says the same.
pub(super) fn repeated<'alerts>(
    alerts: &'alerts [Alert],
    finding: &Finding,
    names: &Names,
) -> Option<&'alerts Alert> {
    let named = alerts.iter().find(|alert| finding.duplicate_of == Some(alert.id));
    named.into_iter().chain(alerts).find(|alert| is_repeated(alert, finding, names))
}

/// Two findings of checks are the same by their fingerprint and by nothing else. An LLM's words are
/// compared by meaning, with those of checks as well. Alerts of an earlier version name no source:
/// type and title decide, as they did then.
fn is_same(alert: &Alert, finding: &Finding, names: &Names) -> bool {
    let has_same_title = || {
        alert.alert_type == finding.alert_type.as_str()
            && normalised(&alert.title) == normalised(&finding.title)
    };
    match (&alert.source, &finding.source) {
        (Some(source), Source::Check(_)) if source != "llm" => {
            alert.fingerprint.is_some() && alert.fingerprint == finding.fingerprint
        }
        (None, Source::Check(_)) => has_same_title(),
        // What a check states as a fact is not hidden by an LLM's words for it.
        (Some(_), Source::Check(_)) => false,
        (_, Source::Llm) => {
            has_same_title() || is_same_problem(&of_alert(alert), &of_finding(finding), names)
        }
    }
}

fn of_alert(alert: &Alert) -> Statement<'_> {
    Statement {
        alert_type: &alert.alert_type,
        title: &alert.title,
        description: &alert.description,
        evidence: alert.evidence.as_deref().unwrap_or_default(),
    }
}

fn of_finding(finding: &Finding) -> Statement<'_> {
    Statement {
        alert_type: finding.alert_type.as_str(),
        title: &finding.title,
        description: &finding.description,
        evidence: finding.evidence.as_deref().unwrap_or_default(),
    }
}

/// A title's letters and digits in lower case: case, spaces and punctuation make no new alert.
fn normalised(title: &str) -> String {
    let words = title.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_spaces_and_punctuation_make_no_new_alert() {
        assert_eq!(normalised("Rule #3 has NEVER  succeeded!"), normalised("rule 3 has never succeeded"));
        assert_ne!(normalised("Rule #3 has never succeeded"), normalised("Rule #5 has never succeeded"));
    }
}
