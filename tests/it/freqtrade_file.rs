//! Builders for freqtrade's files: its real tables, and rows as its own code writes them.
//!
//! All times are given as UTC text; freqtrade writes UTC with six digits of a fraction. A column that
//! the schema lacks is left out of the row.
//!
//! ```ignore
//! let file = FreqtradeFile::of_2026();
//! let id = file.trade(|trade| trade.close_rate = 99.0);
//! file.order(id, |order| order.side = "sell");
//! ```

mod healthy;
mod rows;

use std::cell::Cell;

use crate::bot_file::{BotFile, after};

pub(crate) use healthy::HealthyFreqtrade;

/// The newest schema, of version 2026.9.
const SCHEMA_2026: &str = include_str!("freqtrade_file/schema2026.sql");
/// A schema before shorts, exit reasons and wallet history.
const SCHEMA_2022: &str = include_str!("freqtrade_file/schema2022.sql");

/// A file of freqtrade in WAL mode.
pub(crate) struct FreqtradeFile {
    /// The file itself, for plain SQL and for the monitor.
    pub(crate) bot: BotFile,
    next_order: Cell<i64>,
}

/// A trade with its orders; the figures follow from these as freqtrade computes them.
#[derive(Debug, Clone)]
pub(crate) struct Trade<'text> {
    /// The next one by default: freqtrade leaves gaps where an entry was never filled.
    pub(crate) id: Option<i64>,
    /// `BTC/USDT`, or `BTC/USDT:USDT` on a futures market.
    pub(crate) pair: &'text str,
    /// Sold first.
    pub(crate) is_short: bool,
    /// Multiple of the stake.
    pub(crate) leverage: f64,
    /// Money put in, in USDT.
    pub(crate) stake: f64,
    /// Rate of both sides.
    pub(crate) fee: f64,
    /// Average price of the entry.
    pub(crate) open_rate: f64,
    /// Average price of the last exit.
    pub(crate) close_rate: f64,
    /// Time and price at which half of it was closed already.
    pub(crate) first_exit: Option<(&'text str, f64)>,
    /// Negative where paid.
    pub(crate) funding_fees: f64,
    /// Distance of the stop-loss from the entry, negative.
    pub(crate) stop_loss_ratio: f64,
    /// The stop-loss where it trails; the first one by default.
    pub(crate) stop_loss: Option<f64>,
    /// When the entry was ordered.
    pub(crate) opened_at: &'text str,
    /// When the last exit was filled; open where `None`.
    pub(crate) closed_at: Option<&'text str>,
    /// Set on an open trade too while its exit is ordered.
    pub(crate) exit_reason: Option<&'text str>,
    /// The strategy's class.
    pub(crate) strategy: &'text str,
    /// Why it was opened.
    pub(crate) enter_tag: Option<&'text str>,
    /// Whether the order ids are those of a dry run.
    pub(crate) dry_run: bool,
}

impl Default for Trade<'_> {
    fn default() -> Self {
        Self {
            id: None,
            pair: "BTC/USDT",
            is_short: false,
            leverage: 1.0,
            stake: 100.0,
            fee: 0.001,
            open_rate: 100.0,
            close_rate: 101.0,
            first_exit: None,
            funding_fees: 0.0,
            stop_loss_ratio: -0.1,
            stop_loss: None,
            opened_at: "2026-11-22 07:00:00.123456",
            closed_at: Some("2026-11-22 08:00:00.654321"),
            exit_reason: Some("roi"),
            strategy: "SampleStrategy",
            enter_tag: Some("bb_low"),
            dry_run: true,
        }
    }
}

impl Trade<'_> {
    /// Units of the entry.
    pub(crate) fn units(&self) -> f64 {
        self.stake * self.leverage / self.open_rate
    }

    /// Money that a filled exit of so many units brings beyond its part of the entry, after fees.
    fn profit(&self, units: f64, rate: f64) -> f64 {
        let sign = if self.is_short { -1.0 } else { 1.0 };
        let entry = units * self.open_rate * (1.0 + sign * self.fee);
        let exit = units * rate * (1.0 - sign * self.fee);
        sign * (exit - entry)
    }

    /// Profit of the half that was closed first.
    fn first_profit(&self) -> f64 {
        self.first_exit.map_or(0.0, |(_, rate)| self.profit(self.units() / 2.0, rate))
    }

    /// Units of the last exit, or of what is open.
    fn last_units(&self) -> f64 {
        if self.first_exit.is_some() { self.units() / 2.0 } else { self.units() }
    }

    /// Profit of all exits, with the funding.
    pub(crate) fn total_profit(&self) -> f64 {
        self.first_profit() + self.profit(self.last_units(), self.close_rate) + self.funding_fees
    }

    /// The sides of entry and exit.
    fn sides(&self) -> (&'static str, &'static str) {
        if self.is_short { ("sell", "buy") } else { ("buy", "sell") }
    }
}

