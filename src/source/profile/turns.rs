//! Times that jump back and forth from row to row: two clocks write them in turn.

use super::column::{Column, Fault};
use super::odd::Odd;
use crate::source::clock;
use crate::source::host::{NEAR_SECONDS, zone_offset};

/// No zone is nearer to UTC.
const SMALLEST_OFFSET_SECONDS: i64 = 3_600;

/// The jumps of a column whose rows two clocks write in turn.
pub(super) fn fault(column: &Column, keys: &[String]) -> Option<Fault> {
    let times: Vec<_> =
        column.times.iter().enumerate().filter_map(|(place, at)| Some((place, (*at)?))).collect();
    let steps = || times.iter().zip(times.iter().skip(1)).map(|((_, later), (_, earlier))| *later - *earlier);
    let mut offsets = Vec::new();
    let mut odd = Odd::default();
    for (step, pair) in steps().zip(times.windows(2)) {
        let back = -step.num_seconds();
        let offset = zone_offset(back).filter(|offset| *offset >= SMALLEST_OFFSET_SECONDS);
        if back > NEAR_SECONDS {
            offsets.push(offset.unwrap_or(0));
        }
        if let (Some(offset), [(place, later), (_, earlier)]) = (offset, pair) {
            let [earlier, later] = [earlier, later].map(|at| clock::utc_text(*at));
            odd.add_measured(*place, &format!("{earlier} is followed by {later}"), offset as f64);
        }
    }
    offsets.sort_unstable();
    let usual = offsets.get(offsets.len() / 2).copied().filter(|usual| *usual > 0)?;
    let back = offsets.iter().filter(|offset| **offset == usual).count();
    // Rows that were inserted newest first step back and hardly ever forth.
    let forth = steps().filter(|step| (usual - NEAR_SECONDS..=usual * 3 / 2).contains(&step.num_seconds()));
    let is_in_turn = back * 5 >= offsets.len() * 4 && (forth.count() + 1) * 5 >= back * 4;
    let fault = odd.fault("clock_turn", times.len().saturating_sub(1) as u64, keys)?;
    is_in_turn.then_some(Fault { worst: Some(usual as f64), n: back as u64, ..fault })
}
