//! A span of time.

use chrono::{DateTime, Utc};

/// A span of time, open at its beginning and closed at its end: neighbouring periods share no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    /// Rows at this instant belong to the period before.
    pub(crate) after: DateTime<Utc>,
    /// Rows at this instant still belong to this period.
    pub(crate) until: DateTime<Utc>,
}

impl Period {
    /// Everything later than a moment: what does not exist for an audit of that moment.
    pub(crate) fn later_than(moment: DateTime<Utc>) -> Self {
        Self { after: moment, until: DateTime::<Utc>::MAX_UTC }
    }

    /// Whether the instant lies in the period.
    pub(crate) fn contains(self, instant: DateTime<Utc>) -> bool {
        self.after < instant && instant <= self.until
    }
}
