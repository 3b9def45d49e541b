//! The process: starts, stops, kills, and gaps while it should have run.

use chrono::{DateTime, TimeDelta, Utc};

use super::rhythm::rhythm;
use super::span::span;
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};
use crate::model::{AlertType, Severity};
use crate::source::ledger::Entry;
use crate::source::log::Log;
use crate::source::{cell, clock};

/// Starts without a stop before them.
pub(super) const KILLED: Check = Check {
    id: "bot-killed",
    theme: Theme::Liveness,
    why: "A start without a stop before it means that the process was killed or crashed, with positions unwatched.",
    threshold: Some(Threshold {
        default: 4.0,
        reason: "starts within an hour that make a crash loop: nobody restarts by hand that often without a stop",
    }),
    run: killed,
};

/// Long silence in the window while the process should have run.
pub(super) const GAP: Check = Check {
    id: "activity-gap",
    theme: Theme::Liveness,
    why: "In a gap of the log the bot watched nothing: it hung or, where a stop is logged, was left stopped with open positions.",
    threshold: Some(Threshold {
        default: 15.0,
        reason: "minutes, at least; else what the bot's own gaps tolerate, as in bot-silent",
    }),
    run: gaps,
};

const LIFECYCLE: &str = "
SELECT
    at,
    clock,
    event
FROM lifecycle";
const ROWS_BEFORE: &str = "
SELECT
    created_at,
    clock
FROM activity
WHERE created_at < ?1
ORDER BY created_at DESC
LIMIT 1000";
/// A stop or a start this near a gap explains it.
const NEAR_SECONDS: i64 = 60;
/// Rows that a start writes before its own are this close to it.
const STARTING_SECONDS: i64 = 10;
/// Longer than a restart or an upgrade takes.
const LONG_STOP_SECONDS: i64 = 3_600;
/// A process that is back within this time was restarted at once.
const LONG_OUTAGE_SECONDS: i64 = 15 * 60;

/// A start or a clean stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Event {
    /// When.
    pub(super) at: DateTime<Utc>,
    /// A start, not a stop; of two in one second the stop comes first.
    pub(super) started: bool,
}

/// All starts and clean stops up to now, oldest first.
pub(super) fn events(audit: &Audit<'_>) -> anyhow::Result<Vec<Event>> {
    let mut events = Vec::new();
    audit.context.bot.each_row(LIFECYCLE, |row| {
        if let Some(at) = audit.context.bot.instant(row, 0, 1)?.filter(|at| *at <= audit.context.now) {
            events.push(Event { at, started: cell::text(row, 2)?.as_deref() == Some("started") });
        }
        Ok(())
    })?;
    events.sort_unstable();
    Ok(events)
}

/// A start that no stop preceded, and the last row before it, if the log still has it.
struct Kill {
    start: DateTime<Utc>,
    last_row: Option<DateTime<Utc>>,
}

impl Kill {
    fn down_seconds(&self) -> i64 {
        self.last_row.map_or(0, |last| (self.start - last).num_seconds())
    }

    fn example(&self) -> String {
        let start = clock::utc_text(self.start);
        match self.last_row {
            Some(last) => format!(
                "started {start}, last row before {} ({} down)",
                clock::utc_text(last),
                span(self.down_seconds() as f64)
            ),
            None => format!("started {start}"),
        }
    }
}

fn killed(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let events = events(audit)?;
    let mut evidence = Evidence::default();
    let mut kills = Vec::new();
    let mut before: Option<&Event> = None;
    for event in &events {
        // Before the first one of all the log may have been emptied: it is a start, and no kill.
        let is_kill = before.replace(event).is_some_and(|before| before.started);
        if !event.started || !audit.context.window.contains(event.at) {
            continue;
        }
        if !is_kill {
            evidence.of += 1;
            continue;
        }
        let kill = Kill { start: event.at, last_row: last_row_before(audit, event.at)? };
        evidence.fault(|| kill.example());
        kills.push(kill);
    }
    if kills.is_empty() {
        return Ok(Found::nothing());
    }
    let looping = most_in_an_hour(&kills) as f64 >= audit.threshold;
    let longest = kills.iter().map(Kill::down_seconds).max().unwrap_or(0);
    let (severity, title) = match (looping, longest > LONG_OUTAGE_SECONDS) {
        (true, _) => (Severity::High, "The bot crashes again and again soon after its start"),
        (false, true) => (Severity::Medium, "The bot died and stayed down: a start without a stop before it"),
        (false, false) => (Severity::Low, "The bot was killed and started again without an orderly stop"),
    };
    Ok(Some(Problem {
        alert_type: AlertType::Bug,
        severity,
        subject: String::new(),
        title: title.to_owned(),
        description: format!(
            "{} in the window followed another one without a stop between; the longest silence before such a start lasted {}.",
            match (evidence.count, evidence.of) {
                (_, 1) => "The only start".to_owned(),
                (count, of) => format!("{count} of {of} starts"),
            },
            span(longest as f64)
        ),
        evidence: evidence.text(
            "starts",
            &format!(
                "SELECT created_at, activity_type FROM activity_log WHERE activity_type IN ('bot_started', 'bot_stopped') \
                 AND created_at > '{}' AND created_at <= '{}' ORDER BY id",
                clock::utc_text(audit.context.window.after),
                clock::utc_text(audit.context.window.until)
            ),
        ),
        recommendation: "What ended the process: no memory, a reboot, an exception, a kill by hand? Let a supervisor such \
                         as systemd restart it at once; no stop loss or take profit is watched meanwhile."
            .to_owned(),
    })
    .into())
}

