//! Errors that come more often than a window before.

use crate::checks::check::{Audit, Check, Found, Problem, Theme, Threshold};
use crate::checks::statistics::{binomial_at_least, p_text};
use crate::checks::weight;
use crate::model::AlertType;

/// More episodes of an error than in the window before.
pub(super) const RISING: Check = Check {
    id: "errors-rising",
    theme: Theme::Funnel,
    why: "An error that suddenly comes far more often than a window earlier has a new cause.",
    threshold: Some(Threshold {
        default: 5.0,
        reason: "episodes (errors within ten minutes are one) in the window, tested against the window before by \
                 the binomial distribution over cycles",
    }),
    run: rising,
};

/// Errors of the window, their episodes, and those of the window before.
const EPISODES: &str = "
SELECT
    error,
    sum(n) FILTER (WHERE in_window),
    count(*) FILTER (WHERE in_window) AS episodes,
    count(*) FILTER (WHERE NOT in_window)
FROM error_episode
GROUP BY error
HAVING episodes >= ?1
ORDER BY error";

fn rising(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let Some(metrics) = audit.report.system_metrics.available() else { return Ok(Found::nothing()) };
    let (Some(cycles @ 50..), Some(before @ 50..)) = (metrics.total_cycles, metrics.previous.total_cycles)
    else {
        return Ok(Found::nothing());
    };
    let expected_share = cycles as f64 / (cycles + before) as f64;
    let mut found = Found::nothing();
    let mut statement = audit.tables().prepare(EPISODES)?;
    let mut rows = statement.query([audit.threshold])?;
    while let Some(row) = rows.next()? {
        let (kind, errors, now, then): (String, u64, u64, u64) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let p_value = binomial_at_least(now, now + then, expected_share);
        found.claim(p_value, rise(&kind, errors, now, then, p_value));
    }
    Ok(found)
}

fn rise(kind: &str, errors: u64, now: u64, then: u64, p_value: f64) -> Problem {
    let name = kind.replace('_', " ");
    Problem {
        alert_type: AlertType::Performance,
        severity: weight::by_multiple(now as f64 / then.max(2) as f64),
        subject: kind.to_owned(),
        title: format!("Errors of one kind come more often than before: {name}"),
        description: format!(
            "{now} episodes ({errors} errors) of \"{name}\" in the window, {then} in the window before: more than chance explains."
        ),
        evidence: format!("{now} episodes against {then}, binomial test over cycles {}", p_text(p_value)),
        recommendation: "Look at what changed at the first of these errors: the code, the service, the host."
            .to_owned(),
    }
}
