//! What the average trade earns, and what it rests on.

use std::collections::BTreeMap;

use super::names::{Names, names, shown};
use crate::checks::check::{Audit, Found, Problem};
use crate::checks::recompute::market::market;
use crate::checks::refer::contradicted::doubled;
use crate::checks::statistics::{Sample, median, p_text, wilson};
use crate::checks::weight;
use crate::dollars::usd;
use crate::model::{AlertType, Severity};
use crate::source::ledger::Entry;

/// Wins and losses of the newest trades with a known result.
#[derive(Default)]
struct Results {
    all: Vec<f64>,
    wins: Vec<f64>,
    losses: Vec<f64>,
}

impl Results {
    fn of(trades: &[&Entry]) -> Self {
        let mut results = Self::default();
        for pnl_usd in trades.iter().filter_map(|trade| trade.pnl_usd) {
            results.all.push(pnl_usd);
            if pnl_usd > 0.0 { results.wins.push(pnl_usd) } else { results.losses.push(pnl_usd) }
        }
        results
    }

    fn sample(&self) -> Sample {
        Sample::of(self.all.iter().copied())
    }

    /// Average win, average loss as a positive number, and the win rate that just breaks even.
    fn payoff(&self) -> Option<(f64, f64, f64)> {
        let win = Sample::of(self.wins.iter().copied()).mean;
        let loss = -Sample::of(self.losses.iter().copied()).mean;
        (win > 0.0 && loss > 0.0).then(|| (win, loss, loss / (win + loss)))
    }

    /// `wins average $1.04 and losses $1.83, so that 63.8 % must win; 63.9 % do (95 % interval 58.8 to 68.7 %)`
    fn payoff_text(&self) -> String {
        let (wins, trades) = (self.wins.len() as u64, self.all.len() as u64);
        let Some((win, loss, break_even)) = self.payoff() else { return format!("{wins} of {trades} won") };
        let (low, high) = wilson(wins, trades).unwrap_or_default();
        format!(
            "wins average ${win:.2} and losses ${loss:.2}, so that {:.1} % must win to break even; {:.1} % do \
             (95 % interval {:.1} to {:.1} %)",
            100.0 * break_even,
            100.0 * wins as f64 / trades as f64,
            100.0 * low,
            100.0 * high
        )
    }
}

/// `95 % interval -$1.00 to -$0.50`; values that are all one have none.
fn interval_text(sample: Sample, digits: usize) -> String {
    if sample.variance <= 0.0 {
        return "all of them the same".to_owned();
    }
    let (low, high) = sample.interval();
    format!("95 % interval {} to {}", usd(low, digits), usd(high, digits))
}

/// A claim that the mean result is below zero.
pub(super) fn expectancy(audit: &Audit<'_>) -> anyhow::Result<Found> {
    /// Trades that prove it where each of them lost: by the toss of a coin once in 1,024 (0.5^10).
    const LEAST_LOSSES: f64 = 10.0;
    let results = Results::of(audit.shared.history.closed(audit.context)?);
    let sample = results.sample();
    let lost_all = results.all.iter().all(|pnl_usd| *pnl_usd < 0.0);
    let least = if lost_all { audit.threshold.min(LEAST_LOSSES) } else { audit.threshold };
    if sample.count < least.max(2.0) {
        return Ok(Found::nothing());
    }
    let p_value = sample.below(0.0);
    let lost_usd = -sample.mean * sample.count;
    let table = names(audit.context.generation).closed;
    let mut found = Found::nothing();
    found.claim(
        p_value,
        Problem {
            alert_type: AlertType::Pattern,
            severity: weight::by_loss(audit, lost_usd).max(Severity::Medium),
            subject: String::new(),
            title: "The average trade loses money, beyond chance".to_owned(),
            description: format!(
                "Over the newest {} trades the mean result is {} a trade ({}), {} in all: {}. Each further \
                 trade is expected to lose.",
                sample.count,
                usd(sample.mean, 3),
                interval_text(sample, 3),
                usd(-lost_usd, 2),
                results.payoff_text()
            ),
            evidence: format!(
                "mean pnl_usd {:.4} over {} trades, {}; query: SELECT count(pnl_usd), avg(pnl_usd), avg(pnl_usd > 0) \
                 FROM {table}",
                sample.mean,
                sample.count,
                p_text(p_value)
            ),
            recommendation: "Stop opening trades, or cut their size, until the entries or exits are changed: \
                             see which exits and coins lose."
                .to_owned(),
        },
    );
    Ok(found)
}

