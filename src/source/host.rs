//! How the local time of the bot's host relates to UTC.
//!
//! It is measured from rows that carry both clocks. Where this machine's time zone gives every measured
//! offset, it is the host's, and says when clocks change; where nothing is measured, it is taken.
//!
//! A clock change repeats or skips local times, and a change that lies between two measurements may have
//! come at any moment between them: such a local time has two readings. What a check finds must hold under
//! both of them.

use chrono::{DateTime, Duration, Local, MappedLocalTime, NaiveDateTime, Offset as _, TimeZone, Utc};

/// The moments that a stored time may mean: one, or two that cannot be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The earlier one.
    pub(crate) earliest: DateTime<Utc>,
    /// The later one.
    pub(crate) latest: DateTime<Utc>,
}

impl Reading {
    /// The only moment that a time means.
    pub(crate) fn exactly(at: DateTime<Utc>) -> Self {
        Self { earliest: at, latest: at }
    }

    fn of(moments: impl IntoIterator<Item = DateTime<Utc>>) -> Option<Self> {
        moments.into_iter().fold(None, |all: Option<Self>, at| {
            let all = all.unwrap_or(Self::exactly(at));
            Some(Self { earliest: all.earliest.min(at), latest: all.latest.max(at) })
        })
    }
}

/// Most seconds between two times that were written in one moment.
pub(crate) const NEAR_SECONDS: i64 = 120;

/// How far the clock of a zone is ahead of UTC, in seconds, by the difference of two times that were written in
/// one moment: whole quarters of an hour, which every zone keeps to; zero for one clock. `None` where the
/// difference is no zone's.
pub(crate) fn zone_offset(difference_seconds: i64) -> Option<i64> {
    const QUARTER: i64 = 15 * 60;
    const LARGEST_OFFSET_SECONDS: i64 = 14 * 3_600;
    let rounded = (difference_seconds + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
    let is_zone =
        (difference_seconds - rounded).abs() <= NEAR_SECONDS && rounded.abs() <= LARGEST_OFFSET_SECONDS;
    is_zone.then_some(rounded)
}

/// Neighbouring measurements of one offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// The oldest measurement.
    first: DateTime<Utc>,
    /// The newest one.
    last: DateTime<Utc>,
    /// East of UTC.
    seconds: i64,
}

impl Run {
    fn read(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        Some(local.checked_sub_signed(Duration::seconds(self.seconds))?.and_utc())
    }
}

/// How the host's local time relates to UTC.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum HostOffset {
    /// Measured offsets, oldest first and never empty.
    Measured(Vec<Run>),
    /// This machine's time zone, which gives all measured offsets; the newest of them.
    Confirmed(i64),
    /// Nothing to measure from: this machine's time zone.
    #[default]
    ThisMachine,
}

impl HostOffset {
    /// From pairs of (local, UTC) times that one row carries for one moment.
    ///
    /// Differences are rounded to the quarter of an hour that every time zone keeps; a pair that is
    /// more than two minutes away from one was not written in one moment and is left out.
    pub(crate) fn measure(pairs: impl IntoIterator<Item = (NaiveDateTime, NaiveDateTime)>) -> Self {
        let mut samples: Vec<(DateTime<Utc>, i64)> = pairs
            .into_iter()
            .filter_map(|(local, utc)| Some((utc.and_utc(), zone_offset((local - utc).num_seconds())?)))
            .collect();
        samples.sort_unstable();
        let runs = runs(&samples);
        let Some(newest) = runs.last() else { return Self::ThisMachine };
        let is_this_machine_s =
            runs.iter().all(|run| [run.first, run.last].map(seconds_here) == [run.seconds; 2]);
        if is_this_machine_s { Self::Confirmed(newest.seconds) } else { Self::Measured(runs) }
    }

