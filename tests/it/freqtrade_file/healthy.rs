//! freqtrade without a fault: whatever a check says about one of these files is a false alarm.
//!
//! Four pairs trade one after the other, each at most one trade at a time. Three of five trades win.
//! What freqtrade does by design is in it: ids of entries that were never filled are missing, locks stay
//! active after they have expired, exits time out and are ordered again, stops trail, trades are closed in
//! halves, and at the end one exit and one entry wait.

use super::{FreqtradeFile, Order, Trade};
use crate::bot_file::{NOW, after, parse, utc_text};
use crate::healthy::Random;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const STARTING_BALANCE: f64 = 1000.0;
const COINS: [(&str, f64); 4] = [("BTC", 68_000.0), ("ETH", 3_700.0), ("SOL", 185.0), ("XRP", 1.1)];

/// What is traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Market {
    /// Long only, `BTC/USDT`.
    Spot,
    /// Both sides with three times the stake and funding, `BTC/USDT:USDT`.
    Futures,
}

/// A healthy freqtrade to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HealthyFreqtrade {
    /// Another seed, another bot.
    pub(crate) seed: u64,
    /// Days since it was installed.
    pub(crate) days: i64,
    /// What is traded.
    pub(crate) market: Market,
}

/// A trade on its way: what will be stored, in seconds since 1970.
struct Plan {
    coin: &'static str,
    pair: String,
    is_short: bool,
    leverage: f64,
    open_rate: f64,
    close_rate: f64,
    exit_reason: &'static str,
    opened_at: i64,
    closed_at: i64,
    half_at: Option<i64>,
    timed_out: bool,
    funding_fees: f64,
}

impl HealthyFreqtrade {
    /// A month on the spot market.
    pub(crate) fn spot() -> Self {
        Self { seed: 2, days: 30, market: Market::Spot }
    }

    /// A month of longs and shorts with leverage.
    pub(crate) fn futures() -> Self {
        Self { market: Market::Futures, ..Self::spot() }
    }

    /// The file of the newest schema, as the bot would have left it at `NOW`, still running.
    pub(crate) fn write(self) -> FreqtradeFile {
        self.write_into(FreqtradeFile::of_2026())
    }

    /// The same bot in an empty file of any schema.
    pub(crate) fn write_into(self, file: FreqtradeFile) -> FreqtradeFile {
        let now = parse(NOW).and_utc().timestamp();
        let installed_at = now - self.days * DAY;
        let mut random = Random::new(self.seed);
        let mut plans: Vec<Plan> = COINS
            .iter()
            .flat_map(|&(coin, price)| self.plans(&mut random, coin, price, installed_at, now))
            .collect();
        plans.sort_by_key(|plan| plan.opened_at);
        if !file.knows_partial_exits() {
            plans.iter_mut().for_each(|plan| plan.half_at = None);
        }
        file.bot.connection().execute_batch("BEGIN").unwrap();
        for (number, plan) in plans.iter().enumerate() {
            // Every ninth entry was never filled: freqtrade deletes such a trade, and its id is missing.
            store(&file, plan, (number + number / 9 + 1) as i64, now);
        }
        let wait_from = after(NOW, -MINUTE);
        file.unfilled_entry(|trade| {
            (trade.pair, trade.opened_at, trade.open_rate) = ("ADA/USDT", &wait_from, 0.7);
        });
        store_wallets(&file, &plans, installed_at, now);
        file.started(&text(installed_at), &text(now - 20 * HOUR));
        file.bot.connection().execute_batch("COMMIT").unwrap();
        file
    }

    /// All trades of one coin, the last one still open.
    fn plans(self, random: &mut Random, coin: &'static str, price: f64, from: i64, now: i64) -> Vec<Plan> {
        let mut plans = Vec::new();
        let mut at = from + random.whole(20 * MINUTE, 5 * HOUR);
        while at < now - 10 * MINUTE {
            let open_rate = price * random.between(0.98, 1.02);
            let plan = self.plan(random, coin, open_rate, at);
            at = plan.closed_at + random.whole(20 * MINUTE, 3 * HOUR);
            plans.push(plan);
        }
        plans
    }

    /// One trade: a gain of 1 to 2 % or a loss of 0.8 to 1.6 %.
    fn plan(self, random: &mut Random, coin: &'static str, open_rate: f64, opened_at: i64) -> Plan {
        let is_futures = self.market == Market::Futures;
        let is_short = is_futures && random.chance(0.5);
        let wins = random.chance(0.6);
        let move_ = if wins { random.between(0.01, 0.02) } else { -random.between(0.008, 0.016) };
        let sign = if is_short { -1.0 } else { 1.0 };
        let exit_reason = match (wins, random.chance(0.3)) {
            (true, true) => "trailing_stop_loss",
            (true, false) => "roi",
            (false, true) => "stop_loss",
            (false, false) => "exit_signal",
        };
        let closed_at = opened_at + random.whole(25 * MINUTE, 10 * HOUR);
        let half_at = random.chance(0.1).then(|| i64::midpoint(opened_at, closed_at));
        Plan {
            coin,
            pair: if is_futures { format!("{coin}/USDT:USDT") } else { format!("{coin}/USDT") },
            is_short,
            leverage: if is_futures { 3.0 } else { 1.0 },
            open_rate,
            close_rate: open_rate * (1.0 + sign * move_),
            exit_reason,
            opened_at,
            closed_at,
            half_at,
            timed_out: half_at.is_none() && random.chance(0.1),
            funding_fees: if is_futures { random.between(-0.02, 0.01) } else { 0.0 },
        }
    }
}

