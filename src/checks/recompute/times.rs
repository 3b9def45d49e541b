//! Durations against the times of opening and closing.

use std::collections::BTreeMap;

use super::tolerance::{by_table, most};
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::model::{AlertType, Severity};
use crate::source::clock::{HostOffset, utc_text};
use crate::source::ledger::Entry;

pub(super) const DURATION: Check = Check {
    id: "duration-contradicts-times",
    theme: Theme::Integrity,
    why: "A stored duration that the times of opening and closing do not give is wrong in every average; whole hours betray a mixed time zone.",
    threshold: None,
    run: duration,
};

pub(super) const REVERSED: Check = Check {
    id: "closed-before-opened",
    theme: Theme::Integrity,
    why: "A trade that closes before it opens carries a wrong time, and no order of events can be trusted.",
    threshold: None,
    run: reversed,
};

/// Every time zone keeps to quarters of an hour.
const QUARTER_SECONDS: f64 = 900.0;
/// Between computing a duration and writing the row.
const TOLERANCE_SECONDS: f64 = 10.0;
/// A bot may measure the duration from its own memory of the opening.
const TOLERANCE_FRACTION: f64 = 0.02;
/// A clock that was set a little in between.
const CLOCK_STEP_SECONDS: f64 = 2.0;

/// What a trade's stored duration has too much, where it contradicts every reading of the times.
pub(in crate::checks) fn excess_seconds(entry: &Entry, host: &HostOffset) -> Option<f64> {
    let stored = entry.duration_seconds?;
    let exact = elapsed_seconds(entry)?;
    let agrees =
        |elapsed: f64| (stored - elapsed).abs() <= TOLERANCE_SECONDS.max(TOLERANCE_FRACTION * elapsed.abs());
    let change = unmeasured_change_seconds(entry, host);
    let changed = [exact - change, exact + change];
    let mut readings = entry.elapsed_seconds().chain(entry.naive_seconds).chain(changed);
    (!readings.any(agrees)).then(|| stored - entry.naive_seconds.unwrap_or(exact))
}

/// By how much the clock may have been changed between opening and closing without a measurement since.
fn unmeasured_change_seconds(entry: &Entry, host: &HostOffset) -> f64 {
    const CHANGE_SECONDS: f64 = 3_600.0;
    let is_local = entry.generation == 2;
    let may_be = is_local && entry.closed_at.is_some_and(|closed_at| host.may_have_changed(closed_at));
    if may_be { CHANGE_SECONDS } else { 0.0 }
}

fn elapsed_seconds(entry: &Entry) -> Option<f64> {
    entry.elapsed_seconds().next()
}

/// By how many seconds a trade closes before it opens, under every reading of its times. Where the stored
/// duration shows a time zone's offset between the two, their clocks differ: `DURATION` says that.
fn reversed_seconds(entry: &Entry, host: &HostOffset) -> Option<f64> {
    /// No zone is nearer to UTC than an hour.
    const FEWEST_QUARTERS: u64 = 4;
    let most = entry.elapsed_seconds().max_by(f64::total_cmp)? + unmeasured_change_seconds(entry, host);
    let quarters = excess_seconds(entry, host).and_then(quarters);
    let is_of_two_clocks = quarters.is_some_and(|quarters| quarters.unsigned_abs() >= FEWEST_QUARTERS);
    (most < -CLOCK_STEP_SECONDS && !is_of_two_clocks).then_some(-most)
}

/// The whole quarters of an hour that an excess consists of; `None` where it is not made of them.
fn quarters(excess: f64) -> Option<i64> {
    const MOST_QUARTERS: f64 = 14.0 * 4.0;
    let quarters = (excess / QUARTER_SECONDS).round();
    let rest = (excess - quarters * QUARTER_SECONDS).abs();
    (rest <= TOLERANCE_SECONDS && quarters != 0.0 && quarters.abs() <= MOST_QUARTERS)
        .then_some(quarters as i64)
}

fn duration(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let (ledger, host) = (audit.context.ledger()?, audit.context.bot.host_offset());
    let mut found = Found::nothing();
    for (table, entries) in by_table(&ledger.entries) {
        let mut evidence = Evidence::default();
        let mut off = Vec::new();
        for entry in entries {
            let Some(elapsed) = elapsed_seconds(entry) else { continue };
            let excess = excess_seconds(entry, host).filter(|_| reversed_seconds(entry, host).is_none());
            evidence.row(excess.map(|_| {
                move || {
                    let stored = entry.duration_seconds.unwrap_or_default();
                    format!("{}: {elapsed:.0} s by its times, stored {stored:.0} s", entry.name())
                }
            }));
            off.extend(excess.map(|excess| (entry, excess)));
        }
        if !off.is_empty() {
            found.fact(problem(table, &evidence, &off));
        }
    }
    Ok(found)
}

