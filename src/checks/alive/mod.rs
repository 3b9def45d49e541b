//! Do the prices move?

mod frozen;

use super::check::Check;

/// The checks of this theme.
pub(super) const CHECKS: &[Check] = &[frozen::FROZEN];
