//! Does time run backwards from row to row?

use super::columns::columns;
use super::{Audit, Check, Evidence, Found, Problem, Theme, Threshold, TimeColumn};
use crate::bot::clock;
use crate::finding::{AlertType, Severity};

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
const LARGEST_OFFSET_SECONDS: i64 = 15 * 3_600;

fn alternating(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut found = Found::nothing();
    for column in columns(audit)?.iter().filter(|column| column.is_of_creation()) {
        let times = column.newest_raw();
        let mut offsets = Vec::new();
        let mut evidence = Evidence::default();
        for (later, earlier) in times.iter().zip(times.iter().skip(1)) {
            let back = (*earlier - *later).num_seconds();
            let rounded = (back + QUARTER_SECONDS / 2).div_euclid(QUARTER_SECONDS) * QUARTER_SECONDS;
            let is_offset =
                rounded > 0 && rounded <= LARGEST_OFFSET_SECONDS && (back - rounded).abs() <= NEAR_SECONDS;
            if back > NEAR_SECONDS {
                offsets.push(if is_offset { rounded } else { 0 });
            }
            evidence.row(is_offset.then_some(|| {
                format!("{} is followed by {}", clock::utc_text(*earlier), clock::utc_text(*later))
            }));
        }
        offsets.sort_unstable();
        let usual = offsets.get(offsets.len() / 2).copied().unwrap_or(0);
        let same = offsets.iter().filter(|offset| **offset == usual).count();
        if usual > 0 && same as f64 >= audit.threshold && same * 5 >= offsets.len() * 4 {
            found.fact(problem(column, usual, &evidence));
        }
    }
    Ok(found)
}

fn problem(column: &TimeColumn, offset_seconds: i64, evidence: &Evidence) -> Problem {
    let hours = offset_seconds as f64 / 3_600.0;
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: column.title(),
        title: format!("{} is written by two clocks in turn", column.title()),
        description: format!(
            "Row by row the time jumps back and forth by {hours:.2} hours: some rows are in local time, others in UTC. \
             Windows, durations and the order of rows are wrong by so much."
        ),
        evidence: evidence.text("pairs of neighbouring rows", &column.query()),
        recommendation: "Let one function write all times, in UTC.".to_owned(),
    }
}
