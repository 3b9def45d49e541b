//! What the bot changes about itself.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::checks::check::{Audit, Evidence, Found, Problem};
use crate::model::{AlertType, Period, Severity};
use crate::source::cell;
use crate::source::clock::utc_text;
use crate::untrusted::cut;

/// Fewer changes are no habit.
const LEAST_ADAPTATIONS: u64 = 5;
const FLAPPING_HOURS: i64 = 24;

const ADAPTATIONS: &str = "
SELECT
    at,
    clock,
    id,
    action,
    target,
    evidence,
    effectiveness,
    measured_at
FROM adaptation
WHERE within(at)
ORDER BY at";

const STATUS_CHANGES: &str = "
SELECT
    at,
    clock,
    coin,
    old_status,
    new_status
FROM coin_status_change
WHERE within(at)
ORDER BY at";

fn until(now: DateTime<Utc>) -> Period {
    Period { after: DateTime::<Utc>::MIN_UTC, until: now }
}

/// Low: each may be right by luck.
pub(super) fn small_sample(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut evidence = Evidence::default();
    audit.context.bot.each_within(ADAPTATIONS, until(audit.context.now), |_, row| {
        let figures: Value =
            serde_json::from_str(&cell::text(row, 5)?.unwrap_or_default()).unwrap_or_default();
        if let Some(trades) = figures.get("trades").and_then(Value::as_f64) {
            let (action, target) =
                (cell::text(row, 3)?.unwrap_or_default(), cell::text(row, 4)?.unwrap_or_default());
            let is_small = trades < audit.threshold;
            evidence.row(is_small.then_some(|| format!("{action} {} on {trades} trades", cut(&target, 40))));
        }
        Ok(())
    })?;
    Ok((evidence.count >= LEAST_ADAPTATIONS)
        .then(|| Problem {
            alert_type: AlertType::Pattern,
            severity: Severity::Low,
            subject: String::new(),
            title: "The bot changes itself on a handful of trades".to_owned(),
            description: format!(
                "{} of {} changes rest on fewer than {} trades. So few seldom tell a pattern from luck.",
                evidence.count, evidence.of, audit.threshold
            ),
            evidence: evidence.text(
                "changes with a count",
                &format!(
                    "SELECT timestamp, action, target, insight_evidence FROM adaptations WHERE json_extract(CASE WHEN json_valid(insight_evidence) \
                     THEN insight_evidence END, '$.trades') < {}",
                    audit.threshold
                ),
            ),
            recommendation: "Ask for a minimum of trades, or an interval that excludes chance, before acting on an insight.".to_owned(),
        })
        .into())
}

/// Medium: the feature has a place for the result and never fills it.
pub(super) fn never_measured(audit: &Audit<'_>) -> anyhow::Result<Found> {
    if !audit.context.bot.has_column("adaptations", "effectiveness") {
        return Ok(Found::nothing());
    }
    let old_enough = audit.context.now - TimeDelta::minutes((audit.threshold * 60.0) as i64);
    let mut evidence = Evidence::default();
    audit.context.bot.each_within(ADAPTATIONS, until(old_enough), |at, row| {
        let is_measured =
            cell::text(row, 6)?.is_some_and(|text| !text.trim().is_empty()) || cell::text(row, 7)?.is_some();
        let (action, target) =
            (cell::text(row, 3)?.unwrap_or_default(), cell::text(row, 4)?.unwrap_or_default());
        evidence.row(
            (!is_measured)
                .then_some(|| format!("{action} {} of {}", cut(&target, 40), at.format("%Y-%m-%d"))),
        );
        Ok(())
    })?;
    Ok((evidence.count >= LEAST_ADAPTATIONS && evidence.count == evidence.of)
        .then(|| Problem {
            alert_type: AlertType::MissingFeature,
            severity: Severity::Medium,
            subject: String::new(),
            title: "No change that the bot made to itself was ever measured".to_owned(),
            description: format!(
                "All {} changes that are older than {} hours have no measured effect.",
                evidence.count, audit.threshold
            ),
            evidence: evidence.text(
                "changes",
                &format!(
                    "SELECT timestamp, action, target, effectiveness, effectiveness_measured_at FROM adaptations WHERE datetime(timestamp) <= '{}'",
                    utc_text(old_enough)
                ),
            ),
            recommendation: "Run the measurement after each reflection, and undo what did not help: without it, what does harm stays.".to_owned(),
        })
        .into())
}

/// Low: noise, and the bot's behaviour follows it.
pub(super) fn flapping(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let now = audit.context.now;
    let mut changes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let period = Period { after: now - TimeDelta::hours(FLAPPING_HOURS), until: now };
    audit.context.bot.each_within(STATUS_CHANGES, period, |_, row| {
        let status = cell::text(row, 4)?.unwrap_or_default().into_owned();
        changes.entry(cell::text(row, 2)?.unwrap_or_default().into_owned()).or_default().push(status);
        Ok(())
    })?;
    let mut evidence = Evidence::default();
    for (coin, statuses) in &changes {
        let is_flapping = statuses.len() as f64 >= audit.threshold;
        evidence.row(is_flapping.then_some(|| format!("{} became {}", cut(coin, 20), statuses.join(", "))));
    }
    Ok((evidence.count > 0)
        .then(|| Problem {
            alert_type: AlertType::Pattern,
            severity: Severity::Low,
            subject: String::new(),
            title: "Coins change their status to and fro".to_owned(),
            description: format!(
                "{} of {} coins whose status changed in the last {FLAPPING_HOURS} hours changed it {} times or more.",
                evidence.count, evidence.of, audit.threshold
            ),
            evidence: evidence.text(
                "coins",
                &format!(
                    "SELECT coin, created_at, old_status, new_status FROM coin_adaptations WHERE datetime(created_at) > '{}' ORDER BY coin, created_at",
                    utc_text(period.after)
                ),
            ),
            recommendation: "Give the thresholds a dead band: leave a status only when the figure is clearly on the other side.".to_owned(),
        })
        .into())
}
