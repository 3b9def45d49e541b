//! Open positions as they were at a moment.

use chrono::{DateTime, Utc};
use rusqlite::Row;

use super::{Bot, Period, cell};

const OPEN: &str = "
SELECT
    opened_at,
    clock,
    generation,
    id,
    coin,
    size_usd,
    unrealized_pnl_usd
FROM position
ORDER BY opened_at, id";

const CLOSED_LATER: &str = "
SELECT
    closed_at,
    clock,
    generation,
    id,
    coin,
    size_usd,
    NULL,
    opened_at
FROM trade
WHERE within(closed_at)";

/// One open position.
#[derive(Debug, Clone)]
pub(crate) struct Position {
    /// Which generation of the bot opened it, 1 or 2.
    pub(crate) generation: i64,
    /// Its id in the bot's table.
    pub(crate) id: String,
    /// The coin as the bot names it.
    pub(crate) coin: String,
    /// Size in US dollars.
    pub(crate) size_usd: Option<f64>,
    /// Profit or loss so far, as the bot stored it last.
    pub(crate) unrealized_pnl_usd: Option<f64>,
    /// When it was opened; `None` where the file does not say.
    pub(crate) opened_at: Option<DateTime<Utc>>,
}

impl Position {
    fn read(row: &Row<'_>, opened_at: Option<DateTime<Utc>>) -> rusqlite::Result<Self> {
        Ok(Self {
            generation: cell::integer(row, 2)?.unwrap_or_default(),
            id: cell::name(row, 3)?.unwrap_or_default().into_owned(),
            coin: cell::name(row, 4)?.unwrap_or_default().into_owned(),
            size_usd: cell::real(row, 5)?,
            unrealized_pnl_usd: cell::real(row, 6)?,
            opened_at,
        })
    }
}

/// The positions that were open at `now`: those still open, and those that were closed later.
///
/// # Errors
/// When the views cannot be read.
pub(crate) fn open_at(bot: &Bot, now: DateTime<Utc>) -> anyhow::Result<Vec<Position>> {
    let mut positions = Vec::new();
    bot.each_row(OPEN, |row| {
        let opened_at = bot.instant(row, 0, 1)?;
        if opened_at.is_none_or(|opened_at| opened_at <= now) {
            positions.push(Position::read(row, opened_at)?);
        }
        Ok(())
    })?;
    let later = Period::later_than(now);
    bot.each_within(CLOSED_LATER, later, |_, row| {
        let opened_at = bot.instant(row, 7, 1)?;
        if opened_at.is_some_and(|opened_at| opened_at <= now) {
            positions.push(Position::read(row, opened_at)?);
        }
        Ok(())
    })?;
    Ok(positions)
}
