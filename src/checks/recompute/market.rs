//! Prices of trades against the coin's own prices at that time.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::OptionalExtension as _;

use crate::checks::check::Audit;
use crate::checks::shared::{Market, Mispriced};
use crate::source::cell;
use crate::source::clock::utc_text;
use crate::source::ledger::{Entry, table};

/// Stored prices that tell what a coin's price was at a moment: some minutes around it.
const AROUND: TimeDelta = TimeDelta::minutes(5);
/// The nearest of them, some cycles away at most.
const NEAREST: TimeDelta = TimeDelta::minutes(3);
const LEAST_POINTS: usize = 3;
/// Beyond the lowest and highest price around: three times the coin's largest step there, within these bounds.
/// Another source of prices differs by less than a twentieth.
const STEPS: f64 = 3.0;
const SLACK: (f64, f64) = (0.05, 0.5);
/// Prices of other trades are hours apart: only a factor of two, which both neighbours deny, is certain.
const OTHERS_AROUND: TimeDelta = TimeDelta::hours(24);
const OTHERS_FACTOR: f64 = 2.0;
const OTHERS_SPREAD: f64 = 1.5;
/// Newest trades that are compared: those of the window, and older ones with an outstanding move.
const MOST_TRADES: usize = 200;
const OUTSTANDING_MOVE: f64 = 0.5;
/// More small differences than this are those of another clock, not of prices.
const FEW: f64 = 0.1;
const CERTAIN_FACTOR: f64 = 1.5;
/// Factors this close are one unit against another.
const UNIT_SPREAD: f64 = 1.1;

/// What tells the coin's price.
const HISTORY: &str = "price_history within five minutes";
const OTHERS: &str = "the trades before and after";

/// Points of a coin's price, in the order of time.
type Points = Vec<(DateTime<Utc>, f64)>;

/// Lowest and highest price, and how far beyond them a price may lie.
type Band = (f64, f64, f64);

fn is_within(price: f64, (low, high, slack): Band) -> bool {
    (low / (1.0 + slack)..=high * (1.0 + slack)).contains(&price)
}

impl Mispriced<'_> {
    /// How often the price is the nearest one that the coin had, or the other way round.
    fn factor(&self) -> f64 {
        if self.price > self.high { self.price / self.high } else { self.low / self.price }
    }
}

impl Market<'_> {
    /// Whether a price of the trade is none that its coin had.
    pub(in crate::checks) fn is_mispriced(&self, trade: &Entry) -> bool {
        self.wrong.iter().any(|one| own_table(one.trade) == own_table(trade) && one.trade.id == trade.id)
    }

    /// Where `price_history` denies more than a few of the trades that it tells of, it is in another currency
    /// or unit: then it proves only what is far off, and nothing where it denies all by one factor.
    fn trust_history(&mut self, trades: usize) {
        let of_history = || self.wrong.iter().filter(|one| one.source == HISTORY);
        let denied: HashSet<_> = of_history().map(|one| (own_table(one.trade), &one.trade.id)).collect();
        let denied = denied.len();
        let is_all = denied == trades;
        if denied as f64 <= FEW * trades as f64 || (denied < 2 && !is_all) {
            return;
        }
        let factors = || of_history().map(|one| one.price / one.low);
        let (low, high) = (factors().fold(f64::MAX, f64::min), factors().fold(0.0, f64::max));
        let is_unit = is_all && denied > 1 && high <= UNIT_SPREAD * low;
        self.wrong.retain(|one| one.source != HISTORY || (!is_unit && one.factor() >= CERTAIN_FACTOR));
    }
}

/// The comparison, made once a run.
pub(in crate::checks) fn market<'run>(audit: &Audit<'run>) -> anyhow::Result<&'run Market<'run>> {
    if let Some(market) = audit.shared.market.get() {
        return Ok(market);
    }
    let market = compare(audit)?;
    Ok(audit.shared.market.get_or_init(|| market))
}

