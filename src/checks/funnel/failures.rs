//! Errors: those that recur, those that rise, and those that are logged as something else.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Audit, Check, Evidence, Found, Problem, Theme, Threshold, over_log, percent};
use crate::bot::{Period, cell, clock};
use crate::checks::Log;
use crate::checks::log::Entry;
use crate::collectors::system_metrics::{classify, is_failed_fetch};
use crate::finding::{AlertType, Severity};
use crate::untrusted::cut;

/// The same error in the window.
pub(super) const RECURRING: Check = Check {
    id: "error-recurring",
    theme: Theme::Funnel,
    why: "An exception that comes back is a bug with an address, and a service that fails often starves the bot.",
    threshold: Some(Threshold {
        default: 3.0,
        reason: "exceptions of one text in the window, from which on it is no accident; errors of services count by share",
    }),
    run: |audit| over_log(audit, recurring),
};

/// More episodes of an error than in the window before.
pub(super) const RISING: Check = Check {
    id: "errors-rising",
    theme: Theme::Funnel,
    why: "An error that suddenly comes far more often than a window earlier has a new cause.",
    threshold: Some(Threshold {
        default: 5.0,
        reason: "episodes (errors within ten minutes are one) in the window, tested against the window before by \
                 the binomial distribution over cycles",
    }),
    run: rising,
};

/// Failures as ordinary rows.
pub(super) const DISGUISED: Check = Check {
    id: "failure-logged-as-decision",
    theme: Theme::Funnel,
    why: "A failure that is logged as a decision appears in no count of errors and looks like caution.",
    threshold: Some(Threshold { default: 5.0, reason: "decisions of one text in the window" }),
    run: |audit| over_log(audit, disguised),
};

/// Words of an error that no retry can heal: the code and the file disagree.
const SCHEMA_WORDS: [&str; 6] = [
    "no column named",
    "has no column",
    "no such column",
    "no such table",
    "constraint failed",
    "datatype mismatch",
];
/// Rows that say a failure where a reason should stand.
const FAILURE_WORDS: [&str; 12] = [
    "failed to parse",
    "could not parse",
    "cannot parse",
    "unable to parse",
    "parse error",
    "parsing failed",
    "invalid json",
    "jsondecode",
    "no valid json",
    "traceback",
    "request failed",
    "connection failed",
];
/// Failing for so long at every attempt is no hiccup any more.
const OUTAGE_MINUTES: i64 = 30;

/// Whether a reason is the text of a failure.
pub(super) fn is_failure_text(text: &str) -> bool {
    let text = text.to_lowercase();
    FAILURE_WORDS.iter().any(|word| text.contains(word))
}

/// All rows of one error.
#[derive(Default)]
struct Group<'log> {
    evidence: Evidence,
    newest: Option<&'log Entry>,
    is_exception: bool,
}

/// Exceptions by their text, errors of services by their kind.
fn groups(log: &Log) -> BTreeMap<String, Group<'_>> {
    let mut groups: BTreeMap<String, Group<'_>> = BTreeMap::new();
    for entry in &log.entries {
        let Some(kind) = classify(&entry.kind, &entry.description) else { continue };
        if entry.kind.ends_with("_failed") {
            continue;
        }
        let is_exception = entry.kind.ends_with("_error");
        let name = if is_exception { message(&entry.description) } else { kind.replace('_', " ") };
        let group = groups.entry(name).or_default();
        group.is_exception = is_exception;
        group.newest = Some(entry);
        let example = format!("#{} {} {}", entry.id, clock::utc_text(entry.at), cut(&entry.description, 100));
        group.evidence.row(Some(example));
    }
    groups
}

/// The text behind `Cycle #110 error:`, numbers replaced: the same exception has the same text.
fn message(description: &str) -> String {
    let text = description.split_once("rror: ").map_or(description, |(_, message)| message);
    let mut shown = String::new();
    for letter in text.chars() {
        match letter.is_ascii_digit() {
            true if shown.ends_with('#') => {}
            true => shown.push('#'),
            false => shown.push(letter),
        }
    }
    cut(shown.trim(), 90)
}

