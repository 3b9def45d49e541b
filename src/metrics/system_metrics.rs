//! The bot's running: cycles, errors, response times, age of the prices, cooldowns.
//!
//! All of it is counted by the pass over the log: `source::log::cycles` says what a cycle is.

mod cycles;
mod life;

use std::collections::HashSet;

use rusqlite::Connection;
use serde::Serialize;

use crate::metrics::context::Context;
use crate::metrics::figures::{Ranked, Unavailable};
use crate::metrics::setting::Span;
use crate::source::clock;
use crate::source::ledger::Entry;
use cycles::Cycles;
pub(crate) use cycles::{KeyFigures, Times};
use life::Life;

const KINDS: &str = "
SELECT
    kind,
    sum(n)
FROM event_pattern
WHERE n > 0
GROUP BY kind
ORDER BY sum(n) DESC, kind";

const ERRORS: &str = "
SELECT
    error,
    sum(n)
FROM event_pattern
WHERE n > 0 AND error IS NOT NULL
GROUP BY error
ORDER BY sum(n) DESC, error";

const REJECTIONS: &str = "
SELECT
    coalesce(sum(n), 0)
FROM event_pattern
WHERE rejection = 'cooldown'";

const NEWEST_PRICE: &str = "
SELECT
    count(price.source),
    max(updated_at) FILTER (WHERE updated_at <= now),
    now
FROM run LEFT JOIN price";

/// The section `system_metrics`.
#[derive(Debug, Serialize)]
pub(crate) struct SystemMetrics {
    /// From the last start to the last sign of life, however the run before it ended.
    pub(crate) uptime_hours: Option<f64>,
    /// The last start that the file shows, UTC.
    pub(crate) last_start: Option<String>,
    /// The newest row of the activity log, UTC.
    pub(crate) last_activity: Option<String>,
    /// Time since then.
    pub(crate) seconds_since_last_activity: Option<f64>,
    /// Rows of the activity log in the window by type, most frequent first.
    pub(crate) activity_by_type: Ranked<String, u64>,
    /// Cycles begun in the window.
    pub(crate) total_cycles: Option<u64>,
    /// Cycles with an error among them.
    pub(crate) cycles_with_errors: Option<u64>,
    /// Attempts at a cycle that failed to fetch prices and so never began one.
    pub(crate) failed_fetches: Option<u64>,
    /// Cycles with errors as a fraction of all cycles.
    pub(crate) error_rate: Option<f64>,
    /// Errors in the window by kind: the specification's three, then those found, most frequent first.
    pub(crate) error_types: Option<Ranked<String, u64>>,
    /// Mean seconds from a cycle's first row to its last.
    pub(crate) avg_cycle_duration: Option<f64>,
    /// Seconds from a cycle's beginning to the next one's.
    pub(crate) cycle_interval_seconds: Option<Times>,
    /// Seconds that the LLM took.
    pub(crate) llm_response_times: Option<Times>,
    /// Seconds since the newest price.
    pub(crate) market_data_staleness: Option<f64>,
    /// What cooldowns did.
    pub(crate) cooldown_effectiveness: Option<Cooldowns>,
    /// The same figures one window earlier.
    pub(crate) previous: KeyFigures,
    /// Why a field is null.
    #[serde(skip_serializing_if = "Unavailable::is_empty")]
    pub(crate) unavailable: Unavailable,
}

/// What cooldowns did in the window.
#[derive(Debug, Serialize)]
pub(crate) struct Cooldowns {
    /// Trades rejected because their coin was in cooldown.
    pub(crate) rejections: u64,
    /// Distinct coins among the trades that were closed or opened in the window.
    pub(crate) unique_coins_traded: u64,
}

