//! Closings that were processed twice.

use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::checks::recompute::scores::counted_twice;
use crate::checks::refer::contradicted::doubled;
use crate::model::{AlertType, Severity};
use crate::plural::plural;
use crate::source::clock::utc_text;
use crate::source::closing::Closing;
use crate::untrusted::cut;

pub(super) const LOGGED_TWICE: Check = Check {
    id: "closing-logged-twice",
    theme: Theme::Integrity,
    why: "A closing that is processed twice counts its result twice in whatever the bot keeps running: scores, streaks, rules.",
    threshold: None,
    run: logged_twice,
};

fn logged_twice(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let doubled = &doubled(audit)?.closings;
    if doubled.is_empty() {
        return Ok(Found::nothing());
    }
    let closings = audit.context.closings()?;
    let mut evidence = Evidence::default();
    for closing in doubled {
        let last =
            closings.iter().find(|other| other.trade_id == closing.trade_id && other.coin == closing.coin);
        let shown = |closing: &Closing| {
            format!("{:+.2} at {} UTC", closing.pnl_usd.unwrap_or_default(), utc_text(closing.at))
        };
        let id = closing.trade_id.as_deref().unwrap_or_default();
        evidence.fault(|| {
            format!(
                "{} ({}): {} and {}",
                cut(&closing.coin, 24),
                cut(id, 32),
                shown(closing),
                last.map(shown).unwrap_or_default()
            )
        });
    }
    evidence.of = closings.len() as u64;
    let counted = counted_twice(audit)?;
    let excess = doubled
        .iter()
        .filter(|closing| counted.contains(&closing.coin))
        .filter_map(|closing| closing.pnl_usd);
    let scores = match counted.as_slice() {
        [] => String::new(),
        coins => format!(
            " coin_scores counts them twice: the totals of {} are those of the journal and these closings once more ({:+.2} US dollars).",
            coins.join(", "),
            excess.sum::<f64>()
        ),
    };
    let coins: std::collections::BTreeSet<_> = doubled.iter().map(|closing| cut(&closing.coin, 24)).collect();
    let coins = coins.into_iter().take(6).collect::<Vec<_>>().join(", ");
    let problem = Problem {
        alert_type: AlertType::Bug,
        severity: Severity::High,
        subject: "activity_log".to_owned(),
        title: "Closings of the same position were processed twice".to_owned(),
        description: format!(
            "{} {} logged a second time for a position that had been closed ({coins}).{scores}",
            evidence.count,
            plural(evidence.count, "closing was", "closings were")
        ),
        evidence: evidence.text("logged closings", "SELECT coalesce(json_extract(CASE WHEN json_valid(details) THEN details END, '$.trade_id'), details) AS position, count(*), group_concat(created_at) FROM activity_log WHERE activity_type IN ('quick_update', 'trade_closed') GROUP BY 1 HAVING count(*) > 1"),
        recommendation: "What happened at these moments: a restart that loads positions which are closed already, two loops that see one exit? Make processing a closing depend on the row's change from open to closed.".to_owned(),
    };
    Ok((evidence.count > 0).then_some(problem).into())
}
