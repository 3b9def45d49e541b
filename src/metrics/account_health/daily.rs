//! Daily results, and what they say of the balance.

use chrono::{Days, NaiveDate};
use serde::Serialize;

use crate::metrics::context::Context;
use crate::metrics::figures::ratio;
use crate::source::clock;

/// Whole days that a trend needs.
pub(super) const TREND_DAYS: usize = 3;
/// Days of daily results, today included.
const HISTORY_DAYS: u64 = 30;
/// Of the current generation's trades.
const RESULTS: &str = "
SELECT
    date(closed_at, 'unixepoch'),
    total(pnl),
    count(*)
FROM trade
WHERE is_main AND closed_at >= ?1
GROUP BY 1
ORDER BY 1";

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

/// The days up to now, oldest first, from the first one with a trade on. Of a bot whose newest trades alone are
/// read, the days that they fill.
pub(super) fn history(context: &Context<'_>) -> anyhow::Result<Vec<Day>> {
    let today = context.now.date_naive();
    let month = today.checked_sub_days(Days::new(HISTORY_DAYS - 1)).unwrap_or(today);
    let read_from = context.db.filled().trades_from.and_then(clock::moment);
    let filled = read_from.and_then(|from| from.date_naive().succ_opt());
    let first = filled.map_or(month, |filled| filled.max(month)).min(today);
    let midnight = first.and_time(chrono::NaiveTime::MIN).and_utc();
    let mut statement = context.db.connection().prepare(RESULTS)?;
    let rows = statement.query_map([midnight.timestamp()], |row| {
        Ok((row.get::<_, String>(0)?, (row.get::<_, f64>(1)?, row.get::<_, u64>(2)?)))
    })?;
    let mut with_trades: Vec<(NaiveDate, (f64, u64))> = Vec::new();
    for row in rows {
        let (date, sums) = row?;
        with_trades.push((date.parse()?, sums));
    }
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
