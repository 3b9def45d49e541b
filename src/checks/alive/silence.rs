//! Is there any recent sign of life?

use chrono::{DateTime, NaiveDateTime, Utc};

use super::lives::{Event, events};
use super::rhythm::{Rhythm, rhythm};
use super::span::span;
use crate::checks::check::{Audit, Check, Found, Problem, Theme, Threshold};
use crate::model::{AlertType, Severity};
use crate::source::{cell, clock};

/// The newest sign of life is far older than the bot's rhythm.
pub(super) const SILENT: Check = Check {
    id: "bot-silent",
    theme: Theme::Liveness,
    why: "A bot that writes nothing does not watch its positions: no stop loss will close them.",
    threshold: Some(Threshold {
        default: 15.0,
        reason: "minutes, at least; else five times the bot's own 99th percentile gap or twice its third-longest: \
                 both generations write every few minutes, also through three LLM timeouts in a row (12 minutes)",
    }),
    run: silent,
};

/// A stop may be logged this long before the last row of another thread.
const STOP_SLACK_SECONDS: i64 = 60;
/// Longer than a restart or an upgrade takes.
const LONG_STOP_SECONDS: i64 = 3_600;

/// Other signs of life: each has a row or few.
const SIGNS: &str = "
SELECT updated_at, clock FROM price
UNION ALL
SELECT opened_at, clock FROM position
UNION ALL
SELECT updated_at, clock FROM account WHERE generation = 1";

fn silent(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let now = audit.context.now;
    let Some(rhythm) = rhythm(audit, audit.threshold)? else { return Ok(Found::nothing()) };
    let newest = newest_sign(audit, rhythm.newest)?;
    let silence = (now - newest).num_seconds();
    if silence <= rhythm.tolerance_seconds || is_local_text(audit, &rhythm)? {
        return Ok(Found::nothing());
    }
    let open = audit.context.open_positions()?.len();
    let stop = events(audit)?
        .into_iter()
        .next_back()
        .filter(|event| !event.started && (event.at - newest).num_seconds() >= -STOP_SLACK_SECONDS);
    let evidence = format!(
        "newest row {}, {} before {}; 99th percentile of the gaps before: {}; tolerated: {}; open positions: {open}; \
         query: SELECT * FROM activity_log ORDER BY created_at DESC LIMIT 5",
        clock::utc_text(newest),
        span(silence as f64),
        clock::utc_text(now),
        span(rhythm.p99_seconds as f64),
        span(rhythm.tolerance_seconds as f64)
    );
    Ok(Some(match stop {
        Some(stop) => stopped(&stop, silence, open, evidence),
        None => dead(newest, silence, open, evidence),
    })
    .into())
}

fn dead(newest: DateTime<Utc>, silence: i64, open: usize, evidence: String) -> Problem {
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Critical,
        subject: "dead".to_owned(),
        title: "The bot is dead: it writes nothing any more and was not stopped".to_owned(),
        description: format!(
            "The bot has written nothing since {} UTC, for {}, and no stop is logged. {}",
            clock::utc_text(newest),
            span(silence as f64),
            unwatched(open)
        ),
        evidence,
        recommendation: "Was it killed, or does it hang? Look whether the process runs, read its last output, and start it again.".to_owned(),
    }
}

fn stopped(stop: &Event, silence: i64, open: usize, evidence: String) -> Problem {
    let long = open > 0 && silence > LONG_STOP_SECONDS;
    Problem {
        alert_type: AlertType::Pattern,
        severity: if long { Severity::Medium } else { Severity::Low },
        subject: "stopped".to_owned(),
        title: "The bot was stopped and has not been started again".to_owned(),
        description: format!(
            "The bot was stopped at {} UTC, {} ago, in an orderly way. {}",
            clock::utc_text(stop.at),
            span(silence as f64),
            unwatched(open)
        ),
        evidence,
        recommendation: "Start it again, or close its positions if it is to stay stopped.".to_owned(),
    }
}

fn unwatched(open: usize) -> String {
    match open {
        0 => "No position is open.".to_owned(),
        _ => {
            format!(
                "Open positions: {open}. While the bot stands still no stop loss or take profit of it closes them."
            )
        }
    }
}

fn newest_sign(audit: &Audit<'_>, newest: DateTime<Utc>) -> anyhow::Result<DateTime<Utc>> {
    let mut newest = newest;
    audit.context.bot.each_row(SIGNS, |row| {
        if let Some(at) = audit.context.bot.instant(row, 0, 1)?.filter(|at| *at <= audit.context.now) {
            newest = newest.max(at);
        }
        Ok(())
    })?;
    Ok(newest)
}

/// Whether the log's naive `T` text, read as the host's local time, is recent: Python's
/// `datetime.now()` writes that form, SQLite's UTC default never does.
fn is_local_text(audit: &Audit<'_>, rhythm: &Rhythm) -> anyhow::Result<bool> {
    let sql = "SELECT created_at FROM activity ORDER BY id DESC LIMIT 1";
    let mut written_with_t = false;
    audit.context.bot.each_row(sql, |row| {
        let text = cell::text(row, 0)?.unwrap_or_default();
        written_with_t = NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f").is_ok();
        Ok(())
    })?;
    let local = audit.context.bot.host_offset().to_utc(rhythm.newest.naive_utc());
    let age = local.map(|local| (audit.context.now - local).num_seconds().abs());
    Ok(written_with_t && age.is_some_and(|age| age <= rhythm.tolerance_seconds))
}