fn problem(table: &str, evidence: &Evidence, off: &[(&Entry, f64)]) -> Problem {
    let mut offsets: BTreeMap<i64, usize> = BTreeMap::new();
    for quarters in off.iter().filter_map(|(_, excess)| quarters(*excess)) {
        *offsets.entry(quarters).or_default() += 1;
    }
    let (share, since) = (off.len(), off.iter().filter_map(|(entry, _)| entry.closed_at).min());
    let since =
        since.map(|since| format!(" The first was closed at {} UTC.", utc_text(since))).unwrap_or_default();
    // Two offsets are summer and winter time; a single row proves no zone.
    let is_zone = off.len() >= 2 && offsets.len() <= 2 && most(offsets.values().sum(), share);
    let cause = if is_zone {
        let hours: Vec<_> = offsets.keys().map(|quarters| format!("{:+}", *quarters as f64 / 4.0)).collect();
        format!(
            "They are off by {} hours: one of the two times is read in another time zone.",
            hours.join(" or ")
        )
    } else if let Some(unit) = unit(off) {
        format!("They are stored in {unit}, not in seconds.")
    } else if off.iter().all(|(entry, _)| entry.duration_seconds == Some(0.0)) {
        "They are stored as zero.".to_owned()
    } else {
        "No constant offset explains them.".to_owned()
    };
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: table.to_owned(),
        title: format!("Durations in {table} contradict the times of opening and closing"),
        description: format!(
            "{} a duration that opening and closing do not give. {cause}{since} \
             Average durations and whatever is learned from them are wrong.",
            evidence.counted("trades", "stores", "store")
        ),
        evidence: evidence.text("trades with both times", query(table)),
        recommendation:
            "Compute the duration from two times of the same clock, and recompute the stored rows.".to_owned(),
    }
}

/// The unit in which most of the durations would be right.
fn unit(off: &[(&Entry, f64)]) -> Option<&'static str> {
    const UNITS: [(f64, &str); 3] =
        [(1000.0, "milliseconds"), (1.0 / 60.0, "minutes"), (1.0 / 3600.0, "hours")];
    let fits = |factor: f64| {
        off.iter()
            .filter(|(entry, _)| {
                let (stored, elapsed) =
                    (entry.duration_seconds.unwrap_or_default(), elapsed_seconds(entry).unwrap_or_default());
                (stored - elapsed * factor).abs() <= 1.0_f64.max(0.02 * stored.abs()) && stored != 0.0
            })
            .count()
    };
    UNITS.into_iter().find(|(factor, _)| most(fits(*factor), off.len())).map(|(_, name)| name)
}

fn query(table: &str) -> &'static str {
    match table {
        "closed_trades" => {
            "SELECT id, coin_name, opened_at, closed_at, duration_seconds, \
             round((julianday(closed_at) - julianday(opened_at)) * 86400) AS elapsed FROM closed_trades \
             WHERE abs(duration_seconds - (julianday(closed_at) - julianday(opened_at)) * 86400) > 10"
        }
        _ => {
            "SELECT id, coin, entry_time, exit_time, duration_seconds, \
             round((julianday(exit_time) - julianday(entry_time)) * 86400) AS elapsed FROM trade_journal \
             WHERE abs(duration_seconds - (julianday(exit_time) - julianday(entry_time)) * 86400) > 10"
        }
    }
}

fn reversed(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let (ledger, host) = (audit.context.ledger()?, audit.context.bot.host_offset());
    let mut found = Found::nothing();
    for (table, entries) in by_table(&ledger.entries) {
        let mut evidence = Evidence::default();
        for entry in entries {
            if elapsed_seconds(entry).is_none() {
                continue;
            }
            let reversed = reversed_seconds(entry, host);
            evidence.row(reversed.map(|seconds| move || format!("{} by {seconds:.0} s", entry.name())));
        }
        if evidence.count == 0 {
            continue;
        }
        found.fact(Problem {
            alert_type: AlertType::Bug,
            severity: Severity::Medium,
            subject: table.to_owned(),
            title: format!("Trades in {table} close before they open"),
            description: format!(
                "{} a closing time before the opening time.",
                evidence.counted("trades", "has", "have")
            ),
            evidence: evidence.text(
                "trades with both times",
                match table {
                    "closed_trades" => "SELECT * FROM closed_trades WHERE closed_at < opened_at",
                    _ => "SELECT * FROM trade_journal WHERE exit_time < entry_time",
                },
            ),
            recommendation: "Write both times with one clock, best UTC, and correct these rows.".to_owned(),
        });
    }
    Ok(found)
}
