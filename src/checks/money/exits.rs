//! How trades were closed: at their level, far beyond it, before it, or at once.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::names::{names, shown};
use crate::checks::check::{Audit, Evidence, Found, Problem, id_list};
use crate::checks::recompute::market::market;
use crate::checks::refer::contradicted::doubled;
use crate::checks::statistics::median;
use crate::model::{AlertType, Severity};
use crate::plural::plural;
use crate::source::ledger::Entry;

/// What a trade has lost at a price, in percent of its entry.
fn loss_percent(trade: &Entry, price: f64) -> Option<f64> {
    let entry = trade.entry_price?;
    Some(-100.0 * trade.side?.sign() * (price - entry) / entry)
}

/// The loss in percent at which a trade was to be stopped, and at which it was.
fn stops<'run>(audit: &Audit<'run>) -> anyhow::Result<Vec<(&'run Entry, f64, f64)>> {
    let trades = audit.shared.history.closed(audit.context)?;
    // Prices that the coin did not have are `price-contradicts-market`'s to report.
    let market = market(audit)?;
    // A second closing is at a price of long after the stop: `closing-logged-twice` reports it.
    let doubled = doubled(audit)?;
    let executed: Vec<(&Entry, f64)> = trades
        .iter()
        .copied()
        .filter(|trade| trade.is_stopped() && !market.is_mispriced(trade) && !doubled.wrote(trade))
        .filter_map(|trade| Some((trade, loss_percent(trade, trade.exit_price?)?)))
        .collect();
    let common = common_stop_percent(&executed);
    let logged = logged_stops(audit)?;
    let stops = executed.into_iter().filter_map(|(trade, executed)| {
        let own = trade.stop_loss_price.and_then(|stop| loss_percent(trade, stop));
        let logged = || logged_stop_percent(&logged, trade, common);
        Some((trade, own.or_else(logged).or(common)?, executed))
    });
    Ok(stops.collect())
}

/// The stops that the log tells at openings, by coin.
type LoggedStops<'run> = HashMap<&'run str, Vec<(DateTime<Utc>, f64)>>;

fn logged_stops<'run>(audit: &Audit<'run>) -> anyhow::Result<LoggedStops<'run>> {
    let mut logged = LoggedStops::new();
    for opening in audit.context.openings()? {
        if let Some(stop) = opening.stop_loss_price {
            logged.entry(&opening.coin).or_default().push((opening.at, stop));
        }
    }
    Ok(logged)
}

/// The loss in percent at the stop that the log tells of a trade. It is rounded to cents: silent where that is
/// too rough for the coin's price, or where the common stop is meant.
fn logged_stop_percent(logged: &LoggedStops<'_>, trade: &Entry, common: Option<f64>) -> Option<f64> {
    const HALF_A_CENT: f64 = 0.005;
    const LARGEST_ROUNDING_PERCENT: f64 = 0.2;
    let (entry, opened_at) = (trade.entry_price?, trade.opened_at?);
    let near = |at: DateTime<Utc>| (at - opened_at).abs() <= TimeDelta::seconds(60);
    let (_, stop) = logged.get(trade.coin.as_str())?.iter().find(|(at, _)| near(*at))?;
    let rounding_percent = 100.0 * HALF_A_CENT / entry;
    let stop_percent = loss_percent(trade, *stop)?;
    let is_common = common.is_some_and(|common| (stop_percent - common).abs() <= 1.5 * rounding_percent);
    (rounding_percent <= LARGEST_ROUNDING_PERCENT && !is_common).then_some(stop_percent)
}

/// The stop that all trades share where the file does not store it: no stop is executed before its
/// price, so it is the mildest, if most of the others lie close to it.
fn common_stop_percent(executed: &[(&Entry, f64)]) -> Option<f64> {
    const LEAST_STOPS: usize = 10;
    const CLOSE_PERCENT: f64 = 0.5;
    let losses: Vec<f64> = executed.iter().map(|(_, loss)| *loss).collect();
    let mildest = losses.iter().copied().min_by(f64::total_cmp)?;
    let is_shared = median(&losses).is_some_and(|median| median - mildest <= CLOSE_PERCENT);
    (losses.len() >= LEAST_STOPS && mildest > 0.0 && is_shared).then_some(mildest)
}

