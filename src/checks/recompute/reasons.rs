//! Exit reasons against results, and stops and targets against the direction.

use super::tolerance::{CENT, MOST_FEES_FRACTION, by_table, most, while_it_lasts};
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::model::{AlertType, Severity};
use crate::source::cell;
use crate::source::ledger::{Entry, Side, table};
use crate::untrusted::cut;

pub(super) const RESULT: Check = Check {
    id: "exit-reason-contradicts-result",
    theme: Theme::Integrity,
    why: "A take profit that loses or a stop loss that wins closed the trade on the wrong side, or is mislabelled.",
    threshold: None,
    run: result,
};

pub(super) const SIDES: Check = Check {
    id: "stop-on-winning-side",
    theme: Theme::Integrity,
    why: "A stop on the winning side of the entry closes a trade at once and protects against nothing.",
    threshold: None,
    run: sides,
};

/// Stops that win are trailing stops where they are usual: only a rare one among many is wrong.
const STOPS_FOR_A_RULE: usize = 10;

/// A profit or loss beyond rounding and fees, where profit and price agree about its sign.
fn certain_result(entry: &Entry) -> Option<f64> {
    let pnl = entry.pnl_usd?;
    let allowed = CENT + MOST_FEES_FRACTION * entry.size_usd.unwrap_or_default().abs();
    let agrees = entry.gain_fraction().is_none_or(|gain| gain.signum() == pnl.signum());
    (pnl.abs() > allowed && agrees).then_some(pnl)
}

fn reason(entry: &Entry) -> &str {
    let reason = entry.exit_reason.as_deref().unwrap_or_default();
    reason.split(':').next().unwrap_or_default().trim()
}

fn result(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let market = super::market::market(audit)?;
    let ledger = audit.context.ledger()?;
    let mut found = Found::nothing();
    for (table, mut entries) in by_table(&ledger.entries) {
        // A result that follows from a wrong price is `price-contradicts-market`'s to report.
        entries.retain(|entry| !market.is_mispriced(entry));
        let stops = || entries.iter().filter(|entry| reason(entry) == "stop_loss");
        let winning = stops().filter(|entry| certain_result(entry).is_some_and(|pnl| pnl > 0.0)).count();
        let unusual = stops().count() >= STOPS_FOR_A_RULE && winning * 10 <= stops().count();
        let contradicts = |entry: &Entry| {
            certain_result(entry).is_some_and(|pnl| match reason(entry) {
                "take_profit" => pnl < 0.0,
                "stop_loss" => pnl > 0.0 && (unusual || has_losing_stop(entry)),
                _ => false,
            })
        };
        let mut evidence = Evidence::default();
        for entry in entries.iter().filter(|entry| matches!(reason(entry), "take_profit" | "stop_loss")) {
            let wrong = contradicts(entry);
            evidence.row(wrong.then_some(|| {
                format!("{}: {} with {:+.2}", entry.name(), reason(entry), entry.pnl_usd.unwrap_or_default())
            }));
        }
        if evidence.count == 0 {
            continue;
        }
        let wrong = entries.iter().copied().filter(|entry| contradicts(entry));
        let severity = if evidence.count >= 3 { while_it_lasts(audit, wrong) } else { Severity::Medium };
        found.fact(Problem {
            alert_type: AlertType::Bug,
            severity: severity.min(Severity::High),
            subject: table.to_owned(),
            title: format!("Exit reasons in {table} contradict the results"),
            description: format!(
                "{} the other result: a take profit that lost or a stop \
                 loss that won. Stop and target are exchanged, act on a wrong price, or are labelled wrongly.",
                evidence.counted("exits by stop or target", "has", "have")
            ),
            evidence: evidence.text(
                "exits by stop_loss or take_profit",
                &format!(
                    "SELECT * FROM {table} WHERE (exit_reason = 'take_profit' AND pnl_usd < 0) \
                     OR (exit_reason = 'stop_loss' AND pnl_usd > 0)"
                ),
            ),
            recommendation: "Check the comparison of the price with stop and target for each direction, and where the reason is set.".to_owned(),
        });
    }
    Ok(found)
}

/// Whether the stop stands where only a loss can reach it.
fn has_losing_stop(entry: &Entry) -> bool {
    match (entry.side.map(Side::sign), entry.entry_price, entry.stop_loss_price) {
        (Some(sign), Some(entry), Some(stop)) => stop > 0.0 && sign * (stop / entry - 1.0) < -0.001,
        _ => false,
    }
}

/// Stop and target of a trade or position.
struct Limits {
    name: String,
    sign: f64,
    entry: f64,
    stop: Option<f64>,
    target: Option<f64>,
}

