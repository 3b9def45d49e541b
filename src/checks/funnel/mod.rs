//! What becomes of decisions, requests and plans, and which errors stop them.

mod disguised;
mod effects;
mod failures;
mod monotony;
mod plans;
mod refusals;
mod requests;
mod responses;
mod rising;

use super::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};
use crate::bot::clock;
use crate::bot::log::MOST_ROWS;

/// The checks of this theme.
pub(super) const CHECKS: &[Check] = &[
    failures::RECURRING,
    rising::RISING,
    disguised::DISGUISED,
    effects::NO_EFFECT,
    requests::UNKNOWN_RULES,
    requests::UNANSWERED,
    refusals::DOMINANT,
    refusals::STUBBORN,
    refusals::NOT_REFUSED,
    monotony::ONE_ANSWER,
    plans::EMPTY_PLANS,
    plans::NEVER_TRIGGERED,
    responses::SLOWER,
];

/// A share for people.
fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 100.0 }
}

/// Runs a check over the log, and says so where the log was longer than what was read.
fn over_log(audit: &Audit<'_>, check: fn(&Audit<'_>) -> anyhow::Result<Found>) -> anyhow::Result<Found> {
    let mut found = check(audit)?;
    let log = audit.log()?;
    if let Some(first) = log.entry(0).filter(|_| log.is_cut) {
        for problem in &mut found.facts {
            problem.description.push_str(&format!(
                " (The window's newest {MOST_ROWS} rows of the log were read, from {} UTC on.)",
                clock::utc_text(first.at())
            ));
        }
    }
    Ok(found)
}
