//! A closed trade, as collectors and checks read it.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use rusqlite::Row;

use super::{Bot, cell, clock};
use crate::model::Period;

/// Every column that `Trade::read` wants, for one period.
pub(crate) const CLOSED: &str = "
SELECT
    closed_at,
    clock,
    generation,
    coin,
    size_usd,
    pnl_usd,
    exit_reason,
    opened_at,
    duration_seconds,
    rule_ids
FROM trade
WHERE within(closed_at)";

const ALL: &str = "
SELECT
    count(*)
FROM trade";

const BEYOND: &str = "
SELECT
    1
FROM trade
LIMIT 1 OFFSET ?1";

/// One closed trade, borrowed from its row.
#[derive(Debug)]
pub(crate) struct Trade<'row> {
    /// Which generation of the bot made it, 1 or 2.
    pub(crate) generation: i64,
    /// The coin as the bot names it.
    pub(crate) coin: Cow<'row, str>,
    /// Size in US dollars.
    pub(crate) size_usd: Option<f64>,
    /// Profit (above zero) or loss in US dollars.
    pub(crate) pnl_usd: Option<f64>,
    /// The part of the reason before its colon: `stop_loss`, `take_profit`, `llm_sell`.
    pub(crate) exit_reason: Option<Cow<'row, str>>,
    /// When it was closed.
    pub(crate) closed_at: DateTime<Utc>,
    /// Stored duration, else the time from opening to closing.
    pub(crate) duration_seconds: Option<f64>,
    /// Rules or the pattern that it carries, as stored: `7,2`.
    pub(crate) rule_ids: Option<Cow<'row, str>>,
}

impl<'row> Trade<'row> {
    /// The trade of a row of `CLOSED`.
    pub(crate) fn read(bot: &Bot, closed_at: DateTime<Utc>, row: &'row Row<'_>) -> rusqlite::Result<Self> {
        let opened_at = bot.instant(row, 7, 1)?.filter(|at| clock::is_plausible(*at));
        let elapsed = opened_at.map(|opened_at| (closed_at - opened_at).num_milliseconds() as f64 / 1e3);
        Ok(Self {
            generation: cell::integer(row, 2)?.unwrap_or_default(),
            coin: cell::name(row, 3)?.unwrap_or(Cow::Borrowed("(none)")),
            size_usd: cell::real(row, 4)?,
            pnl_usd: cell::real(row, 5)?,
            exit_reason: cell::name(row, 6)?.map(before_colon),
            closed_at,
            duration_seconds: cell::real(row, 8)?.or(elapsed),
            rule_ids: cell::text(row, 9)?,
        })
    }
}

/// Ids of rules, however the bot separates them: `7,2`, `[7, 2]`, `["7"]`.
pub(crate) fn rules(ids: Option<&str>) -> impl Iterator<Item = &str> {
    let separators = |letter: char| matches!(letter, ',' | ';' | '[' | ']' | '"' | '\'' | ' ');
    ids.unwrap_or_default().split(separators).filter(|id| !id.is_empty())
}

fn before_colon(reason: Cow<'_, str>) -> Cow<'_, str> {
    let end = reason.find(':').unwrap_or(reason.len());
    match reason {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(..end).unwrap_or(text).trim()),
        Cow::Owned(text) => Cow::Owned(text.get(..end).unwrap_or(&text).trim().to_owned()),
    }
}

/// Calls `visit` with each trade that was closed in the period, in no particular order.
pub(crate) fn each_closed(
    bot: &Bot,
    period: Period,
    mut visit: impl FnMut(&Trade<'_>),
) -> rusqlite::Result<()> {
    bot.each_within(CLOSED, period, |closed_at, row| {
        visit(&Trade::read(bot, closed_at, row)?);
        Ok(())
    })
}

/// The reason where a file holds neither generation's trades.
pub(crate) const NO_TABLES: &str = "the file has neither closed_trades nor trade_journal";

/// A number of trades, or why there is none.
pub(crate) type Count = Result<u64, String>;

/// Number of trades, one without a time included and the later ones taken away, where the file holds at most
/// `most`.
///
/// # Errors
/// When the trades cannot be read.
pub(crate) fn count_without(bot: &Bot, later: &Later, most: u64) -> rusqlite::Result<Count> {
    if !bot.has_table("closed_trades") && !bot.has_table("trade_journal") {
        return Ok(Err(NO_TABLES.to_owned()));
    }
    if bot.prepare(BEYOND)?.exists([i64::try_from(most).unwrap_or(i64::MAX)])? {
        return Ok(Err(format!(
            "more than {most} trades: all are counted only with --hours over all of them"
        )));
    }
    let all: i64 = bot.prepare(ALL)?.query_row([], |row| row.get(0))?;
    Ok(Ok(all.unsigned_abs().saturating_sub(later.trades)))
}

/// What was traded after the audited moment.
#[derive(Debug, Default)]
pub(crate) struct Later {
    /// Trades of either generation.
    pub(crate) trades: u64,
    /// Sum of one generation's profits and losses in US dollars.
    pub(crate) pnl_usd: f64,
}

impl Later {
    /// Reads the trades that were closed after `now`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) fn read(bot: &Bot, now: DateTime<Utc>, generation: i64) -> rusqlite::Result<Self> {
        let mut later = Self::default();
        each_closed(bot, Period::later_than(now), |trade| {
            later.trades += 1;
            if trade.generation == generation {
                later.pnl_usd += trade.pnl_usd.unwrap_or(0.0);
            }
        })?;
        Ok(later)
    }
}

#[cfg(test)]
mod tests {
    use super::rules;

    #[test]
    fn ids_of_rules_are_told_however_they_are_separated() {
        for ids in ["7,2", "7, 2,", "[7, 2]", "[\"7\", \"2\"]", "7;2"] {
            assert_eq!(rules(Some(ids)).collect::<Vec<_>>(), ["7", "2"], "{ids}");
        }
        for ids in [None, Some(""), Some("[]"), Some(" ")] {
            assert_eq!(rules(ids).count(), 0, "{ids:?}");
        }
    }
}
