//! A healthy bot of the second generation, one round of its strategist after the other; where nothing is
//! logged any more, only the rounds that led to a trade.

mod journal;
mod reviews;

use rusqlite::{named_params, params};
use serde_json::json;

use super::texts::{SYMBOLS, thought};
use super::{Coin, DAY, HOUR, Healthy, MINUTE, Pace, Random, run_cached};
use crate::bot_file::BotFile;

const TOTALS: &str = include_str!("generation2.sql");

const ROUND_PAUSE_SECONDS: i64 = 180;
const CONDITION_SECONDS: i64 = 5 * MINUTE;
/// When the prices after an exit are all known.
const POST_TRACKED_SECONDS: i64 = 16 * MINUTE;
const STARTING_BALANCE_USD: f64 = 10_000.0;
const SIZES_USD: [f64; 8] = [20.0, 30.0, 37.5, 50.0, 60.0, 75.0, 90.0, 100.0];
const STOPS_PERCENT: [f64; 3] = [1.5, 1.8, 2.0];
const TARGETS_PERCENT: [f64; 3] = [1.5, 1.8, 2.0];
const STRATEGIES: [&str; 5] =
    ["llm_generated", "mean_reversion", "momentum_breakout", "support_bounce", "volatility_breakout"];

/// Patterns: id and description. The last one picks losers until it is switched off.
const PATTERNS: [(&str, &str); 4] = [
    ("momentum_breakout_v1", "Long on price breakout with volume confirmation"),
    ("support_bounce_v1", "Long on bounce from support with oversold conditions"),
    ("trend_pullback_v1", "Long on pullback in established uptrend"),
    ("midnight_gap_v1", "Long on a gap at midnight"),
];

/// Rules about moments in which this bot does not trade: id, description, condition, action, active.
const REGIME_RULES: [(&str, &str, &str, &str, i64); 3] = [
    (
        "volatility_stop",
        "No trades when volatility is extreme",
        r#"{"volatility": {"op": "gt", "value": 6.0}}"#,
        "NO_TRADE",
        1,
    ),
    (
        "funding_caution",
        "Be careful when funding is extreme",
        r#"{"funding_rate": {"op": "gt", "value": 0.05}}"#,
        "CAUTION",
        1,
    ),
    (
        "crash_pause",
        "No trades in a crash",
        r#"{"btc_trend": {"op": "eq", "value": "crash"}}"#,
        "NO_TRADE",
        0,
    ),
];

const LOG: &str = "INSERT INTO activity_log (activity_type, description, details, created_at)
    VALUES (?1, ?2, ?3, datetime(?4, 'unixepoch'))";
const CONDITION: &str =
    "INSERT INTO active_conditions VALUES (:id, :coin, :direction, :price, :above, :stop, :target,
    :size, :strategy, :reason, :created, :valid, :triggered_at IS NOT NULL, :triggered_at, NULL)";

/// An open trade whose end is drawn already.
struct Position {
    number: i64,
    coin: Coin,
    sign: f64,
    entry_price: f64,
    size_usd: f64,
    stop_percent: f64,
    target_percent: f64,
    opened_at: i64,
    closes_at: i64,
    gain_fraction: f64,
    exit_reason: &'static str,
    strategy: &'static str,
    pattern: Option<usize>,
    reason: String,
}

/// A place for one open trade at a time, with coins of its own.
struct Slot {
    coins: Vec<Coin>,
    position: Option<Position>,
    opens_at: i64,
}

/// What the bot has seen of a coin.
struct Record {
    coin: &'static str,
    status: &'static str,
    wins: u32,
    losses: u32,
    pnl_usd: f64,
}

/// A closed trade, for the snapshots.
struct Closed {
    at: i64,
    pnl_usd: f64,
    balance_usd: f64,
}

/// The bot at work; all times are epoch seconds.
pub(super) struct Simulation<'bot> {
    bot: &'bot BotFile,
    healthy: &'bot Healthy,
    installed_at: i64,
    log_from: i64,
    now: i64,
    random: Random,
    slots: Vec<Slot>,
    records: Vec<Record>,
    bad_pattern: (u32, u32),
    closed: Vec<Closed>,
    balance_usd: f64,
    opened: i64,
    thoughts: usize,
    adapted: Vec<&'static str>,
}

