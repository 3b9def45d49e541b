//! The sample's market: chance, coins and their prices, and the slots in which trades follow each other.

use std::collections::VecDeque;

/// Spans of time in seconds.
pub(super) const MINUTE: i64 = 60;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// Chance that repeats exactly: xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift
/// generators", 2016).
pub(super) struct Random(u64);

impl Random {
    /// A sequence of its own for every seed but 0.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// Evenly from 0 up to, not including, 1.
    fn fraction(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly between two bounds.
    pub(super) fn between(&mut self, (low, high): (f64, f64)) -> f64 {
        low + (high - low) * self.fraction()
    }

    /// True with this probability.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// One of these, all equally likely.
    pub(super) fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        let index = self.between((0.0, items.len() as f64)) as usize;
        items.get(index).copied().unwrap_or_default()
    }
}

/// A coin and what it costs.
#[derive(Debug)]
pub(super) struct Coin {
    pub(super) name: &'static str,
    pub(super) price: f64,
    /// What it wanders around.
    usual_price: f64,
    /// The price when the last day of the sample began.
    pub(super) price_a_day_ago: f64,
}

/// How a trade will end, drawn when it opens.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The exit price against the entry price: 0.02 is a gain of 2 %.
    pub(super) gain_fraction: f64,
    /// `take_profit`, `stop_loss` or `llm_sell: <why>`.
    pub(super) exit_reason: &'static str,
}

impl Outcome {
    /// A win of about a dollar, mostly by the take profit.
    pub(super) fn win(random: &mut Random, size_usd: f64) -> Self {
        if random.chance(0.85) {
            let gain_fraction = random.between((1.01, 1.2)) / size_usd;
            Self { gain_fraction, exit_reason: "take_profit" }
        } else {
            let gain_fraction = random.between((0.3, 0.8)) / size_usd;
            Self { gain_fraction, exit_reason: "llm_sell: Momentum is fading, taking the profit" }
        }
    }

    /// A loss of less than a dollar on the LLM's advice, or now and then of 10 % by the stop.
    pub(super) fn loss(random: &mut Random, size_usd: f64) -> Self {
        if random.chance(0.08) {
            Self { gain_fraction: -random.between((0.1001, 0.103)), exit_reason: "stop_loss" }
        } else {
            let gain_fraction = -random.between((0.4, 1.3)) / size_usd;
            Self { gain_fraction, exit_reason: "llm_sell: Negative 24h change indicates downtrend" }
        }
    }
}

/// An open trade.
#[derive(Debug)]
pub(super) struct Position {
    pub(super) id: i64,
    pub(super) coin: Coin,
    pub(super) entry_price: f64,
    pub(super) size_usd: f64,
    pub(super) opened_at: i64,
    pub(super) closes_at: i64,
    pub(super) outcome: Outcome,
}

impl Position {
    /// The price on its way from the entry to the drawn exit, inside of the limits until it is there.
    fn move_price(&mut self, at: i64) {
        let way = (at - self.opened_at) as f64 / (self.closes_at - self.opened_at) as f64;
        let gain_fraction = if way < 1.0 {
            (self.outcome.gain_fraction * way).clamp(-0.099, 0.99 / self.size_usd)
        } else {
            self.outcome.gain_fraction
        };
        self.coin.price = self.entry_price * (1.0 + gain_fraction);
    }
}

/// What a slot trades, and in which rhythm.
pub(super) struct Plan {
    coins: &'static [(&'static str, f64)],
    pub(super) sizes_usd: &'static [f64],
    /// From a close to the next opening.
    pause_seconds: (i64, i64),
    /// From an opening to its close.
    pub(super) hold_seconds: (i64, i64),
    /// When it may open trades, in seconds before `now`.
    opens_seconds_ago: (i64, i64),
}

/// Every size of an ordinary trade; with both planted slots three of them stay below 20 % of $1000.
const SIZES_USD: &[f64] = &[20.0, 25.0, 30.0, 35.0, 40.0];

/// An ordinary slot: six coins of all tiers in turn, so that none comes back within its cooldown.
const fn ordinary(coins: &'static [(&'static str, f64)]) -> Plan {
    Plan {
        coins,
        sizes_usd: SIZES_USD,
        pause_seconds: (5 * MINUTE, 25 * MINUTE),
        hold_seconds: (8 * MINUTE, HOUR),
        opens_seconds_ago: (5 * DAY, 0),
    }
}

