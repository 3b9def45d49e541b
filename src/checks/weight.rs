//! How severe a statistical claim is: one policy for all of them.
//!
//! Whether something is claimed at all is decided by its p-value, among all claims of the run. How severe it
//! is follows from its effect alone, for a sure trifle is still a trifle: the dollars that it has cost, as a
//! share of the starting balance, or else how many times what it should be. What concerns every trade of the
//! bot is medium at least.

use crate::checks::check::Audit;
use crate::model::Severity;

/// Shares of the starting balance: one trade at its stop costs a tenth of its size, which is at most a tenth
/// of the balance.
const MEDIUM_SHARE: f64 = 0.01;
/// What `drawdown` calls far below the peak.
const HIGH_SHARE: f64 = 0.1;
const MEDIUM_MULTIPLE: f64 = 3.0;

/// By the money that it has cost; medium where nobody states the starting balance.
pub(super) fn by_loss(audit: &Audit<'_>, lost: f64) -> Severity {
    match audit.context.limits.starting_balance {
        None => Severity::Medium,
        Some(start) if lost >= HIGH_SHARE * start => Severity::High,
        Some(start) if lost >= MEDIUM_SHARE * start => Severity::Medium,
        Some(_) => Severity::Low,
    }
}

/// By how many times more it is than before, or than it should be.
pub(super) fn by_multiple(multiple: f64) -> Severity {
    if multiple >= MEDIUM_MULTIPLE { Severity::Medium } else { Severity::Low }
}
