//! Claims about errors and response times; all else about decisions, requests and plans is rules.

mod responses;
mod rising;

use super::check::Check;

/// The checks of this theme.
pub(super) const CHECKS: &[Check] = &[rising::RISING, responses::SLOWER];
