//! The bot's running: cycles, errors, response times, age of the prices, cooldowns.
//!
//! All of it is derived from the activity log, whose resolution is one second. A cycle of
//! generation 1 begins with its `market_data` row and lasts to the last row before the next one; the
//! LLM's response time is the time from the row before an `llm_query`, in the same cycle, to that
//! row. Generation 2 logs each strategist run once, when it ends, and pauses between two of them:
//! what its gaps are longer than the pause is the run itself.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::metrics::context::Context;
use crate::metrics::figures::{Ranked, Unavailable, ratio};
use crate::model::Period;
use crate::source::ledger::Entry;
use crate::source::{cell, clock, log};

mod cycles;
pub(super) mod tally;

pub(crate) use tally::{Errors, KeyFigures, Tally, Times};

const TIMES: &str = "
SELECT
    created_at,
    clock
FROM activity
WHERE within(created_at)";

const LIFECYCLE: &str = "
SELECT
    at,
    clock,
    event
FROM lifecycle";

const FIRST_ACTIVITY_AFTER: &str = "
SELECT
    created_at,
    clock
FROM activity
WHERE created_at > ?1
ORDER BY created_at
LIMIT 1";

const PRICES: &str = "
SELECT
    updated_at,
    clock
FROM price";

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
    /// Trades refused because their coin was in cooldown.
    pub(crate) rejections: u64,
    /// Distinct coins among the trades that were closed or opened in the window.
    pub(crate) unique_coins_traded: u64,
}

/// Reads the activity of the window and of the one before, the prices' age and the traded coins.
///
/// # Errors
/// When one of them cannot be read.
pub(crate) fn collect(context: &Context<'_>) -> anyhow::Result<SystemMetrics> {
    let mut unavailable = Unavailable::new();
    let logged = context.bot.has_table("activity_log");
    let activity = context.activity()?;
    let tally = &activity.window;
    explain_nulls(tally, logged, &mut unavailable);
    let last_activity = match tally.newest {
        Some(newest) => Some(newest),
        None => newest_activity(context)?,
    };
    let last_start = last_start(context)?;
    for (field, is_null, reason) in [
        ("uptime_hours", last_start.is_none(), "the activity log shows no start"),
        ("last_start", last_start.is_none(), "the activity log shows no start"),
        (
            "last_activity",
            last_activity.is_none(),
            "the activity log has no row with a readable time up to now",
        ),
        (
            "seconds_since_last_activity",
            last_activity.is_none(),
            "the activity log has no row with a readable time up to now",
        ),
    ] {
        if is_null {
            unavailable.insert(field, reason.to_owned());
        }
    }
    let staleness = staleness(context, &mut unavailable)?;
    let cooldowns = cooldowns(context, tally.refusals("cooldown"), logged, &mut unavailable)?;
    let cycles = &tally.cycles;
    let avg_cycle_duration = cycles.mean_duration_seconds();
    Ok(SystemMetrics {
        uptime_hours: last_start
            .zip(last_activity)
            .map(|(start, end)| (end - start).num_seconds().max(0) as f64 / 3_600.0),
        last_start: last_start.map(clock::utc_text),
        last_activity: last_activity.map(clock::utc_text),
        seconds_since_last_activity: last_activity.map(|at| (context.now - at).num_seconds() as f64),
        activity_by_type: tally.by_type(&activity.log.vocabulary),
        total_cycles: logged.then_some(cycles.begun),
        cycles_with_errors: logged.then_some(cycles.with_errors),
        failed_fetches: logged.then_some(cycles.failed_fetches),
        error_rate: ratio(cycles.with_errors as f64, cycles.begun as f64),
        error_types: logged.then(|| tally::ranked(&tally.errors)),
        avg_cycle_duration,
        cycle_interval_seconds: Times::of(cycles.interval_seconds.clone()),
        llm_response_times: Times::of(cycles.llm_seconds.clone()),
        market_data_staleness: staleness,
        cooldown_effectiveness: cooldowns,
        previous: activity.previous.key_figures(logged),
        unavailable,
    })
}

