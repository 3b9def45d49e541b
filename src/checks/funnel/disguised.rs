//! Failures that are logged as decisions.

use std::collections::BTreeMap;

use super::wording::{like, percent};
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};
use crate::model::{AlertType, Severity};
use crate::source::clock;
use crate::source::log::{Log, quotable};
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
        let Some(entry) = log.entry(decision.place) else { continue };
        let neighbours = [decision.place.checked_sub(1), Some(decision.place + 1)];
        let mut neighbours = neighbours.into_iter().flatten().filter_map(|place| log.entry(place));
        // Where the failure itself is logged right before or behind, nothing is hidden.
        if neighbours.any(|neighbour| neighbour.error().is_some()) {
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
            found.fact(hidden(log, action, &quotable(text), &evidence));
        }
    }
    Ok(found)
}

fn hidden(log: &Log, action: &str, text: &str, evidence: &Evidence) -> Problem {
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
            "{} of {} decisions ({share:.1} %) are no decisions: their reason is the text of a failure, and no error is logged \
             beside them.",
            evidence.count, evidence.of
        ),
        evidence: evidence.text(
            "decisions",
            &format!(
                "SELECT id, created_at, description, details FROM activity_log AS decision WHERE {} AND activity_type = 'llm_decision' \
                 AND details LIKE {} AND NOT EXISTS (SELECT 1 FROM activity_log AS beside WHERE beside.id IN (decision.id - 1, \
                 decision.id + 1) AND (beside.activity_type IN ('error', 'warning') OR beside.activity_type GLOB '*_error' OR \
                 beside.activity_type GLOB '*_failed')) ORDER BY id DESC",
                log.read_sql(),
                like(text)
            ),
        ),
        recommendation: "Log such a failure as an error, and ask for structured output. Does the llm_query row right \
                         before hold the answer? Then see there what could not be read."
            .to_owned(),
    }
}