impl Limits {
    /// How far a price is on the winning side, as a fraction of the entry.
    fn gain(&self, price: Option<f64>) -> Option<f64> {
        price.filter(|price| *price > 0.0).map(|price| self.sign * (price / self.entry - 1.0))
    }

    fn example(&self) -> String {
        let direction = if self.sign > 0.0 { "LONG" } else { "SHORT" };
        let price = |price: Option<f64>| price.map_or("none".to_owned(), |price| price.to_string());
        format!(
            "{} {direction} at {}: stop {}, target {}",
            self.name,
            self.entry,
            price(self.stop),
            price(self.target)
        )
    }
}

/// Beyond the rounding of prices.
const SIDE_FRACTION: f64 = 0.0005;

fn sides(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for generation in [1, 2] {
        let limits = limits(audit, generation)?;
        // A stop on the winning side may have been moved there; where nearly all of a direction's
        // stops are, nobody moved them.
        let moved = |sign: f64| {
            let own = || limits.iter().filter(move |limits| limits.sign == sign && limits.stop.is_some());
            let winning = own()
                .filter(|limits| limits.gain(limits.stop).is_some_and(|gain| gain > SIDE_FRACTION))
                .count();
            !(winning >= 3 && most(winning, own().count()))
        };
        let (moved_long, moved_short) = (moved(1.0), moved(-1.0));
        let mut evidence = Evidence::default();
        for limits in limits.iter().filter(|limits| limits.stop.is_some()) {
            // Where the target is nearer still, both are on the wrong side: `levels-on-wrong-side` reports that.
            let stop = limits.gain(limits.stop).filter(|gain| *gain > SIDE_FRACTION);
            let encloses =
                stop.is_some_and(|stop| limits.gain(limits.target).is_none_or(|target| target > stop));
            let may_be_moved = if limits.sign > 0.0 { moved_long } else { moved_short };
            evidence.row((encloses && !may_be_moved).then_some(|| limits.example()));
        }
        if evidence.count == 0 {
            continue;
        }
        let table = if generation == 1 { "open_trades" } else { table(generation) };
        found.fact(Problem {
            alert_type: AlertType::Bug,
            severity: Severity::High,
            subject: table.to_owned(),
            title: format!("Stops in {table} are on the winning side of the entry"),
            description: format!(
                "{} of {} trades and positions have a stop where, for their direction, the price is once the trade wins. \
                 Nearly all of a direction have it, so that it was not moved there while the trade won.",
                evidence.count, evidence.of
            ),
            evidence: evidence.text("trades and positions with a stop", &format!(
                "SELECT * FROM {table} WHERE stop_loss_price IS NOT NULL"
            )),
            recommendation: "Check how the stop is set for each direction: for SHORT it lies above the entry.".to_owned(),
        });
    }
    Ok(found)
}

const OPEN: &str = "
SELECT
    generation,
    id,
    coin,
    direction,
    entry_price,
    stop_loss_price,
    take_profit_price,
    opened_at,
    clock
FROM position";

fn limits(audit: &Audit<'_>, generation: i64) -> anyhow::Result<Vec<Limits>> {
    let closed = audit.context.ledger()?.of(generation).filter_map(|entry| {
        Some(Limits {
            name: entry.name(),
            sign: entry.side?.sign(),
            entry: entry.entry_price.filter(|price| *price > 0.0)?,
            stop: entry.stop_loss_price,
            target: entry.take_profit_price,
        })
    });
    let mut limits: Vec<_> = closed.collect();
    let bot = audit.context.bot;
    bot.each_row(OPEN, |row| {
        if bot.instant(row, 7, 8)?.is_some_and(|opened_at| opened_at > audit.context.now) {
            return Ok(());
        }
        let direction = cell::text(row, 3)?.and_then(|direction| Side::named(&direction)).map(Side::sign);
        let entry = cell::real(row, 4)?.filter(|price| *price > 0.0);
        if let (Some(sign), Some(entry), true) =
            (direction, entry, cell::integer(row, 0)? == Some(generation))
        {
            let (id, coin) =
                (cell::text(row, 1)?.unwrap_or_default(), cell::text(row, 2)?.unwrap_or_default());
            let name = format!("{} (id {})", cut(&coin, 24), cut(&id, 32));
            let price = |column| cell::real(row, column).map(|price| price.filter(|price| *price > 0.0));
            limits.push(Limits { name, sign, entry, stop: price(5)?, target: price(6)? });
        }
        Ok(())
    })?;
    Ok(limits)
}