/// The newest row that the start itself has not written.
fn last_row_before(audit: &Audit<'_>, start: DateTime<Utc>) -> anyhow::Result<Option<DateTime<Utc>>> {
    let starting = start - TimeDelta::seconds(STARTING_SECONDS);
    let mut statement = audit.context.bot.prepare(ROWS_BEFORE)?;
    let mut rows = statement.query([clock::utc_text(start)])?;
    while let Some(row) = rows.next()? {
        if let Some(at) = audit.context.bot.instant(row, 0, 1)?.filter(|at| *at <= starting) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn most_in_an_hour(kills: &[Kill]) -> usize {
    let hour = TimeDelta::hours(1);
    let from = |first: &Kill| {
        kills.iter().filter(|kill| kill.start >= first.start && kill.start - first.start <= hour).count()
    };
    kills.iter().map(from).max().unwrap_or(0)
}

fn gaps(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let Some(rhythm) = rhythm(audit, audit.threshold)? else { return Ok(Found::nothing()) };
    let events = events(audit)?;
    let knows_starts = events.iter().any(|event| event.started);
    let (mut hung, mut stopped) = (Evidence::default(), Evidence::default());
    let log = audit.log()?;
    for (before, after) in log.neighbours() {
        let seconds = (after.at() - before.at()).num_seconds();
        if seconds <= rhythm.tolerance_seconds {
            hung.of += 1;
            continue;
        }
        let gap = || {
            let (from, to) = (clock::utc_text(before.at()), clock::utc_text(after.at()));
            format!("{} from {from} to {to}", span(seconds as f64))
        };
        let slack = TimeDelta::seconds(NEAR_SECONDS);
        let within =
            events.iter().filter(|event| event.at >= before.at() - slack && event.at <= after.at() + slack);
        match within.min() {
            None => hung.fault(gap),
            Some(event) if !event.started && seconds > LONG_STOP_SECONDS => {
                hung.of += 1;
                let open = open_throughout(audit, before.at(), after.at())?;
                if open > 0 {
                    stopped.fault(|| format!("{}, {open} positions open", gap()));
                }
            }
            Some(_) => hung.of += 1,
        }
    }
    stopped.of = hung.of;
    let mut found = Found::nothing();
    if hung.count > 0 {
        found.fact(gap_problem(log, &hung, rhythm.tolerance_seconds, knows_starts));
    }
    if stopped.count > 0 {
        found.fact(stopped_problem(log, &stopped));
    }
    Ok(found)
}

/// Positions that were open before a moment and not closed until after another.
fn open_throughout(audit: &Audit<'_>, from: DateTime<Utc>, to: DateTime<Utc>) -> anyhow::Result<usize> {
    let positions = audit.shared.history.all(audit.context)?;
    let is_open = |position: &&Entry| {
        position.opened_at.is_some_and(|at| at <= from) && position.closed_at.is_none_or(|at| at >= to)
    };
    Ok(positions.filter(is_open).count())
}

/// The rows with what lies between each and the one before.
fn gaps_query(log: &Log) -> String {
    format!(
        "SELECT created_at, activity_type, 86400 * (julianday(created_at) - julianday(lag(created_at) OVER (ORDER BY id))) \
         AS seconds FROM activity_log WHERE {} ORDER BY seconds DESC LIMIT 10",
        log.read_sql()
    )
}

fn gap_problem(log: &Log, evidence: &Evidence, tolerance_seconds: i64, knows_starts: bool) -> Problem {
    let beside = if knows_starts {
        "Neither a stop nor a start is logged around it."
    } else {
        "This bot logs no starts, so that a stop and a start by hand look the same as a hang."
    };
    Problem {
        alert_type: AlertType::Performance,
        severity: if knows_starts { Severity::Medium } else { Severity::Low },
        subject: String::new(),
        title: "The activity log has gaps far beyond the bot's rhythm".to_owned(),
        description: format!(
            "Gaps {} in which the bot wrote nothing for longer than {}: {}. {beside}",
            log.when(),
            span(tolerance_seconds as f64),
            evidence.count
        ),
        evidence: evidence.text("pairs of neighbouring rows", &gaps_query(log)),
        recommendation:
            "Did the bot hang, or did its host sleep? Look at the host and the bot's output at these times; \
                         give every request a timeout."
                .to_owned(),
    }
}

fn stopped_problem(log: &Log, evidence: &Evidence) -> Problem {
    Problem {
        alert_type: AlertType::Pattern,
        severity: Severity::Low,
        subject: "stopped".to_owned(),
        title: "The bot was stopped for more than an hour while positions were open".to_owned(),
        description: format!(
            "Gaps of more than an hour {} that begin with an orderly stop and had positions open from end to end: {}. \
             Nothing watched their stops and targets.",
            log.when(),
            evidence.count
        ),
        evidence: evidence.text("pairs of neighbouring rows", &gaps_query(log)),
        recommendation: "Close the positions before a long stop, or start the bot again at once.".to_owned(),
    }
}
