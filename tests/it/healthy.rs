//! Bots without a fault: whatever a check says about one of these files is a false alarm.
//!
//! A small simulation writes a file that adds up in every detail and is statistically unremarkable:
//! whether a trade wins is drawn independently of its coin, tier, hour and rules, at 60 %, and wins and
//! losses are about a dollar. As on a real bot, the activity log is pruned: it covers the last two days.
//!
//! ```ignore
//! let bot = Healthy { seed: 7, days: 30, ..Healthy::generation1() }.write();
//! ```

mod generation1;
mod generation2;
mod texts;

use crate::bot_file::{BotFile, NOW, parse};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Which of the bot's two generations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// Cycles of half a minute, prices and rules in the file.
    First,
    /// A journal, conditions and reflections.
    Second,
}

/// How much a bot trades.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// About six trades a day.
    Quiet,
    /// About sixty trades a day.
    Busy,
}

/// A healthy bot to be written.
#[derive(Debug, Clone)]
pub(crate) struct Healthy {
    /// Which of the bot's two generations.
    pub(crate) generation: Generation,
    /// Another seed, another bot.
    pub(crate) seed: u64,
    /// Days since it was installed; 0 is twenty minutes ago.
    pub(crate) days: i64,
    /// How much it trades.
    pub(crate) pace: Pace,
    /// How far its host is east of UTC, which shows in files of the second generation only.
    pub(crate) host_offset_seconds: i64,
    /// What is left of the activity log.
    pub(crate) log_hours: i64,
    /// When the file was looked at, as UTC text.
    pub(crate) now: &'static str,
}

impl Healthy {
    /// A week of a busy bot of the first generation.
    pub(crate) fn generation1() -> Self {
        Self {
            generation: Generation::First,
            seed: 1,
            days: 7,
            pace: Pace::Busy,
            host_offset_seconds: 0,
            log_hours: 49,
            now: NOW,
        }
    }

    /// A week of a busy bot of the second generation, in India.
    pub(crate) fn generation2() -> Self {
        Self { generation: Generation::Second, host_offset_seconds: 19_800, ..Self::generation1() }
    }

    /// The file, as the bot would have left it at `now`, still running.
    pub(crate) fn write(&self) -> BotFile {
        let bot = match self.generation {
            Generation::First => BotFile::generation1(),
            Generation::Second => BotFile::generation2().host_offset_seconds(self.host_offset_seconds),
        };
        bot.connection().set_prepared_statement_cache_capacity(64);
        // Nobody reads the file yet, and nothing is lost if this fails.
        bot.connection()
            .execute_batch("PRAGMA journal_mode = OFF; PRAGMA cache_size = -64000; BEGIN")
            .unwrap();
        match self.generation {
            Generation::First => generation1::Simulation::new(&bot, self).run(),
            Generation::Second => generation2::Simulation::new(&bot, self).run(),
        }
        bot.connection().execute_batch("COMMIT; PRAGMA journal_mode = DELETE").unwrap();
        bot
    }

    /// `now` in epoch seconds.
    fn now_seconds(&self) -> i64 {
        parse(self.now).and_utc().timestamp()
    }

    /// When the bot was installed, in epoch seconds.
    fn installed_at(&self) -> i64 {
        self.now_seconds() - if self.days == 0 { 20 * MINUTE } else { self.days * DAY }
    }

    /// The first second that the log may still hold.
    fn log_from(&self) -> i64 {
        self.installed_at().max(self.now_seconds() - self.log_hours * HOUR)
    }
}

/// Chance that repeats exactly: xorshift64* seeded by splitmix64.
pub(crate) struct Random(u64);

impl Random {
    /// A sequence of its own for every seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self((mixed ^ (mixed >> 31)) | 1)
    }

    /// Evenly from 0 up to, not including, 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly between two bounds.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.fraction()
    }

    /// A whole number from `low` up to, not including, `high`.
    pub(crate) fn whole(&mut self, low: i64, high: i64) -> i64 {
        self.between(low as f64, high as f64) as i64
    }

    /// A length of time, as many short ones as long ones by order of magnitude.
    fn seconds(&mut self, shortest: i64, longest: i64) -> i64 {
        self.between((shortest as f64).ln(), (longest as f64).ln()).exp() as i64
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// One of these, all equally likely.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.whole(0, items.len() as i64) as usize]
    }
}

/// A coin and its price, which wanders around its usual one.
struct Coin {
    name: &'static str,
    usual_price: f64,
    price: f64,
    price_at: i64,
    /// Not to be traded before: the cooldown, and some minutes.
    free_at: i64,
}

impl Coin {
    /// A coin at its usual price.
    fn new(name: &'static str, usual_price: f64, at: i64) -> Self {
        Self { name, usual_price, price: usual_price, price_at: at, free_at: at }
    }

    /// Moves the price to a later moment.
    fn wander(&mut self, random: &mut Random, at: i64) {
        let hours = (at - self.price_at).max(0) as f64 / HOUR as f64;
        let left = (-hours / 6.0).exp();
        let step = 0.01 * (1.0 - left).sqrt() * random.between(-1.0, 1.0);
        self.price = (self.usual_price + (self.price - self.usual_price) * left) * (1.0 + step);
        self.price_at = at;
    }
}

/// Runs one of the statements that run thousands of times.
fn run_cached(bot: &BotFile, sql: &str, params: impl rusqlite::Params) {
    bot.connection().prepare_cached(sql).unwrap().execute(params).unwrap();
}