/// Three ordinary slots and the two planted ones.
const PLANS: [Plan; 5] = [
    ordinary(&[
        ("bitcoin", 61_894.0),
        ("cardano", 0.909),
        ("sui", 0.7514),
        ("ethereum", 3032.9),
        ("near", 4.12),
        ("floki", 0.000_352),
    ]),
    ordinary(&[
        ("solana", 214.8),
        ("avalanche-2", 42.96),
        ("pepe", 0.000_009_6),
        ("ripple", 2.466),
        ("litecoin", 88.1),
        ("celestia", 3.62),
    ]),
    ordinary(&[
        ("binancecoin", 732.5),
        ("chainlink", 17.9),
        ("optimism", 3.33),
        ("polkadot", 6.4),
        ("stellar", 0.287),
        ("starknet", 0.3026),
    ]),
    Plan {
        coins: &[("dogecoin", 0.348)],
        sizes_usd: &[40.0],
        pause_seconds: (4 * MINUTE, 12 * MINUTE),
        hold_seconds: (5 * MINUTE, 15 * MINUTE),
        opens_seconds_ago: (20 * HOUR, 15 * HOUR),
    },
    Plan {
        coins: &[("kaspa", 0.118)],
        sizes_usd: &[25.0],
        pause_seconds: (HOUR, HOUR),
        hold_seconds: (10 * DAY, 10 * DAY),
        opens_seconds_ago: (53 * HOUR, 52 * HOUR),
    },
];

/// A place for one open trade at a time.
pub(super) struct Slot {
    pub(super) plan: &'static Plan,
    pub(super) position: Option<Position>,
    idle_coins: VecDeque<Coin>,
    next_opening: i64,
    last_opening: i64,
}

impl Slot {
    /// Every slot of a sample that ends at `now`.
    pub(super) fn all(now: i64) -> Vec<Self> {
        PLANS
            .iter()
            .map(|plan| Self {
                plan,
                position: None,
                idle_coins: plan
                    .coins
                    .iter()
                    .map(|&(name, price)| Coin { name, price, usual_price: price, price_a_day_ago: price })
                    .collect(),
                next_opening: now - plan.opens_seconds_ago.0,
                last_opening: now - plan.opens_seconds_ago.1,
            })
            .collect()
    }

    /// Its coins, traded or not.
    pub(super) fn coins(&self) -> impl Iterator<Item = &Coin> {
        self.idle_coins.iter().chain(self.position.iter().map(|position| &position.coin))
    }

    /// A cycle's prices: the coin in a trade goes where the trade will end, the others wander home.
    pub(super) fn move_prices(&mut self, random: &mut Random, at: i64, last_day: bool) {
        for coin in &mut self.idle_coins {
            let pull = 0.002 * (coin.usual_price - coin.price);
            coin.price = coin.price * random.between((0.9997, 1.0003)) + pull;
        }
        if let Some(position) = &mut self.position {
            position.move_price(at);
        }
        let traded = self.position.iter_mut().map(|position| &mut position.coin);
        for coin in self.idle_coins.iter_mut().chain(traded).filter(|_| !last_day) {
            coin.price_a_day_ago = coin.price;
        }
    }

    /// Takes out the position whose time has come and whose end is of this kind.
    pub(super) fn take_due(&mut self, at: i64, on_advice: bool) -> Option<Position> {
        self.position.take_if(|position| {
            at >= position.closes_at && position.outcome.exit_reason.starts_with("llm_sell") == on_advice
        })
    }

    /// The coin to trade next, if it is time to.
    pub(super) fn take_coin(&mut self, at: i64) -> Option<Coin> {
        let open = self.position.is_none() && (self.next_opening..=self.last_opening).contains(&at);
        open.then(|| self.idle_coins.pop_front()).flatten()
    }

    /// Back to the end of the queue with a coin whose trade closed, and a pause.
    pub(super) fn rest(&mut self, coin: Coin, random: &mut Random, at: i64) {
        self.idle_coins.push_back(coin);
        self.next_opening = at + whole_seconds(random, self.plan.pause_seconds);
    }
}

/// A length of time between two bounds.
pub(super) fn whole_seconds(random: &mut Random, (shortest, longest): (i64, i64)) -> i64 {
    random.between((shortest as f64, longest as f64)) as i64
}
