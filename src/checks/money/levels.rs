//! Stops and targets: on the right side of the entry, and acted upon.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::names::{names, shown};
use crate::checks::check::{Audit, Evidence, Found, Problem, id_list};
use crate::checks::refer::contradicted::contradicted;
use crate::checks::shared::Prices;
use crate::model::{AlertType, Severity};
use crate::plural::plural;
use crate::source::clock::utc_text;
use crate::source::ledger::Entry;

/// A price is beyond a level where it is further than this fraction of the entry: spread and rounding.
const BEYOND: f64 = 0.005;
/// One strange price is a spike; two in a row are the market.
const LEAST_PRICES: usize = 2;

/// Stops or targets on the side where the price already is.
pub(super) fn wrong_side(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut evidence = Evidence::default();
    for trade in audit.shared.history.all(audit.context)? {
        let (Some(side), Some(entry)) = (trade.side, trade.entry_price) else { continue };
        let (stop, target) = (trade.stop_loss_price, trade.take_profit_price);
        if stop.is_none() && target.is_none() {
            continue;
        }
        // By how much a level lies on the winning side of the entry. A stop in profit is a trailing one where
        // the target lies further still; a target on the losing side has no such reading.
        let winning = |level: f64| side.sign() * (level - entry) / entry;
        let target_is_wrong = target.is_some_and(|target| winning(target) < -BEYOND);
        let stop_is_beyond = stop.is_some_and(|stop| {
            target.is_some_and(|target| winning(stop) > BEYOND && winning(stop) >= winning(target))
        });
        evidence.row((target_is_wrong || stop_is_beyond).then_some(|| {
            let level = |level: Option<f64>| level.map_or_else(|| "none".to_owned(), price_text);
            format!(
                "{} {side:?} (id {}): entry {}, stop {}, target {}",
                shown(&trade.coin),
                trade.id,
                price_text(entry),
                level(stop),
                level(target)
            )
        }));
    }
    let names = names(audit.context.generation);
    Ok((evidence.count > 0)
        .then(|| Problem {
            alert_type: AlertType::Bug,
            severity: Severity::High,
            subject: String::new(),
            title: "Stops or targets lie on the wrong side of the entry".to_owned(),
            description: format!(
                "{} of {} trades with levels {} a target where the trade loses, or a stop beyond the target, which \
                 closes at once or bounds no loss.",
                evidence.count,
                evidence.of,
                plural(evidence.count, "has", "have")
            ),
            evidence: evidence.text(
                "trades with levels",
                &format!(
                    "SELECT {}, entry_price, stop_loss_price, take_profit_price FROM {}",
                    names.coin, names.open
                ),
            ),
            recommendation: "Compute the levels from direction and entry price in one place, and refuse orders whose \
                             levels do not enclose the price."
                .to_owned(),
        })
        .into())
}

/// A price with six significant digits.
fn price_text(price: f64) -> String {
    let digits = 5 - price.abs().log10().floor().clamp(-15.0, 5.0) as i32;
    format!("{price:.*}", usize::try_from(digits).unwrap_or(0))
}

/// Prices of the coins of trades with levels, in the order of time: those that the bot stores, and those
/// at which it opened and closed trades.
fn prices<'run>(audit: &Audit<'run>) -> anyhow::Result<&'run Prices<'run>> {
    if let Some(prices) = audit.shared.prices.get() {
        return Ok(prices);
    }
    let (context, history) = (audit.context, &audit.shared.history);
    let mut prices = Prices::new();
    for trade in history.all(context)? {
        // Where a clock change gives a time two readings, nobody knows when the price was that.
        let certain = |at: Option<DateTime<Utc>>, by| at.filter(|_| at == by);
        let entry = certain(trade.opened_at, trade.opened_by).zip(trade.entry_price);
        let exit = certain(trade.closed_at, trade.closed_by).zip(trade.exit_price);
        prices.entry(&trade.coin).or_default().extend(entry.into_iter().chain(exit));
    }
    let open: BTreeSet<&str> = history.open(context)?.iter().map(|trade| trade.coin.as_str()).collect();
    if !open.is_empty() {
        for point in history.prices(context)?.iter().filter(|point| point.price_usd > 0.0) {
            let held = prices.get_mut(&*point.coin).filter(|_| open.contains(&*point.coin));
            if let Some(prices) = held {
                prices.push((point.at, point.price_usd));
            }
        }
    }
    for coin in prices.values_mut() {
        coin.sort_by_key(|(at, _)| *at);
    }
    Ok(audit.shared.prices.get_or_init(|| prices))
}

/// Since when a position had been beyond its stop or target, uninterrupted and for at least `patience`.
struct Ignored<'trades> {
    trade: &'trades Entry,
    kind: &'static str,
    level: f64,
    since: DateTime<Utc>,
    price: f64,
}

