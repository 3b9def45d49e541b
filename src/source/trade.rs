//! How many trades a file holds.

use super::audit::AuditDb;
use super::facts::Facts;

/// The reason where a file holds neither generation's trades.
pub(crate) const NO_TABLES: &str = "the file has neither closed_trades nor trade_journal";

/// A number of trades, or why there is none.
pub(crate) type Count = Result<u64, String>;

/// Number of trades up to the audited moment, one without a time included, where they are few enough to be
/// counted.
///
/// # Errors
/// When SQLite has no memory left.
pub(crate) fn count(db: &AuditDb, facts: &Facts) -> rusqlite::Result<Count> {
    if !facts.has_table("closed_trades") && !facts.has_table("trade_journal") && !facts.has_table("trades") {
        return Ok(Err(NO_TABLES.to_owned()));
    }
    if !db.filled().counts_all_trades {
        return Ok(Err(
            "more than 20000 trades: all are counted only with --hours over all of them".to_owned()
        ));
    }
    let sql = "SELECT coalesce(sum(n), 0) FROM trade_total WHERE span = 'all'";
    db.connection().query_row(sql, [], |row| row.get(0)).map(Ok)
}
