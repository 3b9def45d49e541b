//! Do prices still arrive while the bot is alive?

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::newest_price::NewestPrice;
use super::span::span;
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};
use crate::checks::statistics::median;
use crate::model::{AlertType, Severity};
use crate::plural::plural;
use crate::source::ledger::Entry;
use crate::source::log::{Log, quotable};
use crate::source::{cell, clock};
use crate::untrusted::cut;

/// All prices are old.
pub(super) const STALE: Check = Check {
    id: "prices-stale",
    theme: Theme::Liveness,
    why: "A bot that runs on old prices decides blindly and cannot see a stop loss.",
    threshold: Some(Threshold {
        default: 30.0,
        reason: "minutes behind the bot's newest row, at least 20 cycles: rate limits pass within 20 minutes",
    }),
    run: stale,
};

/// One coin's price is old, the others' are not.
pub(super) const COIN_STALE: Check = Check {
    id: "coin-price-stale",
    theme: Theme::Liveness,
    why: "A coin whose price no longer arrives keeps its last one: its position can neither win nor lose.",
    threshold: Some(Threshold {
        default: 120.0,
        reason: "minutes behind the other coins, at least 20 cycles: one request fetches all coins",
    }),
    run: coin_stale,
};

/// An open position without any price.
pub(super) const POSITION_UNPRICED: Check = Check {
    id: "position-without-price",
    theme: Theme::Liveness,
    why: "Without a price neither stop loss nor take profit of a position can ever be reached.",
    threshold: None,
    run: unpriced,
};

const PRICES: &str = "
SELECT
    updated_at,
    clock,
    coin
FROM price";
/// A table of this length is no list of coins.
const MOST_COINS: usize = 2_000;
/// A row of prices that was being written at the opening is there after the next cycle.
const CYCLES_TO_SETTLE: f64 = 2.0;
/// Fewer coins are no "others".
const FEWEST_OTHERS: usize = 3;

/// The newest price of each coin, and how the bot stands to them.
struct Prices {
    coins: Vec<(String, DateTime<Utc>)>,
    newest: DateTime<Utc>,
    cycle_seconds: f64,
}

impl Prices {
    /// `None` where there are none, where a later moment has overwritten them, or where the second
    /// generation writes the log and the prices are left from the first.
    fn read(audit: &Audit<'_>, log: &Log) -> anyhow::Result<Option<Self>> {
        let context = audit.context;
        let mut coins = Vec::new();
        let mut later = false;
        context.bot.each_row(PRICES, |row| {
            let (Some(at), Some(coin)) = (context.bot.instant(row, 0, 1)?, cell::text(row, 2)?) else {
                return Ok(());
            };
            later |= at > context.now;
            if coins.len() <= MOST_COINS {
                coins.push((cut(&coin, 40), at));
            }
            Ok(())
        })?;
        let is_clear = !later && coins.len() <= MOST_COINS;
        let Some(newest) = coins.iter().map(|(_, at)| *at).max().filter(|_| is_clear) else {
            return Ok(None);
        };
        if log.of_kind("strategist").any(|run| run.at() > newest) {
            return Ok(None);
        }
        let begins: Vec<_> = log.of_kind("market_data").collect();
        let intervals = begins
            .iter()
            .zip(begins.iter().skip(1))
            .map(|(one, next)| (next.at() - one.at()).num_seconds() as f64)
            .collect::<Vec<_>>();
        let cycle_seconds = median(&intervals).unwrap_or(audit.context.limits.cycle_pause_seconds);
        Ok(Some(Self { coins, newest, cycle_seconds }))
    }

    fn limit_seconds(&self, least_minutes: f64) -> f64 {
        (least_minutes * 60.0).max(20.0 * self.cycle_seconds)
    }
}

fn stale(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let log = audit.log()?;
    let (Some(prices), Some(last)) = (Prices::read(audit, log)?, log.entries().next_back()) else {
        return Ok(Found::nothing());
    };
    let behind = (last.at() - prices.newest).num_seconds() as f64;
    if behind <= prices.limit_seconds(audit.threshold) {
        return Ok(Found::nothing());
    }
    let open = audit.context.open_positions()?.len();
    Ok(Some(Problem {
        alert_type: AlertType::Bug,
        severity: if open > 0 { Severity::Critical } else { Severity::High },
        subject: String::new(),
        title: "Prices are no longer updated while the bot runs".to_owned(),
        description: format!(
            "The newest price of all {} coins is from {} UTC, {} older than the bot's newest activity. \
             Open positions: {open}.",
            prices.coins.len(),
            clock::utc_text(prices.newest),
            span(behind)
        ),
        evidence: format!(
            "newest price {}, newest activity {} ({}); query: SELECT max(last_updated) FROM market_data",
            clock::utc_text(prices.newest),
            clock::utc_text(last.at()),
            cut(&quotable(last.description()), 60)
        ),
        recommendation:
            "Look at the source of the prices and its errors; let the bot stop deciding on old prices."
                .to_owned(),
    })
    .into())
}

