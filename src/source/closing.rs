//! Closings as the bot's log has them: a second account of what the trades' table says.

use chrono::{DateTime, Utc};
use rusqlite::Row;

use super::audit::AuditDb;
use super::{cell, clock};

const CLOSED: &str = "
SELECT
    trade_source,
    trade_id,
    at
FROM logged_trade
WHERE event = 'closed'
ORDER BY at DESC, rowid DESC";

/// One logged closing.
#[derive(Debug, Clone)]
pub(crate) struct Closing {
    /// 1 where the log names the open trade's id, 2 where it names the position's.
    pub(crate) generation: i64,
    /// The id that it names.
    pub(crate) trade_id: Option<String>,
    /// When it was logged.
    pub(crate) at: DateTime<Utc>,
}

/// The closings up to the audited moment, newest first.
///
/// # Errors
/// When SQLite has no memory left.
pub(crate) fn newest(db: &AuditDb) -> rusqlite::Result<Vec<Closing>> {
    let read = |row: &Row<'_>| {
        Ok(Closing {
            generation: if cell::text(row, 0)?.as_deref() == Some("trade_journal") { 2 } else { 1 },
            trade_id: row.get(1)?,
            at: clock::moment(row.get(2)?).unwrap_or_default(),
        })
    };
    db.connection().prepare(CLOSED)?.query_map([], read)?.collect()
}
