//! A healthy bot of the first generation, cycle by cycle; where nothing is logged any more, only the
//! cycles in which it traded.

mod records;

use rusqlite::{named_params, params};

use super::texts::{BUY_REASONS, COINS, HOLD_REASONS, RULES};
use super::{Coin, DAY, HOUR, Healthy, MINUTE, Pace, Random, run_cached};
use crate::bot_file::BotFile;

const CYCLE_PAUSE_SECONDS: i64 = 30;
const COOLDOWN_SECONDS: i64 = 30 * MINUTE;
const STARTING_BALANCE_USD: f64 = 1000.0;
/// Three of the largest stay below a fifth of any balance above $750.
const SIZES_USD: [f64; 7] = [20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0];

/// The index of the rule that does not work.
const BAD_RULE: usize = 2;

const CLOSED: &str =
    "INSERT INTO closed_trades (coin_name, entry_price, exit_price, size_usd, pnl_usd, pnl_pct,
        entry_reason, exit_reason, opened_at, closed_at, duration_seconds, rule_ids_used)
    VALUES (:coin, :entry, :exit, :size, :size * (:exit - :entry) / :entry, 100 * (:exit - :entry) / :entry,
        :why_opened, :why_closed, datetime(:opened, 'unixepoch'), datetime(:closed, 'unixepoch'),
        :closed - :opened, nullif(:rules, ''))";
const RULE: &str = "INSERT INTO trading_rules (id, rule_text, rule_type, created_at)
    VALUES (?1, ?2, ?3, datetime(?4, 'unixepoch'))";

/// An open trade whose end is drawn already.
struct Position {
    id: i64,
    coin: Coin,
    entry_price: f64,
    size_usd: f64,
    opened_at: i64,
    closes_at: i64,
    gain_fraction: f64,
    exit_reason: &'static str,
    entry_reason: &'static str,
    rules: Vec<usize>,
}

impl Position {
    /// The price on its way from the entry to the exit, inside of the limits until it is there.
    fn price(&self, at: i64) -> f64 {
        let way = (at - self.opened_at) as f64 / (self.closes_at - self.opened_at) as f64;
        let gain_fraction = if way < 1.0 {
            (self.gain_fraction * way.max(0.0)).clamp(-0.099, 0.99 / self.size_usd)
        } else {
            self.gain_fraction
        };
        self.entry_price * (1.0 + gain_fraction)
    }

    /// Whether the LLM closes it, and not a limit.
    fn ends_on_advice(&self) -> bool {
        self.exit_reason.starts_with("llm_sell")
    }

    /// The ids of its rules as the bot lists them.
    fn rule_ids(&self) -> String {
        self.rules.iter().map(|rule| (rule + 1).to_string()).collect::<Vec<_>>().join(",")
    }
}

/// A place for one open trade at a time, with coins of its own.
struct Slot {
    coins: Vec<Coin>,
    position: Option<Position>,
    opens_at: i64,
}

/// What the bot knows of one of its rules.
#[derive(Default)]
struct Rule {
    created: bool,
    status: &'static str,
    wins: u32,
    losses: u32,
}

/// A closed trade to learn from.
struct Lesson {
    trade: i64,
    what_happened: String,
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
    rules: Vec<Rule>,
    lessons: Vec<Lesson>,
    opened: i64,
    closed: i64,
    learned: usize,
    balance_usd: f64,
}

impl<'bot> Simulation<'bot> {
    /// A bot on its first day.
    pub(super) fn new(bot: &'bot BotFile, healthy: &'bot Healthy) -> Self {
        let mut random = Random::new(healthy.seed);
        let start = healthy.installed_at();
        let slots = COINS
            .chunks(5)
            .map(|coins| Slot {
                coins: coins.iter().map(|&(name, price)| Coin::new(name, price, start)).collect(),
                position: None,
                opens_at: start + 25 * MINUTE + random.whole(0, pause_seconds(healthy.pace).1),
            })
            .collect();
        Self {
            bot,
            healthy,
            installed_at: start,
            log_from: healthy.log_from(),
            now: healthy.now_seconds(),
            random,
            slots,
            rules: RULES.iter().map(|_| Rule { status: "testing", ..Rule::default() }).collect(),
            lessons: Vec::new(),
            opened: 0,
            closed: 0,
            learned: 0,
            balance_usd: STARTING_BALANCE_USD,
        }
    }

