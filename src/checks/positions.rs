//! Open positions that the bot should have closed.

use crate::bot::position::{self, Position};
use crate::collectors::{Context, Report};
use crate::finding::{AlertType, Finding, Severity, Source};

/// Id of the check for positions that stay open.
pub(super) const STALE: &str = "position-stale";

/// Both generations close within minutes to hours; two days are beyond any exit of theirs.
const LONGEST_HOURS: f64 = 48.0;
const EXAMPLES: usize = 3;

/// An open position that is older than two days is one that no exit will close.
pub(super) fn stale(context: &Context<'_>, _: &Report) -> anyhow::Result<Vec<Finding>> {
    let positions = position::open_at(context.bot, context.now)?;
    let mut stale: Vec<(f64, &Position)> = positions
        .iter()
        .filter_map(|position| {
            let age = context.now - position.opened_at?;
            Some((age.num_minutes() as f64 / 60.0, position))
        })
        .filter(|(age_hours, _)| *age_hours > LONGEST_HOURS)
        .collect();
    if stale.is_empty() {
        return Ok(Vec::new());
    }
    stale.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let examples: Vec<_> = stale
        .iter()
        .take(EXAMPLES)
        .map(|(age_hours, position)| format!("{} (id {}) for {age_hours:.1} h", position.coin, position.id))
        .collect();
    let size_usd: f64 = stale.iter().filter_map(|(_, position)| position.size_usd).sum();
    Ok(vec![Finding {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        title: "Open positions older than two days".to_owned(),
        description: format!(
            "{} of {} open positions are older than {LONGEST_HOURS} hours. They bind ${size_usd:.2} of the \
             exposure, and no exit has closed them.",
            stale.len(),
            positions.len()
        ),
        evidence: Some(examples.join("; ")),
        recommendation: Some(
            "Check whether the bot still manages these positions; close them or add an exit by age."
                .to_owned(),
        ),
        source: Source::Check(STALE),
        grounded: Some(true),
    }])
}
