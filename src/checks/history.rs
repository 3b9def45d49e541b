//! The newest trades with everything that is stored about them, for checks that look beyond the window.

use std::cell::OnceCell;

use anyhow::Context as _;
use chrono::{DateTime, Days, Utc};
use rusqlite::Row;

use crate::bot::{Bot, Period, cell, day_text, each_row};
use crate::collectors::Context;

/// Closed trades that are read at most: months of either generation, and some milliseconds.
pub(super) const MOST_TRADES: i64 = 2_000;

/// The limit is applied in the order of the stored text, which is the order of time within one
/// generation but for the separators of one day.
const CLOSED: &str = "
SELECT
    closed_at,
    clock,
    id,
    coin,
    direction,
    entry_price,
    exit_price,
    size_usd,
    pnl_usd,
    exit_reason,
    opened_at,
    rule_ids,
    stop_loss_price,
    take_profit_price,
    strategy
FROM trade
WHERE generation = ?1 AND closed_at < ?2
ORDER BY closed_at DESC
LIMIT ?3";

const CLOSED_LATER: &str = "
SELECT
    closed_at,
    clock,
    id,
    coin,
    direction,
    entry_price,
    NULL,
    size_usd,
    NULL,
    NULL,
    opened_at,
    rule_ids,
    stop_loss_price,
    take_profit_price,
    strategy,
    generation
FROM trade
WHERE within(closed_at)";

const OPEN: &str = "
SELECT
    NULL,
    clock,
    id,
    coin,
    direction,
    entry_price,
    NULL,
    size_usd,
    NULL,
    NULL,
    opened_at,
    rule_ids,
    stop_loss_price,
    take_profit_price,
    NULL,
    generation
FROM position";

/// Which way a trade earns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// By a rise.
    Long,
    /// By a fall.
    Short,
}

impl Side {
    /// From what the bot wrote; `None` for words that say neither.
    fn named(text: &str) -> Option<Self> {
        match text.trim().to_ascii_uppercase().as_str() {
            "LONG" | "BUY" => Some(Self::Long),
            "SHORT" | "SELL" => Some(Self::Short),
            _ => None,
        }
    }

    /// 1 for a rise, −1 for a fall.
    pub(super) fn sign(self) -> f64 {
        if self == Self::Long { 1.0 } else { -1.0 }
    }
}

/// A trade of the generation that writes the file now, closed or still open.
#[derive(Debug, Clone)]
pub(super) struct PastTrade {
    /// Its id in the bot's table.
    pub(super) id: String,
    /// The coin as the bot names it.
    pub(super) coin: String,
    /// Which way it earns.
    pub(super) side: Option<Side>,
    /// Price of one coin at the entry, above zero.
    pub(super) entry_price: Option<f64>,
    /// Price of one coin at the exit, above zero.
    pub(super) exit_price: Option<f64>,
    /// Size in US dollars.
    pub(super) size_usd: Option<f64>,
    /// Profit (above zero) or loss in US dollars.
    pub(super) pnl_usd: Option<f64>,
    /// The part of the reason before its colon.
    pub(super) exit_reason: Option<String>,
    /// When it was opened.
    pub(super) opened_at: Option<DateTime<Utc>>,
    /// When it was closed; `None` while it is open.
    pub(super) closed_at: Option<DateTime<Utc>>,
    /// Rules or the pattern that it carries, as stored.
    pub(super) rule_ids: Option<String>,
    /// Where it is to be closed with a loss.
    pub(super) stop_loss_price: Option<f64>,
    /// Where it is to be closed with a profit.
    pub(super) take_profit_price: Option<f64>,
    /// The strategy that opened it.
    pub(super) strategy: Option<String>,
}

impl PastTrade {
    fn read(bot: &Bot, closed_at: Option<DateTime<Utc>>, row: &Row<'_>) -> rusqlite::Result<Self> {
        let text = |column| Ok::<_, rusqlite::Error>(cell::text(row, column)?.map(|text| text.into_owned()));
        let price = |column| Ok::<_, rusqlite::Error>(cell::real(row, column)?.filter(|price| *price > 0.0));
        let reason = |text: String| text.split(':').next().unwrap_or_default().trim().to_owned();
        Ok(Self {
            id: text(2)?.unwrap_or_default(),
            coin: text(3)?.unwrap_or_else(|| "(none)".to_owned()),
            side: text(4)?.and_then(|text| Side::named(&text)),
            entry_price: price(5)?,
            exit_price: price(6)?,
            size_usd: cell::real(row, 7)?,
            pnl_usd: cell::real(row, 8)?,
            exit_reason: text(9)?.map(reason),
            opened_at: bot.instant(row, 10, 1)?,
            closed_at,
            rule_ids: text(11)?,
            stop_loss_price: price(12)?,
            take_profit_price: price(13)?,
            strategy: text(14)?,
        })
    }

