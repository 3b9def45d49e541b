//! Errors that recur: exceptions of the bot, and failures of what it asks.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::wording::{like, percent, share_text};
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};
use crate::model::{AlertType, Severity};
use crate::source::clock;
use crate::source::log::{Entry, Log, is_failed_fetch, quotable};
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
    run: recurring,
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
/// Failing for so long at every attempt is no hiccup any more.
const OUTAGE_MINUTES: i64 = 30;

/// All rows of one error.
#[derive(Default)]
struct Group<'log> {
    evidence: Evidence,
    newest: Option<Entry<'log>>,
    is_exception: bool,
}

/// Exceptions by their text, errors of services by their kind.
fn groups(log: &Log) -> BTreeMap<String, Group<'_>> {
    let mut groups: BTreeMap<String, Group<'_>> = BTreeMap::new();
    for entry in log.entries() {
        let Some(kind) = entry.error() else { continue };
        if entry.kind().ends_with("_failed") {
            continue;
        }
        let is_exception = entry.kind().ends_with("_error");
        let name = if is_exception { message(entry.description()) } else { kind.replace('_', " ") };
        let group = groups.entry(name).or_default();
        group.is_exception = is_exception;
        group.newest = Some(entry);
        group.evidence.fault(|| {
            let text = cut(&quotable(entry.description()), 100);
            format!("#{} {} {text}", entry.id(), clock::utc_text(entry.at()))
        });
    }
    groups
}

/// The text behind `Cycle #110 error:`, numbers replaced: the same exception has the same text.
fn message(description: &str) -> String {
    let text = description.split_once("rror: ").map_or(description, |(_, message)| message);
    let mut shown = String::new();
    for letter in quotable(text).chars() {
        match letter.is_ascii_digit() {
            true if shown.ends_with('#') => {}
            true => shown.push('#'),
            false => shown.push(letter),
        }
    }
    cut(shown.trim(), 90)
}

/// Cycles that began, as the report counts them.
fn cycles(log: &Log) -> u64 {
    log.entries().filter(|entry| matches!(entry.kind(), "market_data" | "strategist")).count() as u64
}

/// Fetches that failed, so that no cycle began.
fn failed_fetches(log: &Log) -> u64 {
    let failed = |entry: &Entry<'_>| {
        matches!(entry.kind(), "error" | "warning") && entry.error().is_some_and(is_failed_fetch)
    };
    log.entries().filter(failed).count() as u64
}

