//! A row of `trade_total`.

use rusqlite::Row;

use crate::metrics::figures::{Mean, Rate};

/// Sums over trades of one instrument, exit and hour.
pub(super) const TOTALS: &str = "
SELECT
    coalesce(instrument, '(none)'),
    coalesce(exit_kind, '(none)'),
    coalesce(hour, 0),
    n,
    wins,
    losses,
    coalesce(profit, 0),
    coalesce(loss, 0),
    coalesce(size, 0),
    sized,
    coalesce(duration_seconds, 0),
    timed,
    source
FROM trade_total
WHERE span = ?1
ORDER BY rowid";

/// One of them.
#[derive(Debug)]
pub(in crate::metrics) struct Total {
    pub(in crate::metrics) coin: String,
    /// The exit reason up to its first colon.
    pub(in crate::metrics) exit: String,
    /// Of the closing, UTC.
    pub(in crate::metrics) hour: u32,
    pub(in crate::metrics) trades: u64,
    pub(in crate::metrics) wins: u64,
    pub(in crate::metrics) losses: u64,
    /// Sum of the profits.
    pub(in crate::metrics) profit: f64,
    /// Sum of the losses, zero or below.
    pub(in crate::metrics) loss: f64,
    pub(in crate::metrics) size: Mean,
    pub(in crate::metrics) duration: Mean,
    /// The bot's table.
    pub(in crate::metrics) source: String,
}

impl Total {
    /// From a row of `TOTALS`.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            coin: row.get(0)?,
            exit: row.get(1)?,
            hour: row.get(2)?,
            trades: row.get(3)?,
            wins: row.get(4)?,
            losses: row.get(5)?,
            profit: row.get(6)?,
            loss: row.get(7)?,
            size: Mean { sum: row.get(8)?, count: row.get(9)? },
            duration: Mean { sum: row.get(10)?, count: row.get(11)? },
            source: row.get(12)?,
        })
    }

    /// Wins among the trades whose profit or loss is known.
    pub(in crate::metrics) fn rate(&self) -> Rate {
        Rate { wins: self.wins, trades: self.wins + self.losses }
    }
}