    /// Its whole life until now.
    pub(super) fn run(mut self) {
        let (now, log_from) = (self.now, self.log_from);
        let restart_at = now - 31 * HOUR;
        let mut at = self.installed_at;
        let mut last_cycle_at = 0;
        self.start(at);
        while at + 8 * (self.lessons.len() as i64 + 2) < now {
            if (last_cycle_at..at).contains(&restart_at) && self.healthy.days > 2 {
                at = self.restart(at);
            }
            self.create_rules(at);
            last_cycle_at = at;
            let end = self.cycle(at) + CYCLE_PAUSE_SECONDS;
            at = if end >= log_from { end } else { end.max(self.next_event().min(log_from)) };
        }
        self.finish(last_cycle_at);
    }

    /// When a trade is next opened or closed.
    fn next_event(&self) -> i64 {
        let event = |slot: &Slot| slot.position.as_ref().map_or(slot.opens_at, |position| position.closes_at);
        let next = self.slots.iter().map(event).min().unwrap();
        if self.lessons.is_empty() { next } else { 0 }
    }

    /// The first rows of a process.
    fn start(&self, at: i64) {
        self.log(at, "bot_initialized", "Trading bot initialized", "interval=30s, min_confidence=0.3");
        self.log(at, "bot_started", &format!("Bot started with balance ${:.2}", self.balance_usd), "");
    }

    /// A clean stop and a start; returns when the first cycle begins.
    fn restart(&self, at: i64) -> i64 {
        let life = at - self.installed_at;
        let trades = format!("trades_opened={}, trades_closed={}", self.opened, self.closed);
        let runtime = format!("{}:{:02}:{:02}.331959", life / HOUR, life / MINUTE % 60, life % 60);
        self.log(at, "bot_stopping", "Bot received shutdown signal", "");
        let cycles = life / (CYCLE_PAUSE_SECONDS + 4);
        self.log(
            at,
            "bot_stopped",
            &format!("Bot stopped after {cycles} cycles"),
            &format!("runtime={runtime}, {trades}"),
        );
        self.start(at + 15);
        at + 15
    }

    /// One look at the market; returns its end.
    fn cycle(&mut self, at: i64) -> i64 {
        let logged = at >= self.log_from;
        if logged && self.random.chance(0.001) {
            self.log(at, "error", "CoinGecko API timeout", "Read timed out. (read timeout=10)");
            return at + 10;
        }
        self.write_prices(at);
        let due = |position: &Position| at >= position.closes_at;
        let opens = |slot: &Slot| slot.position.is_none() && at >= slot.opens_at;
        let busy = self.slots.iter().any(|slot| slot.position.as_ref().is_some_and(due) || opens(slot));
        if !busy && self.lessons.is_empty() && !self.random.chance(0.1) {
            return if logged { self.quiet_cycle(at) } else { at };
        }
        self.log(at, "market_data", "Batch fetched 15 coins with volume", "coins=15");
        for index in 0..self.slots.len() {
            if let Some(position) = self.slots[index].position.take_if(|it| due(it) && !it.ends_on_advice()) {
                self.close(index, position, at);
            }
        }
        let mut clock = at;
        for lesson in std::mem::take(&mut self.lessons) {
            clock += self.random.whole(2, 6);
            self.learn(&lesson, clock);
        }
        clock += self.random.whole(2, 6);
        self.decide(at, clock);
        clock
    }

    /// The decision of a cycle whose prices are of `seen_at`.
    fn decide(&mut self, seen_at: i64, at: i64) {
        for index in 0..self.slots.len() {
            let slot = &mut self.slots[index];
            if let Some(position) = slot.position.take_if(|it| seen_at >= it.closes_at && it.ends_on_advice())
            {
                let why = position.exit_reason.trim_start_matches("llm_sell: ");
                self.decision(at, "SELL", Some((position.coin.name, position.size_usd)), why, &[], None);
                return self.close(index, position, at);
            }
            if slot.position.is_none() && at >= slot.opens_at && self.open(index, at) {
                return;
            }
        }
        if self.random.chance(0.4) {
            return self.hesitate(at);
        }
        self.refuse(at);
    }