    /// The moments that a local time may mean.
    pub(crate) fn reading(&self, local: NaiveDateTime) -> Option<Reading> {
        let Self::Measured(runs) = self else { return reading_here(local) };
        let mut own = 0;
        let mut moments = Vec::new();
        for pair in runs.windows(2) {
            let [before, after] = pair else { continue };
            let (from, until) = change(before, after);
            own += usize::from(until < local);
            if (from..=until).contains(&local) {
                moments.extend(pair.iter().filter_map(|run| run.read(local)));
            }
        }
        if moments.is_empty() {
            return runs.get(own)?.read(local).map(Reading::exactly);
        }
        Reading::of(moments)
    }

    /// The instant of a local time; where it has two readings, the earlier one.
    pub(crate) fn to_utc(&self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        self.reading(local).map(|reading| reading.earliest)
    }

    /// How far the host's clock may be behind UTC (zero or below) and ahead of it (zero or above) in a period.
    pub(crate) fn furthest(&self, after: DateTime<Utc>, until: DateTime<Utc>) -> (Duration, Duration) {
        /// This machine's zone may have changed between the two ends, and back.
        const SLACK_SECONDS: i64 = 2 * 3_600;
        let (least, most) = match self {
            Self::Measured(runs) => {
                runs.iter().fold((0, 0), |(least, most), run| (least.min(run.seconds), most.max(run.seconds)))
            }
            Self::Confirmed(_) | Self::ThisMachine => {
                let (one, other) = (seconds_here(after), seconds_here(until));
                (one.min(other).min(0) - SLACK_SECONDS, one.max(other).max(0) + SLACK_SECONDS)
            }
        };
        (Duration::seconds(least), Duration::seconds(most))
    }

    /// When the offset was measured last, where a change of the clock since would not be known.
    pub(crate) fn newest_measurement(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Measured(runs) => runs.last().map(|run| run.last),
            Self::Confirmed(_) | Self::ThisMachine => None,
        }
    }

    /// Seconds east of UTC at the newest measurement; `None` where nothing is measured.
    pub(crate) fn newest_seconds(&self) -> Option<i64> {
        match self {
            Self::Measured(runs) => runs.last().map(|run| run.seconds),
            Self::Confirmed(seconds) => Some(*seconds),
            Self::ThisMachine => None,
        }
    }
}

/// Measurements of one offset as one run; the most frequent offset alone where they go to and fro more often
/// than any zone's clock has ever been changed.
fn runs(samples: &[(DateTime<Utc>, i64)]) -> Vec<Run> {
    const MOST_RUNS: usize = 40;
    let of = |samples: &[(DateTime<Utc>, i64)]| {
        let (first, seconds) = samples.first().copied()?;
        samples.last().map(|(last, _)| Run { first, last: *last, seconds })
    };
    let runs: Vec<Run> = samples.chunk_by(|one, next| one.1 == next.1).filter_map(of).collect();
    if runs.len() <= MOST_RUNS {
        return runs;
    }
    let mut by_offset = samples.to_vec();
    by_offset.sort_by_key(|(_, seconds)| *seconds);
    let offsets = by_offset.chunk_by(|one, next| one.1 == next.1);
    offsets.max_by_key(|samples| samples.len()).and_then(of).into_iter().collect()
}

/// The local times, by either offset, between two measurements of which the clock was changed.
fn change(before: &Run, after: &Run) -> (NaiveDateTime, NaiveDateTime) {
    let (least, most) = (before.seconds.min(after.seconds), before.seconds.max(after.seconds));
    let local = |at: DateTime<Utc>, seconds| at.naive_utc() + Duration::seconds(seconds);
    (local(before.last, least), local(after.first, most))
}

/// Seconds east of UTC in this machine's time zone.
fn seconds_here(at: DateTime<Utc>) -> i64 {
    /// 2100: no zone's rules are known further.
    const LATEST: DateTime<Utc> = DateTime::from_timestamp_nanos(4_102_444_800_000_000_000);
    let at = at.clamp(DateTime::UNIX_EPOCH, LATEST);
    i64::from(at.with_timezone(&Local).offset().fix().local_minus_utc())
}