fn coin_stale(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let log = audit.log()?;
    let Some(prices) = Prices::read(audit, log)? else { return Ok(Found::nothing()) };
    let limit = prices.limit_seconds(audit.threshold);
    let behind = |at: &DateTime<Utc>| (prices.newest - *at).num_seconds() as f64;
    let (mut old, fresh): (Vec<_>, Vec<_>) = prices.coins.iter().partition(|(_, at)| behind(at) > limit);
    if old.is_empty() || fresh.len() < FEWEST_OTHERS.max(old.len()) {
        return Ok(Found::nothing());
    }
    old.sort_by_key(|(_, at)| *at);
    let open = audit.context.open_positions()?;
    let mut found = Found::nothing();
    let mut others = Evidence::default();
    others.of = (fresh.len() + old.len()) as u64;
    let mut proposed = 0;
    for (coin, at) in old {
        let example = format!("{coin}: {}, {} behind", clock::utc_text(*at), span(behind(at)));
        let positions: Vec<_> =
            open.iter().filter(|position| cut(&position.coin, 40).eq_ignore_ascii_case(coin)).collect();
        if positions.is_empty() {
            others.fault(|| example);
            others.of -= 1;
            proposed += proposals_since(log, coin, *at);
        } else {
            found.fact(held(coin, &example, &positions, NewestPrice::of(audit, coin)?));
        }
    }
    if others.count > 0 {
        found.fact(not_held(log, &others, proposed, limit));
    }
    Ok(found)
}

fn proposals_since(log: &Log, coin: &str, since: DateTime<Utc>) -> usize {
    let names_it =
        |named: &Option<String>| named.as_ref().is_some_and(|named| named.eq_ignore_ascii_case(coin));
    let decisions = log.decisions.iter().filter(|decision| decision.is("BUY") && names_it(&decision.coin));
    decisions.filter(|decision| log.entry(decision.place).is_some_and(|entry| entry.at() > since)).count()
}

fn held(coin: &str, example: &str, positions: &[&Entry], newest: Option<NewestPrice>) -> Problem {
    let told = newest.map(|newest| newest.told(positions)).unwrap_or_default();
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Critical,
        subject: coin.to_owned(),
        title: format!("The price of {coin} is no longer updated while a position in it is open"),
        description: format!(
            "In market_data the other coins' prices are fresh, that of {coin} is not ({example}): a stop loss that is \
             compared with it cannot fire. {told}"
        )
        .trim()
        .to_owned(),
        evidence: format!(
            "{example}; query: SELECT * FROM market_data WHERE lower(coin) = lower('{}')",
            coin.replace('\'', "''")
        ),
        recommendation: match newest.filter(|newest| newest.is_logged_only()) {
            Some(_) => format!(
                "Why is the price of {coin} in the answer that the log holds, and not stored? Store it, and close the position by hand until then."
            ),
            None => format!(
                "Do the answers of the price source still hold {coin}, or was it renamed or delisted? Close the position by hand if not."
            ),
        },
    }
}

fn not_held(log: &Log, evidence: &Evidence, proposed: usize, limit_seconds: f64) -> Problem {
    let (when, coins) = (log.when(), evidence.count);
    let consequence = match proposed {
        0 => format!(
            "No decision {when} proposed to buy {}.",
            plural(coins, "it at its old price", "them at their old prices")
        ),
        _ => format!(
            "Decisions {when} to buy {}: {proposed}.",
            plural(coins, "it at its old price", "them at their old prices")
        ),
    };
    Problem {
        alert_type: AlertType::Bug,
        severity: if proposed > 0 { Severity::Medium } else { Severity::Low },
        subject: "not held".to_owned(),
        title: "Single coins keep an old price while all others are updated".to_owned(),
        description: format!(
            "{coins} {} in market_data more than {} older than the newest. {consequence}",
            plural(coins, "coin that is not held has a price", "coins that are not held have prices"),
            span(limit_seconds)
        ),
        evidence: evidence.text(
            "coins",
            &format!(
                "SELECT * FROM market_data WHERE last_updated < datetime((SELECT max(last_updated) FROM market_data), '-{limit_seconds:.0} seconds')"
            ),
        ),
        recommendation:
            "Delete prices that an answer no longer contains, or treat them as missing by their age."
                .to_owned(),
    }
}

fn unpriced(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let log = audit.log()?;
    let Some(prices) = Prices::read(audit, log)? else { return Ok(Found::nothing()) };
    if audit.context.generation != 1 || prices.coins.len() < FEWEST_OTHERS {
        return Ok(Found::nothing());
    }
    let known: HashSet<String> = prices.coins.iter().map(|(coin, _)| coin.to_lowercase()).collect();
    // The bot opens no trade without a price, and each cycle writes them all: the next one is proof enough.
    let settled = prices.newest - TimeDelta::seconds((CYCLES_TO_SETTLE * prices.cycle_seconds) as i64);
    let mut evidence = Evidence::default();
    for position in audit.context.open_positions()?.iter().filter(|position| position.has_coin()) {
        let is_old = position.opened_by.is_some_and(|opened_by| opened_by < settled);
        if is_old && !known.contains(&cut(&position.coin, 40).to_lowercase()) {
            let newest = NewestPrice::of(audit, &position.coin)?;
            let told =
                newest.map_or_else(|| "no price in the file".to_owned(), |newest| newest.told(&[position]));
            evidence.fault(|| format!("{} (id {}): {told}", cut(&position.coin, 40), position.id));
        } else {
            evidence.of += 1;
        }
    }
    let problem = Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Critical,
        subject: String::new(),
        title: "Open positions in coins that have no price at all".to_owned(),
        description: format!(
            "{} in a coin that market_data does not hold: a stop loss or take profit that is compared with it cannot \
             fire. {}",
            evidence.counted("open positions", "is", "are"),
            evidence.examples().join(" ")
        ),
        evidence: evidence.text(
            "open positions",
            "SELECT * FROM open_trades WHERE lower(coin_name) NOT IN (SELECT lower(coin) FROM market_data)",
        ),
        recommendation: "Fetch the prices of every coin that is held, also of one that left the watch list."
            .to_owned(),
    };
    Ok((evidence.count > 0).then_some(problem).into())
}