    /// A decision too weak to be followed.
    fn hesitate(&mut self, at: i64) {
        let reason = self.random.pick(&HOLD_REASONS);
        self.decision(at, "HOLD", None, reason, &[], Some(0.2));
        self.log(at, "decision_rejected", "HOLD rejected: low confidence (20%)", reason);
    }

    /// A purchase that the limits stop, where one of them would.
    fn refuse(&mut self, at: i64) {
        let positions = || self.slots.iter().filter_map(|slot| slot.position.as_ref());
        let exposure_usd: f64 = positions().map(|position| position.size_usd).sum();
        let limit_usd = 0.2 * self.balance_usd;
        let newest = positions().max_by_key(|position| position.opened_at);
        let cooling = newest.map(|position| (position.coin.name, position.opened_at + COOLDOWN_SECONDS - at));
        let (coin, size_usd, refusal) = match cooling {
            Some((coin, seconds)) if seconds > 0 => (
                coin,
                30.0,
                format!(
                    "Coin {coin} in cooldown ({seconds}s remaining). Trade different coins for diversity."
                ),
            ),
            _ if exposure_usd + 90.0 > limit_usd => {
                let total_usd = exposure_usd + 90.0;
                let limit = format!("would exceed max (${limit_usd:.2}, 20.0% of balance)");
                ("tron", 90.0, format!("Total exposure (${total_usd:.2}) {limit}"))
            }
            _ => return self.hesitate(at),
        };
        let reason = self.random.pick(&BUY_REASONS);
        self.decision(at, "BUY", Some((coin, size_usd)), reason, &[], None);
        self.log(at, "trade_rejected", &format!("BUY {coin} ${size_usd:.2}: {refusal}"), "");
    }

    /// Opens a trade in a slot, unless all of its coins are cooling down.
    fn open(&mut self, index: usize, at: i64) -> bool {
        let free: Vec<usize> = (0..5)
            .filter(|&coin| self.slots[index].coins.get(coin).is_some_and(|it| at >= it.free_at))
            .collect();
        if free.is_empty() {
            return false;
        }
        let chosen = self.random.pick(&free);
        let mut coin = self.slots[index].coins.swap_remove(chosen);
        if at < self.now - HOUR {
            coin.wander(&mut self.random, at);
        }
        let size_usd = self.random.pick(&SIZES_USD);
        let wins = self.random.chance(0.6);
        let (gain_fraction, exit_reason) = self.outcome(wins, size_usd);
        let rules = self.rules_for(wins);
        let entry_reason = self.random.pick(&BUY_REASONS);
        self.opened += 1;
        let position = Position {
            id: self.opened,
            entry_price: coin.price,
            size_usd,
            opened_at: at,
            closes_at: at + self.random.seconds(4 * MINUTE, 100 * MINUTE),
            gain_fraction,
            exit_reason,
            entry_reason,
            rules,
            coin,
        };
        self.log_opening(&position, at);
        self.slots[index].position = Some(position);
        true
    }

    /// How a trade will end: its gain and the reason for its exit.
    fn outcome(&mut self, wins: bool, size_usd: f64) -> (f64, &'static str) {
        match (wins, self.random.fraction()) {
            (true, ..0.8) => (self.random.between(1.005, 1.2) / size_usd, "take_profit"),
            (true, _) => {
                (self.random.between(0.3, 0.9) / size_usd, "llm_sell: Momentum is fading, taking the profit")
            }
            (false, ..0.08) => (-self.random.between(0.1001, 0.103), "stop_loss"),
            (false, _) => (
                -self.random.between(0.3, 1.4) / size_usd,
                "llm_sell: Negative 24h change indicates downtrend",
            ),
        }
    }