fn compare<'run>(audit: &Audit<'run>) -> anyhow::Result<Market<'run>> {
    let context = audit.context;
    let closed = context.ledger()?.entries.iter().filter(|trade| {
        let is_new = trade.closed_at.is_some_and(|at| context.window.contains(at));
        is_new || trade.gain_fraction().is_some_and(|gain| gain.abs() > OUTSTANDING_MOVE)
    });
    let open = context.open_positions()?;
    let trades = closed.filter(|trade| trade.has_coin()).take(MOST_TRADES);
    let trades: Vec<&Entry> = trades.chain(open.iter().filter(|trade| trade.has_coin())).collect();
    let mut market = Market::default();
    if trades.is_empty() {
        return Ok(market);
    }
    let (stored, others) = (Stored::new(audit)?, OnceCell::new());
    let mut with_history = 0;
    for trade in trades {
        let (mut is_compared, mut has_history) = (false, false);
        let prices =
            [("entry", trade.opened_at, trade.entry_price), ("exit", trade.closed_at, trade.exit_price)];
        for (what, at, price) in prices {
            let (Some(at), Some(price)) = (at, price) else { continue };
            let known = known(audit, &stored, &others, trade, (what, at, price))?;
            let Some((band, source)) = known else { continue };
            is_compared = true;
            has_history |= source == HISTORY;
            if !is_within(price, band) {
                let (low, high, _) = band;
                market.wrong.push(Mispriced { trade, price, low, high, source });
            }
        }
        *market.compared.entry(own_table(trade)).or_default() += u64::from(is_compared);
        with_history += usize::from(has_history);
    }
    market.trust_history(with_history);
    let compared: u64 = market.compared.values().sum();
    if market.wrong.len() as f64 > FEW * compared as f64 {
        market.wrong.retain(|one| one.factor() >= CERTAIN_FACTOR);
    }
    Ok(market)
}

/// What the coin's price was at a moment at which a trade has another one, and by what.
fn known<'run>(
    audit: &Audit<'run>,
    stored: &Stored,
    others: &OnceCell<Others<'run>>,
    trade: &Entry,
    (what, at, price): (&str, DateTime<Utc>, f64),
) -> anyhow::Result<Option<(Band, &'static str)>> {
    if let Some(band) = stored.band(audit, &trade.coin, (at, price))? {
        return Ok(Some((band, HISTORY)));
    }
    if others.get().is_none() {
        others.set(self::others(audit)?).ok();
    }
    if let Some(band) = others.get().and_then(|others| others_band(others, trade, at)) {
        return Ok(Some((band, OTHERS)));
    }
    let is_outstanding = trade.gain_fraction().is_some_and(|gain| gain.abs() > OUTSTANDING_MOVE);
    if what != "exit" || trade.generation != 2 || !is_outstanding {
        return Ok(None);
    }
    let mut after = audit.context.bot.prepare(AFTER_EXIT)?;
    let after = after.query_row([&trade.id], |row| cell::real(row, 0)).optional()?.flatten();
    let after = after.filter(|after| *after > 0.0);
    Ok(after.map(|after| ((after, after, OTHERS_FACTOR - 1.0), "the price after the exit")))
}

const AFTER_EXIT: &str = "
SELECT
    price_15min_after
FROM post_exit
WHERE id = ?1";

fn own_table(trade: &Entry) -> &'static str {
    if trade.generation == 1 && trade.closed_at.is_none() { "open_trades" } else { table(trade.generation) }
}

/// The prices that the bot has stored, found by an index where there is one, else the newest.
struct Stored {
    is_indexed: bool,
    newest: HashMap<String, Points>,
}

const INDEXED: &str = "
SELECT EXISTS (
    SELECT 1
    FROM pragma_index_list('price_history', 'main') AS list
    JOIN pragma_index_info(list.name, 'main') AS first ON first.seqno = 0 AND first.name = 'coin'
    JOIN pragma_index_info(list.name, 'main') AS second ON second.seqno = 1 AND second.name = 'timestamp'
    WHERE list.partial = 0
)";

/// A price a second is more than any bot stores.
const AROUND_A_MOMENT: &str = "
SELECT
    at,
    clock,
    price_usd
FROM price_point
WHERE coin = ?1 AND at BETWEEN ?2 AND ?3
ORDER BY at
LIMIT 600";

const BEFORE_A_MOMENT: &str = "
SELECT
    price_usd
FROM price_point
WHERE coin = ?1 AND at BETWEEN ?2 AND ?3
ORDER BY at DESC
LIMIT 1";

