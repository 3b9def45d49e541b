//! The sample's bot at work: cycle after cycle, a decision in each.

use std::ops::Range;

use rusqlite::{Connection, named_params, params};

use super::journal::{Decision, Journal};
use super::market::{Coin, DAY, HOUR, MINUTE, Outcome, Position, Random, Slot, whole_seconds};
use super::texts::{BUY_REASONS, HOLD_REASONS, RULES, learning};

const HISTORY_SECONDS: i64 = 5 * DAY;
/// Two windows of a day to compare, and an hour.
const LOG_SECONDS: i64 = 2 * DAY + HOUR;
const PRICE_HISTORY_SECONDS: i64 = 30 * MINUTE;
const CYCLE_PAUSE_SECONDS: i64 = 30;
const COOLDOWN_SECONDS: i64 = 30 * MINUTE;
const STARTING_BALANCE_USD: f64 = 1000.0;

const OPEN: &str = "INSERT INTO open_trades (coin_name, entry_price, size_usd, stop_loss_price,
        take_profit_price, entry_reason, opened_at, rule_ids_used)
    VALUES (:coin, :price, :size, :price * 0.9, :price * (1 + 1 / :size), :reason,
        datetime(:at, 'unixepoch'), :rules)";
const CLOSE: &str = "INSERT INTO closed_trades (coin_name, entry_price, exit_price, size_usd, pnl_usd,
        pnl_pct, entry_reason, exit_reason, opened_at, closed_at, duration_seconds, rule_ids_used)
    SELECT coin_name, entry_price, :price, size_usd, size_usd * (:price - entry_price) / entry_price,
        100 * (:price - entry_price) / entry_price, entry_reason, :reason, opened_at,
        datetime(:at, 'unixepoch'), :duration, rule_ids_used
    FROM open_trades
    WHERE id = :id";
const FORGET: &str = "DELETE FROM open_trades WHERE id = ?1";
const LEARNING: &str = "INSERT INTO learnings (trade_id, learning_text, pattern_observed,
        confidence_level, created_at)
    VALUES (?1, ?2, ?2 ->> 'pattern', ?2 ->> 'confidence', datetime(?3, 'unixepoch'))";
const RULE: &str = "INSERT INTO trading_rules (id, rule_text, rule_type, status, created_at)
    VALUES (?1, ?2, ?3, ?4, datetime(?5, 'unixepoch'))";
const PRICE: &str = "INSERT INTO price_history (coin, price_usd, timestamp)
    VALUES (?1, ?2, datetime(?3, 'unixepoch'))";
const MARKET: &str = "INSERT INTO market_data (coin, price_usd, change_24h, last_updated)
    VALUES (?1, ?2, ?3, datetime(?4, 'unixepoch'))";

/// The bot at work. All times are epoch seconds; SQLite writes them as text.
pub(super) struct Simulation<'connection> {
    connection: &'connection Connection,
    /// As after a restart with a fresh log, it covers the last two days only.
    journal: Journal<'connection>,
    now: i64,
    random: Random,
    balance_usd: f64,
    losing_trades_since_rule_three: u32,
    /// Closed trades, by id and coin, to learn from in the next cycle.
    to_learn: Vec<(i64, &'static str)>,
    learnings: usize,
    last_learning: String,
}

impl<'connection> Simulation<'connection> {
    /// A bot that has not traded yet.
    pub(super) fn new(connection: &'connection Connection, now: i64) -> Self {
        Self {
            connection,
            journal: Journal { connection, from: now - LOG_SECONDS },
            now,
            random: Random::new(21),
            balance_usd: STARTING_BALANCE_USD,
            losing_trades_since_rule_three: 0,
            to_learn: Vec::new(),
            learnings: 0,
            last_learning: String::new(),
        }
    }

    /// Five days of cycles, the last of them in the minute before `now`.
    pub(super) fn run(mut self) -> anyhow::Result<()> {
        let mut slots = Slot::all(self.now);
        let (mut at, mut last_cycle_at) = (self.now - HISTORY_SECONDS, 0);
        while at + 8 * (self.to_learn.len() as i64 + 2) < self.now {
            self.events(last_cycle_at..at, at)?;
            last_cycle_at = at;
            at = self.cycle(&mut slots, at)? + CYCLE_PAUSE_SECONDS;
        }
        for coin in slots.iter().flat_map(Slot::coins) {
            let change_percent = 100.0 * (coin.price / coin.price_a_day_ago - 1.0);
            self.connection.execute(MARKET, params![coin.name, coin.price, change_percent, last_cycle_at])?;
        }
        Ok(())
    }

