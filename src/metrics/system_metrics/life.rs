//! When the bot was started, and its newest sign of life in the log.

use rusqlite::Connection;

use crate::metrics::figures::Unavailable;

/// Generation 2 logs no start: its run began with the first row behind the last clean stop.
const LIFE: &str = "
SELECT
    (SELECT max(at) FROM lifecycle WHERE event IN ('started', 'resumed')),
    coalesce((SELECT max(last_at) FROM event_pattern), (SELECT max(newest_at) FROM rhythm WHERE fills = 'event')),
    now
FROM run";

/// Seconds since 1970 UTC.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) last_start: Option<f64>,
    pub(super) last_activity: Option<f64>,
    now: f64,
}

impl Life {
    /// As the audit database has it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read(audit: &Connection) -> rusqlite::Result<Self> {
        audit.query_row(LIFE, [], |row| {
            Ok(Self { last_start: row.get(0)?, last_activity: row.get(1)?, now: row.get(2)? })
        })
    }

    /// From the last start to the last sign of life.
    pub(super) fn uptime_hours(&self) -> Option<f64> {
        Some((self.last_activity? - self.last_start?).trunc().max(0.0) / 3_600.0)
    }

    /// Whole seconds.
    pub(super) fn seconds_since_last_activity(&self) -> Option<f64> {
        Some((self.now - self.last_activity?).trunc())
    }

    /// Says why a field is null.
    pub(super) fn explain_nulls(&self, unavailable: &mut Unavailable) {
        const NO_START: &str = "the activity log shows no start";
        const NO_ROW: &str = "the activity log has no row with a readable time up to now";
        for (field, is_null, reason) in [
            ("uptime_hours", self.last_start.is_none(), NO_START),
            ("last_start", self.last_start.is_none(), NO_START),
            ("last_activity", self.last_activity.is_none(), NO_ROW),
            ("seconds_since_last_activity", self.last_activity.is_none(), NO_ROW),
        ] {
            if is_null {
                unavailable.insert(field, reason.to_owned());
            }
        }
    }
}
