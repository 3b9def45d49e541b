//! The newest closed trades and the open positions with everything that is stored about them, read
//! once a run.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use rusqlite::Row;

use super::clock::{self, Reading};
use super::{Bot, cell, trade};
use crate::model::Period;

/// Newest trades that nearly all checks rest on, weeks of a busy bot: cost is bounded whatever the history.
pub(crate) const MOST_TRADES: usize = 2_000;
/// Trades up to which all of them are read for what is a sum over all.
pub(crate) const MOST_OF_ALL: usize = 10_000;

const TRADES: &str = "
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
    strategy,
    NULL,
    NULL
FROM trade";

/// What stands for the coin where a row names none.
const NO_COIN: &str = "(none)";

/// What a position does not have yet is NULL.
const OPEN: &str = "
SELECT
    NULL,
    clock,
    opened_at,
    generation,
    id,
    coin,
    direction,
    entry_price,
    NULL,
    size_usd,
    NULL,
    NULL,
    NULL,
    NULL,
    rule_ids,
    stop_loss_price,
    take_profit_price,
    position_id,
    NULL,
    NULL,
    unrealized_pnl_usd,
    current_price
FROM position";

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
    /// Profit or loss in percent.
    pub(crate) pnl_percent: Option<f64>,
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
    fn read(bot: &Bot, row: &Row<'_>) -> rusqlite::Result<Self> {
        let text = |column| cell::text(row, column).map(|text| text.map(Cow::into_owned));
        let name = |column| cell::name(row, column).map(|name| name.map(Cow::into_owned));
        let mut no_prices = Vec::new();
        let mut price = |column, name| {
            let number = cell::real(row, column)?;
            no_prices.extend(number.filter(|number| *number <= 0.0).map(|number| (name, number)));
            Ok::<_, rusqlite::Error>(number.filter(|number| *number > 0.0))
        };
        let opened = bot.moments(row, 2, 1)?.filter(|reading| clock::is_plausible(reading.earliest));
        let closed = bot.moments(row, 0, 1)?;
        let earliest = |reading: Option<Reading>| reading.map(|reading| reading.earliest);
        let latest = |reading: Option<Reading>| reading.map(|reading| reading.latest);
        let (opened_at, closed_at) = (earliest(opened), earliest(closed));
        let elapsed = opened_at.zip(closed_at).map(|(opened_at, closed_at)| closed_at - opened_at);
        price(21, "current_price")?;
        Ok(Self {
            closed_at,
            closed_by: latest(closed),
            opened_at,
            opened_by: latest(opened),
            generation: cell::integer(row, 3)?.unwrap_or_default(),
            id: name(4)?.unwrap_or_default(),
            coin: name(5)?.filter(|coin| !coin.trim().is_empty()).unwrap_or_else(|| NO_COIN.to_owned()),
            side: cell::text(row, 6)?.and_then(|direction| Side::named(&direction)),
            entry_price: price(7, "entry_price")?,
            exit_price: price(8, "exit_price")?,
            size_usd: cell::real(row, 9)?,
            pnl_usd: cell::real(row, 10)?,
            pnl_percent: cell::real(row, 11)?,
            exit_reason: text(12)?,
            duration_seconds: cell::real(row, 13)?,
            rule_ids: text(14)?,
            stop_loss_price: price(15, "stop_loss_price")?,
            take_profit_price: price(16, "take_profit_price")?,
            position_id: name(17)?,
            status: name(18)?,
            strategy: name(19)?,
            naive_seconds: match bot.has_local_times() {
                true => bot.naive_seconds(row, 2, 0)?,
                false => elapsed.map(|elapsed| elapsed.num_milliseconds() as f64 / 1e3),
            },
            unrealized_pnl_usd: cell::real(row, 20)?,
            no_prices,
        })
    }

    /// The trade as it was while it was open.
    fn before_its_exit(mut self) -> Self {
        self.no_prices.retain(|(name, _)| *name != "exit_price");
        Self {
            closed_at: None,
            closed_by: None,
            exit_price: None,
            pnl_usd: None,
            pnl_percent: None,
            exit_reason: None,
            duration_seconds: None,
            naive_seconds: None,
            ..self
        }
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

    /// Coin and id, as examples name a trade.
    pub(crate) fn name(&self) -> String {
        format!("{} (id {})", crate::untrusted::cut(&self.coin, 24), crate::untrusted::cut(&self.id, 32))
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
    /// Reads so many of the newest trades, as they were at `now`; so many came `later`.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub(crate) fn read(bot: &Bot, now: DateTime<Utc>, most: usize, later: u64) -> anyhow::Result<Self> {
        let mut ledger = Self { entries: Vec::new(), later: 0, complete: true };
        let limit = most + usize::try_from(later)?;
        let is_later = |at: Option<DateTime<Utc>>| at.is_some_and(|at| at > now);
        let mut last_has_time = false;
        bot.each_row(&format!("{TRADES}\nORDER BY closed_at DESC\nLIMIT {limit}"), |row| {
            last_has_time = cell::text(row, 0)?.is_some_and(|closed_at| !closed_at.is_empty());
            if is_later(bot.instant(row, 0, 1)?) || is_later(bot.instant(row, 2, 1)?) {
                ledger.later += 1;
            } else {
                ledger.entries.push(Entry::read(bot, row)?);
            }
            Ok(())
        })?;
        if bot.has_odd_times() {
            ledger.entries.sort_by_key(|entry| std::cmp::Reverse(entry.closed_at));
        }
        ledger.complete = ledger.entries.len() + ledger.later < limit;
        // Those without a closing time come last in that order: behind its limit they would be nowhere.
        if !ledger.complete && last_has_time {
            let without_time = format!("{TRADES}\nWHERE closed_at IS NULL OR closed_at = ''\nLIMIT {most}");
            bot.each_row(&without_time, |row| {
                if !is_later(bot.instant(row, 2, 1)?) {
                    ledger.entries.push(Entry::read(bot, row)?);
                }
                Ok(())
            })?;
        }
        Ok(ledger)
    }

    /// The positions that were open at `now`, oldest first: those still open, and those that were closed
    /// later.
    ///
    /// # Errors
    /// When a view cannot be read.
    pub(crate) fn open(bot: &Bot, now: DateTime<Utc>) -> anyhow::Result<Vec<Entry>> {
        let mut positions = Vec::new();
        bot.each_row(OPEN, |row| {
            let position = Entry::read(bot, row)?;
            let is_open = position.opened_at.is_none_or(|opened_at| opened_at <= now);
            positions.extend(Some(position).filter(|_| is_open));
            Ok(())
        })?;
        let closed_later = format!("{TRADES}\nWHERE within(closed_at)");
        bot.each_within(&closed_later, Period::later_than(now), |_, row| {
            let trade = Entry::read(bot, row)?;
            let was_open = trade.opened_at.is_some_and(|opened_at| opened_at <= now);
            positions.extend(Some(trade).filter(|_| was_open).map(Entry::before_its_exit));
            Ok(())
        })?;
        positions
            .sort_by(|one, other| one.opened_at.cmp(&other.opened_at).then_with(|| one.id.cmp(&other.id)));
        Ok(positions)
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
    use super::Side;

    #[test]
    fn a_direction_is_long_short_or_unknown() {
        assert_eq!(Side::named("LONG"), Some(Side::Long));
        assert_eq!(Side::named(" sell "), Some(Side::Short));
        assert_eq!(Side::named("LONG|SHORT"), None);
    }
}
