//! The newest closed trades and the open positions with everything that is stored about them, read
//! once a run.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use rusqlite::Row;

use super::audit::AuditDb;
use super::{cell, clock, trade};

/// Trades and positions with the same columns: what one of them does not have is NULL.
const TRADES: &str = "
SELECT
    closed_at,
    closed_at_latest,
    opened_at,
    opened_at_latest,
    source,
    source_id,
    instrument,
    side,
    entry_price,
    exit_price,
    size,
    pnl,
    NULL,
    exit_reason,
    duration_seconds,
    wall_clock_seconds,
    rule_ids,
    stop_loss,
    take_profit,
    position_id,
    status,
    strategy,
    NULL,
    NULL
FROM trade
ORDER BY closed_at DESC, rowid";

/// What stands for the coin where a row names none.
const NO_COIN: &str = "(none)";

const OPEN: &str = "
SELECT
    NULL,
    NULL,
    opened_at,
    opened_at_latest,
    source,
    source_id,
    instrument,
    side,
    entry_price,
    NULL,
    size,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    rule_ids,
    stop_loss,
    take_profit,
    position_id,
    CASE WHEN status IN ('closed', 'post_tracked') THEN status END,
    strategy,
    unrealized_pnl,
    current_price
FROM position
ORDER BY opened_at, source_id";

/// Which way a trade earns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    /// By a rise.
    Long,
    /// By a fall.
    Short,
}

impl Side {
    /// From what the bot wrote; `None` for words that say neither.
    pub(crate) fn named(text: &str) -> Option<Self> {
        let is = |words: [&str; 2]| words.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
        match () {
            () if is(["LONG", "BUY"]) => Some(Self::Long),
            () if is(["SHORT", "SELL"]) => Some(Self::Short),
            () => None,
        }
    }

    /// 1 for a rise, −1 for a fall.
    pub(crate) fn sign(self) -> f64 {
        if self == Self::Long { 1.0 } else { -1.0 }
    }
}

/// One trade, closed or still open.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Which generation of the bot made it, 1 or 2.
    pub(crate) generation: i64,
    /// Its id in the bot's table.
    pub(crate) id: String,
    /// The coin as the bot names it.
    pub(crate) coin: String,
    /// Which way it earns; `None` where the direction is neither.
    pub(crate) side: Option<Side>,
    /// Price of one coin at the entry, above zero.
    pub(crate) entry_price: Option<f64>,
    /// Price of one coin at the exit, above zero.
    pub(crate) exit_price: Option<f64>,
    /// Size in US dollars.
    pub(crate) size_usd: Option<f64>,
    /// Profit or loss in US dollars.
    pub(crate) pnl_usd: Option<f64>,
    /// As stored.
    pub(crate) exit_reason: Option<String>,
    /// When it was opened, by the earlier reading of its time; `None` where that cannot be.
    pub(crate) opened_at: Option<DateTime<Utc>>,
    /// When it was opened at the latest: later than `opened_at` only around a clock change.
    pub(crate) opened_by: Option<DateTime<Utc>>,
    /// When it was closed, by the earlier reading; `None` while it is open, or where the file does not say.
    pub(crate) closed_at: Option<DateTime<Utc>>,
    /// When it was closed at the latest.
    pub(crate) closed_by: Option<DateTime<Utc>>,
    /// As stored, not as it follows from the times.
    pub(crate) duration_seconds: Option<f64>,
    /// From opening to closing as the two texts read, whatever a clock change did between them.
    pub(crate) naive_seconds: Option<f64>,
    /// Profit or loss so far of an open position, as the bot stored it last.
    pub(crate) unrealized_pnl_usd: Option<f64>,
    /// Rules or the pattern that it carries, as stored.
    pub(crate) rule_ids: Option<String>,
    /// Price at which a loss is cut, above zero.
    pub(crate) stop_loss_price: Option<f64>,
    /// Price at which a profit is taken, above zero.
    pub(crate) take_profit_price: Option<f64>,
    /// The position's id, where it is not the trade's own.
    pub(crate) position_id: Option<String>,
    /// `closed` or `post_tracked`, also of a trade that was still open at the audited moment.
    pub(crate) status: Option<String>,
    /// The strategy that opened it.
    pub(crate) strategy: Option<String>,
    /// Numbers of zero or below that stand where a price should, by the names of the fields: no prices.
    pub(crate) no_prices: Vec<(&'static str, f64)>,
}

