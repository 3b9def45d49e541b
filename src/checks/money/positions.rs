//! Open positions that the bot should have closed.

use super::levels;
use crate::checks::check::{Audit, Evidence, Found, Problem};
use crate::checks::refer::contradicted::forgotten;
use crate::model::{AlertType, Severity};
use crate::plural::plural;

/// Positions that are open for days, apart from those that are known to be beyond their levels.
pub(super) fn stale(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut positions: Vec<_> = audit.context.open_positions()?.iter().collect();
    let unmanaged = levels::unmanaged(audit)?;
    // Those that the bot has forgotten or closed elsewhere are reported as that.
    let forgotten = forgotten(audit)?;
    positions.retain(|position| !forgotten.contains(position.id.as_str()));
    let mut evidence = Evidence::default();
    let mut size_usd = 0.0;
    for position in positions.iter().copied() {
        let age_hours =
            position.opened_at.map(|opened_at| (audit.context.now - opened_at).num_minutes() as f64 / 60.0);
        // A position beyond its stop or target is the more precise check's.
        let is_other = position.generation == audit.context.generation && unmanaged.contains(&position.id);
        let stale = age_hours.filter(|age_hours| *age_hours > audit.threshold && !is_other);
        if stale.is_some() {
            size_usd += position.size_usd.unwrap_or(0.0);
        }
        evidence.row(stale.map(|age_hours| {
            move || {
                format!("{} (id {}) for {age_hours:.1} h", super::names::shown(&position.coin), position.id)
            }
        }));
    }
    let query = if positions.iter().any(|position| position.generation != 1) {
        "SELECT * FROM trade_journal WHERE status = 'open' ORDER BY entry_time"
    } else {
        "SELECT * FROM open_trades ORDER BY opened_at"
    };
    let problem = Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: String::new(),
        title: "Open positions that no exit has closed for days".to_owned(),
        description: format!(
            "{} of {} open positions {} older than {} hours, which binds ${size_usd:.2} of the exposure.",
            evidence.count,
            evidence.of,
            plural(evidence.count, "is", "are"),
            audit.threshold
        ),
        evidence: evidence.text("open positions", query),
        recommendation:
            "Check whether the bot still manages these positions; close them or add an exit by age."
                .to_owned(),
    };
    Ok((evidence.count > 0).then_some(problem).into())
}
