//! Rows that carry one moment by two clocks.

use chrono::NaiveDateTime;
use rusqlite::Connection;

use super::clock;
use super::declared::{self, Source, columns_of};
use super::quoted::quoted;

/// Pairs of (local, UTC) times that one row carries for one moment, from the tables that have a `timestamp`
/// in one clock and SQLite's own `created_at` in the other; where these have none, from the closings.
pub(super) fn clock_pairs(
    connection: &Connection,
    sources: &[Source],
) -> rusqlite::Result<Vec<(NaiveDateTime, NaiveDateTime)>> {
    const PAIRED_TABLES: [&str; 2] = ["profit_snapshots", "coin_adaptations"];
    const NEWEST_ROWS: usize = 2_000;
    let mut pairs = Vec::new();
    for table in PAIRED_TABLES {
        let columns = columns_of(connection, table)?;
        if !["timestamp", "created_at"].iter().all(|wanted| columns.iter().any(|name| name == wanted)) {
            continue;
        }
        // `T` marks what Python wrote; a row without it carries one clock twice.
        let sql = format!(
            "SELECT timestamp, created_at FROM main.{} \
             WHERE typeof(timestamp) = 'text' AND typeof(created_at) = 'text' AND substr(timestamp, 11, 1) = 'T' \
             ORDER BY rowid DESC LIMIT {NEWEST_ROWS}",
            quoted(table)
        );
        // A view or a table WITHOUT ROWID has no such order.
        let Ok(mut statement) = connection.prepare(&sql) else { continue };
        let mut rows = statement.query([])?;
        while let Ok(Some(row)) = rows.next() {
            let time = |column| row.get_ref(column).ok()?.as_str().ok().and_then(clock::naive);
            pairs.extend(time(0).zip(time(1)));
        }
    }
    if pairs.is_empty() { logged_pairs(connection, sources) } else { Ok(pairs) }
}

/// The same from the exits in the journal and the lines of the log that tell of them.
fn logged_pairs(
    connection: &Connection,
    sources: &[Source],
) -> rusqlite::Result<Vec<(NaiveDateTime, NaiveDateTime)>> {
    // An id that was used twice does not say of which of its exits a line tells.
    const LOGGED: &str = "
SELECT trade.exit_time, max(logged.created_at)
FROM (
    SELECT
        CASE WHEN json_valid(details) THEN json_extract(details, '$.trade_id') END AS position_id,
        created_at
    FROM src_activity_log
    WHERE
        activity_type = 'quick_update'
        AND +id > (SELECT max(id) FROM src_activity_log) - 20000
        AND typeof(created_at) = 'text'
    ORDER BY id DESC
    LIMIT 500
) AS logged
JOIN src_trade_journal AS trade ON trade.position_id = logged.position_id
WHERE typeof(trade.exit_time) = 'text' AND substr(trade.exit_time, 11, 1) = 'T'
GROUP BY logged.position_id
HAVING count(*) = 1";
    let has_rows = |table: &str| sources.iter().any(|source| source.table == table && source.has_rows);
    if !has_rows("trade_journal") || !has_rows("activity_log") {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(&declared::with_sources(sources, LOGGED))?;
    let mut rows = statement.query([])?;
    let mut pairs = Vec::new();
    // Damage is reported by the query that needs the table.
    while let Ok(Some(row)) = rows.next() {
        let time = |column| row.get_ref(column).ok()?.as_str().ok().and_then(clock::naive);
        pairs.extend(time(0).zip(time(1)));
    }
    Ok(pairs)
}