/// The moments that a local time of this machine's time zone may mean.
fn reading_here(local: NaiveDateTime) -> Option<Reading> {
    /// Longer than any clock change, shorter than the time between two of them.
    const AWAY: Duration = Duration::hours(6);
    match Local.from_local_datetime(&local) {
        MappedLocalTime::Single(at) => Some(Reading::exactly(at.with_timezone(&Utc))),
        MappedLocalTime::Ambiguous(one, other) => Reading::of([one, other].map(|at| at.with_timezone(&Utc))),
        // A skipped time: one that somebody computed, with the offset of before or of after the change.
        MappedLocalTime::None => {
            let moments = [local.checked_sub_signed(AWAY), local.checked_add_signed(AWAY)];
            let offsets = moments.into_iter().flatten().map(|near| seconds_here(near.and_utc()));
            Reading::of(
                offsets.filter_map(|seconds| {
                    Some(local.checked_sub_signed(Duration::seconds(seconds))?.and_utc())
                }),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
    }

    fn host(pairs: &[(&str, &str)]) -> HostOffset {
        HostOffset::measure(pairs.iter().map(|(local, utc)| (naive(local), naive(utc))))
    }

    fn readings(host: &HostOffset, local: &str) -> [String; 2] {
        let reading = host.reading(naive(local)).unwrap();
        [reading.earliest, reading.latest].map(|at| at.format("%d %H:%M").to_string())
    }

    /// A pair each hour around the end of summer time in New York, whatever this machine's zone is: no time
    /// zone is one quarter of an hour from UTC.
    const AUTUMN: [(&str, &str); 5] = [
        ("2026-10-20 09:45:00", "2026-10-20 13:30:00"),
        ("2026-11-01 00:45:03", "2026-11-01 04:30:03"),
        ("2026-11-01 01:45:01", "2026-11-01 05:30:01"),
        ("2026-11-01 01:45:02", "2026-11-01 06:30:02"),
        ("2026-11-01 02:45:02", "2026-11-01 07:30:02"),
    ];

    #[test]
    fn a_time_between_two_measurements_of_a_change_has_two_readings() {
        let host = host(&AUTUMN);
        assert_eq!(readings(&host, "2026-10-15 12:00:00"), ["15 15:45", "15 15:45"]);
        assert_eq!(readings(&host, "2026-11-01 00:30:00"), ["01 04:15", "01 04:15"]);
        assert_eq!(readings(&host, "2026-11-01 01:20:00"), ["01 05:05", "01 06:05"]);
        assert_eq!(readings(&host, "2026-11-01 02:50:00"), ["01 07:35", "01 07:35"]);
        assert_eq!(readings(&host, "2026-12-01 12:00:00"), ["01 16:45", "01 16:45"]);
    }

    #[test]
    fn a_skipped_time_has_two_readings() {
        let host = host(&[
            ("2026-03-08 01:59:00", "2026-03-08 06:44:00"),
            ("2026-03-08 03:01:00", "2026-03-08 06:46:00"),
        ]);
        assert_eq!(readings(&host, "2026-03-08 02:30:00"), ["08 06:15", "08 07:15"]);
        assert_eq!(readings(&host, "2026-03-08 01:30:00"), ["08 06:15", "08 06:15"]);
        assert_eq!(readings(&host, "2026-03-08 03:30:00"), ["08 07:15", "08 07:15"]);
    }

    #[test]
    fn what_was_not_written_in_one_moment_measures_nothing() {
        assert_eq!(host(&[]), HostOffset::ThisMachine);
        assert_eq!(host(&[("2026-10-21 10:07:00", "2026-10-21 08:00:00")]), HostOffset::ThisMachine);
    }

    #[test]
    fn offsets_that_go_to_and_fro_are_no_clock_changes() {
        let pairs = (0..100).map(|minute| {
            let utc = naive("2026-10-21 08:00:00") + Duration::minutes(minute);
            (utc + Duration::minutes(if minute % 3 == 0 { 0 } else { 345 }), utc)
        });
        assert_eq!(readings(&HostOffset::measure(pairs), "2026-10-21 14:45:00"), ["21 09:00", "21 09:00"]);
    }
}
