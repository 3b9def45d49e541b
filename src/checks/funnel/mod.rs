//! What becomes of decisions, requests and plans, and which errors stop them.

mod disguised;
mod effects;
mod failures;
mod monotony;
mod plans;
pub(super) mod proposals;
mod refusals;
mod requests;
mod responses;
mod rising;
mod wording;

use super::check::Check;

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