fn attempts(log: &Log) -> u64 {
    let counts = |entry: &&Entry| match &*entry.kind {
        "market_data" | "strategist" => true,
        "error" | "warning" => {
            classify(&entry.kind, &entry.description).is_some_and(|kind| is_failed_fetch(&kind))
        }
        _ => false,
    };
    log.entries.iter().filter(counts).count() as u64
}

fn recurring(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let log = audit.log()?;
    let attempts = attempts(log);
    let mut found = Found::nothing();
    for (name, mut group) in groups(log) {
        group.evidence.of = attempts.max(group.evidence.count);
        let problem = if group.is_exception {
            exception(audit, log, &name, &group)
        } else {
            service(log, &name, &group)
        };
        if let Some(problem) = problem {
            found.fact(problem);
        }
    }
    Ok(found)
}

fn exception(audit: &Audit<'_>, log: &Log, name: &str, group: &Group<'_>) -> Option<Problem> {
    let evidence = &group.evidence;
    let share = percent(evidence.count, evidence.of);
    let is_schema = SCHEMA_WORDS.iter().any(|words| name.to_lowercase().contains(words));
    let is_fatal = group.newest.is_some_and(|entry| &*entry.kind == "bot_error");
    let opened = log.of_kind("trade_opened").count();
    let often = evidence.count as f64 >= audit.threshold;
    let blocks = is_schema && often && opened == 0 && log.decisions.iter().any(|decision| decision.is("BUY"));
    let severity = match () {
        () if blocks => Severity::Critical,
        () if is_fatal || (often && (is_schema || share > 30.0)) => Severity::High,
        () if often => Severity::Medium,
        () => Severity::Low,
    };
    let consequence = match () {
        () if blocks => "No trade has been opened in the window: this error stops every one of them.",
        () if is_fatal => "It ended the process.",
        () => "Each time the rest of the cycle was skipped.",
    };
    Some(Problem {
        alert_type: AlertType::Bug,
        severity,
        subject: name.to_owned(),
        title: format!("Exception in the bot's cycle: {name}"),
        description: format!(
            "Cycles of the window that ended in this exception: {} of {} ({share:.1} %); the newest at {} UTC. {consequence}",
            evidence.count,
            evidence.of,
            group.newest.map(|entry| clock::utc_text(entry.at)).unwrap_or_default()
        ),
        evidence: evidence.text(
            "cycles",
            "SELECT id, created_at, description FROM activity_log WHERE activity_type LIKE '%\\_error' ESCAPE '\\' ORDER BY id DESC",
        ),
        recommendation: if is_schema {
            "Bring the file's tables up to what the code expects (run the missing migration), at the bot's start."
        } else {
            "Look up the message in the code, handle that value, and log the traceback with it."
        }
        .to_owned(),
    })
}

/// An error of something that the bot asks: it matters by its share, or when it lasts until now.
fn service(log: &Log, name: &str, group: &Group<'_>) -> Option<Problem> {
    const NOTABLE: u64 = 20;
    let evidence = &group.evidence;
    let share = percent(evidence.count, evidence.of);
    let outage = outage_minutes(log, name);
    let severity = match () {
        () if outage.is_some() || share > 50.0 => Severity::High,
        () if share > 10.0 && evidence.count >= NOTABLE => Severity::Medium,
        () if evidence.count >= NOTABLE => Severity::Low,
        () => return None,
    };
    let now = match outage {
        Some(minutes) => format!("It has failed at every attempt for the last {minutes} minutes."),
        None => format!("Episodes: {}.", episodes(log, name)),
    };
    Some(Problem {
        alert_type: AlertType::Performance,
        severity,
        subject: name.to_owned(),
        title: if outage.is_some() {
            format!("A service fails at every attempt: {name}")
        } else {
            format!("A service fails often: {name}")
        },
        description: format!(
            "Errors of this kind in the window: {}, at {share:.1} % of {} attempts at a cycle. {now}",
            evidence.count, evidence.of
        ),
        evidence: evidence.text(
            "attempts at a cycle",
            "SELECT id, created_at, description FROM activity_log WHERE activity_type IN ('error', 'warning') ORDER BY id DESC",
        ),
        recommendation: "Wait longer after each failure (with a limit), ask less often or in one request, and keep a \
                         second source for what open positions need."
            .to_owned(),
    })
}

