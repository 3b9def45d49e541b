//! What the average trade earns, and what it rests on.

use std::collections::BTreeMap;

use super::names::{closed_trades, shown};
use crate::checks::check::{Audit, Found, Problem};
use crate::checks::statistics::{Sample, p_text, wilson};
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
    let results = Results::of(audit.history.closed(audit.context)?);
    let sample = results.sample();
    let lost_all = results.all.iter().all(|pnl_usd| *pnl_usd < 0.0);
    let least = if lost_all { audit.threshold.min(LEAST_LOSSES) } else { audit.threshold };
    if sample.count < least.max(2.0) {
        return Ok(Found::nothing());
    }
    let p_value = sample.below(0.0);
    let lost_usd = -sample.mean * sample.count;
    let (table, _) = closed_trades(audit.context.generation);
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
    let results = Results::of(audit.history.closed(audit.context)?);
    let Some((win, loss, break_even)) = results.payoff() else { return Ok(Found::nothing()) };
    let interval = wilson(results.wins.len() as u64, results.all.len() as u64);
    let is_open = interval.is_some_and(|(low, _)| low < break_even);
    if results.all.len() < LEAST_TRADES || loss < audit.threshold * win || !is_open {
        return Ok(Found::nothing());
    }
    let (table, _) = closed_trades(audit.context.generation);
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

/// Claims that a kind of exit, stops apart, loses on average.
pub(super) fn exit_kinds(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut kinds: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let trades = audit.history.closed(audit.context)?;
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
    let (table, _) = closed_trades(audit.context.generation);
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