    /// What happened since the last cycle: the restart, and rules made from learnings.
    fn events(&self, since: Range<i64>, at: i64) -> anyhow::Result<()> {
        if since.contains(&self.journal.from) {
            self.journal.row(
                at,
                "bot_initialized",
                "Trading bot initialized",
                "interval=30s, min_confidence=0.3",
            )?;
            self.journal.row(
                at,
                "bot_started",
                &format!("Bot started with balance ${:.2}", self.balance_usd),
                "",
            )?;
        }
        for (id, text, kind, status, hours_ago) in RULES {
            if since.contains(&(self.now - hours_ago * HOUR)) {
                self.connection.execute(RULE, params![id, text, kind, status, at])?;
                let description = format!("Rule #{id} from learning #{}: {text}...", self.learnings);
                self.journal.row(at, "rule_created", &description, &format!("trigger={kind}"))?;
            }
        }
        Ok(())
    }

    /// One look at the market and what the bot makes of it; returns its end.
    fn cycle(&mut self, slots: &mut [Slot], at: i64) -> anyhow::Result<i64> {
        self.journal.row(at, "market_data", "Batch fetched 20 coins with volume", "coins=20")?;
        for slot in &mut *slots {
            slot.move_prices(&mut self.random, at, at >= self.now - DAY);
            if at >= self.now - PRICE_HISTORY_SECONDS {
                for coin in slot.coins() {
                    self.connection.prepare_cached(PRICE)?.execute(params![coin.name, coin.price, at])?;
                }
            }
            if let Some(position) = slot.take_due(at, false) {
                self.close(slot, position, at)?;
            }
        }
        let mut clock = at;
        for (trade, coin) in std::mem::take(&mut self.to_learn) {
            clock += self.llm_seconds(clock);
            self.learn(trade, coin, clock)?;
        }
        clock += self.llm_seconds(clock);
        self.decide(slots, at, clock)?;
        Ok(clock)
    }

    /// The end of a cycle: sell, buy, be rejected, or hold. `seen_at` is when its prices were fetched.
    fn decide(&mut self, slots: &mut [Slot], seen_at: i64, at: i64) -> anyhow::Result<()> {
        let positions = || slots.iter().filter_map(|slot| slot.position.as_ref());
        let exposure_usd: f64 = positions().map(|position| position.size_usd).sum();
        let newest = positions().max_by_key(|position| position.opened_at);
        let newest = newest.map(|position| (position.coin.name, position.opened_at + COOLDOWN_SECONDS - at));
        for slot in slots {
            if let Some(position) = slot.take_due(seen_at, true) {
                let why = position.outcome.exit_reason.trim_start_matches("llm_sell: ");
                self.decision(at, "SELL", Some((position.coin.name, position.size_usd)), why, &[])?;
                return self.close(slot, position, at);
            }
            if let Some(coin) = slot.take_coin(at) {
                return self.open(slot, coin, at);
            }
        }
        let limit_usd = 0.2 * self.balance_usd;
        let tempted = self.random.chance(0.08);
        match newest {
            Some((coin, seconds)) if tempted && seconds > 0 => {
                let refusal = format!("Coin {coin} in cooldown ({seconds}s remaining)");
                self.refused(at, coin, 30.0, &refusal)
            }
            _ if tempted && exposure_usd + 90.0 > limit_usd => {
                let total_usd = exposure_usd + 90.0;
                let refusal = format!(
                    "Total exposure (${total_usd:.2}) would exceed max (${limit_usd:.2}, 20.0% of balance)"
                );
                self.refused(at, "tron", 90.0, &refusal)
            }
            _ => {
                let why = self.random.pick(&HOLD_REASONS);
                self.decision(at, "HOLD", None, why, &[])
            }
        }
    }

    /// A purchase that the bot's limits stop.
    fn refused(&mut self, at: i64, coin: &str, size_usd: f64, refusal: &str) -> anyhow::Result<()> {
        let why = self.random.pick(&BUY_REASONS);
        self.decision(at, "BUY", Some((coin, size_usd)), why, &[])?;
        self.journal.row(at, "trade_rejected", &format!("BUY {coin} ${size_usd:.2}: {refusal}"), "")
    }

    /// Opens a trade, its end already drawn.
    fn open(&mut self, slot: &mut Slot, coin: Coin, at: i64) -> anyhow::Result<()> {
        let (name, price) = (coin.name, coin.price);
        let size_usd = self.random.pick(slot.plan.sizes_usd);
        let wins = self.wins(at);
        let draw = if wins { Outcome::win } else { Outcome::loss };
        let outcome = draw(&mut self.random, size_usd);
        let closes_at = at + whole_seconds(&mut self.random, slot.plan.hold_seconds);
        let rules = self.rules(at, wins);
        let reason = self.random.pick(&BUY_REASONS);
        self.decision(at, "BUY", Some((name, size_usd)), reason, rules)?;
        let rules = rules.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        self.connection.prepare_cached(OPEN)?.execute(named_params! {
            ":coin": name,
            ":price": price,
            ":size": size_usd,
            ":reason": reason,
            ":at": at,
            ":rules": (!rules.is_empty()).then_some(rules),
        })?;
        let id = self.connection.last_insert_rowid();
        slot.position =
            Some(Position { id, coin, entry_price: price, size_usd, opened_at: at, closes_at, outcome });
        let description = format!("BUY {name} ${size_usd:.2} @ ${price:.2}");
        let limits =
            format!("stop_loss=${:.2}, take_profit=${:.2}", price * 0.9, price * (1.0 + 1.0 / size_usd));
        self.journal.row(at, "trade_opened", &description, &format!("trade_id={id}, {limits}"))
    }

