//! The process: starts, stops, kills, and gaps while it should have run.

use chrono::{DateTime, TimeDelta, Utc};

use super::silence::rhythm;
use super::{Audit, Check, Evidence, Found, Problem, Theme, Threshold, span};
use crate::bot::{cell, clock};
use crate::finding::{AlertType, Severity};
use crate::plural::plural;

/// Starts without a stop before them.
pub(super) const KILLED: Check = Check {
    id: "bot-killed",
    theme: Theme::Alive,
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
    theme: Theme::Alive,
    why: "A gap in the log without a stop or a start is a time in which the bot hung and watched nothing.",
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
    for (before, event) in events.iter().zip(events.iter().skip(1)) {
        if !event.started || !audit.context.window.contains(event.at) {
            continue;
        }
        let kill = Kill { start: event.at, last_row: last_row_before(audit, event.at)? };
        evidence.row(before.started.then_some(|| kill.example()));
        if before.started {
            kills.push(kill);
        }
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
            "{} of {} starts in the window had no stop before them; the longest outage lasted {}. \
             In that time no stop loss or take profit was watched.",
            evidence.count,
            evidence.of,
            span(longest as f64)
        ),
        evidence: evidence.text(
            "starts",
            "SELECT created_at, activity_type FROM activity_log WHERE activity_type IN ('bot_started', 'bot_stopped') ORDER BY id",
        ),
        recommendation: "Find out what ended the process (out of memory, a reboot, an exception) and let a \
                         supervisor such as systemd restart it at once."
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
    let mut evidence = Evidence::default();
    let log = audit.log()?;
    for (before, after) in log.neighbours() {
        let seconds = (after.at() - before.at()).num_seconds();
        let slack = TimeDelta::seconds(NEAR_SECONDS);
        let explained =
            || events.iter().any(|event| event.at >= before.at() - slack && event.at <= after.at() + slack);
        let hung = seconds > rhythm.tolerance_seconds && !explained();
        evidence.row(hung.then_some(|| {
            format!(
                "{} from {} to {}",
                span(seconds as f64),
                clock::utc_text(before.at()),
                clock::utc_text(after.at())
            )
        }));
    }
    let cause = if knows_starts {
        "Neither a stop nor a start is logged around it: the bot hung, or its host slept."
    } else {
        "This bot logs no starts, so that a stop and a start by hand look the same as a hang."
    };
    let problem = Problem {
        alert_type: AlertType::Performance,
        severity: if knows_starts { Severity::Medium } else { Severity::Low },
        subject: String::new(),
        title: "The activity log has gaps far beyond the bot's rhythm".to_owned(),
        description: format!(
            "{} {} in the window the bot wrote nothing for longer than {}. {cause}",
            evidence.count,
            plural(evidence.count, "time", "times"),
            span(rhythm.tolerance_seconds as f64)
        ),
        evidence: evidence.text(
            "pairs of neighbouring rows",
            "SELECT created_at, activity_type FROM activity_log ORDER BY created_at",
        ),
        recommendation: "Look at the host and the bot's output at these times; give every request a timeout."
            .to_owned(),
    };
    Ok((evidence.count > 0).then_some(problem).into())
}