impl<'bot> Simulation<'bot> {
    /// A bot on its first day.
    pub(super) fn new(bot: &'bot BotFile, healthy: &'bot Healthy) -> Self {
        let mut random = Random::new(healthy.seed);
        let start = healthy.installed_at();
        let slots = SYMBOLS
            .chunks(5)
            .map(|coins| Slot {
                coins: coins.iter().map(|&(name, price)| Coin::new(name, price, start)).collect(),
                position: None,
                opens_at: start + 25 * MINUTE + random.whole(0, pause_seconds(healthy.pace).1),
            })
            .collect();
        let record = |&(coin, _): &(&'static str, f64)| Record {
            coin,
            status: "unknown",
            wins: 0,
            losses: 0,
            pnl_usd: 0.0,
        };
        let records = SYMBOLS.iter().map(record).collect();
        let thoughts = healthy.seed as usize;
        Self {
            bot,
            healthy,
            installed_at: start,
            log_from: healthy.log_from(),
            now: healthy.now_seconds(),
            random,
            slots,
            records,
            bad_pattern: (0, 0),
            closed: Vec::new(),
            balance_usd: STARTING_BALANCE_USD,
            opened: 0,
            thoughts,
            adapted: Vec::new(),
        }
    }

    /// Its whole life until now.
    pub(super) fn run(mut self) {
        let (now, log_from) = (self.now, self.log_from);
        let restart_at = now - 31 * HOUR;
        self.install();
        let mut at = self.installed_at;
        let mut last_hour = at / HOUR;
        while at < now {
            self.close_due(at);
            for hour in last_hour + 1..=at / HOUR {
                self.hourly(hour * HOUR);
            }
            last_hour = at / HOUR;
            let end = self.round(at) + ROUND_PAUSE_SECONDS;
            let next = if end >= log_from { end } else { end.max(self.next_event().min(log_from)) };
            if (at..next).contains(&restart_at) && self.healthy.days > 2 {
                self.stop_cleanly(restart_at);
            }
            at = next;
        }
        self.close_due(now);
        for slot in std::mem::take(&mut self.slots) {
            if let Some(position) = slot.position {
                self.journal(&position, None);
            }
        }
        self.bot.connection().execute_batch(TOTALS).unwrap();
    }

    /// What a new file holds: patterns and rules. The account that this generation never touches is dropped, for a
    /// table that says nothing of what was won since is a fault.
    fn install(&self) {
        let start = self.installed_at;
        self.bot.execute("DELETE FROM account_state", []);
        let created_at = self.local(start, 477_292);
        for (id, description) in PATTERNS {
            self.bot.execute(
                "INSERT INTO trading_patterns (pattern_id, description, entry_conditions, exit_conditions, created_at)
                VALUES (?1, ?2, '{\"near_support\": true}', '{\"stop_loss_pct\": 1.5, \"take_profit_pct\": 2.0}', ?3)",
                params![id, description, created_at],
            );
        }
        for (index, (id, description, condition, action, active)) in REGIME_RULES.into_iter().enumerate() {
            if self.healthy.days > 0 {
                let times = 1 + (self.healthy.days + index as i64) / 2;
                let created_at = self.local(start + 2 * HOUR + index as i64 * HOUR, 612_782);
                self.bot.execute(
                    "INSERT INTO regime_rules VALUES (?1, ?2, ?3, ?4, ?5, 0.4 * ?5, ?6, ?7)",
                    params![id, description, condition, action, times, active, created_at],
                );
            }
        }
    }

    /// When a trade is next opened or closed, or an hour to reflect on ends.
    fn next_event(&self) -> i64 {
        let event = |slot: &Slot| slot.position.as_ref().map_or(slot.opens_at, |position| position.closes_at);
        let trade = self.slots.iter().map(event).min().unwrap();
        trade.max(0)
    }

    /// One round of the strategist: conditions for the slots that may trade, and some that come to nothing.
    fn round(&mut self, at: i64) -> i64 {
        let end = at + self.random.whole(5, 13);
        self.close_due(end.min(self.now));
        let mut conditions = Vec::new();
        for index in 0..self.slots.len() {
            if self.slots[index].position.is_none() && end >= self.slots[index].opens_at {
                conditions.extend(self.open(index, end));
            }
        }
        if end < self.log_from {
            return end;
        }
        let tradable: Vec<&str> =
            self.records.iter().filter(|it| it.status != "blacklisted").map(|it| it.coin).collect();
        for number in 0..self.random.whole(0, 3) {
            let coin = self.random.pick(&tradable);
            conditions.push(json!({ "id": format!("{end:08x}{number}"), "coin": coin, "direction": "LONG" }));
            let newest = self.now - CONDITION_SECONDS;
            if end > newest {
                self.idle_condition(&format!("{end:08x}{number}"), coin, end);
            }
        }
        if self.random.chance(0.002) {
            self.log(end, "error", "LLM timeout after retries", "Timed out after 3 attempts");
            return end;
        }
        let description = format!("Generated {} conditions", conditions.len());
        let plan = json!({ "conditions": conditions, "context_summary": { "coins_analyzed": 20, "knowledge_rules": 7 } });
        let query = json!({ "prompt": "Plan.", "response": plan.to_string(), "model": "qwen2.5:14b" });
        self.log(end, "llm_query", "Prompt: Plan....", &query.to_string());
        self.log(end, "strategist", &description, &plan.to_string());
        end
    }