/// Whether an entry shows that the service of such an error works.
fn shows_health(entry: &Entry, name: &str) -> bool {
    match name.contains("llm") {
        true => matches!(&*entry.kind, "llm_query" | "strategist"),
        false if is_failed_fetch(&name.replace(' ', "_")) => &*entry.kind == "market_data",
        false => true,
    }
}

/// How long it has failed without a success, if that is an outage.
fn outage_minutes(log: &Log, name: &str) -> Option<i64> {
    const FEWEST_ERRORS: usize = 5;
    let last = log.entries.last()?;
    let is_it = |entry: &&Entry| {
        classify(&entry.kind, &entry.description).is_some_and(|kind| kind.replace('_', " ") == name)
    };
    let since: Vec<_> =
        log.entries.iter().rev().take_while(|entry| !shows_health(entry, name)).filter(is_it).collect();
    let first = since.last().filter(|_| since.len() >= FEWEST_ERRORS)?;
    let minutes = (last.at - first.at).num_minutes();
    (minutes >= OUTAGE_MINUTES).then_some(minutes)
}

fn episodes(log: &Log, name: &str) -> u64 {
    let is_it = |entry: &&Entry| {
        classify(&entry.kind, &entry.description).is_some_and(|kind| kind.replace('_', " ") == name)
    };
    count_episodes(log.entries.iter().filter(is_it).map(|entry| entry.at).collect())
}

/// Errors that follow each other within ten minutes are one episode.
fn count_episodes(mut times: Vec<DateTime<Utc>>) -> u64 {
    times.sort_unstable();
    let breaks =
        times.iter().zip(times.iter().skip(1)).filter(|(one, next)| **next - **one > TimeDelta::minutes(10));
    u64::from(!times.is_empty()) + breaks.count() as u64
}

/// The plus keeps SQLite on the index of the times.
const ERRORS: &str = "
SELECT
    created_at,
    clock,
    activity_type,
    description
FROM activity
WHERE (+activity_type IN ('error', 'warning') OR +activity_type LIKE '%\\_error' ESCAPE '\\'
    OR +activity_type LIKE '%\\_failed' ESCAPE '\\') AND within(created_at)";

fn error_times(audit: &Audit<'_>, period: Period) -> anyhow::Result<BTreeMap<String, Vec<DateTime<Utc>>>> {
    let mut times: BTreeMap<String, Vec<DateTime<Utc>>> = BTreeMap::new();
    audit.context.bot.each_within(ERRORS, period, |at, row| {
        let kind = cell::text(row, 2)?.unwrap_or_default();
        if let Some(kind) = classify(&kind, &cell::text(row, 3)?.unwrap_or_default()) {
            times.entry(kind).or_default().push(at);
        }
        Ok(())
    })?;
    Ok(times)
}

fn rising(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let Some(metrics) = audit.report.system_metrics.available() else { return Ok(Found::nothing()) };
    let (Some(cycles @ 50..), Some(before @ 50..)) = (metrics.total_cycles, metrics.previous.total_cycles)
    else {
        return Ok(Found::nothing());
    };
    let expected_share = cycles as f64 / (cycles + before) as f64;
    let mut earlier = error_times(audit, audit.context.previous)?;
    let mut found = Found::nothing();
    for (kind, times) in error_times(audit, audit.context.window)? {
        let (errors, now) = (times.len(), count_episodes(times));
        let then = count_episodes(earlier.remove(&kind).unwrap_or_default());
        if now as f64 >= audit.threshold {
            let p_value = binomial_tail(now, now + then, expected_share);
            found.claim(p_value, rise(&kind, errors, now, then, p_value));
        }
    }
    Ok(found)
}