fn recurring(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let log = audit.log()?;
    let (cycles, failed_fetches) = (cycles(log), failed_fetches(log));
    let mut found = Found::nothing();
    for (name, mut group) in groups(log) {
        let of = if group.is_exception { cycles } else { cycles + failed_fetches };
        group.evidence.of = of.max(group.evidence.count);
        let problem = if group.is_exception {
            exception(audit, log, &name, &group)
        } else {
            service(audit, log, &name, &group)
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
    let is_fatal = group.newest.is_some_and(|entry| entry.kind() == "bot_error");
    let opened = log.of_kind("trade_opened").count();
    let often = evidence.count as f64 >= audit.threshold;
    let stopped = if is_schema { Stopped::of(log, name) } else { Stopped::default() };
    let blocks = often && opened == 0 && stopped.by_this > 0;
    let severity = match () {
        () if blocks => Severity::Critical,
        () if is_fatal || (often && (is_schema || share > 30.0)) => Severity::High,
        () if often => Severity::Medium,
        () => Severity::Low,
    };
    let consequence = match () {
        () if blocks => format!(" No trade was opened {}: {}.", log.when(), stopped.text()),
        () if is_fatal => " The newest was logged as fatal.".to_owned(),
        () => String::new(),
    };
    Some(Problem {
        alert_type: AlertType::Bug,
        severity,
        subject: name.to_owned(),
        title: format!("Exception in the bot's cycle: {name}"),
        description: format!(
            "Rows of this exception {}: {}, in {} cycles ({}), the newest at {} UTC.{consequence}",
            log.when(),
            evidence.count,
            evidence.of,
            share_text(evidence.count, evidence.of),
            group.newest.map(|entry| clock::utc_text(entry.at())).unwrap_or_default()
        ),
        evidence: evidence.text(
            "cycles",
            &format!(
                "SELECT id, created_at, description FROM activity_log WHERE {} AND activity_type GLOB '*_error' AND description LIKE {} \
                 ORDER BY id DESC",
                log.read_sql(),
                like(name.trim_end_matches('…'))
            ),
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
fn service(audit: &Audit<'_>, log: &Log, name: &str, group: &Group<'_>) -> Option<Problem> {
    const NOTABLE: u64 = 20;
    const OFTEN_PERCENT: f64 = 10.0;
    let evidence = &group.evidence;
    let share = percent(evidence.count, evidence.of);
    let outage = outage_minutes(log, name);
    let severity = match () {
        () if outage.is_some() || share > 50.0 => Severity::High,
        () if share > OFTEN_PERCENT && evidence.count >= NOTABLE => Severity::Medium,
        () if evidence.count >= NOTABLE => Severity::Low,
        () => return None,
    };
    let now = match outage {
        Some(minutes) => {
            format!(
                "The newest series began {minutes} minutes before the newest row, without a success since."
            )
        }
        None => {
            format!("Episodes, ten minutes or more apart: {}.", episodes(audit, name).unwrap_or_default())
        }
    };
    Some(Problem {
        alert_type: AlertType::Performance,
        severity,
        subject: name.to_owned(),
        title: match () {
            () if outage.is_some() => format!("A service fails at every attempt: {name}"),
            () if share > OFTEN_PERCENT => format!("A service fails often: {name}"),
            () => format!("A service failed for a while: {name}"),
        },
        description: format!(
            "Errors of this kind {}: {}, in {} attempts at a cycle ({}). {now}",
            log.when(),
            evidence.count,
            evidence.of,
            share_text(evidence.count, evidence.of)
        ),
        evidence: evidence.text(
            "attempts at a cycle",
            &format!(
                "SELECT id, created_at, description FROM activity_log WHERE {} AND activity_type IN ('error', 'warning') AND ({}) \
                 ORDER BY id DESC",
                log.read_sql(),
                described(log, name)
            ),
        ),
        recommendation: remedy(name).to_owned(),
    })
}

/// What helps against the failure of such a service.
fn remedy(name: &str) -> &'static str {
    if name.contains("llm") {
        "Wait longer after each failure, up to a limit. Are stop loss and take profit of open positions watched \
         while the LLM does not answer?"
    } else if name.contains("rate limit") {
        "Wait longer after each failure, up to a limit, ask less often or in one request, and keep a second source \
         for what open positions need."
    } else {
        "Wait longer after each failure, up to a limit, and keep a second source for what open positions need."
    }
}

/// Decisions to buy whose end the log has, by what followed them.
#[derive(Default)]
struct Stopped {
    by_this: u64,
    by_refusal: u64,
    by_other_error: u64,
    by_nothing: u64,
}

impl Stopped {
    fn of(log: &Log, name: &str) -> Self {
        let mut stopped = Self::default();
        for decision in log.decisions.iter().filter(|decision| decision.is("BUY")) {
            let Some(rows) = log.consequences(decision) else { continue };
            let rows: Vec<_> = rows.collect();
            let is_error = |entry: &Entry<'_>| entry.kind().ends_with("_error");
            let is_this = |entry: &Entry<'_>| is_error(entry) && message(entry.description()) == name;
            let by = match () {
                () if rows.iter().any(is_this) => &mut stopped.by_this,
                () if rows.iter().any(|entry| entry.kind().ends_with("_rejected")) => &mut stopped.by_refusal,
                () if rows.iter().any(is_error) => &mut stopped.by_other_error,
                () => &mut stopped.by_nothing,
            };
            *by += 1;
        }
        stopped
    }

    /// `8 of 11 decisions to buy were followed by this error, 3 by a refusal`
    fn text(&self) -> String {
        let Self { by_this, by_refusal, by_other_error, by_nothing } = self;
        let all = by_this + by_refusal + by_other_error + by_nothing;
        let mut text = format!("{by_this} of {all} decisions to buy were followed by this error");
        let others = [(by_refusal, "a refusal"), (by_other_error, "another error"), (by_nothing, "nothing")];
        for (count, what) in others.into_iter().filter(|(count, _)| **count > 0) {
            let _ = write!(text, ", {count} by {what}");
        }
        text
    }
}

/// The texts of a kind of error, as a condition of SQL.
fn described(log: &Log, name: &str) -> String {
    const MOST_TEXTS: usize = 4;
    let texts: BTreeSet<String> = log
        .entries()
        .filter(|entry| is_named(*entry, name))
        .map(|entry| like(&cut(&message(entry.description()), 60)))
        .collect();
    let texts: Vec<_> =
        texts.iter().take(MOST_TEXTS).map(|text| format!("description LIKE {text}")).collect();
    texts.join(" OR ")
}

/// Whether an entry shows that the service of such an error works.
fn shows_health(entry: Entry<'_>, name: &str) -> bool {
    match name.contains("llm") {
        true => matches!(entry.kind(), "llm_query" | "strategist"),
        false if is_failed_fetch(&name.replace(' ', "_")) => entry.kind() == "market_data",
        false => true,
    }
}

/// Whether an entry is an error of this name.
fn is_named(entry: Entry<'_>, name: &str) -> bool {
    entry.error().is_some_and(|kind| kind.replace('_', " ") == name)
}

/// How long it has failed without a success, if that is an outage.
fn outage_minutes(log: &Log, name: &str) -> Option<i64> {
    const FEWEST_ERRORS: usize = 5;
    let last = log.entries().next_back()?;
    let failing = log.entries().rev().take_while(|entry| !shows_health(*entry, name));
    let since: Vec<_> = failing.filter(|entry| is_named(*entry, name)).collect();
    let first = since.last().filter(|_| since.len() >= FEWEST_ERRORS)?;
    let minutes = (last.at() - first.at()).num_minutes();
    (minutes >= OUTAGE_MINUTES).then_some(minutes)
}

fn episodes(audit: &Audit<'_>, name: &str) -> anyhow::Result<u64> {
    let sql = "SELECT count(*) FROM error_episode WHERE in_window AND error = ?1";
    Ok(audit.context.db.connection().query_row(sql, [name.replace(' ', "_")], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_exception_has_the_same_text() {
        assert_eq!(message("Cycle #110 error: row 12 of 99 is bad"), "row # of # is bad");
        assert_eq!(message("Fatal error: out of memory"), "out of memory");
    }
}