/// Stops that were executed far beyond their price.
pub(super) fn overshot(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const LEAST_ROWS: u64 = 3;
    const MANY: f64 = 0.1;
    /// As a multiple of the threshold: so far beyond that a single stop is worth a look.
    const FAR: f64 = 10.0;
    let (mut evidence, mut beyond) = (Evidence::default(), Vec::new());
    let (mut extra_usd, mut worst_percent) = (0.0, 0.0_f64);
    for (trade, stop_percent, executed_percent) in stops(audit)? {
        let beyond_percent = executed_percent - stop_percent;
        let is_over = beyond_percent > audit.threshold;
        if is_over {
            extra_usd += beyond_percent / 100.0 * trade.size_usd.unwrap_or(0.0);
            worst_percent = worst_percent.max(beyond_percent);
            beyond.push(trade.id.as_str());
        }
        evidence.row(is_over.then_some(|| {
            format!(
                "{} (id {}): stop at {:+.2} %, closed at {:+.2} %",
                shown(&trade.coin),
                trade.id,
                -stop_percent,
                -executed_percent
            )
        }));
    }
    let table = names(audit.context.generation).closed;
    let is_far = worst_percent >= FAR * audit.threshold;
    let is_much = is_far || evidence.count as f64 >= MANY * evidence.of as f64;
    let severity = if is_much { Severity::Medium } else { Severity::Low };
    Ok((evidence.count > 0 && (is_far || evidence.count >= LEAST_ROWS))
        .then(|| Problem {
            alert_type: AlertType::Bug,
            severity,
            subject: String::new(),
            title: "Some stops are executed far beyond their price".to_owned(),
            description: format!(
                "{} of {} stops closed more than {} % of the entry price beyond the stop, {worst_percent:.1} % at \
                 worst: ${extra_usd:.2} more than at the stop itself.",
                evidence.count, evidence.of, audit.threshold
            ),
            evidence: evidence.text(
                "stops",
                &format!("SELECT * FROM {table} WHERE id IN ({})", id_list(beyond.into_iter())),
            ),
            recommendation: "Look at prices and cycles before these exits: did the price jump, or did the bot or its \
                             price source pause? A second price source or an order at the exchange would guard the stops."
                .to_owned(),
        })
        .into())
}

/// Exits by a stop or target that the exit price had not reached.
pub(super) fn before_level(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const LEAST_ROWS: u64 = 3;
    /// Percent of the entry: spread and rounding.
    const TOLERANCE_PERCENT: f64 = 0.2;
    let mut evidence = Evidence::default();
    let market = market(audit)?;
    let trades = audit.shared.history.closed(audit.context)?;
    for trade in trades.iter().filter(|trade| !market.is_mispriced(trade)) {
        let level = match () {
            () if trade.is_stopped() => trade.stop_loss_price,
            () if trade.is_taken() => trade.take_profit_price,
            () => None,
        };
        let sign = if trade.is_stopped() { 1.0 } else { -1.0 };
        let at_level = level.and_then(|level| loss_percent(trade, level));
        let at_exit = trade.exit_price.and_then(|price| loss_percent(trade, price));
        let (Some(at_level), Some(at_exit)) = (at_level, at_exit) else { continue };
        let is_short_of_it = sign * (at_level - at_exit) > TOLERANCE_PERCENT;
        evidence.row(is_short_of_it.then_some(|| {
            format!(
                "{} (id {}): {} at {:.2} %, level {:.2} %",
                shown(&trade.coin),
                trade.id,
                trade.exit_kind().unwrap_or_default(),
                0.0 - at_exit,
                0.0 - at_level
            )
        }));
    }
    let names = names(audit.context.generation);
    Ok((evidence.count >= LEAST_ROWS)
        .then(|| Problem {
            alert_type: AlertType::Bug,
            severity: Severity::Medium,
            subject: String::new(),
            title: "Exits name a stop or target that the price had not reached".to_owned(),
            description: format!(
                "{} of {} exits by a stop or target {} made at a price that had not come to it: the reason, the \
                 level or the price is wrong, and so is what the bot learns from it.",
                evidence.count,
                evidence.of,
                plural(evidence.count, "was", "were")
            ),
            evidence: evidence.text(
                "exits by a level",
                &format!(
                    "SELECT {}, entry_price, exit_price, exit_reason, stop_loss_price, take_profit_price FROM {}",
                    names.coin, names.closed
                ),
            ),
            recommendation: "Decide and store the exit from the same price and the same levels.".to_owned(),
        })
        .into())
}
