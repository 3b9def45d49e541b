//! Openings as the bot's log has them: the first generation logs each with its size and its stop.

use chrono::{DateTime, Utc};

use rusqlite::Row;

use super::audit::AuditDb;
use super::clock;

/// One logged opening.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    /// The coin that it names.
    pub(crate) coin: String,
    /// Size of the whole position in US dollars.
    pub(crate) size_usd: Option<f64>,
    /// Price at which a loss is to be cut, in whole cents, above zero.
    pub(crate) stop_loss_price: Option<f64>,
    /// When it was logged.
    pub(crate) at: DateTime<Utc>,
}

const OPENED: &str = "
SELECT
    instrument,
    size,
    stop_loss,
    at
FROM logged_trade
WHERE event = 'opened'
ORDER BY at DESC, rowid DESC";

/// The openings up to the audited moment, newest first.
///
/// # Errors
/// When SQLite has no memory left.
pub(crate) fn newest(db: &AuditDb) -> rusqlite::Result<Vec<Opening>> {
    let read = |row: &Row<'_>| {
        Ok(Opening {
            coin: row.get::<_, Option<String>>(0)?.unwrap_or_default(),
            size_usd: row.get(1)?,
            stop_loss_price: row.get(2)?,
            at: clock::moment(row.get(3)?).unwrap_or_default(),
        })
    };
    db.connection().prepare(OPENED)?.query_map([], read)?.collect()
}
