//! Answers that never differ.

use crate::checks::check::{Audit, Check, Found, Problem, Theme, Threshold};
use crate::model::{AlertType, Severity};
use crate::source::log::{Decision, Log};
use crate::untrusted::cut;

/// One action, one confidence or one coin in every decision.
pub(super) const ONE_ANSWER: Check = Check {
    id: "decisions-never-differ",
    theme: Theme::Funnel,
    why: "A decision that is always the same carries no information: its filter or its prompt has no effect.",
    threshold: Some(Threshold {
        default: 500.0,
        reason: "decisions in the window, half of it for coins: five hours in which a market moves",
    }),
    run: one_answer,
};

fn one_answer(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let log = audit.log()?;
    let mut found = Found::nothing();
    let real: Vec<_> = log.decisions.iter().filter(|decision| !decision.is_failure).collect();
    let confidence = |decision: &&Decision| decision.confidence.map(|confidence| format!("{confidence:.4}"));
    let bought = |decision: &&Decision| decision.coin.clone().filter(|_| decision.is("BUY"));
    let actions = only(real.iter().map(|decision| decision.action.clone()));
    let confidences = only(real.iter().filter_map(confidence));
    let coins = only(real.iter().filter_map(bought));
    let subjects = [
        ("action", actions, audit.threshold, "Decisions that are always the same carry no information."),
        ("confidence", confidences, audit.threshold, "No filter by confidence can tell two of them apart."),
        ("coin", coins, audit.threshold / 2.0, "No other coin was proposed."),
    ];
    for (subject, only, least, consequence) in subjects {
        if let Some((value, count)) = only.filter(|(_, count)| *count as f64 >= least) {
            found.fact(same(log, subject, &value, count, consequence));
        }
    }
    Ok(found)
}

/// The value that all of them share, with their number.
fn only(mut values: impl Iterator<Item = String>) -> Option<(String, u64)> {
    let first = values.next()?;
    let others = values.try_fold(0, |count, value| (value == first).then_some(count + 1))?;
    Some((first, 1 + others))
}

fn same(log: &Log, subject: &str, value: &str, count: u64, consequence: &str) -> Problem {
    Problem {
        alert_type: AlertType::Pattern,
        severity: Severity::Low,
        subject: subject.to_owned(),
        title: format!("Every decision of the LLM has the same {subject}"),
        description: format!(
            "All {count} decisions {} that name one have the {subject} {}. {consequence}",
            log.when(),
            cut(value, 40)
        ),
        evidence: format!("{count} of {count} decisions: {}; query: {}", cut(value, 40), query(log)),
        recommendation: "Read a few of the LLM's answers beside their prompts; vary the prompt or the model."
            .to_owned(),
    }
}

fn query(log: &Log) -> String {
    format!(
        "SELECT description, json_extract(CASE WHEN json_valid(details) THEN details END, '$.coin'), count(*) FROM activity_log \
         WHERE {} AND activity_type = 'llm_decision' GROUP BY 1, 2",
        log.read_sql()
    )
}