impl Plan {
    /// The builder's trade; open where it closes after `now`.
    fn fill_in<'text>(&'text self, trade: &mut Trade<'text>, times: &'text [String; 3], now: i64) {
        let [opened_at, half_at, closed_at] = times;
        let is_closed = self.closed_at < now - 5 * MINUTE;
        (trade.pair, trade.is_short, trade.leverage) = (&self.pair, self.is_short, self.leverage);
        (trade.open_rate, trade.close_rate) = (self.open_rate, self.close_rate);
        (trade.opened_at, trade.closed_at) = (opened_at, is_closed.then_some(closed_at.as_str()));
        // An open trade has the reason of its exit while that is ordered.
        trade.exit_reason = (is_closed || self.exit_is_ordered(now)).then_some(self.exit_reason);
        trade.first_exit = self.half_at.filter(|at| *at < now).map(|_| (half_at.as_str(), self.close_rate));
        trade.funding_fees = self.funding_fees;
        let beyond = if self.is_short { 0.999 } else { 1.001 };
        match self.exit_reason {
            "trailing_stop_loss" => trade.stop_loss = Some(self.close_rate * beyond),
            "stop_loss" => {
                let distance = (self.close_rate * beyond / self.open_rate - 1.0).abs();
                trade.stop_loss_ratio = -distance * self.leverage;
            }
            _ => (),
        }
    }

    /// The exit is ordered and not filled at the end.
    fn exit_is_ordered(&self, now: i64) -> bool {
        self.closed_at < now + 2 * HOUR && self.closed_at >= now - 5 * MINUTE
    }
}

/// Stores a trade with what it ordered in vain.
fn store(file: &FreqtradeFile, plan: &Plan, id: i64, now: i64) {
    let times = [plan.opened_at, plan.half_at.unwrap_or(0), plan.closed_at].map(text);
    let mut units = 0.0;
    file.trade(|trade| {
        trade.id = Some(id);
        plan.fill_in(trade, &times, now);
        units = if trade.first_exit.is_some() { trade.units() / 2.0 } else { trade.units() };
    });
    let side = if plan.is_short { "buy" } else { "sell" };
    let exit = |order: &mut Order<'_>| {
        (order.units, order.price, order.tag) = (units, plan.close_rate, Some(plan.exit_reason));
    };
    if plan.timed_out && plan.closed_at < now - 5 * MINUTE {
        let (placed_at, updated_at) = (text(plan.closed_at - 12 * MINUTE), text(plan.closed_at - 2 * MINUTE));
        file.order(id, |order| {
            exit(order);
            (order.pair, order.side, order.status) = (&plan.pair, side, "canceled");
            order.cancel_reason = Some("cancelled due to timeout");
            (order.placed_at, order.updated_at) = (&placed_at, &updated_at);
        });
    }
    if plan.exit_is_ordered(now) {
        let placed_at = text(now - 2 * MINUTE);
        file.order(id, |order| {
            exit(order);
            (order.pair, order.side, order.status) = (&plan.pair, side, "open");
            (order.placed_at, order.updated_at) = (&placed_at, &placed_at);
        });
    }
}

/// The wallet at each midnight: what is free, and the coins of the open trades at their entry's price.
fn store_wallets(file: &FreqtradeFile, plans: &[Plan], from: i64, now: i64) {
    let mut midnight = from - from.rem_euclid(DAY) + DAY;
    while midnight <= now {
        let mut free = STARTING_BALANCE;
        for plan in plans.iter().filter(|plan| plan.opened_at < midnight) {
            let mut trade = Trade::default();
            let times = [plan.opened_at, plan.half_at.unwrap_or(0), plan.closed_at].map(text);
            plan.fill_in(&mut trade, &times, now);
            if plan.closed_at < midnight {
                free += trade.total_profit();
            } else {
                let half_is_closed = plan.half_at.is_some_and(|at| at < midnight);
                let left = if half_is_closed { trade.stake / 2.0 } else { trade.stake };
                free -= if half_is_closed { left - trade.first_profit() } else { left };
                file.wallet(&text(midnight), plan.coin, left / trade.open_rate, trade.open_rate);
            }
        }
        file.wallet(&text(midnight), "USDT", free, 1.0);
        midnight += DAY;
    }
}

/// Seconds since 1970 as UTC text.
fn text(seconds: i64) -> String {
    utc_text(chrono::DateTime::from_timestamp(seconds, 0).unwrap().naive_utc())
}
