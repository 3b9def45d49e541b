//! The list of all checks. No check knows it.

use std::path::Path;

use super::check::Check;
use super::engine::{Catalogue, Code, Member};
use super::relations;
use super::{funnel, money, trend};

/// Every check that is a function, in the order in which findings are reported.
const CHECKS: &[&[Check]] = &[funnel::CHECKS, money::CHECKS, trend::CHECKS];

/// All checks that are functions, in order.
pub(super) fn all() -> impl Iterator<Item = &'static Check> {
    CHECKS.iter().copied().flatten()
}

/// All checks of a run: functions, our own rules, a user's file and those of the user's folder.
pub(crate) fn catalogue(file: Option<&Path>, folder: Option<&Path>) -> &'static Catalogue {
    let code = all().map(|check| {
        let threshold = check.threshold.as_ref().map(|threshold| (threshold.default, threshold.reason));
        let relations = relations::of(check.id);
        Member::Code(Code { id: check.id, theme: check.theme, why: check.why, threshold, relations })
    });
    Catalogue::load(code.collect(), file, folder)
}