    /// Whether it won; `None` where its profit or loss is unknown.
    pub(super) fn won(&self) -> Option<bool> {
        self.pnl_usd.map(|pnl_usd| pnl_usd > 0.0)
    }

    /// Whether it was closed by a stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.exit_reason.as_deref().is_some_and(|reason| reason.to_ascii_lowercase().contains("stop"))
    }

    /// Whether it was closed by a take profit.
    pub(super) fn is_taken(&self) -> bool {
        self.exit_reason.as_deref().is_some_and(|reason| reason.to_ascii_lowercase().contains("take_profit"))
    }

    /// Whether it was open at an instant, its opening included and its closing not.
    pub(super) fn is_open_at(&self, instant: DateTime<Utc>) -> bool {
        self.opened_at.is_some_and(|opened_at| opened_at <= instant)
            && self.closed_at.is_none_or(|closed_at| closed_at > instant)
    }
}

/// The newest closed trades, oldest first, and the open positions; each read when first asked for.
#[derive(Debug, Default)]
pub(super) struct History {
    closed: OnceCell<Vec<PastTrade>>,
    open: OnceCell<Vec<PastTrade>>,
}

impl History {
    /// The newest 2,000 trades that were closed up to now, oldest first.
    pub(super) fn closed(&self, context: &Context<'_>) -> anyhow::Result<&[PastTrade]> {
        if let Some(closed) = self.closed.get() {
            return Ok(closed);
        }
        let read = read_closed(context).context("read the newest trades")?;
        Ok(self.closed.get_or_init(|| read))
    }

    /// The positions that were open now.
    pub(super) fn open(&self, context: &Context<'_>) -> anyhow::Result<&[PastTrade]> {
        if let Some(open) = self.open.get() {
            return Ok(open);
        }
        let read = read_open(context).context("read the open positions")?;
        Ok(self.open.get_or_init(|| read))
    }

    /// Both.
    pub(super) fn all(&self, context: &Context<'_>) -> anyhow::Result<impl Iterator<Item = &PastTrade>> {
        Ok(self.closed(context)?.iter().chain(self.open(context)?))
    }
}

fn read_closed(context: &Context<'_>) -> anyhow::Result<Vec<PastTrade>> {
    let bot = context.bot;
    let to_day = context.now.checked_add_days(Days::new(2)).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let mut statement = bot.connection().prepare_cached(CLOSED)?;
    let mut rows = statement.query((context.generation, day_text(to_day), MOST_TRADES))?;
    let mut trades = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(closed_at) = bot.instant(row, 0, 1)?.filter(|closed_at| *closed_at <= context.now) {
            trades.push(PastTrade::read(bot, Some(closed_at), row)?);
        }
    }
    trades.sort_by(|one, other| one.closed_at.cmp(&other.closed_at).then_with(|| one.id.cmp(&other.id)));
    Ok(trades)
}

fn read_open(context: &Context<'_>) -> anyhow::Result<Vec<PastTrade>> {
    let bot = context.bot;
    let mut positions = Vec::new();
    let mut visit = |row: &Row<'_>| {
        let position = PastTrade::read(bot, None, row)?;
        let is_own = cell::integer(row, 15)? == Some(context.generation);
        if is_own && position.opened_at.is_none_or(|opened_at| opened_at <= context.now) {
            positions.push(position);
        }
        Ok(())
    };
    each_row(bot.connection(), OPEN, &mut visit)?;
    let later = Period::later_than(context.now);
    bot.each_within(CLOSED_LATER, later, |_, row| visit(row))?;
    positions.sort_by(|one, other| one.opened_at.cmp(&other.opened_at).then_with(|| one.id.cmp(&other.id)));
    Ok(positions)
}