/// Reads what the log tells of the window and of the one before, the prices' age and the traded coins.
///
/// # Errors
/// When one of them cannot be read.
pub(crate) fn collect(context: &Context<'_>) -> anyhow::Result<SystemMetrics> {
    let mut unavailable = Unavailable::new();
    let audit = context.db.connection();
    let logged = context.db.facts().has_table("activity_log");
    let by_type = ranked(audit, KINDS)?;
    let cycles = Cycles::of(audit, Span::Window)?;
    explain_nulls(&cycles, logged, by_type.is_empty(), &mut unavailable);
    let life = Life::read(audit)?;
    life.explain_nulls(&mut unavailable);
    let rejections = audit.query_row(REJECTIONS, [], |row| row.get(0))?;
    Ok(SystemMetrics {
        uptime_hours: life.uptime_hours(),
        last_start: life.last_start.and_then(clock::moment).map(clock::utc_text),
        last_activity: life.last_activity.and_then(clock::moment).map(clock::utc_text),
        seconds_since_last_activity: life.seconds_since_last_activity(),
        activity_by_type: Ranked(by_type),
        total_cycles: logged.then_some(cycles.begun),
        cycles_with_errors: logged.then_some(cycles.with_errors),
        failed_fetches: logged.then_some(cycles.failed_fetches),
        error_rate: cycles.error_rate(),
        error_types: if logged { Some(errors(audit)?) } else { None },
        avg_cycle_duration: cycles.duration.map(|duration| duration.avg),
        cycle_interval_seconds: cycles.interval,
        llm_response_times: cycles.response,
        market_data_staleness: staleness(audit, &mut unavailable)?,
        cooldown_effectiveness: cooldowns(context, rejections, logged, &mut unavailable)?,
        previous: Cycles::of(audit, Span::Previous)?.key_figures(logged),
        unavailable,
    })
}

/// Names with their counts.
fn ranked(audit: &Connection, sql: &str) -> rusqlite::Result<Vec<(String, u64)>> {
    let mut statement = audit.prepare(sql)?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// The specification's own three: always shown, also as a counted zero.
const ALWAYS_SHOWN: [&str; 3] = ["llm_timeout", "market_data_failed", "database_error"];

/// The specification's three first, then what was found, most frequent first.
fn errors(audit: &Connection) -> rusqlite::Result<Ranked<String, u64>> {
    let found = ranked(audit, ERRORS)?;
    let count = |kind: &str| found.iter().find(|(known, _)| known == kind).map_or(0, |(_, count)| *count);
    let always = ALWAYS_SHOWN.iter().map(|kind| ((*kind).to_owned(), count(kind)));
    let others = found.iter().filter(|(kind, _)| !ALWAYS_SHOWN.contains(&kind.as_str())).cloned();
    Ok(Ranked(always.chain(others).collect()))
}

fn explain_nulls(cycles: &Cycles, logged: bool, is_empty: bool, unavailable: &mut Unavailable) {
    if !logged {
        for field in ["total_cycles", "cycles_with_errors", "failed_fetches", "error_types"] {
            unavailable.insert(field, "the file has no activity_log".to_owned());
        }
    }
    let reason = match (logged, is_empty) {
        (false, _) => Some("the file has no activity_log"),
        (true, true) => Some("no activity in the window"),
        (true, false) if cycles.begun == 0 => Some("no cycle in the window"),
        (true, false) => None,
    };
    for (field, is_null, own_reason) in [
        ("error_rate", cycles.begun == 0, "no cycle in the window"),
        ("avg_cycle_duration", cycles.duration.is_none(), "the length of no cycle is known"),
        ("cycle_interval_seconds", cycles.interval.is_none(), "no cycle follows another one"),
        (
            "llm_response_times",
            cycles.response.is_none(),
            "no request to the bot's LLM with its answer is logged",
        ),
    ] {
        if is_null {
            unavailable.insert(field, reason.unwrap_or(own_reason).to_owned());
        }
    }
}

fn staleness(audit: &Connection, unavailable: &mut Unavailable) -> rusqlite::Result<Option<f64>> {
    let (rows, newest, now): (u64, Option<f64>, f64) =
        audit.query_row(NEWEST_PRICE, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if newest.is_none() {
        let reason = if rows == 0 {
            "the bot stores no prices"
        } else {
            "no price has a readable time up to the audited moment"
        };
        unavailable.insert("market_data_staleness", reason.to_owned());
    }
    Ok(newest.map(|newest| (now - newest).trunc()))
}

fn cooldowns(
    context: &Context<'_>,
    rejections: u64,
    logged: bool,
    unavailable: &mut Unavailable,
) -> anyhow::Result<Option<Cooldowns>> {
    if !logged || (context.generation != 1 && rejections == 0) {
        let reason =
            if logged { "this generation logs no rejections" } else { "the file has no activity_log" };
        unavailable.insert("cooldown_effectiveness", reason.to_owned());
        return Ok(None);
    }
    let mut coins: HashSet<&str> = context.traded()?.window.patterns.by_coin.keys().collect();
    let is_new = |position: &&Entry| position.opened_at.is_some_and(|at| context.window.contains(at));
    let opened = context.open_positions()?.iter().filter(is_new);
    coins.extend(opened.map(|position| position.coin.as_str()));
    Ok(Some(Cooldowns { rejections, unique_coins_traded: coins.len() as u64 }))
}