    /// The rules of a new trade. The bad one wins once, then mostly picks losers until
    /// it is rejected.
    fn rules_for(&mut self, wins: bool) -> Vec<usize> {
        let mut chosen = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            let probability = match (index, wins) {
                (BAD_RULE, wins) if rule.wins == 0 => f64::from(u8::from(wins)) / 4.0,
                (BAD_RULE, true) => 0.08,
                (BAD_RULE, false) => 0.3,
                _ => 0.25,
            };
            if rule.created && rule.status != "rejected" && self.random.chance(probability) {
                chosen.push(index);
            }
        }
        chosen
    }

    /// Closes a position at its price.
    fn close(&mut self, index: usize, position: Position, at: i64) {
        let exit_price = position.price(at);
        let pnl_usd = position.size_usd * (exit_price - position.entry_price) / position.entry_price;
        run_cached(
            self.bot,
            CLOSED,
            named_params! {
                ":coin": position.coin.name,
                ":entry": position.entry_price,
                ":exit": exit_price,
                ":size": position.size_usd,
                ":why_opened": position.entry_reason,
                ":why_closed": position.exit_reason,
                ":opened": position.opened_at,
                ":closed": at,
                ":rules": position.rule_ids(),
            },
        );
        self.closed += 1;
        self.balance_usd += pnl_usd;
        self.log_closing(&position, exit_price, pnl_usd, at);
        self.count_for_rules(&position.rules, pnl_usd > 0.0, at);
        let minutes = (at - position.opened_at) as f64 / MINUTE as f64;
        let what_happened = format!(
            "A long position in {} ended by {} after {minutes:.1} minutes with {:+.2}%",
            position.coin.name.to_uppercase(),
            position.exit_reason.split(':').next().unwrap(),
            100.0 * pnl_usd / position.size_usd
        );
        self.lessons.push(Lesson { trade: self.closed, what_happened });
        let (shortest, longest) = pause_seconds(self.healthy.pace);
        let pause_seconds = self.random.whole(shortest, longest);
        let slot = &mut self.slots[index];
        slot.opens_at = at + pause_seconds;
        let free_at = at.max(position.opened_at) + COOLDOWN_SECONDS + 5 * MINUTE;
        slot.coins.push(Coin { price: exit_price, price_at: at, free_at, ..position.coin });
    }

    /// Counts a trade for its rules, and judges those that have been tested.
    fn count_for_rules(&mut self, rules: &[usize], won: bool, at: i64) {
        for &index in rules {
            let rule = &mut self.rules[index];
            if won {
                rule.wins += 1
            } else {
                rule.losses += 1
            }
            let (wins, losses) = (rule.wins, rule.losses);
            let rate = f64::from(wins) / f64::from(wins + losses);
            let verdict = match rate {
                _ if rule.status != "testing" || wins + losses < 10 => continue,
                ..0.4 => "rejected",
                0.6.. if index != BAD_RULE => "active",
                _ => continue,
            };
            rule.status = verdict;
            let id = index + 1;
            self.bot
                .execute("UPDATE trading_rules SET status = ?1 WHERE id = ?2", params![verdict, id as i64]);
            let description =
                format!("Rule #{id} {} (success rate: {:.0}%)", verdict.to_uppercase(), 100.0 * rate);
            self.log(at, &format!("rule_{verdict}"), &description, &format!("wins={wins}, losses={losses}"));
        }
    }

    /// Rules whose time has come: some in the first half of the history, the last one some hours ago.
    fn create_rules(&mut self, at: i64) {
        let (start, now) = (self.installed_at, self.now);
        let life = (now - start) as f64;
        let due = [0.05, 0.12, 0.2, 0.45].map(|share| start + (share * life) as i64);
        let last = now - (8 * HOUR).min(DAY * self.healthy.days / 3);
        for (index, due_at) in due.into_iter().chain([last]).enumerate() {
            if self.healthy.days == 0 || self.rules[index].created || at < due_at {
                continue;
            }
            self.rules[index].created = true;
            let (id, (text, kind)) = (index as i64 + 1, RULES[index]);
            self.bot.execute(RULE, params![id, text, kind, at]);
            let description = format!("Rule #{id} from learning #{}: {text}...", self.learned);
            self.log(at, "rule_created", &description, &format!("trigger={kind}"));
        }
    }
}

/// From a close to the next opening in the same slot: the shortest and the longest.
fn pause_seconds(pace: Pace) -> (i64, i64) {
    match pace {
        Pace::Quiet => (4 * HOUR, 18 * HOUR),
        Pace::Busy => (8 * MINUTE, 50 * MINUTE),
    }
}