fn ignored_level<'trades>(
    trade: &'trades Entry,
    prices: &Prices<'_>,
    patience: TimeDelta,
    now: DateTime<Utc>,
) -> Option<Ignored<'trades>> {
    let (side, entry, opened_by) = (trade.side?.sign(), trade.entry_price?, trade.opened_by?);
    let until = trade.closed_at.unwrap_or(now);
    if until - opened_by < patience {
        return None;
    }
    let known = prices.get(trade.coin.as_str()).filter(|_| trade.has_coin())?;
    let begin = known.partition_point(|(at, _)| *at <= opened_by);
    let end = known.partition_point(|(at, _)| *at < until);
    let during = known.get(begin..end)?;
    // A stop in profit is a trailing one: the price was beyond it before it was set.
    let stop = trade.stop_loss_price.filter(|stop| side * (entry - stop) / entry > BEYOND);
    let levels = [("stop", stop, -1.0), ("target", trade.take_profit_price, 1.0)];
    levels.into_iter().find_map(|(kind, level, direction)| {
        let level = level?;
        let is_beyond = |price: f64| side * direction * (price - level) / entry > BEYOND;
        let (mut since, mut count) = (None, 0);
        for (at, price) in during {
            if !is_beyond(*price) {
                (since, count) = (None, 0);
                continue;
            }
            let (first_at, first_price) = *since.get_or_insert((*at, *price));
            count += 1;
            if count >= LEAST_PRICES && *at - first_at >= patience && until - first_at >= patience {
                return Some(Ignored { trade, kind, level, since: first_at, price: first_price });
            }
        }
        None
    })
}

fn all_ignored<'run>(audit: &Audit<'run>, minutes: f64) -> anyhow::Result<Vec<Ignored<'run>>> {
    let patience = TimeDelta::milliseconds((minutes * 60_000.0) as i64);
    let prices = prices(audit)?;
    let trades = audit.shared.history.all(audit.context)?;
    Ok(trades.filter_map(|trade| ignored_level(trade, prices, patience, audit.context.now)).collect())
}

/// Positions that stayed open while the price was beyond their stop or target.
pub(super) fn ignored(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut ignored = all_ignored(audit, audit.threshold)?;
    // Those that the bot has forgotten, or whose row tells a second closing, are reported as that.
    let is_contradicted = contradicted(audit)?;
    let all = ignored.len();
    ignored.retain(|one| !is_contradicted(one.trade));
    let reported_elsewhere = all - ignored.len();
    if ignored.is_empty() {
        return Ok(Found::nothing());
    }
    let (open, closed): (Vec<_>, Vec<_>) = ignored.iter().partition(|one| one.trade.closed_at.is_none());
    let mut evidence = Evidence::default();
    for one in open.iter().chain(&closed) {
        let end = one
            .trade
            .closed_at
            .map_or_else(|| "still open".to_owned(), |at| format!("closed {}", utc_text(at)));
        evidence.fault(|| {
            format!(
                "{} (id {}): {} {} passed at {} by {}, {end}",
                shown(&one.trade.coin),
                one.trade.id,
                one.kind,
                price_text(one.level),
                utc_text(one.since),
                price_text(one.price)
            )
        });
    }
    evidence.of = audit.shared.history.all(audit.context)?.count() as u64;
    let open_usd = open.iter().filter_map(|one| one.trade.size_usd).fold(0.0, |sum, size| sum + size);
    let still_open = match (open.len(), reported_elsewhere) {
        (0, 0) => "none of them is open any more".to_owned(),
        (0, more) => format!("none of them is open any more, {}", forgotten_text(more)),
        (open, 0) => format!("{open} of them (${open_usd:.2}) {} still open", plural(open, "is", "are")),
        (open, more) => {
            let are = plural(open, "is", "are");
            format!("{open} of them (${open_usd:.2}) {are} still open, {}", forgotten_text(more))
        }
    };
    let by_hand = if open.is_empty() { "" } else { ", and close these by hand" };
    Ok(Some(Problem {
        alert_type: AlertType::Bug,
        severity: if open.is_empty() { Severity::Medium } else { Severity::High },
        subject: String::new(),
        title: "Positions stay open although the price has passed their stop or target".to_owned(),
        description: format!(
            "Positions that stayed open for more than {} minutes beyond their stop or target, by prices in the same file: {}; \
             {still_open}.",
            audit.threshold,
            ignored.len()
        ),
        evidence: evidence.text("trades and positions", &query(audit.context.generation, &ignored)),
        recommendation: format!(
            "Was the bot restarted in that time without loading its open positions, or were there no prices? Load them at the start \
             and check every one of them in each cycle{by_hand}."
        ),
    })
    .into())
}

/// The rows, each in its table.
fn query(generation: i64, ignored: &[Ignored<'_>]) -> String {
    // In the first generation only a row of the open positions has a position's id.
    let (open, closed): (Vec<&Entry>, Vec<&Entry>) =
        ignored.iter().map(|one| one.trade).partition(|trade| generation == 1 && trade.position_id.is_some());
    let ids = |trades: Vec<&Entry>| id_list(trades.into_iter().map(|trade| trade.id.as_str()));
    if generation != 1 {
        return format!("SELECT * FROM trade_journal WHERE id IN ({})", ids(closed));
    }
    format!(
        "SELECT id, coin_name, opened_at, NULL AS closed_at FROM open_trades WHERE id IN ({}) UNION ALL SELECT id, coin_name, \
         opened_at, closed_at FROM closed_trades WHERE id IN ({})",
        ids(open),
        ids(closed)
    )
}

fn forgotten_text(count: usize) -> String {
    format!("{count} more {} reported as forgotten or as closed twice", plural(count, "is", "are"))
}

/// Ids of the open positions that `ignored` reports by its default.
pub(super) fn unmanaged(audit: &Audit<'_>) -> anyhow::Result<BTreeSet<String>> {
    const DEFAULT_MINUTES: f64 = 30.0;
    let ignored = all_ignored(audit, DEFAULT_MINUTES)?.into_iter();
    Ok(ignored.filter(|one| one.trade.closed_at.is_none()).map(|one| one.trade.id.clone()).collect())
}
