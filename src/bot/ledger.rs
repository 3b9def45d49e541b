//! The newest closed trades with everything that is stored about them, read once a run.

use chrono::{DateTime, Utc};
use rusqlite::Row;

use super::{Bot, cell, each_row};

/// Newest trades that are read: cost is bounded whatever the history.
const MOST_TRADES: usize = 20_000;

const NEWEST: &str = "
SELECT
    closed_at,
    clock,
    opened_at,
    generation,
    id,
    coin,
    direction,
    entry_price,
    exit_price,
    size_usd,
    pnl_usd,
    pnl_percent,
    exit_reason,
    duration_seconds,
    rule_ids,
    stop_loss_price,
    take_profit_price,
    position_id,
    status,
    (julianday(closed_at) - julianday(opened_at)) * 86400.0
FROM trade
ORDER BY closed_at DESC
LIMIT ?1";

/// One closed trade.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Which generation of the bot made it, 1 or 2.
    pub(crate) generation: i64,
    /// Its id in the bot's table.
    pub(crate) id: String,
    /// The coin as the bot names it.
    pub(crate) coin: String,
    /// 1 for a long trade, -1 for a short one; `None` where the direction is neither.
    pub(crate) sign: Option<f64>,
    /// Price of one coin at the entry.
    pub(crate) entry_price: Option<f64>,
    /// Price of one coin at the exit.
    pub(crate) exit_price: Option<f64>,
    /// Size in US dollars.
    pub(crate) size_usd: Option<f64>,
    /// Profit or loss in US dollars.
    pub(crate) pnl_usd: Option<f64>,
    /// Profit or loss in percent.
    pub(crate) pnl_percent: Option<f64>,
    /// As stored.
    pub(crate) exit_reason: Option<String>,
    /// When it was opened.
    pub(crate) opened_at: Option<DateTime<Utc>>,
    /// When it was closed.
    pub(crate) closed_at: Option<DateTime<Utc>>,
    /// As stored, not as it follows from the times.
    pub(crate) duration_seconds: Option<f64>,
    /// From opening to closing as the two texts read, whatever a clock change did between them.
    pub(crate) naive_seconds: Option<f64>,
    /// Rules or the pattern that it carries, as stored.
    pub(crate) rule_ids: Option<String>,
    /// Price at which a loss is cut.
    pub(crate) stop_loss_price: Option<f64>,
    /// Price at which a profit is taken.
    pub(crate) take_profit_price: Option<f64>,
    /// The position's id, where it is not the trade's own.
    pub(crate) position_id: Option<String>,
    /// `closed` or `post_tracked`.
    pub(crate) status: Option<String>,
}

impl Entry {
    fn read(bot: &Bot, row: &Row<'_>) -> rusqlite::Result<Self> {
        let text = |column| cell::text(row, column).map(|text| text.map(std::borrow::Cow::into_owned));
        Ok(Self {
            closed_at: bot.instant(row, 0, 1)?,
            opened_at: bot.instant(row, 2, 1)?,
            generation: cell::integer(row, 3)?.unwrap_or_default(),
            id: text(4)?.unwrap_or_default(),
            coin: text(5)?.unwrap_or_default(),
            sign: cell::text(row, 6)?.and_then(|direction| sign(&direction)),
            entry_price: cell::real(row, 7)?,
            exit_price: cell::real(row, 8)?,
            size_usd: cell::real(row, 9)?,
            pnl_usd: cell::real(row, 10)?,
            pnl_percent: cell::real(row, 11)?,
            exit_reason: text(12)?,
            duration_seconds: cell::real(row, 13)?,
            rule_ids: text(14)?,
            stop_loss_price: cell::real(row, 15)?,
            take_profit_price: cell::real(row, 16)?,
            position_id: text(17)?,
            status: text(18)?,
            naive_seconds: cell::real(row, 19)?,
        })
    }

    /// The price's move in the trade's favour, as a fraction of the entry price.
    pub(crate) fn gain_fraction(&self) -> Option<f64> {
        let (entry, exit) = (self.entry_price?, self.exit_price?);
        let gain = self.sign? * (exit / entry - 1.0);
        (entry > 0.0 && exit > 0.0 && gain.is_finite()).then_some(gain)
    }

    /// The ids that the trade carries, however they are separated.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &str> {
        let separators = |letter: char| matches!(letter, ',' | ';' | '[' | ']' | '"' | '\'' | ' ');
        self.rule_ids.as_deref().unwrap_or_default().split(separators).filter(|id| !id.is_empty())
    }

    /// Coin and id, as examples name a trade.
    pub(crate) fn name(&self) -> String {
        format!("{} (id {})", crate::untrusted::cut(&self.coin, 24), crate::untrusted::cut(&self.id, 32))
    }
}

/// 1 for the words of a long trade, -1 for those of a short one.
pub(crate) fn sign(direction: &str) -> Option<f64> {
    match direction.trim().to_ascii_lowercase().as_str() {
        "long" | "buy" => Some(1.0),
        "short" | "sell" => Some(-1.0),
        _ => None,
    }
}

/// The newest closed trades, newest first.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// Those closed up to now, and those whose closing time cannot be read.
    pub(crate) entries: Vec<Entry>,
    /// Trades that were closed after now: what the bot overwrites belongs to a later moment.
    pub(crate) later: usize,
    /// Whether these are all trades.
    pub(crate) complete: bool,
}

impl Ledger {
    /// Reads the trades as they were at `now`.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub(crate) fn read(bot: &Bot, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let mut ledger = Self { entries: Vec::new(), later: 0, complete: true };
        let sql = NEWEST.replace("?1", &MOST_TRADES.to_string());
        each_row(bot.connection(), &sql, |row| {
            let entry = Entry::read(bot, row)?;
            match [entry.opened_at, entry.closed_at].into_iter().flatten().any(|at| at > now) {
                true => ledger.later += 1,
                false => ledger.entries.push(entry),
            }
            Ok(())
        })?;
        ledger.complete = ledger.entries.len() + ledger.later < MOST_TRADES;
        Ok(ledger)
    }

    /// The trades of one generation.
    pub(crate) fn of(&self, generation: i64) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.generation == generation)
    }
}

/// The table that holds a generation's closed trades.
pub(crate) fn table(generation: i64) -> &'static str {
    if generation == 1 { "closed_trades" } else { "trade_journal" }
}

#[cfg(test)]
mod tests {
    use super::sign;

    #[test]
    fn a_direction_is_long_short_or_unknown() {
        assert_eq!(sign("LONG"), Some(1.0));
        assert_eq!(sign(" short "), Some(-1.0));
        assert_eq!(sign("LONG|SHORT"), None);
    }
}
