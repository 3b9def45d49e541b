//! Names for the queries that are shown.

use crate::sanitize::cut;

/// The table of a generation's closed trades, and the column that tells when they were closed.
pub(super) fn closed_trades(generation: i64) -> (&'static str, &'static str) {
    if generation == 1 { ("closed_trades", "closed_at") } else { ("trade_journal", "exit_time") }
}

/// A coin's name as it is shown.
pub(super) fn shown(coin: &str) -> String {
    cut(coin, 40)
}
