//! What becomes of the strategist's plans.

use super::{Audit, Check, Evidence, Found, Problem, Theme, Threshold, percent};
use crate::bot::cell;
use crate::finding::{AlertType, Severity};
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
    let mut evidence = Evidence::default();
    for entry in audit.log()?.of_kind("strategist") {
        let empty = entry.description().starts_with("Generated 0 ");
        evidence.row(empty.then_some(|| format!("#{} {}", entry.id(), cut(entry.description(), 60))));
    }
    let share = percent(evidence.count, evidence.of);
    let problem = Problem {
        alert_type: AlertType::Inefficiency,
        severity: Severity::Low,
        subject: String::new(),
        title: "The strategist plans nothing in nearly every run".to_owned(),
        description: format!("{} of {} runs in the window ({share:.0} %) set no condition.", evidence.count, evidence.of),
        evidence: evidence.text(
            "strategist runs",
            "SELECT id, created_at, description FROM activity_log WHERE activity_type = 'strategist' ORDER BY id DESC",
        ),
        recommendation: "Read some of its answers: is the prompt too strict, or is the answer not understood?".to_owned(),
    };
    let is_idle = evidence.of >= FEWEST_RUNS && share >= audit.threshold * 100.0;
    Ok(is_idle.then_some(problem).into())
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
            "{} of {} conditions that a trade names as its origin say that they were never triggered. After a restart the \
             bot may open the same trade again, and every statistic takes them for expired.",
            evidence.count, evidence.of
        ),
        evidence: evidence.text(
            "conditions that opened a trade",
            "SELECT active_conditions.id, triggered, triggered_at, trade_journal.id FROM trade_journal \
             JOIN active_conditions ON active_conditions.id = condition_id WHERE NOT coalesce(triggered, 0)",
        ),
        recommendation: "Set triggered and triggered_at in the transaction that opens the trade.".to_owned(),
    };
    Ok((evidence.count as f64 >= audit.threshold).then_some(problem).into())
}