    /// A condition that is still valid and was not met yet.
    fn idle_condition(&mut self, id: &str, coin: &str, at: i64) {
        let price = SYMBOLS.iter().find(|(name, _)| *name == coin).unwrap().1;
        self.bot.execute(
            CONDITION,
            named_params! {
                ":id": id,
                ":coin": coin,
                ":direction": "LONG",
                ":price": price * 0.995,
                ":above": "BELOW",
                ":stop": 1.5,
                ":target": 1.8,
                ":size": 50.0,
                ":strategy": "mean_reversion",
                ":reason": format!("{coin} near support, expecting a bounce"),
                ":created": self.local(at, 253_593),
                ":valid": self.local(at + CONDITION_SECONDS, 253_550),
                ":triggered_at": None::<String>,
            },
        );
    }

    /// Sets a condition that is met within minutes; returns it as the log has it, if a coin is free.
    fn open(&mut self, index: usize, at: i64) -> Option<serde_json::Value> {
        let opened_at = at + self.random.whole(5, CONDITION_SECONDS - 5);
        let coins = &self.slots[index].coins;
        let free: Vec<usize> = (0..coins.len()).filter(|&coin| at >= coins[coin].free_at).collect();
        if free.is_empty() || opened_at >= self.now {
            return None;
        }
        let chosen = self.random.pick(&free);
        let mut coin = self.slots[index].coins.swap_remove(chosen);
        coin.wander(&mut self.random, opened_at);
        let (stop_percent, target_percent) =
            (self.random.pick(&STOPS_PERCENT), self.random.pick(&TARGETS_PERCENT));
        let wins = self.random.chance(0.6);
        let (gain_fraction, exit_reason) = self.outcome(wins, stop_percent, target_percent);
        self.opened += 1;
        self.thoughts += 1;
        let position = Position {
            number: self.opened,
            sign: if self.random.chance(0.15) { -1.0 } else { 1.0 },
            entry_price: coin.price,
            size_usd: self.random.pick(&SIZES_USD),
            stop_percent,
            target_percent,
            opened_at,
            closes_at: opened_at + self.random.seconds(6 * MINUTE, 150 * MINUTE),
            gain_fraction,
            exit_reason,
            strategy: self.random.pick(&STRATEGIES),
            pattern: self.pattern(wins),
            reason: format!("{}: {}", coin.name, thought(self.thoughts).pattern),
            coin,
        };
        let condition = self.condition(&position, at);
        self.slots[index].position = Some(position);
        Some(condition)
    }

    /// The condition behind a position; the file keeps those of the last day.
    fn condition(&self, position: &Position, at: i64) -> serde_json::Value {
        let direction = if position.sign > 0.0 { "LONG" } else { "SHORT" };
        if at > self.now - DAY {
            self.bot.execute(
                CONDITION,
                named_params! {
                    ":id": condition_id(position.number),
                    ":coin": position.coin.name,
                    ":direction": direction,
                    ":price": position.entry_price * 0.9999,
                    ":above": "ABOVE",
                    ":stop": position.stop_percent,
                    ":target": position.target_percent,
                    ":size": position.size_usd,
                    ":strategy": position.strategy,
                    ":reason": position.reason,
                    ":created": self.local(at, 747_300),
                    ":valid": self.local(at + CONDITION_SECONDS, 747_256),
                    ":triggered_at": self.local(position.opened_at, 100_201),
                },
            );
        }
        json!({ "id": condition_id(position.number), "coin": position.coin.name, "direction": direction })
    }

