//! Failures that are logged as decisions.

use std::collections::BTreeMap;

use super::{Audit, Check, Evidence, Found, Problem, Theme, Threshold, percent};
use crate::bot::clock;
use crate::bot::log::quotable;
use crate::finding::{AlertType, Severity};
use crate::untrusted::cut;

/// Failures as ordinary rows.
pub(super) const DISGUISED: Check = Check {
    id: "failure-logged-as-decision",
    theme: Theme::Funnel,
    why: "A failure that is logged as a decision appears in no count of errors and looks like caution.",
    threshold: Some(Threshold { default: 5.0, reason: "decisions of one text in the window" }),
    run: disguised,
};

fn disguised(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let log = audit.log()?;
    let mut by_text: BTreeMap<(&str, &str), Evidence> = BTreeMap::new();
    for decision in log.decisions.iter().filter(|decision| decision.is_failure) {
        let before = decision.place.checked_sub(1).and_then(|place| log.entry(place));
        let Some(entry) = log.entry(decision.place) else { continue };
        // Where the failure itself is logged right before, nothing is hidden.
        if before.is_some_and(|before| before.error().is_some()) {
            continue;
        }
        let evidence = by_text.entry((&decision.action, &decision.reason)).or_default();
        evidence.fault(|| {
            format!("#{} {} {}", entry.id(), clock::utc_text(entry.at()), cut(entry.description(), 60))
        });
    }
    let mut found = Found::nothing();
    for ((action, text), mut evidence) in by_text {
        evidence.of = log.decisions.len() as u64;
        if evidence.count as f64 >= audit.threshold {
            found.fact(hidden(action, &quotable(text), &evidence));
        }
    }
    Ok(found)
}

fn hidden(action: &str, text: &str, evidence: &Evidence) -> Problem {
    let share = percent(evidence.count, evidence.of);
    Problem {
        alert_type: AlertType::Bug,
        severity: match share {
            30.0.. => Severity::High,
            1.0.. => Severity::Medium,
            _ => Severity::Low,
        },
        subject: format!("{} {}", cut(action, 20), cut(text, 80)),
        title: format!("A failure is logged as a decision ({}): {}", cut(action, 20), cut(text, 80)),
        description: format!(
            "{} of {} decisions ({share:.1} %) are no decisions: the text says that the bot failed, and no error is logged \
             for it. The LLM's real answer was thrown away.",
            evidence.count, evidence.of
        ),
        evidence: evidence.text(
            "decisions",
            "SELECT id, created_at, description, details FROM activity_log WHERE activity_type = 'llm_decision' ORDER BY id DESC",
        ),
        recommendation: "Log such a failure as an error together with the raw answer, and ask for structured output."
            .to_owned(),
    }
}