impl Entry {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let text = |column| cell::text(row, column).map(|text| text.map(Cow::into_owned));
        let name = |column| cell::name(row, column).map(|name| name.map(Cow::into_owned));
        let time = |column| Ok::<_, rusqlite::Error>(cell::real(row, column)?.and_then(clock::moment));
        let mut no_prices = Vec::new();
        let mut price = |column, name| {
            let number = cell::real(row, column)?;
            no_prices.extend(number.filter(|number| *number <= 0.0).map(|number| (name, number)));
            Ok::<_, rusqlite::Error>(number.filter(|number| *number > 0.0))
        };
        price(23, "current_price")?;
        Ok(Self {
            closed_at: time(0)?,
            closed_by: time(1)?,
            opened_at: time(2)?,
            opened_by: time(3)?,
            generation: if name(4)?.as_deref() == Some("trade_journal") { 2 } else { 1 },
            id: name(5)?.unwrap_or_default(),
            coin: name(6)?.filter(|coin| !coin.trim().is_empty()).unwrap_or_else(|| NO_COIN.to_owned()),
            side: cell::text(row, 7)?.and_then(|direction| Side::named(&direction)),
            entry_price: price(8, "entry_price")?,
            exit_price: price(9, "exit_price")?,
            size_usd: cell::real(row, 10)?,
            pnl_usd: cell::real(row, 11)?,
            exit_reason: text(13)?,
            duration_seconds: cell::real(row, 14)?,
            naive_seconds: cell::real(row, 15)?,
            rule_ids: text(16)?,
            stop_loss_price: price(17, "stop_loss_price")?,
            take_profit_price: price(18, "take_profit_price")?,
            position_id: name(19)?,
            status: name(20)?,
            strategy: name(21)?,
            unrealized_pnl_usd: cell::real(row, 22)?,
            no_prices,
        })
    }

    /// Whether it names its coin.
    pub(crate) fn has_coin(&self) -> bool {
        self.coin != NO_COIN
    }

    /// Whether a number of zero or below stands where this price should.
    pub(crate) fn has_no(&self, price: &str) -> bool {
        self.no_prices.iter().any(|(name, _)| *name == price)
    }

    /// The price's move in the trade's favour, as a fraction of the entry price.
    pub(crate) fn gain_fraction(&self) -> Option<f64> {
        let (entry, exit) = (self.entry_price?, self.exit_price?);
        let gain = self.side?.sign() * (exit / entry - 1.0);
        gain.is_finite().then_some(gain)
    }

    /// The part of the exit reason before its colon: `stop_loss`, `take_profit`, `llm_sell`.
    pub(crate) fn exit_kind(&self) -> Option<&str> {
        Some(self.exit_reason.as_deref()?.split(':').next().unwrap_or_default().trim())
    }

    /// Whether it won; `None` where its profit or loss is unknown.
    pub(crate) fn won(&self) -> Option<bool> {
        self.pnl_usd.map(|pnl_usd| pnl_usd > 0.0)
    }

    /// Whether it was closed by a stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.exit_kind().is_some_and(|kind| holds(kind, "stop"))
    }

    /// Whether it was closed by a take profit.
    pub(crate) fn is_taken(&self) -> bool {
        self.exit_kind().is_some_and(|kind| holds(kind, "take_profit"))
    }

    /// Seconds from its opening to its closing under each reading of the two times: one, but for a clock change.
    pub(crate) fn elapsed_seconds(&self) -> impl Iterator<Item = f64> {
        let moments = |at: Option<DateTime<Utc>>, by: Option<DateTime<Utc>>| {
            at.into_iter().chain(by.filter(move |_| by != at))
        };
        let opened = moments(self.opened_at, self.opened_by);
        let closed = move || moments(self.closed_at, self.closed_by);
        opened.flat_map(move |from| closed().map(move |to| (to - from).num_milliseconds() as f64 / 1e3))
    }

    /// The ids that the trade carries.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &str> {
        trade::rules(self.rule_ids.as_deref())
    }
}

/// Whether a text holds a word, in any case of its letters.
fn holds(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
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
    /// Reads the newest trades, as they were at the audited moment.
    ///
    /// # Errors
    /// Why rows of the file could not be read.
    pub(crate) fn read(db: &AuditDb) -> anyhow::Result<Self> {
        db.ensure_filled("trade")?;
        let filled = db.filled();
        Ok(Self {
            entries: entries(db, TRADES)?,
            later: usize::try_from(filled.later_trades).unwrap_or(usize::MAX),
            complete: filled.trades_from.is_none(),
        })
    }

    /// The positions that were open at the audited moment, oldest first: those still open, and those that were
    /// closed later.
    ///
    /// # Errors
    /// Why rows of the file could not be read.
    pub(crate) fn open(db: &AuditDb) -> anyhow::Result<Vec<Entry>> {
        db.ensure_filled("position")?;
        Ok(entries(db, OPEN)?)
    }

    /// The trades of one generation.
    pub(crate) fn of(&self, generation: i64) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.generation == generation)
    }
}

fn entries(db: &AuditDb, sql: &str) -> rusqlite::Result<Vec<Entry>> {
    db.connection().prepare(sql)?.query_map([], Entry::read)?.collect()
}

/// The table that holds a generation's closed trades.
pub(crate) fn table(generation: i64) -> &'static str {
    if generation == 1 { "closed_trades" } else { "trade_journal" }
}

#[cfg(test)]
mod tests {
    use super::Side;

    #[test]
    fn a_direction_is_long_short_or_unknown() {
        assert_eq!(Side::named("LONG"), Some(Side::Long));
        assert_eq!(Side::named(" sell "), Some(Side::Short));
        assert_eq!(Side::named("LONG|SHORT"), None);
    }
}