/// Losses so much larger than wins that the achieved win rate gives no certain profit.
pub(super) fn payoff(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const LEAST_TRADES: usize = 100;
    const CLAIMED: f64 = 0.05;
    let results = Results::of(audit.shared.history.closed(audit.context)?);
    let Some((win, loss, break_even)) = results.payoff() else { return Ok(Found::nothing()) };
    let interval = wilson(results.wins.len() as u64, results.all.len() as u64);
    // A mean that is below zero beyond chance is the other check's.
    let is_open = interval.is_some_and(|(low, _)| low < break_even) && results.sample().below(0.0) > CLAIMED;
    if results.all.len() < LEAST_TRADES || loss < audit.threshold * win || !is_open {
        return Ok(Found::nothing());
    }
    let table = names(audit.context.generation).closed;
    Ok(Some(Problem {
        alert_type: AlertType::Inefficiency,
        severity: Severity::Low,
        subject: String::new(),
        title: "Losses are much larger than wins, and the win rate may not make up for them".to_owned(),
        description: format!("Over the newest {} trades {}.", results.all.len(), results.payoff_text()),
        evidence: format!(
            "average win {win:.4}, average loss -{loss:.4}, break-even win rate {break_even:.4}; query: SELECT \
             pnl_usd > 0 AS won, count(*), avg(pnl_usd) FROM {table} WHERE pnl_usd IS NOT NULL GROUP BY won"
        ),
        recommendation: "Move the stop closer or the target further away, so that a win pays for a loss."
            .to_owned(),
    })
    .into())
}

/// A positive sum that fees would turn negative, where the stored results leave fees out.
pub(super) fn fees(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const LEAST_TRADES: f64 = 100.0;
    const SHARE_WITHOUT_FEES: f64 = 0.95;
    let (mut pnl_usd, mut size_usd, mut trades, mut without_fees) = (0.0, 0.0, 0.0, 0.0);
    for trade in audit.shared.history.closed(audit.context)? {
        let (Some(pnl), Some(size), Some(gross)) = (trade.pnl_usd, trade.size_usd, gross_usd(trade)) else {
            continue;
        };
        pnl_usd += pnl;
        size_usd += size;
        trades += 1.0;
        // A tenth of the smallest fee that any exchange takes.
        without_fees += f64::from(u8::from((pnl - gross).abs() <= 1e-4 * size.abs()));
    }
    let fees_usd = 2.0 * audit.threshold / 100.0 * size_usd;
    if trades < LEAST_TRADES
        || without_fees < SHARE_WITHOUT_FEES * trades
        || pnl_usd <= 0.0
        || pnl_usd >= fees_usd
    {
        return Ok(Found::nothing());
    }
    let Names { closed, size, closed_at, .. } = names(audit.context.generation);
    Ok(Some(Problem {
        alert_type: AlertType::Inefficiency,
        severity: Severity::Low,
        subject: String::new(),
        title: "The profit is smaller than the fees that an exchange would take".to_owned(),
        description: format!(
            "The newest {trades} trades earned ${pnl_usd:.2} without fees. At {} % a side their \
             ${size_usd:.0} of size would have cost ${fees_usd:.2}: a loss of ${:.2}.",
            audit.threshold,
            fees_usd - pnl_usd
        ),
        evidence: format!(
            "pnl_usd equals the price's change times the size in {without_fees} of {trades} trades; query: \
             SELECT sum(pnl_usd), sum({size}) * 2 * {} / 100 FROM {closed} WHERE {closed_at} IS NOT NULL",
            audit.threshold
        ),
        recommendation: "Take fees into pnl_usd before judging strategies, rules and coins by it.".to_owned(),
    })
    .into())
}

/// What the price's change alone gives.
fn gross_usd(trade: &Entry) -> Option<f64> {
    let entry = trade.entry_price?;
    Some(trade.side?.sign() * trade.size_usd? * (trade.exit_price? - entry) / entry)
}

