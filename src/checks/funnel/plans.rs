//! What becomes of the strategist's plans.

use std::borrow::Cow;

use serde_json::Value;

use super::wording::percent;
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};
use crate::model::{AlertType, Severity};
use crate::source::cell;
use crate::source::log::{Entry, Log};
use crate::untrusted::cut;

/// Runs that plan nothing.
pub(super) const EMPTY_PLANS: Check = Check {
    id: "strategist-plans-nothing",
    theme: Theme::Funnel,
    why: "A strategist that plans nothing run after run costs a request each time and never trades.",
    threshold: Some(Threshold { default: 0.95, reason: "share of at least 200 runs (ten hours)" }),
    run: empty_plans,
};

/// Conditions that opened a trade and do not know it.
pub(super) const NEVER_TRIGGERED: Check = Check {
    id: "condition-not-marked-triggered",
    theme: Theme::Funnel,
    why: "A condition that opened a trade and is not marked as triggered can open another, and counts as expired.",
    threshold: Some(Threshold {
        default: 5.0,
        reason: "conditions that opened a trade: all kept ones are looked at",
    }),
    run: never_triggered,
};

const LINKED: &str = "
SELECT
    condition.created_at,
    condition.clock,
    condition.id,
    condition.triggered,
    condition.triggered_at,
    trade_condition.trade_id,
    trade_condition.coin
FROM trade_condition
JOIN condition ON condition.id = trade_condition.condition_id";

fn empty_plans(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const FEWEST_RUNS: u64 = 200;
    let log = audit.log()?;
    let mut evidence = Evidence::default();
    for entry in log.of_kind("strategist") {
        evidence
            .row(is_empty(entry).then_some(|| format!("#{} {}", entry.id(), cut(entry.description(), 60))));
    }
    let share = percent(evidence.count, evidence.of);
    let problem = Problem {
        alert_type: AlertType::Inefficiency,
        severity: Severity::Low,
        subject: String::new(),
        title: "The strategist plans nothing in nearly every run".to_owned(),
        description: format!("{} of {} runs {} ({share:.0} %) set no condition.", evidence.count, evidence.of, log.when()),
        evidence: evidence.text(
            "strategist runs",
            &format!(
                "SELECT id, created_at, description FROM activity_log WHERE {} AND activity_type = 'strategist' AND description \
                 LIKE 'Generated 0 %' ORDER BY id DESC",
                log.read_sql()
            ),
        ),
        recommendation: "Read some of its answers: is the prompt too strict, or is the answer not understood?".to_owned(),
    };
    let is_idle = evidence.of >= FEWEST_RUNS && share >= audit.threshold * 100.0;
    let mut found = Found::from(is_idle.then_some(problem));
    found.facts.extend(dropped(audit, log)?);
    Ok(found)
}

fn is_empty(entry: Entry<'_>) -> bool {
    entry.description().starts_with("Generated 0 ")
}

/// The answer that a request got.
const ANSWER: &str = "
SELECT
    CASE WHEN json_valid(details) THEN json_extract(details, '$.response') END
FROM activity
WHERE id = ?1";

/// Runs without a condition whose answer held some: the newest ones, for answers are long.
fn dropped(audit: &Audit<'_>, log: &Log) -> anyhow::Result<Option<Problem>> {
    const MOST_ANSWERS: usize = 100;
    const FEWEST: u64 = 10;
    let mut statement = audit.context.bot.prepare(ANSWER)?;
    let (mut evidence, mut proposed, mut dropping) = (Evidence::default(), 0, Vec::new());
    let runs: Vec<_> = log
        .neighbours()
        .filter(|(request, run)| {
            request.kind() == "llm_query" && run.kind() == "strategist" && is_empty(*run)
        })
        .collect();
    let newest = runs.get(runs.len().saturating_sub(MOST_ANSWERS)..).unwrap_or_default();
    for (request, run) in newest.iter().rev() {
        let mut rows = statement.query([request.id()])?;
        let answer =
            rows.next()?.map(|row| Ok::<_, rusqlite::Error>(cell::text(row, 0)?.map(Cow::into_owned)));
        let conditions = answer.transpose()?.flatten().and_then(|answer| conditions_of(&answer));
        let Some(conditions) = conditions else { continue };
        proposed += conditions;
        dropping.extend((conditions > 0).then(|| run.id().to_string()));
        evidence.row((conditions > 0).then_some(|| {
            format!(
                "#{} {} after {conditions} in the answer #{}",
                run.id(),
                cut(run.description(), 40),
                request.id()
            )
        }));
    }
    Ok((evidence.count >= FEWEST).then(|| Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: "answer dropped".to_owned(),
        title: "The strategist sets no condition although the LLM's answer proposes some".to_owned(),
        description: format!(
            "Of the newest {} strategist runs that set no condition and whose answer can be read, {} had an answer with conditions: \
             {proposed} in all. No row of the log says why they were dropped.",
            evidence.of, evidence.count
        ),
        evidence: evidence.text(
            "runs without a condition whose answer can be read",
            &format!(
                "SELECT run.id, json_extract(request.details, '$.response') FROM activity_log AS run JOIN activity_log AS request \
                 ON request.id = (SELECT max(id) FROM activity_log WHERE id < run.id) WHERE run.id IN ({}) ORDER BY 1 DESC",
                dropping.join(", ")
            ),
        ),
        recommendation: "Which rule drops them: the coin's name, a size, a price that is text, a position that is open, a blacklist? \
                         Log the reason, and put what the rule knows into the prompt."
            .to_owned(),
    }))
}

/// How many conditions an answer proposes; `None` where it cannot be read.
fn conditions_of(answer: &str) -> Option<usize> {
    let json = answer.get(answer.find('{')?..=answer.rfind('}')?)?;
    let answer: Value = serde_json::from_str(json).ok()?;
    Some(answer.get("conditions")?.as_array()?.len())
}

fn never_triggered(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut evidence = Evidence::default();
    let bot = audit.context.bot;
    bot.each_row(LINKED, |row| {
        if bot.instant(row, 0, 1)?.is_none_or(|created_at| created_at > audit.context.now) {
            return Ok(());
        }
        let unmarked = cell::integer(row, 3)?.unwrap_or(0) == 0 && cell::text(row, 4)?.is_none();
        let text = |column| cell::text(row, column).map(|text| cut(&text.unwrap_or_default(), 40));
        let (condition, trade, coin) = (text(2)?, text(5)?, text(6)?);
        evidence.row(unmarked.then_some(|| format!("condition {condition} opened trade {trade} ({coin})")));
        Ok(())
    })?;
    let problem = Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: String::new(),
        title: "Conditions that opened a trade are not marked as triggered".to_owned(),
        description: format!(
            "{} of {} conditions that are kept and that a trade names as its origin have triggered = 0 and no triggered_at.",
            evidence.count, evidence.of
        ),
        evidence: evidence.text(
            "conditions that opened a trade",
            "SELECT active_conditions.id, triggered, triggered_at, trade_journal.id FROM trade_journal \
             JOIN active_conditions ON active_conditions.id = condition_id WHERE NOT coalesce(triggered, 0)",
        ),
        recommendation: "Set triggered and triggered_at in the transaction that opens the trade: a restart could open it again, and \
                         a statistic takes the condition for expired."
            .to_owned(),
    };
    Ok((evidence.count as f64 >= audit.threshold).then_some(problem).into())
}
