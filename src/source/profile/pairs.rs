//! Two times of one row: how far they are apart, and whether two clocks wrote them.

use chrono::{DateTime, Utc};

use super::column::{Column, Reading};
use super::form::Form;
use super::names::Tells;
use crate::source::clock::HostOffset;
use crate::source::host::{NEAR_SECONDS, zone_offset};

/// How one column of times relates to another of the same rows.
#[derive(Debug)]
pub(crate) struct Pair<'table> {
    /// The one.
    pub(crate) column: &'table str,
    /// The other.
    pub(crate) other: &'table str,
    /// Rows that have both.
    pub(crate) rows: u64,
    /// Rows in which they are within two seconds of each other.
    pub(crate) equal: u64,
    /// Rows in which the one is more than a minute later.
    pub(crate) later: u64,
    /// The most that the one is later, in seconds.
    pub(crate) longest: f64,
    /// By how much the one is ahead as both are written, in whole quarters of an hour.
    pub(crate) offset: Option<Offset>,
    /// Whether both are written in one form in all rows.
    pub(crate) is_same_form: bool,
}

/// A difference between two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offset {
    /// Whole quarters of an hour, in seconds.
    pub(crate) seconds: i64,
    /// Rows that show it.
    pub(crate) rows: u64,
}

impl Offset {
    /// The offset that the middle one of the differences shows, in seconds.
    fn of(mut differences: Vec<i64>) -> Option<Self> {
        differences.sort_unstable();
        let seconds = zone_offset(*differences.get(differences.len() / 2)?)?;
        let near = |difference: &&i64| (*difference - seconds).abs() <= NEAR_SECONDS;
        Some(Self { seconds, rows: differences.iter().filter(near).count() as u64 })
    }
}

/// All pairs of columns of times of a table.
pub(super) fn all<'table>(columns: &'table [Column], host: &HostOffset) -> Vec<Pair<'table>> {
    let times: Vec<(&Column, Vec<_>)> = columns
        .iter()
        .filter(|column| column.is_time())
        .map(|column| (column, column.moments(host).collect()))
        .collect();
    let mut pairs = Vec::new();
    for (one, moments) in &times {
        for (other, other_moments) in times.iter().filter(|(other, _)| other.name != one.name) {
            pairs.push(pair(one, other, moments, other_moments));
        }
    }
    pairs
}

fn pair<'table>(
    one: &'table Column,
    other: &'table Column,
    moments: &[Option<DateTime<Utc>>],
    other_moments: &[Option<DateTime<Utc>>],
) -> Pair<'table> {
    const EQUAL_SECONDS: f64 = 2.0;
    const LATER_SECONDS: f64 = 60.0;
    let both = moments.iter().zip(other_moments).filter_map(|(one, other)| (*one).zip(*other));
    let apart: Vec<f64> = both.map(|(one, other)| (one - other).num_milliseconds() as f64 / 1e3).collect();
    let count = |is: &dyn Fn(f64) -> bool| apart.iter().filter(|seconds| is(**seconds)).count() as u64;
    let mut forms = one.forms.iter().zip(&other.forms).filter_map(|(one, other)| (*one).zip(*other));
    Pair {
        column: &one.name,
        other: &other.name,
        rows: apart.len() as u64,
        equal: count(&|seconds| seconds.abs() <= EQUAL_SECONDS),
        later: count(&|seconds| seconds > LATER_SECONDS),
        longest: apart.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        offset: Offset::of(raw_differences(one, other)).filter(|offset| offset.seconds != 0),
        is_same_form: forms.all(|(one, other)| one.family() == other.family()),
    }
}

/// Seconds between the two times of each row as they are written, whatever their clocks.
fn raw_differences(one: &Column, other: &Column) -> Vec<i64> {
    let both = one.times.iter().zip(&other.times).filter_map(|(one, other)| (*one).zip(*other));
    both.map(|(one, other)| (one - other).num_seconds()).collect()
}

/// Measures how far naive ISO times are ahead of a time in UTC that the same row carries.
pub(super) fn measure_clocks(columns: &mut [Column]) {
    const FEWEST_ROWS: usize = 3;
    const AGREEING_SHARE: f64 = 0.9;
    let mut measured = Vec::new();
    let is_utc = |column: &&Column| {
        column.tells().is_some_and(Tells::is_past) && column.time_forms.keys().all(|form| is_utc(*form))
    };
    for (place, column) in columns.iter().enumerate() {
        if !column.is_time() || column.reading != Reading::Local {
            continue;
        }
        let offsets = columns.iter().filter(is_utc).filter_map(|other| {
            let differences = raw_differences(column, other);
            let rows = differences.len();
            let offset = Offset::of(differences).filter(|_| rows >= FEWEST_ROWS)?;
            (offset.rows as f64 >= AGREEING_SHARE * rows as f64).then_some(offset)
        });
        let best = offsets.reduce(|best, next| if next.rows > best.rows { next } else { best });
        measured.extend(best.map(|offset| (place, offset.seconds)));
    }
    for (place, seconds) in measured {
        if let Some(column) = columns.get_mut(place) {
            column.offset_hours = Some(seconds as f64 / 3_600.0);
            column.reading = Reading::Ahead(seconds);
        }
    }
}

/// Whether a form is UTC or names its offset.
fn is_utc(form: Form) -> bool {
    !matches!(form.family(), Form::IsoText | Form::DayText)
}
