//! Rules that do not work.

use super::{Audit, Check, Found, Problem, Theme, Threshold};
use crate::collectors::rule_stats::Rule;
use crate::finding::{AlertType, Severity};

/// The checks of this theme.
pub(super) const CHECKS: &[Check] = &[Check {
    id: "rule-never-succeeded",
    theme: Theme::Money,
    why: "A rule with many uses and no success costs money each time it is followed.",
    threshold: Some(Threshold {
        default: 10.0,
        reason: "uses: a rule that wins every other time fails ten times in a row once in 1,024 (0.5^10)",
    }),
    run: never_succeeded,
}];

fn never_succeeded(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let Some(stats) = audit.report.rule_stats.available() else { return Ok(Found::nothing()) };
    let failing = stats.rule_details.iter().filter(|rule| {
        let failures = rule.failure_count.unwrap_or(0) as f64;
        // What the bot has given up costs nothing any more.
        let is_followed = !matches!(rule.status.as_deref(), Some("rejected" | "inactive"));
        is_followed && rule.success_count == Some(0) && failures >= audit.threshold
    });
    Ok(failing.map(problem).collect::<Vec<_>>().into())
}

fn problem(rule: &Rule) -> Problem {
    let failures = rule.failure_count.unwrap_or(0);
    let name = rule.id.as_str().map_or_else(|| format!("#{}", rule.id), str::to_owned);
    Problem {
        alert_type: AlertType::Pattern,
        severity: Severity::Medium,
        subject: name.clone(),
        title: format!("Rule {name} has never succeeded"),
        description: format!(
            "The {} {name} (\"{}\") has {failures} failures and no success.",
            rule.kind.replace('_', " "),
            rule.text
        ),
        evidence: format!("success_count 0, failure_count {failures}, success_rate 0"),
        recommendation: "Reject the rule, or find out why it is still followed.".to_owned(),
    }
}
