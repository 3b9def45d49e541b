//! What becomes of decisions, requests and plans, and which errors stop them.

mod disguised;
mod effects;
mod failures;
mod monotony;
mod plans;
mod proposals;
mod refusals;
mod requests;
mod responses;
mod rising;

pub(super) use proposals::Proposals;

use super::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};

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

/// The same with a decimal, in words where it would be told as zero and is not.
fn share_text(part: u64, whole: u64) -> String {
    /// Less is rounded to 0.0.
    const LEAST_PERCENT: f64 = 0.05;
    match percent(part, whole) {
        share if part > 0 && share < LEAST_PERCENT => "under 0.1 %".to_owned(),
        share => format!("{share:.1} %"),
    }
}

/// A pattern of SQL's LIKE for a text in which numbers and what may not be shown are left out.
fn like(text: &str) -> String {
    let words = text.split([' ', '#', '…', '%']).filter(|word| !word.is_empty());
    format!("'%{}%'", words.collect::<Vec<_>>().join("%").replace('\'', "''"))
}
