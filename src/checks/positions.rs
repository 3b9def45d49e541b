//! Open positions that the bot should have closed.

use super::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};
use crate::bot::position;
use crate::finding::{AlertType, Severity};

/// The checks of this theme.
pub(super) const CHECKS: &[Check] = &[Check {
    id: "position-stale",
    theme: Theme::Money,
    why: "A position that is open for days is one that no exit will close, and it binds exposure.",
    threshold: Some(Threshold {
        default: 48.0,
        reason: "hours: both generations close within minutes to hours; two days are beyond any exit of theirs",
    }),
    run: stale,
}];

fn stale(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut positions = position::open_at(audit.context.bot, audit.context.now)?;
    positions.sort_by_key(|position| position.opened_at);
    let mut evidence = Evidence::default();
    let mut size_usd = 0.0;
    for position in &positions {
        let age_hours =
            position.opened_at.map(|opened_at| (audit.context.now - opened_at).num_minutes() as f64 / 60.0);
        let stale = age_hours.filter(|age_hours| *age_hours > audit.threshold);
        if stale.is_some() {
            size_usd += position.size_usd.unwrap_or(0.0);
        }
        evidence.row(
            stale.map(|age_hours| format!("{} (id {}) for {age_hours:.1} h", position.coin, position.id)),
        );
    }
    let problem = Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: String::new(),
        title: "Open positions that no exit has closed for days".to_owned(),
        description: format!(
            "{} of {} open positions are older than {} hours. They bind ${size_usd:.2} of the exposure.",
            evidence.count, evidence.of, audit.threshold
        ),
        evidence: evidence.text("open positions", "SELECT * FROM open_trades ORDER BY opened_at"),
        recommendation:
            "Check whether the bot still manages these positions; close them or add an exit by age."
                .to_owned(),
    };
    Ok((evidence.count > 0).then_some(problem).into())
}