/// An order; filled at once by default.
#[derive(Debug, Clone)]
pub(crate) struct Order<'text> {
    /// `buy`, `sell` or `stoploss`.
    pub(crate) side: &'text str,
    /// `BTC/USDT`.
    pub(crate) pair: &'text str,
    /// Ordered units.
    pub(crate) units: f64,
    /// Ordered price, and that of the fill.
    pub(crate) price: f64,
    /// `closed`, `open`, `canceled`, `expired` or `rejected`; one that is not closed has no fill.
    pub(crate) status: &'text str,
    /// Why it was cancelled.
    pub(crate) cancel_reason: Option<&'text str>,
    /// Entry tag or exit reason.
    pub(crate) tag: Option<&'text str>,
    /// When it was placed.
    pub(crate) placed_at: &'text str,
    /// When it was filled, or ended.
    pub(crate) updated_at: &'text str,
    /// Whether its id is one of a dry run.
    pub(crate) dry_run: bool,
}

impl Default for Order<'_> {
    fn default() -> Self {
        Self {
            side: "buy",
            pair: "BTC/USDT",
            units: 1.0,
            price: 100.0,
            status: "closed",
            cancel_reason: None,
            tag: None,
            placed_at: "2026-11-22 07:00:00.123456",
            updated_at: "2026-11-22 07:01:00.123456",
            dry_run: true,
        }
    }
}

impl FreqtradeFile {
    /// An empty file of the newest schema.
    pub(crate) fn of_2026() -> Self {
        Self::of_schema(SCHEMA_2026)
    }

    /// An empty file of a schema of 2022.
    pub(crate) fn of_2022() -> Self {
        Self::of_schema(SCHEMA_2022)
    }

    fn of_schema(schema: &str) -> Self {
        let bot = BotFile::with_schema(&["PRAGMA journal_mode = wal", schema]);
        Self { bot, next_order: Cell::new(1) }
    }

    /// Adds a trade, its orders, and the lock that follows its closing; returns its id.
    pub(crate) fn trade<'text>(&self, change: impl FnOnce(&mut Trade<'text>)) -> i64 {
        let mut trade = Trade::default();
        change(&mut trade);
        let id = self.bot.insert("trades", &rows::trade(&trade));
        let (entry_side, exit_side) = trade.sides();
        self.fill(id, &trade, entry_side, (trade.units(), trade.open_rate), &after(trade.opened_at, 60));
        if let Some((at, rate)) = trade.first_exit {
            self.fill(id, &trade, exit_side, (trade.units() / 2.0, rate), at);
        }
        if let Some(at) = trade.closed_at {
            self.fill(id, &trade, exit_side, (trade.last_units(), trade.close_rate), at);
            self.lock(trade.pair, "Auto lock", &after(at, 1), &rows::next_candle(at));
        }
        id
    }

    /// A filled order of a trade, placed a minute before.
    fn fill(&self, id: i64, trade: &Trade<'_>, side: &str, (units, price): (f64, f64), at: &str) {
        let placed_at = after(at, -60);
        self.order(id, |order| {
            (order.pair, order.side, order.units, order.price) = (trade.pair, side, units, price);
            (order.placed_at, order.updated_at, order.dry_run) = (&placed_at, at, trade.dry_run);
        });
    }

    /// Adds an order to a trade; returns its id.
    pub(crate) fn order<'text>(&self, trade: i64, change: impl FnOnce(&mut Order<'text>)) -> i64 {
        let mut order = Order::default();
        change(&mut order);
        self.next_order.set(self.next_order.get() + 1);
        self.bot.insert("orders", &rows::order(trade, &order, self.next_order.get()))
    }

    /// An entry that is ordered and not filled: a trade without an amount.
    pub(crate) fn unfilled_entry<'text>(&self, change: impl FnOnce(&mut Trade<'text>)) -> i64 {
        let mut trade = Trade { closed_at: None, exit_reason: None, ..Trade::default() };
        change(&mut trade);
        let id = self.bot.insert("trades", &rows::unfilled(&trade));
        self.order(id, |order| {
            (order.pair, order.units, order.price) = (trade.pair, trade.units(), trade.open_rate);
            (order.side, order.status, order.dry_run) = (trade.sides().0, "open", trade.dry_run);
            (order.placed_at, order.updated_at) = (trade.opened_at, trade.opened_at);
        });
        id
    }

    /// Adds a lock of a pair, `*` for all; it stays active after it has expired.
    pub(crate) fn lock(&self, pair: &str, reason: &str, from: &str, until: &str) {
        self.bot.insert("pairlocks", &rows::lock(pair, reason, from, until));
    }

    /// Adds a day's row of one currency: its balance, and what one of it is worth in USDT.
    pub(crate) fn wallet(&self, midnight: &str, currency: &str, balance: f64, rate: f64) {
        if self.has_table("wallet_history") {
            self.bot.insert("wallet_history", &rows::wallet(midnight, currency, balance, rate));
        }
    }

    /// Writes when the bot was started last, and first.
    pub(crate) fn started(&self, first: &str, last: &str) {
        if self.has_table("KeyValueStore") {
            self.bot.insert("KeyValueStore", &rows::moment(1, "bot_start_time", first));
            self.bot.insert("KeyValueStore", &rows::moment(2, "startup_time", last));
        }
    }

    /// Whether its schema has trades that are closed in parts.
    fn knows_partial_exits(&self) -> bool {
        self.bot.value("SELECT count(*) FROM pragma_table_info('trades') WHERE name = 'max_stake_amount'")
    }

    fn has_table(&self, name: &str) -> bool {
        self.bot.value(&format!("SELECT count(*) FROM sqlite_schema WHERE name = '{name}'"))
    }
}
