//! The list of all checks. No check knows it.

use super::check::Check;
use super::{alive, dead_parts, funnel, learning, money, recompute, refer, trend};

/// Every check, in the order in which findings are reported.
const CHECKS: &[&[Check]] = &[
    recompute::CHECKS,
    refer::CHECKS,
    alive::CHECKS,
    funnel::CHECKS,
    money::CHECKS,
    learning::CHECKS,
    dead_parts::CHECKS,
    trend::CHECKS,
];

/// All checks in order.
pub(crate) fn all() -> impl Iterator<Item = &'static Check> {
    CHECKS.iter().copied().flatten()
}
