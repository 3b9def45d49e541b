//! How long a row may take to reach every table.

use chrono::TimeDelta;

/// What was written in the last moments may not have reached every table yet: both generations
/// finish a closing within one cycle of at most three minutes.
pub(super) const GRACE: TimeDelta = TimeDelta::minutes(4);
