//! Rules that do not work.

use crate::collectors::rule_stats::Rule;
use crate::collectors::{Context, Report};
use crate::finding::{AlertType, Finding, Severity, Source};

/// Id of the check for rules without a success.
pub(super) const NEVER_SUCCEEDED: &str = "rule-never-succeeded";

/// A rule that wins every other time fails ten times in a row once in 1,024 rules (0.5^10).
const LEAST_USES: i64 = 10;

/// A rule with ten or more uses and no success costs money each time it is followed.
pub(super) fn never_succeeded(_: &Context<'_>, report: &Report) -> anyhow::Result<Vec<Finding>> {
    let Some(stats) = report.rule_stats.available() else { return Ok(Vec::new()) };
    let failing = stats.rule_details.iter().filter(|rule| {
        rule.success_count == Some(0) && rule.failure_count.is_some_and(|failures| failures >= LEAST_USES)
    });
    Ok(failing.map(finding).collect())
}

fn finding(rule: &Rule) -> Finding {
    let failures = rule.failure_count.unwrap_or(0);
    let name = rule.id.as_str().map_or_else(|| format!("#{}", rule.id), str::to_owned);
    Finding {
        alert_type: AlertType::Pattern,
        severity: Severity::Medium,
        title: format!("Rule {name} has never succeeded"),
        description: format!(
            "The {} {name} (\"{}\") has {failures} failures and no success.",
            rule.kind.replace('_', " "),
            rule.text
        ),
        evidence: Some(format!("success_count 0, failure_count {failures}, success_rate 0")),
        recommendation: Some("Reject the rule, or find out why it is still followed.".to_owned()),
        source: Source::Check(NEVER_SUCCEEDED),
        grounded: Some(true),
    }
}