    /// How a trade will end: its gain and the reason for its exit.
    fn outcome(&mut self, wins: bool, stop_percent: f64, target_percent: f64) -> (f64, &'static str) {
        let slip = self.random.between(0.0, 0.0006);
        match (wins, self.random.chance(0.05)) {
            (true, false) => (target_percent / 100.0 + slip, "take_profit"),
            (false, false) => (-stop_percent / 100.0 - slip, "stop_loss"),
            (true, true) => (target_percent / 150.0, "manual"),
            (false, true) => (-stop_percent / 150.0, "manual"),
        }
    }

    /// The pattern of a new trade, if it follows one. The bad one wins once, then mostly picks losers.
    fn pattern(&mut self, wins: bool) -> Option<usize> {
        let (bad_wins, bad_losses) = self.bad_pattern;
        let given_up = bad_wins + bad_losses >= 10;
        let probability = match wins {
            wins if bad_wins == 0 => f64::from(u8::from(wins)) / 4.0,
            true => 0.08,
            false => 0.3,
        };
        if !given_up && self.random.chance(probability) {
            return Some(3);
        }
        self.random.chance(0.6).then(|| self.random.whole(0, 3) as usize)
    }

    /// Closes what ends until a moment, in order.
    fn close_due(&mut self, until: i64) {
        loop {
            let closes_at = |slot: &Slot| slot.position.as_ref().map(|position| position.closes_at);
            let due =
                (0..self.slots.len()).filter_map(|index| Some((closes_at(&self.slots[index])?, index))).min();
            match due {
                Some((at, index)) if at <= until => self.close(index, at),
                _ => return,
            }
        }
    }

    /// Closes the position of a slot.
    fn close(&mut self, index: usize, at: i64) {
        let Some(position) = self.slots[index].position.take() else { return };
        let exit_price = position.entry_price * (1.0 + position.sign * position.gain_fraction);
        let pnl_usd =
            position.sign * position.size_usd * (exit_price - position.entry_price) / position.entry_price;
        self.journal(&position, Some((exit_price, pnl_usd)));
        self.balance_usd += pnl_usd;
        self.closed.push(Closed { at, pnl_usd, balance_usd: self.balance_usd });
        if position.pattern == Some(3) {
            self.count_bad_pattern(pnl_usd > 0.0);
        }
        let status = self.adapt_coin(position.coin.name, pnl_usd, at);
        self.log_close(&position, pnl_usd, status, at);
        let (shortest, longest) = pause_seconds(self.healthy.pace);
        let pause_seconds = self.random.whole(shortest, longest);
        let slot = &mut self.slots[index];
        slot.opens_at = at + pause_seconds;
        if status != "blacklisted" {
            slot.coins.push(Coin {
                price: exit_price,
                price_at: at,
                free_at: at + 35 * MINUTE,
                ..position.coin
            });
        }
    }

    /// Switches the bad pattern off once it has had its chance.
    fn count_bad_pattern(&mut self, won: bool) {
        let (wins, losses) = &mut self.bad_pattern;
        if won {
            *wins += 1
        } else {
            *losses += 1
        }
        if *wins + *losses >= 10 {
            self.bot
                .execute("UPDATE trading_patterns SET is_active = 0 WHERE pattern_id = ?1", [PATTERNS[3].0]);
        }
    }

    /// A row of the log, unless it is pruned by now.
    fn log(&self, at: i64, kind: &str, description: &str, details: &str) {
        if at >= self.log_from && at < self.now {
            run_cached(self.bot, LOG, params![kind, description, details, at]);
        }
    }

    /// A moment by the host's clock.
    fn local(&self, at: i64, microseconds: i64) -> String {
        let local = chrono::DateTime::from_timestamp(at + self.healthy.host_offset_seconds, 0).unwrap();
        let fraction = if microseconds == 0 { String::new() } else { format!(".{microseconds:06}") };
        format!("{}{fraction}", local.format("%Y-%m-%dT%H:%M:%S"))
    }
}

/// By which the log names a position.
fn position_id(number: i64) -> String {
    format!("pos-{:08x}", number * 2_654_435_761 % (1 << 32))
}

/// By which the journal names the condition that opened a trade.
fn condition_id(number: i64) -> String {
    format!("{:08x}", number * 2_246_822_519 % (1 << 32))
}

/// From a close to the next opening in the same slot: the shortest and the longest.
fn pause_seconds(pace: Pace) -> (i64, i64) {
    match pace {
        Pace::Quiet => (4 * HOUR, 24 * HOUR),
        Pace::Busy => (8 * MINUTE, 70 * MINUTE),
    }
}
