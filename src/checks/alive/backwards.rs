//! Does time run backwards from row to row?

use super::columns::columns;
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};
use crate::checks::shared::Column;
use crate::model::{AlertType, Severity};
use crate::source::clock;

/// Rows of one column that two clocks write in turn.
pub(super) const ALTERNATING: Check = Check {
    id: "clocks-alternate",
    theme: Theme::Alive,
    why: "Rows that jump back and forth by the same whole quarters of an hour are written in local time and UTC in turn.",
    threshold: Some(Threshold {
        default: 5.0,
        reason: "jumps back in the newest 300 rows, four in five of them by the same offset: a clock change makes one",
    }),
    run: alternating,
};

const QUARTER_SECONDS: i64 = 15 * 60;
const NEAR_SECONDS: i64 = 120;
/// No zone is nearer to UTC, none further away.
const OFFSETS_SECONDS: std::ops::RangeInclusive<i64> = 3_600..=15 * 3_600;

/// A column whose times jump to and fro, and by how much.
struct Turns<'run> {
    column: &'run Column,
    offset_seconds: i64,
    evidence: Evidence,
}

fn alternating(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let columns = columns(audit)?.iter().filter(|column| column.is_of_creation());
    let turns: Vec<Turns<'_>> = columns.filter_map(|column| turns(column, audit.threshold)).collect();
    // One clock that is wrong writes to many tables.
    Ok(turns.split_first().map(|(first, others)| problem(first, others)).into())
}

fn turns(column: &Column, fewest: f64) -> Option<Turns<'_>> {
    let times = column.newest_raw();
    let steps =
        || times.iter().zip(times.iter().skip(1)).map(|(later, earlier)| (*later - *earlier).num_seconds());
    let mut offsets = Vec::new();
    let mut evidence = Evidence::default();
    for (back, pair) in steps().map(|step| -step).zip(times.windows(2)) {
        let rounded = (back + QUARTER_SECONDS / 2).div_euclid(QUARTER_SECONDS) * QUARTER_SECONDS;
        let is_offset = OFFSETS_SECONDS.contains(&rounded) && (back - rounded).abs() <= NEAR_SECONDS;
        if back > NEAR_SECONDS {
            offsets.push(if is_offset { rounded } else { 0 });
        }
        evidence.row(is_offset.then_some(|| {
            let pair: Vec<_> = pair.iter().rev().map(|at| clock::utc_text(*at)).collect();
            pair.join(" is followed by ")
        }));
    }
    offsets.sort_unstable();
    let usual = offsets.get(offsets.len() / 2).copied().unwrap_or(0);
    let back = offsets.iter().filter(|offset| **offset == usual).count();
    // Rows that were inserted newest first step back and hardly ever forth.
    let forth = steps().filter(|step| (usual - NEAR_SECONDS..=usual * 3 / 2).contains(step)).count();
    let is_in_turn = usual > 0 && back * 5 >= offsets.len() * 4 && (forth + 1) * 5 >= back * 4;
    (is_in_turn && back as f64 >= fewest).then_some(Turns { column, offset_seconds: usual, evidence })
}

fn problem(first: &Turns<'_>, others: &[Turns<'_>]) -> Problem {
    const MOST_NAMES: usize = 9;
    let hours = |turns: &Turns<'_>| format!("{:.2} hours", turns.offset_seconds as f64 / 3_600.0);
    let title = first.column.title();
    let more = match others {
        [] => String::new(),
        others => {
            let all = others.iter().take(MOST_NAMES);
            let all = all.map(|turns| format!("{} by {}", turns.column.title(), hours(turns)));
            format!(" So do {} more columns: {}.", others.len(), all.collect::<Vec<_>>().join(", "))
        }
    };
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: title.clone(),
        title: match others {
            [] => format!("{title} is written by two clocks in turn"),
            _ => format!("{title} and other columns are written by two clocks in turn"),
        },
        description: format!(
            "Row by row the times of {title} jump back and forth by {}: some rows are in local time, others in UTC.\
             {more} Windows, durations and the order of rows are wrong by so much.",
            hours(first)
        ),
        evidence: first.evidence.text("pairs of neighbouring rows", &first.column.query()),
        recommendation: "Let one function write all times, in UTC.".to_owned(),
    }
}
