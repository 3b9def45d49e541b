//! How many trades, how large, how long; and how fast the LLM answers.

use super::windows::{self, LEAST_WINDOWS};
use crate::checks::check::{Audit, Found, Problem};
use crate::checks::statistics::{median, robust_deviation};
use crate::dollars::usd;
use crate::model::{AlertType, Severity};
use crate::plural::plural;
use crate::source::ledger::Entry;

fn range(values: &[f64]) -> (f64, f64) {
    values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)))
}

/// Far more or far fewer trades than in any window before.
pub(super) fn trade_count(audit: &Audit<'_>) -> anyhow::Result<Found> {
    /// A quiet bot has quiet days: only where twenty trades are usual is a lack of them news.
    const LEAST_USUAL: f64 = 20.0;
    const OUTSIDE: f64 = 2.0;
    let windows = windows::of(audit)?;
    let before: Vec<f64> = windows.before.iter().map(|window| window.len() as f64).collect();
    let now = windows.current.len() as f64;
    let Some(usual) = median(&before).filter(|_| before.len() >= LEAST_WINDOWS) else {
        return Ok(Found::nothing());
    };
    let (least, most) = range(&before);
    let is_more = now > audit.threshold * usual && now > OUTSIDE * most;
    let is_less = now * audit.threshold < usual && now * OUTSIDE < least;
    if usual < LEAST_USUAL || !(is_more || is_less) {
        return Ok(Found::nothing());
    }
    let (word, recommendation) = if is_more {
        ("more", "Overtrading costs fees and attention: see which coin, strategy or rule opens them.")
    } else {
        ("fewer", "See the refusals, errors and decisions of the window for what keeps it from trading.")
    };
    Ok(Some(Problem {
        alert_type: AlertType::Pattern,
        severity: Severity::Low,
        subject: word.to_owned(),
        title: format!("The bot makes far {word} trades than in any window before"),
        description: format!(
            "In the last {} {now} {} closed; in the {} windows of the same length before, {usual} at the median, \
             {least} to {most}.",
            windows::hours(audit),
            plural(windows.current.len(), "trade was", "trades were"),
            before.len()
        ),
        evidence: format!("{now} trades against a median of {usual}, range {least} to {most}"),
        recommendation: recommendation.to_owned(),
    })
    .into())
}

/// A figure of a window's trades that has a typical value.
struct Figure {
    name: &'static str,
    unit: &'static str,
    /// How many times larger or smaller than usual is worth a line.
    factor: f64,
    of: fn(&Entry) -> Option<f64>,
}

/// Sizes far from what they were.
pub(super) fn trade_size(audit: &Audit<'_>) -> anyhow::Result<Found> {
    typical(audit, &Figure { name: "size", unit: "$", factor: 2.0, of: |trade| trade.size_usd })
}

/// Durations far from what they were.
pub(super) fn trade_duration(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let minutes = |trade: &Entry| {
        Some((trade.closed_at? - trade.opened_at?).num_seconds() as f64 / 60.0)
            .filter(|minutes| *minutes >= 0.0)
    };
    typical(audit, &Figure { name: "duration", unit: "minutes", factor: 3.0, of: minutes })
}

fn typical(audit: &Audit<'_>, figure: &Figure) -> anyhow::Result<Found> {
    const LEAST_NOW: usize = 20;
    const LEAST_BEFORE: usize = 10;
    /// No figure is steadier than this share of itself.
    const LEAST_SPREAD: f64 = 0.05;
    let windows = windows::of(audit)?;
    let of = |trades: &[&Entry], least: usize| {
        let values: Vec<f64> = trades.iter().filter_map(|trade| (figure.of)(trade)).collect();
        median(&values).filter(|_| values.len() >= least)
    };
    let before: Vec<f64> = windows.before.iter().filter_map(|window| of(window, LEAST_BEFORE)).collect();
    let now = of(&windows.current, LEAST_NOW);
    let (Some(now), Some(usual), Some(spread)) = (now, median(&before), robust_deviation(&before)) else {
        return Ok(Found::nothing());
    };
    let (least, most) = range(&before);
    let spread = spread.max(LEAST_SPREAD * usual.abs());
    let is_far = (now - usual).abs() > audit.threshold * spread && (now > most || now < least);
    let is_worth = now >= figure.factor * usual || now * figure.factor <= usual;
    if before.len() < LEAST_WINDOWS || usual <= 0.0 || !is_far || !is_worth {
        return Ok(Found::nothing());
    }
    let Figure { name, unit, .. } = figure;
    let shown = |value: f64| if *unit == "$" { usd(value, 2) } else { format!("{value:.1} {unit}") };
    let (word, change) = if now > usual { ("larger", now / usual) } else { ("smaller", usual / now) };
    Ok(Some(Problem {
        alert_type: AlertType::Pattern,
        severity: Severity::Low,
        subject: word.to_owned(),
        title: format!("The {name} of trades is far {word} than in the windows before"),
        description: format!(
            "In the last {} the median {name} of {} trades was {}; in {} windows of the same length before it \
             was {}, from {} to {}: {change:.1} times {word}.",
            windows::hours(audit),
            windows.current.len(),
            shown(now),
            before.len(),
            shown(usual),
            shown(least),
            shown(most)
        ),
        evidence: format!("median {name} {now:.2} against {usual:.2}, robust standard deviation {spread:.2}"),
        recommendation: "If nobody changed this on purpose, look for a new rule, prompt or limit.".to_owned(),
    })
    .into())
}

/// An LLM that answers far slower than in the window before.
pub(super) fn llm_time(audit: &Audit<'_>) -> anyhow::Result<Found> {
    const LEAST_ANSWERS: u64 = 50;
    const LEAST_SECONDS: f64 = 10.0;
    let Some(metrics) = audit.report.system_metrics.available() else { return Ok(Found::nothing()) };
    let (Some(now), Some(before)) = (metrics.llm_response_times, metrics.previous.llm_response_times) else {
        return Ok(Found::nothing());
    };
    let is_slower = now.avg >= audit.threshold * before.avg && now.avg >= before.avg + LEAST_SECONDS;
    if now.count < LEAST_ANSWERS || before.count < LEAST_ANSWERS || !is_slower {
        return Ok(Found::nothing());
    }
    Ok(Some(Problem {
        alert_type: AlertType::Pattern,
        severity: Severity::Low,
        subject: String::new(),
        title: "The LLM answers far slower than in the window before".to_owned(),
        description: format!(
            "It took {:.1} s on average ({} answers, 95 % within {:.0} s), against {:.1} s in the window before ({} \
             answers, 95 % within {:.0} s).",
            now.avg, now.count, now.p95, before.avg, before.count, before.p95
        ),
        evidence: format!("llm_response_times.avg {:.1} s against {:.1} s before", now.avg, before.avg),
        recommendation: "See whether another model, a longer prompt or another load on its machine is the cause."
            .to_owned(),
    })
    .into())
}