fn explain_nulls(tally: &Tally, logged: bool, unavailable: &mut Unavailable) {
    if !logged {
        for field in ["total_cycles", "cycles_with_errors", "failed_fetches", "error_types"] {
            unavailable.insert(field, "the file has no activity_log".to_owned());
        }
    }
    let cycles = &tally.cycles;
    let reason = match (logged, tally.newest) {
        (false, _) => Some("the file has no activity_log"),
        (true, None) => Some("no activity in the window"),
        (true, Some(_)) if cycles.begun == 0 => Some("no cycle in the window"),
        (true, Some(_)) => None,
    };
    for (field, count, own_reason) in [
        ("error_rate", cycles.begun as usize, "no cycle in the window"),
        ("avg_cycle_duration", cycles.durations() as usize, "the length of no cycle is known"),
        ("cycle_interval_seconds", cycles.interval_seconds.len(), "no cycle follows another one"),
        (
            "llm_response_times",
            cycles.llm_seconds.len(),
            "no request to the bot's LLM with its answer is logged",
        ),
    ] {
        if count == 0 {
            unavailable.insert(field, reason.unwrap_or(own_reason).to_owned());
        }
    }
}

/// The newest row; where times stand in several forms, texts do not sort as their instants do.
fn newest_activity(context: &Context<'_>) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let first = context.bot.newest_times(log::NEWEST, context.now, 1)?.pop();
    let Some(mut newest) = first else { return Ok(None) };
    context.bot.each_within(TIMES, Period { after: newest, until: context.now }, |at, _| {
        newest = newest.max(at);
        Ok(())
    })?;
    Ok(Some(newest))
}

/// The newest logged start. Generation 2 logs none: its run began with the first activity after the
/// last clean stop, or with the log itself.
fn last_start(context: &Context<'_>) -> anyhow::Result<Option<DateTime<Utc>>> {
    let (mut started, mut stopped) = (None, None);
    context.bot.each_row(LIFECYCLE, |row| {
        let at = context.bot.instant(row, 0, 1)?.filter(|at| *at <= context.now);
        let newest =
            if cell::text(row, 2)?.as_deref() == Some("started") { &mut started } else { &mut stopped };
        *newest = (*newest).max(at);
        Ok(())
    })?;
    if context.generation == 1 {
        return Ok(started);
    }
    let since = stopped.map(clock::utc_text).unwrap_or_default();
    let mut statement = context.bot.prepare(FIRST_ACTIVITY_AFTER)?;
    let mut rows = statement.query([since])?;
    match rows.next()? {
        Some(row) => Ok(context.bot.instant(row, 0, 1)?.filter(|at| *at <= context.now)),
        None => Ok(None),
    }
}

fn staleness(context: &Context<'_>, unavailable: &mut Unavailable) -> anyhow::Result<Option<f64>> {
    let mut newest = None;
    let mut rows = 0_u64;
    context.bot.each_row(PRICES, |row| {
        rows += 1;
        newest = newest.max(context.bot.instant(row, 0, 1)?.filter(|at| *at <= context.now));
        Ok(())
    })?;
    if newest.is_none() {
        let reason = if rows == 0 {
            "the bot stores no prices"
        } else {
            "no price has a readable time up to the audited moment"
        };
        unavailable.insert("market_data_staleness", reason.to_owned());
    }
    Ok(newest.map(|newest| (context.now - newest).num_seconds() as f64))
}

fn cooldowns(
    context: &Context<'_>,
    rejections: u64,
    logged: bool,
    unavailable: &mut Unavailable,
) -> anyhow::Result<Option<Cooldowns>> {
    if !logged || (context.generation != 1 && rejections == 0) {
        let reason = if logged { "this generation logs no refusals" } else { "the file has no activity_log" };
        unavailable.insert("cooldown_effectiveness", reason.to_owned());
        return Ok(None);
    }
    let mut coins: HashSet<&str> = context.traded()?.window.patterns.by_coin.keys().collect();
    let is_new = |position: &&Entry| position.opened_at.is_some_and(|at| context.window.contains(at));
    let opened = context.open_positions()?.iter().filter(is_new);
    coins.extend(opened.map(|position| position.coin.as_str()));
    Ok(Some(Cooldowns { rejections, unique_coins_traded: coins.len() as u64 }))
}