fn rise(kind: &str, errors: usize, now: u64, then: u64, p_value: f64) -> Problem {
    let name = kind.replace('_', " ");
    Problem {
        alert_type: AlertType::Performance,
        severity: if now >= 3 * then.max(2) { Severity::Medium } else { Severity::Low },
        subject: kind.to_owned(),
        title: format!("Errors of one kind come more often than before: {name}"),
        description: format!(
            "{now} episodes ({errors} errors) of \"{name}\" in the window, {then} in the window before: more than chance explains."
        ),
        evidence: format!("{now} episodes against {then}, binomial test over cycles p = {p_value:.4}"),
        recommendation: "Look at what changed at the first of these errors: the code, the service, the host."
            .to_owned(),
    }
}

/// The chance of at least so many of `trials` successes.
fn binomial_tail(successes: u64, trials: u64, chance: f64) -> f64 {
    let odds = (chance / (1.0 - chance)).ln();
    let mut log_term = trials as f64 * (1.0 - chance).ln();
    let mut tail = if successes == 0 { log_term.exp() } else { 0.0 };
    for count in 1..=trials {
        log_term += ((trials - count + 1) as f64 / count as f64).ln() + odds;
        tail += if count >= successes { log_term.exp() } else { 0.0 };
    }
    tail.min(1.0)
}

fn disguised(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let log = audit.log()?;
    let mut by_text: BTreeMap<(&str, &str), Evidence> = BTreeMap::new();
    for decision in log.decisions.iter().filter(|decision| is_failure_text(&decision.reason)) {
        let before = decision.place.checked_sub(1).and_then(|place| log.entries.get(place));
        let Some(entry) = log.entries.get(decision.place) else { continue };
        // Where the failure itself is logged right before, nothing is hidden.
        if before.is_some_and(|before| classify(&before.kind, &before.description).is_some()) {
            continue;
        }
        let example = format!("#{} {} {}", entry.id, clock::utc_text(entry.at), cut(&entry.description, 60));
        by_text.entry((&decision.action, &decision.reason)).or_default().row(Some(example));
    }
    let mut found = Found::nothing();
    for ((action, text), mut evidence) in by_text {
        evidence.of = log.decisions.len() as u64;
        if evidence.count as f64 >= audit.threshold {
            found.fact(hidden(action, text, &evidence));
        }
    }
    Ok(found)
}

fn hidden(action: &str, text: &str, evidence: &Evidence) -> Problem {
    let share = percent(evidence.count, evidence.of);
    Problem {
        alert_type: AlertType::Bug,
        severity: match share {
            30.0.. => Severity::High,
            1.0.. => Severity::Medium,
            _ => Severity::Low,
        },
        subject: format!("{} {}", cut(action, 20), cut(text, 80)),
        title: format!("A failure is logged as a decision ({}): {}", cut(action, 20), cut(text, 80)),
        description: format!(
            "{} of {} decisions ({share:.1} %) are no decisions: the text says that the bot failed, and no error is logged \
             for it. The LLM's real answer was thrown away.",
            evidence.count, evidence.of
        ),
        evidence: evidence.text(
            "decisions",
            "SELECT id, created_at, description, details FROM activity_log WHERE activity_type = 'llm_decision' ORDER BY id DESC",
        ),
        recommendation: "Log such a failure as an error together with the raw answer, and ask for structured output."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_exception_has_the_same_text() {
        assert_eq!(message("Cycle #110 error: row 12 of 99 is bad"), "row # of # is bad");
        assert_eq!(message("Fatal error: out of memory"), "out of memory");
    }

    #[test]
    fn the_tail_is_the_binomial_distribution_s() {
        assert!((binomial_tail(5, 5, 0.5) - 0.03125).abs() < 1e-12);
        assert!((binomial_tail(0, 7, 0.3) - 1.0).abs() < 1e-12);
        assert!((binomial_tail(1, 2, 0.5) - 0.75).abs() < 1e-12);
    }

    #[test]
    fn a_reason_to_wait_is_no_failure() {
        assert!(is_failure_text("Failed to parse LLM response"));
        assert!(!is_failure_text("The coin failed to break its resistance"));
    }
}
