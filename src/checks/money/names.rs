//! Names for the queries that are shown.

use crate::untrusted::cut;

/// Names of the bot's own columns, for the queries that are shown.
pub(super) struct Names {
    pub(super) closed: &'static str,
    pub(super) open: &'static str,
    pub(super) coin: &'static str,
    pub(super) size: &'static str,
    pub(super) opened_at: &'static str,
    pub(super) closed_at: &'static str,
}

/// Where a generation keeps its trades.
pub(super) fn names(generation: i64) -> Names {
    if generation == 1 {
        Names {
            closed: "closed_trades",
            open: "open_trades",
            coin: "coin_name",
            size: "size_usd",
            opened_at: "opened_at",
            closed_at: "closed_at",
        }
    } else {
        Names {
            closed: "trade_journal",
            open: "trade_journal WHERE status = 'open'",
            coin: "coin",
            size: "position_size_usd",
            opened_at: "entry_time",
            closed_at: "exit_time",
        }
    }
}

/// A coin's name as it is shown.
pub(super) fn shown(coin: &str) -> String {
    cut(coin, 40)
}
