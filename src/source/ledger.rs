//! The newest closed trades and the open positions with everything that is stored about them, read
//! once a run.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use rusqlite::Row;

use super::audit::AuditDb;
use super::{cell, clock, rule_ids};

/// Trades and positions with the same columns: what one of them does not have is NULL.
const TRADES: &str = "
SELECT
    closed_at,
    opened_at,
    source,
    source_id,
    instrument,
    side,
    size,
    pnl,
    exit_reason,
    rule_ids,
    strategy,
    NULL
FROM trade
ORDER BY closed_at DESC, rowid";

/// What stands for the coin where a row names none.
const NO_COIN: &str = "(none)";

const OPEN: &str = "
SELECT
    NULL,
    opened_at,
    source,
    source_id,
    instrument,
    side,
    size,
    NULL,
    NULL,
    rule_ids,
    strategy,
    unrealized_pnl
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
    /// Size in US dollars.
    pub(crate) size_usd: Option<f64>,
    /// Profit or loss in US dollars.
    pub(crate) pnl_usd: Option<f64>,
    /// As stored.
    pub(crate) exit_reason: Option<String>,
    /// When it was opened, by the earlier reading of its time; `None` where that cannot be.
    pub(crate) opened_at: Option<DateTime<Utc>>,
    /// When it was closed, `None` while it is open, or where the file does not say.
    pub(crate) closed_at: Option<DateTime<Utc>>,
    /// Profit or loss so far of an open position, as the bot stored it last.
    pub(crate) unrealized_pnl_usd: Option<f64>,
    /// Rules or the pattern that it carries, as stored.
    pub(crate) rule_ids: Option<String>,
    /// The strategy that opened it.
    pub(crate) strategy: Option<String>,
}

impl Entry {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let text = |column| cell::text(row, column).map(|text| text.map(Cow::into_owned));
        let name = |column| cell::name(row, column).map(|name| name.map(Cow::into_owned));
        let time = |column| Ok::<_, rusqlite::Error>(cell::real(row, column)?.and_then(clock::moment));
        Ok(Self {
            closed_at: time(0)?,
            opened_at: time(1)?,
            generation: if name(2)?.as_deref() == Some("trade_journal") { 2 } else { 1 },
            id: name(3)?.unwrap_or_default(),
            coin: name(4)?.filter(|coin| !coin.trim().is_empty()).unwrap_or_else(|| NO_COIN.to_owned()),
            side: cell::text(row, 5)?.and_then(|direction| Side::named(&direction)),
            size_usd: cell::real(row, 6)?,
            pnl_usd: cell::real(row, 7)?,
            exit_reason: text(8)?,
            rule_ids: text(9)?,
            strategy: name(10)?,
            unrealized_pnl_usd: cell::real(row, 11)?,
        })
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

    /// The ids that the trade carries.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &str> {
        rule_ids::rules(self.rule_ids.as_deref())
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
        Ok(Self { entries: entries(db, TRADES)?, complete: filled.trades_from.is_none() })
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