    /// Closes a trade at its coin's price, and remembers every fourth one to learn from.
    fn close(&mut self, slot: &mut Slot, position: Position, at: i64) -> anyhow::Result<()> {
        let Position { id, coin, entry_price, size_usd, opened_at, outcome, .. } = position;
        let duration_seconds = at - opened_at + self.clock_error_seconds(at);
        self.connection.prepare_cached(CLOSE)?.execute(named_params! {
            ":id": id,
            ":price": coin.price,
            ":reason": outcome.exit_reason,
            ":at": at,
            ":duration": duration_seconds,
        })?;
        let trade = self.connection.last_insert_rowid();
        self.connection.prepare_cached(FORGET)?.execute([id])?;
        let pnl_usd = size_usd * (coin.price - entry_price) / entry_price;
        self.balance_usd += pnl_usd;
        if trade % 4 == 0 {
            self.to_learn.push((trade, coin.name));
        }
        let sign = if pnl_usd > 0.0 { "+$" } else { "$" };
        let description = format!(
            "CLOSED {} @ ${:.2} P&L: {sign}{pnl_usd:.2} ({})",
            coin.name, coin.price, outcome.exit_reason
        );
        let details = format!("trade_id={id}, entry=${entry_price:.2}, duration={duration_seconds}s");
        slot.rest(coin, &mut self.random, at);
        self.journal.row(at, "trade_closed", &description, &details)
    }

    /// Whether a trade that opens now will win: by day mostly, at night mostly not.
    fn wins(&mut self, at: i64) -> bool {
        let hour = at.rem_euclid(DAY) / HOUR;
        let night = !(6..22).contains(&hour);
        self.random.chance(if night { 0.25 } else { 0.7 })
    }

    /// The rules of a trade: rule #3 for ten losing ones, else any that exist by now.
    fn rules(&mut self, at: i64, wins: bool) -> &'static [i64] {
        let exists =
            |rule| RULES.iter().any(|&(id, .., hours_ago)| id == rule && at >= self.now - hours_ago * HOUR);
        if !wins && exists(3) {
            self.losing_trades_since_rule_three += 1;
            if self.losing_trades_since_rule_three.is_multiple_of(3)
                && self.losing_trades_since_rule_three <= 30
            {
                return &[3];
            }
        }
        let rules: &[i64] = self.random.pick(&[&[][..], &[], &[1], &[2], &[2, 1], &[4]]);
        if rules.iter().all(|&rule| exists(rule)) { rules } else { &[] }
    }

    /// How much too long a trade's duration is stored.
    fn clock_error_seconds(&self, closed_at: i64) -> i64 {
        if (self.now - 30 * HOUR..self.now - 6 * HOUR).contains(&closed_at) { HOUR } else { 0 }
    }

    /// How long the LLM takes: one to three seconds, and ever longer over the last day.
    fn llm_seconds(&mut self, at: i64) -> i64 {
        let last_day = 1.0 - (self.now - at) as f64 / DAY as f64;
        whole_seconds(&mut self.random, (1, 4)) + (4.4 * last_day.max(0.0)).round() as i64
    }

    /// A learning of a closed trade; three in twenty repeat the one before.
    fn learn(&mut self, trade: i64, coin: &str, at: i64) -> anyhow::Result<()> {
        self.learnings += 1;
        if ![6, 13, 19].contains(&(self.learnings % 20)) {
            self.last_learning = learning(self.learnings, coin);
        }
        self.journal.query(
            at,
            "Analyse the trade that just closed. What is there to learn? JSON.",
            &self.last_learning,
        )?;
        self.connection.prepare_cached(LEARNING)?.execute(params![trade, self.last_learning, at])?;
        self.journal.learning(at, self.connection.last_insert_rowid())
    }

    /// The LLM's decision, as sure of itself as chance has it.
    fn decision(
        &mut self,
        at: i64,
        action: &'static str,
        trade: Option<(&str, f64)>,
        reason: &str,
        rules: &[i64],
    ) -> anyhow::Result<()> {
        let confidence = self.random.pick(&[0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85]);
        self.journal.decision(at, &Decision { action, trade, reason, confidence, rules })
    }
}
