//! Whether a finding and an alert are about the same problem.

use std::collections::HashMap;

use crate::model::{Alert, AlertStatus, Finding, Source};
use crate::similarity::{Meaning, Names, Statement};

/// Most fixed alerts that a finding is compared with, newest first: what was fixed before them counts as new.
const MOST_FIXED_ALERTS: usize = 500;

/// Which alerts and findings are about the same problem. The costly comparisons are made before the write
/// lock is taken; under the lock, only alerts that another run has stored in between are compared.
pub(super) struct Sameness<'run> {
    names: &'run Names,
    findings: &'run [Finding],
    /// Pairs of finding and alert that were compared by meaning.
    compared: HashMap<(usize, i64), bool>,
    /// Pairs of a finding and an earlier one of this run.
    among: HashMap<(usize, usize), bool>,
}

impl<'run> Sameness<'run> {
    /// Compares the LLM's findings with the alerts that are known by now.
    pub(super) fn new(alerts: &[Alert], findings: &'run [Finding], names: &'run Names) -> Self {
        let from_llm = |place: &usize| findings.get(*place).is_some_and(|one| one.source == Source::Llm);
        let new: Vec<usize> = (0..findings.len()).filter(from_llm).collect();
        let (mut compared, mut among) = (HashMap::new(), HashMap::new());
        if !new.is_empty() {
            let all: Vec<_> = findings.iter().map(|one| Meaning::of(of_finding(one), names)).collect();
            let pairs = || new.iter().filter_map(|place| Some((*place, all.get(*place)?)));
            for alert in alerts {
                let known = Meaning::of(of_alert(alert), names);
                compared.extend(pairs().map(|(place, new)| ((place, alert.id), known.is_same_problem(new))));
            }
            for (place, new) in pairs() {
                let earlier = all.iter().take(place).enumerate();
                among.extend(earlier.map(|(known, one)| ((place, known), one.is_same_problem(new))));
            }
        }
        Self { names, findings, compared, among }
    }

    /// The alert, not fixed, that a finding repeats: the one that the LLM names if it is about the same
    /// problem, else any other.
    pub(super) fn repeated<'alerts>(&self, alerts: &'alerts [Alert], place: usize) -> Option<&'alerts Alert> {
        let duplicate_of = self.findings.get(place)?.duplicate_of;
        let named = alerts.iter().find(|alert| duplicate_of == Some(alert.id));
        let candidates = named.into_iter().chain(alerts).filter(|alert| alert.status != AlertStatus::Fixed);
        candidates.into_iter().find(|alert| self.is_same(alert, place))
    }

    /// The newest fixed alert about the same problem, which has come back then.
    pub(super) fn fixed<'alerts>(&self, alerts: &'alerts [Alert], place: usize) -> Option<&'alerts Alert> {
        let fixed = alerts.iter().rev().filter(|alert| alert.status == AlertStatus::Fixed);
        fixed.take(MOST_FIXED_ALERTS).find(|alert| self.is_same(alert, place))
    }

    /// Two findings of checks are the same by their fingerprint and by nothing else. An LLM's words are
    /// compared by meaning, with those of checks as well. Alerts of an earlier version name no source:
    /// type and title decide, as they did then.
    fn is_same(&self, alert: &Alert, place: usize) -> bool {
        let Some(finding) = self.findings.get(place) else { return false };
        let has_same_title = || {
            alert.alert_type == finding.alert_type.as_str()
                && normalised(&alert.title) == normalised(&finding.title)
        };
        match (&alert.source, &finding.source) {
            (Some(source), Source::Check(_)) if source != "llm" => {
                let own = finding.fingerprint.iter().chain(&finding.check.was);
                alert.fingerprint.as_ref().is_some_and(|known| own.into_iter().any(|own| own == known))
            }
            (None, Source::Check(_)) => has_same_title(),
            // A check's finding is stored also where an LLM's alert is about the same problem.
            (Some(_), Source::Check(_)) => false,
            (_, Source::Llm) => has_same_title() || self.means_the_same(alert, place, finding),
        }
    }

    fn means_the_same(&self, alert: &Alert, place: usize, finding: &Finding) -> bool {
        let compared = match alert.place {
            Some(known) => self.among.get(&(place, known)),
            None => self.compared.get(&(place, alert.id)),
        };
        compared.copied().unwrap_or_else(|| {
            let known = Meaning::of(of_alert(alert), self.names);
            known.is_same_problem(&Meaning::of(of_finding(finding), self.names))
        })
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