impl Stored {
    fn new(audit: &Audit<'_>) -> anyhow::Result<Self> {
        let bot = audit.context.bot;
        let has_table = bot.has_table("price_history");
        let is_indexed = has_table && bot.connection().query_row(INDEXED, [], |row| row.get(0))?;
        let mut newest: HashMap<String, Points> = HashMap::new();
        if has_table && !is_indexed {
            for point in audit.shared.history.prices(audit.context)?.iter().rev() {
                newest.entry(point.coin.to_string()).or_default().push((point.at, point.price_usd));
            }
        }
        Ok(Self { is_indexed, newest })
    }

    /// What the coin's price was around a moment at which a trade has another one.
    fn band(
        &self,
        audit: &Audit<'_>,
        coin: &str,
        (at, price): (DateTime<Utc>, f64),
    ) -> anyhow::Result<Option<Band>> {
        if !self.is_indexed {
            let Some(points) = self.newest.get(coin) else { return Ok(None) };
            return Ok(band(
                points.iter().copied().filter(|(point_at, _)| (*point_at - at).abs() <= AROUND),
                at,
            ));
        }
        let bot = audit.context.bot;
        let (from, until) = (utc_text(at - AROUND), utc_text((at + AROUND).min(audit.context.now)));
        // Each row is a page of its own: most trades have the price of the row before, and need no more.
        let mut before = bot.prepare(BEFORE_A_MOMENT)?;
        let before = before.query_row([coin, &from, &utc_text(at)], |row| cell::real(row, 0)).optional()?;
        if let Some(before) = before.flatten().filter(|before| is_within(price, (*before, *before, SLACK.0)))
        {
            return Ok(Some((before, before, SLACK.0)));
        }
        let mut points = Vec::new();
        let mut statement = bot.prepare(AROUND_A_MOMENT)?;
        let mut rows = statement.query([coin, &from, &until])?;
        while let Some(row) = rows.next()? {
            points.extend(bot.instant(row, 0, 1)?.zip(cell::real(row, 2)?));
        }
        Ok(band(points.into_iter(), at))
    }
}

fn band(points: impl Iterator<Item = (DateTime<Utc>, f64)>, at: DateTime<Utc>) -> Option<Band> {
    let points: Points = points.filter(|(_, price)| *price > 0.0).collect();
    let is_near = points.iter().any(|(point_at, _)| (*point_at - at).abs() <= NEAREST);
    let steps = points.windows(2).filter_map(|pair| match pair {
        [(_, one), (_, other)] => Some((other / one).max(one / other) - 1.0),
        _ => None,
    });
    let slack = (STEPS * steps.fold(0.0, f64::max)).clamp(SLACK.0, SLACK.1);
    let prices = points.iter().map(|(_, price)| *price);
    let low = prices.clone().reduce(f64::min).filter(|_| is_near && points.len() >= LEAST_POINTS)?;
    Some((low, prices.reduce(f64::max)?, slack))
}

/// The prices at which coins were opened and closed, with the trade.
type Others<'run> = HashMap<(i64, &'run str), Vec<(DateTime<Utc>, f64, &'run str)>>;

fn others<'run>(audit: &Audit<'run>) -> anyhow::Result<Others<'run>> {
    let context = audit.context;
    let mut others = Others::new();
    for trade in context.ledger()?.entries.iter().chain(context.open_positions()?) {
        let prices = others.entry((trade.generation, &trade.coin)).or_default();
        let ends = [trade.opened_at.zip(trade.entry_price), trade.closed_at.zip(trade.exit_price)];
        prices.extend(ends.into_iter().flatten().map(|(at, price)| (at, price, trade.id.as_str())));
    }
    for prices in others.values_mut() {
        prices.sort_by_key(|(at, ..)| *at);
    }
    Ok(others)
}

/// The prices of other trades right before and after a moment, where they agree about the coin.
fn others_band(others: &Others<'_>, trade: &Entry, at: DateTime<Utc>) -> Option<Band> {
    let prices = others.get(&(trade.generation, trade.coin.as_str()))?;
    let middle = prices.partition_point(|(other_at, ..)| *other_at < at);
    let (before, after) = prices.split_at_checked(middle)?;
    let is_other =
        |other: &&(DateTime<Utc>, f64, &str)| other.2 != trade.id && (other.0 - at).abs() <= OTHERS_AROUND;
    let (before, after) = (before.iter().rev().find(is_other)?.1, after.iter().find(is_other)?.1);
    let (low, high) = (before.min(after), before.max(after));
    (high <= OTHERS_SPREAD * low).then_some((low, high, OTHERS_FACTOR - 1.0))
}
