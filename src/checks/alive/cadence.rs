//! Does the bot keep the pause that it says it was started with?

use chrono::{DateTime, Utc};

use super::span::span;
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};
use crate::checks::statistics::median;
use crate::model::{AlertType, Severity};
use crate::source::{cell, clock};

/// Longer pauses than configured.
pub(super) const SLOWER: Check = Check {
    id: "cadence-slower-than-configured",
    theme: Theme::Liveness,
    why: "A bot that looks at the market far less often than configured closes its positions too late.",
    threshold: Some(Threshold {
        default: 2.0,
        reason: "times the configured pause, as the median: load and timer slack stay far below that",
    }),
    run: slower,
};

/// Shorter intervals than one bot can have.
pub(super) const TWO_BOTS: Check = Check {
    id: "cycles-faster-than-pause",
    theme: Theme::Liveness,
    why: "Cycles that begin sooner than the pause allows come from two bots that trade on one account.",
    threshold: Some(Threshold {
        default: 0.25,
        reason: "share of intervals below nine tenths of the pause: one bot cannot have any",
    }),
    run: two_bots,
};

/// Fewer cycles say nothing about a rhythm.
const FEWEST_CYCLES: usize = 50;
const STARTS: &str = "
SELECT
    created_at,
    clock,
    details
FROM activity
WHERE activity_type = 'bot_initialized'
ORDER BY id DESC
LIMIT 200";

/// The newest start that names its pause.
struct Configured {
    since: DateTime<Utc>,
    pause_seconds: f64,
}

fn configured(audit: &Audit<'_>) -> anyhow::Result<Option<Configured>> {
    let context = audit.context;
    let mut statement = context.bot.prepare(STARTS)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let Some(since) = context.bot.instant(row, 0, 1)?.filter(|at| *at <= context.now) else { continue };
        let details = cell::text(row, 2)?.unwrap_or_default();
        return Ok(pause_of(&details).map(|pause_seconds| Configured { since, pause_seconds }));
    }
    Ok(None)
}

/// The seconds of `interval=30s, …`.
fn pause_of(details: &str) -> Option<f64> {
    let (_, rest) = details.split_once("interval=")?;
    let end = rest.find(|letter: char| !(letter.is_ascii_digit() || letter == '.')).unwrap_or(rest.len());
    let (number, unit) = rest.split_at_checked(end)?;
    let seconds: f64 = number.parse().ok()?;
    let is_seconds = unit.is_empty() || unit.starts_with('s') || unit.starts_with(',');
    (is_seconds && seconds >= 1.0).then_some(seconds)
}

fn slower(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let Some(configured) = configured(audit)? else { return Ok(Found::nothing()) };
    let pauses: Vec<f64> = audit
        .log()?
        .neighbours()
        .filter(|(before, begin)| begin.kind() == "market_data" && before.at() >= configured.since)
        .map(|(before, begin)| (begin.at() - before.at()).num_seconds() as f64)
        .collect();
    let count = pauses.len();
    let Some(pause) = median(&pauses).filter(|_| count >= FEWEST_CYCLES) else { return Ok(Found::nothing()) };
    let problem = Problem {
        alert_type: AlertType::Performance,
        severity: Severity::Medium,
        subject: String::new(),
        title: "The bot pauses far longer between cycles than it is configured to".to_owned(),
        description: format!(
            "The bot was started with a pause of {} between cycles; the median pause is {}.",
            span(configured.pause_seconds),
            span(pause)
        ),
        evidence: format!(
            "median of {count} pauses since the start at {}: {pause:.0} s, configured {:.0} s; query: SELECT \
             created_at, activity_type FROM activity_log ORDER BY id DESC LIMIT 40",
            clock::utc_text(configured.since),
            configured.pause_seconds
        ),
        recommendation: "Is there a blocking wait, a backoff that is never reset, an overloaded host? Stops and take profits are looked at that much later."
            .to_owned(),
    };
    Ok((pause > audit.threshold * configured.pause_seconds).then_some(problem).into())
}

fn two_bots(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let Some(configured) = configured(audit)? else { return Ok(Found::nothing()) };
    let begins: Vec<_> =
        audit.log()?.of_kind("market_data").filter(|begin| begin.at() >= configured.since).collect();
    let mut evidence = Evidence::default();
    for (one, next) in begins.iter().zip(begins.iter().skip(1)) {
        let seconds = (next.at() - one.at()).num_seconds() as f64;
        // Whole seconds: two moments may look one second closer than they were.
        let too_soon = seconds + 1.0 < 0.9 * configured.pause_seconds;
        evidence.row(too_soon.then_some(|| format!("{seconds:.0} s before {}", clock::utc_text(next.at()))));
    }
    let share = evidence.count as f64 / evidence.of.max(1) as f64;
    let problem = Problem {
        alert_type: AlertType::Bug,
        severity: Severity::High,
        subject: String::new(),
        title: "Cycles begin sooner than the configured pause allows: two bots seem to share this file".to_owned(),
        description: format!(
            "{:.0} % of the cycles since the start at {} UTC began sooner than the pause of {} allows.",
            share * 100.0,
            clock::utc_text(configured.since),
            span(configured.pause_seconds)
        ),
        evidence: evidence.text(
            "intervals between cycles",
            "SELECT created_at FROM activity_log WHERE activity_type = 'market_data' ORDER BY id DESC LIMIT 40",
        ),
        recommendation: "Do two bots run on this file? Look how many of its processes run, stop all but one, and let the bot take a lock: two bots open positions twice and overwrite each other's balance.".to_owned(),
    };
    Ok((evidence.of >= FEWEST_CYCLES as u64 && share >= audit.threshold).then_some(problem).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_stands_in_the_details_of_a_start() {
        assert_eq!(pause_of("interval=30s, min_confidence=0.3"), Some(30.0));
        assert_eq!(pause_of("interval=0.5s"), None);
        assert_eq!(pause_of("interval=5min"), None);
        assert_eq!(pause_of("interval=fast"), None);
    }
}
