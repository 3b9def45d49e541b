//! Rules that do not work.

use crate::checks::check::{Audit, Found, Problem};
use crate::checks::statistics::{binomial_at_most, p_text, wilson};
use crate::checks::weight;
use crate::metrics::rule_stats::Rule;
use crate::model::AlertType;

/// What the bot has given up costs nothing any more.
fn is_followed(rule: &Rule) -> bool {
    !matches!(rule.status.as_deref(), Some("rejected" | "inactive"))
}

fn name(rule: &Rule) -> String {
    rule.id.as_str().map_or_else(|| format!("#{}", rule.id), super::names::shown)
}

/// Claims that a rule loses more often than it wins.
pub(super) fn loses(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const EVEN: f64 = 0.5;
    let Some(stats) = audit.report.rule_stats.available() else { return Ok(Found::nothing()) };
    let mut found = Found::nothing();
    for rule in stats.rule_details.iter().filter(|rule| is_followed(rule)) {
        let count = |count: Option<i64>| u64::try_from(count.unwrap_or(0)).unwrap_or(0);
        let (wins, losses) = (count(rule.success_count), count(rule.failure_count));
        let uses = wins.saturating_add(losses);
        // Without any win it is the other check's.
        if wins > 0 && uses as f64 >= audit.threshold {
            let p_value = binomial_at_most(wins, uses, EVEN);
            found.claim(p_value, losing_problem(rule, wins, uses, p_value));
        }
    }
    Ok(found)
}

fn losing_problem(rule: &Rule, wins: u64, uses: u64, p_value: f64) -> Problem {
    let name = name(rule);
    let (low, high) = wilson(wins, uses).unwrap_or_default();
    Problem {
        alert_type: AlertType::Inefficiency,
        severity: weight::by_multiple((uses - wins) as f64 / wins as f64),
        subject: name.clone(),
        title: format!("Rule {name} loses more often than it wins and is still followed"),
        description: format!(
            "The {} {name} (\"{}\") has won {wins} of {uses} uses, {:.0} % (95 % interval {:.0} to {:.0} %); its status \
             is {}.",
            rule.kind.replace('_', " "),
            crate::sanitize::cut(&rule.text, 140),
            100.0 * wins as f64 / uses as f64,
            100.0 * low,
            100.0 * high,
            rule.status.as_deref().unwrap_or("unknown")
        ),
        evidence: format!("success_count {wins}, failure_count {}, {}", uses - wins, p_text(p_value)),
        recommendation: "Reject the rule, or let the bot reject rules that lose by itself.".to_owned(),
    }
}