/// One trade without which little of the profit is left.
pub(super) fn one_trade(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const LEAST_TRADES: usize = 100;
    const LEAST_SHARE: f64 = 0.5;
    let trades = audit.shared.history.closed(audit.context)?;
    let results = Results::of(trades);
    let total: f64 = results.all.iter().sum();
    // A profit of no price, of one that the coin did not have, or of a second closing is reported as that.
    let (market, doubled) = (market(audit)?, doubled(audit)?);
    let best = trades
        .iter()
        .filter(|trade| !trade.has_no("entry_price") && !trade.has_no("exit_price"))
        .filter(|trade| !market.is_mispriced(trade) && !doubled.wrote(trade))
        .filter_map(|trade| Some((trade.pnl_usd?, trade)))
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    let (Some((best_usd, trade)), Some(usual)) = (best, median(&results.wins)) else {
        return Ok(Found::nothing());
    };
    let outstanding = best_usd >= audit.threshold * usual && best_usd >= LEAST_SHARE * total;
    if results.all.len() < LEAST_TRADES || total <= 0.0 || !outstanding {
        return Ok(Found::nothing());
    }
    let coin = shown(&trade.coin);
    let table = names(audit.context.generation).closed;
    Ok(Some(Problem {
        alert_type: AlertType::Pattern,
        severity: Severity::Low,
        subject: trade.id.clone(),
        title: format!("One trade in {coin} made most of the profit"),
        description: format!(
            "Trade {} in {coin} earned ${best_usd:.2}; all {} newest trades together earned ${total:.2}. The median \
             win is ${usual:.2}: without this one trade the profit is {}.",
            trade.id,
            results.all.len(),
            usd(total - best_usd, 2)
        ),
        evidence: format!(
            "largest pnl_usd {best_usd:.4} of {total:.4}; query: SELECT * FROM {table} ORDER BY pnl_usd DESC LIMIT 3"
        ),
        recommendation: "See how this trade came about: a position that was forgotten or a wrong price is \
                         luck or an error, not skill."
            .to_owned(),
    })
    .into())
}

/// Claims that a kind of exit, stops apart, loses on average.
pub(super) fn exit_kinds(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut kinds: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let trades = audit.shared.history.closed(audit.context)?;
    for trade in trades.iter().filter(|trade| !trade.is_stopped()) {
        if let (Some(reason), Some(pnl_usd)) = (trade.exit_kind(), trade.pnl_usd) {
            kinds.entry(reason).or_default().push(pnl_usd);
        }
    }
    let total: f64 = trades.iter().filter_map(|trade| trade.pnl_usd).sum();
    let mut found = Found::nothing();
    for (kind, results) in kinds.iter().filter(|(_, results)| results.len() as f64 >= audit.threshold) {
        let sample = Sample::of(results.iter().copied());
        let p_value = sample.below(0.0);
        found.claim(p_value, exit_problem(audit, &shown(kind), sample, total, p_value));
    }
    Ok(found)
}

fn exit_problem(audit: &Audit<'_>, kind: &str, sample: Sample, total: f64, p_value: f64) -> Problem {
    let lost = sample.mean * sample.count;
    let table = names(audit.context.generation).closed;
    Problem {
        alert_type: AlertType::Pattern,
        // What is left after the winners met their target loses by selection, whatever its sum: a hint only.
        severity: Severity::Low,
        subject: kind.to_owned(),
        title: format!("Exits by {kind} lose money on average"),
        description: format!(
            "{} trades were closed by {kind}: {} each on average ({}), {} together. All trades together made {}, the \
             others thus {}.",
            sample.count,
            usd(sample.mean, 2),
            interval_text(sample, 2),
            usd(lost, 2),
            usd(total, 2),
            usd(total - lost, 2)
        ),
        evidence: format!(
            "{kind}: {} trades, mean pnl_usd {:.4}, {}; query: SELECT CASE instr(exit_reason, ':') WHEN 0 THEN \
             exit_reason ELSE substr(exit_reason, 1, instr(exit_reason, ':') - 1) END AS kind, count(pnl_usd), avg(pnl_usd), \
             sum(pnl_usd) FROM {table} GROUP BY kind",
            sample.count,
            sample.mean,
            p_text(p_value)
        ),
        recommendation: format!(
            "Compare with what the price did after these exits: if holding on to stop or target would have \
             done better, give {kind} less power."
        ),
    }
}
