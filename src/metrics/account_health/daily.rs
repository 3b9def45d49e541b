//! Daily results, and what they say of the balance.

use chrono::{Days, NaiveDate, TimeDelta};
use serde::Serialize;

use crate::metrics::context::Context;
use crate::metrics::figures::{Counts, ratio};
use crate::model::Period;
use crate::source::cell;

/// Whole days that a trend needs.
pub(super) const TREND_DAYS: usize = 3;
/// Days of daily results, today included.
const HISTORY_DAYS: u64 = 30;
/// Fewer days where they would hold more trades than this: the window is what a run may cost.
const MOST_HISTORY_TRADES: f64 = 5_000.0;
/// What a trend needs, today and the day of the first trade apart.
const FEWEST_HISTORY_DAYS: u64 = TREND_DAYS as u64 + 2;

const RESULTS: &str = "
SELECT
    closed_at,
    clock,
    pnl_usd,
    generation
FROM trade
WHERE within(closed_at)";

/// One UTC day's result.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Day {
    /// The day.
    pub(crate) date: NaiveDate,
    /// Sum of profits and losses in US dollars.
    pub(crate) pnl: f64,
    /// Trades closed.
    pub(crate) trades: u64,
    /// False for today and for the day on which the history begins.
    pub(crate) whole: bool,
}

/// As many days as hold so many trades, by the rate of the newest ones.
fn history_days(context: &Context<'_>) -> anyhow::Result<u64> {
    let ledger = context.ledger()?;
    let times = || ledger.entries.iter().filter_map(|trade| trade.closed_at);
    let (Some(oldest), Some(newest), false) = (times().min(), times().max(), ledger.complete) else {
        return Ok(HISTORY_DAYS);
    };
    let span_days = (newest - oldest).num_minutes() as f64 / (24.0 * 60.0);
    let days = span_days * MOST_HISTORY_TRADES / ledger.entries.len() as f64;
    Ok((days as u64).clamp(FEWEST_HISTORY_DAYS, HISTORY_DAYS))
}

/// The days up to now, oldest first, from the first one with a trade on.
pub(super) fn history(context: &Context<'_>) -> anyhow::Result<Vec<Day>> {
    let today = context.now.date_naive();
    let first = today.checked_sub_days(Days::new(history_days(context)? - 1)).unwrap_or(today);
    let midnight = first.and_time(chrono::NaiveTime::MIN).and_utc();
    let mut by_day: Counts<NaiveDate, (f64, u64)> = Counts::default();
    let period = Period { after: midnight - TimeDelta::microseconds(1), until: context.now };
    context.bot.each_within(RESULTS, period, |closed_at, row| {
        if cell::integer(row, 3)? != Some(context.generation) {
            return Ok(());
        }
        let (pnl, trades) = by_day.entry(closed_at.date_naive());
        *pnl += cell::real(row, 2)?.unwrap_or(0.0);
        *trades += 1;
        Ok(())
    })?;
    let with_trades = by_day.by_key().0;
    let Some((begin, _)) = with_trades.first() else { return Ok(Vec::new()) };
    let mut known = with_trades.iter().peekable();
    let days = begin.iter_days().take_while(|date| *date <= today);
    Ok(days
        .map(|date| {
            let (pnl, trades) = known.next_if(|(day, _)| *day == date).map_or((0.0, 0), |(_, sums)| *sums);
            Day { date, pnl, trades, whole: date != today && (date != *begin || date == first) }
        })
        .collect())
}

/// `improving` or `declining` where the mean daily result is more than one standard error away from
/// zero, else `stable`: the direction in which the balance moves, as far as it is more than noise.
pub(super) fn trend(whole_days: &[f64]) -> Option<&'static str> {
    if whole_days.len() < TREND_DAYS {
        return None;
    }
    let days = whole_days.len() as f64;
    let mean = whole_days.iter().sum::<f64>() / days;
    let standard_error = standard_deviation(whole_days)? / days.sqrt();
    Some(match mean {
        mean if mean > standard_error => "improving",
        mean if mean < -standard_error => "declining",
        _ => "stable",
    })
}

/// Of the sample (n − 1); `None` for less than two values.
pub(super) fn standard_deviation(values: &[f64]) -> Option<f64> {
    let mean = ratio(values.iter().sum(), values.len() as f64)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    ratio(squares, values.len() as f64 - 1.0).map(f64::sqrt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_must_stand_out_of_its_noise() {
        assert_eq!(trend(&[1.0, 1.2, 0.9]), Some("improving"));
        assert_eq!(trend(&[-2.0, -1.0, -3.0, 0.5]), Some("declining"));
        assert_eq!(trend(&[5.0, -5.0, 4.0, -4.5]), Some("stable"));
        assert_eq!(trend(&[0.0, 0.0, 0.0]), Some("stable"));
        assert_eq!(trend(&[1.0, 1.0]), None);
    }

    #[test]
    fn the_deviation_is_the_sample_s() {
        assert_eq!(
            standard_deviation(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]),
            Some((32.0_f64 / 7.0).sqrt())
        );
        assert_eq!(standard_deviation(&[1.0]), None);
        assert_eq!(standard_deviation(&[]), None);
    }
}
