//! A long period in slices, each read by a query of its own.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::Period;

/// The first slice, and what no slice is shorter than: some milliseconds of a busy bot's log.
const SHORTEST: TimeDelta = TimeDelta::hours(6);
/// What a table without an index may hold before the oldest time that is known.
const MARGIN: TimeDelta = TimeDelta::hours(48);
/// A slice that takes less than this is followed by one of twice its length.
const QUICK: Duration = Duration::from_millis(10);
/// A slice that takes more than this is followed by one of half its length.
const SLOW: Duration = Duration::from_millis(20);

/// The slices of a period from its beginning to its end: together they hold each of its rows once. Their
/// length follows the time that the one before has taken.
#[derive(Debug)]
pub(super) struct Slices {
    rest: Option<Period>,
    /// Before it next to nothing is expected: the first slice reaches beyond it.
    begin: DateTime<Utc>,
    length: TimeDelta,
    handed_out: Option<Instant>,
}

impl Slices {
    /// The period in slices, from the oldest time of the file on; one without an end is left whole,
    /// because nothing is expected in it.
    pub(super) fn of(period: Period, oldest: Option<DateTime<Utc>>) -> Self {
        let Some(oldest) = oldest.filter(|_| period.until != DateTime::<Utc>::MAX_UTC) else {
            return Self::whole(period);
        };
        let begin = oldest.checked_sub_signed(MARGIN).unwrap_or(oldest).max(period.after);
        Self { begin, length: SHORTEST, ..Self::whole(period) }
    }

    /// One slice.
    pub(super) fn whole(period: Period) -> Self {
        Self { rest: Some(period), begin: period.after, length: TimeDelta::MAX, handed_out: None }
    }

    fn adapt(&mut self) {
        let taken = self.handed_out.replace(Instant::now()).map(|since| since.elapsed());
        self.length = match taken {
            Some(taken) if taken < QUICK => self.length.checked_mul(2).unwrap_or(TimeDelta::MAX),
            Some(taken) if taken > SLOW => (self.length / 2).max(SHORTEST),
            _ => self.length,
        };
    }
}

impl Iterator for Slices {
    type Item = Period;

    fn next(&mut self) -> Option<Period> {
        let rest = self.rest?;
        self.adapt();
        let begin = rest.after.max(self.begin);
        let end = begin.checked_add_signed(self.length).filter(|end| *end < rest.until);
        self.rest = end.map(|end| Period { after: end, ..rest });
        Some(Period { until: end.unwrap_or(rest.until), ..rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000 + day)
    }

    #[test]
    fn slices_meet_and_together_are_the_period() {
        let period = Period { after: DateTime::<Utc>::MIN_UTC, until: day(900) };
        let slices: Vec<Period> = Slices::of(period, Some(day(100))).collect();
        assert_eq!(slices.first().unwrap().after, period.after);
        assert_eq!(slices.first().unwrap().until, day(100) - MARGIN + SHORTEST);
        assert_eq!(slices.last().unwrap().until, period.until);
        assert!(slices.len() > 2);
        assert!(slices.iter().zip(slices.iter().skip(1)).all(|(one, next)| one.until == next.after));
        assert!(slices.iter().all(|slice| slice.after < slice.until));
    }

    #[test]
    fn what_is_short_and_what_has_no_end_are_read_at_once() {
        let short = Period { after: day(1) - SHORTEST, until: day(1) };
        assert_eq!(Slices::of(short, Some(day(0))).collect::<Vec<_>>(), [short]);
        let later = Period::later_than(day(0));
        assert_eq!(Slices::of(later, Some(day(0))).collect::<Vec<_>>(), [later]);
        let odd = Period { after: day(0), until: day(100) };
        assert_eq!(Slices::whole(odd).collect::<Vec<_>>(), [odd]);
    }
}
