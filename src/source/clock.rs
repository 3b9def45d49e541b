//! Every timestamp form that a bot's file holds, as an instant.
//!
//! The bot writes UTC text (`YYYY-MM-DD HH:MM:SS`, SQLite's CURRENT_TIMESTAMP), naive local text
//! (Python's `isoformat`, whose fraction is missing when it is zero), and users add columns with
//! offsets, `Z` or epoch numbers. Local text is converted with the host's offset.

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _, Utc};
use rusqlite::types::ValueRef;

pub(crate) use super::host::{HostOffset, Reading};
use super::other_times;

/// Which clock a column's naive text was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// Coordinated universal time.
    Utc,
    /// The time zone of the bot's host.
    Local,
    /// So many seconds ahead of UTC, all year.
    Ahead(i64),
}

impl Clock {
    /// A fixed offset such as `+09:00`; `None` where the text is none.
    pub(crate) fn ahead(offset: &str) -> Option<Self> {
        offset_seconds(offset).map(Self::Ahead)
    }
}

/// A parsed timestamp: naive where the text names no offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamp {
    Instant(DateTime<Utc>),
    Naive(NaiveDateTime),
}

impl HostOffset {
    /// The instant of a stored value, the earlier one where it has two readings; `None` for NULL and for what
    /// is no timestamp.
    pub(crate) fn instant(&self, value: ValueRef<'_>, clock: Clock) -> Option<DateTime<Utc>> {
        self.moments(value, clock).map(|reading| reading.earliest)
    }

    /// The moments that a stored value may mean; `None` for NULL and for what is no timestamp.
    pub(crate) fn moments(&self, value: ValueRef<'_>, clock: Clock) -> Option<Reading> {
        let stamp = match value {
            ValueRef::Integer(number) => epoch(number as f64).map(Stamp::Instant),
            ValueRef::Real(number) => epoch(number).map(Stamp::Instant),
            ValueRef::Text(bytes) => plain(bytes).or_else(|| stamp(std::str::from_utf8(bytes).ok()?)),
            ValueRef::Null | ValueRef::Blob(_) => None,
        };
        match (stamp?, clock) {
            (Stamp::Instant(instant), _) => Some(Reading::exactly(instant)),
            (Stamp::Naive(naive), Clock::Utc) => Some(Reading::exactly(naive.and_utc())),
            (Stamp::Naive(naive), Clock::Local) => self.reading(naive),
            (Stamp::Naive(naive), Clock::Ahead(seconds)) => {
                Some(Reading::exactly(naive.checked_sub_signed(Duration::seconds(seconds))?.and_utc()))
            }
        }
    }
}

/// The beginning of 2009, the year of Bitcoin's first block.
pub(super) const FIRST_PLAUSIBLE: DateTime<Utc> = DateTime::from_timestamp_nanos(1_230_768_000_000_000_000);

/// Whether a coin could be traded then. What is older was never a time, such as an epoch of zero.
pub(crate) fn is_plausible(instant: DateTime<Utc>) -> bool {
    instant >= FIRST_PLAUSIBLE
}

/// A text without a zone, in any of the known forms.
pub(crate) fn naive(text: &str) -> Option<NaiveDateTime> {
    match stamp(text)? {
        Stamp::Naive(naive) => Some(naive),
        Stamp::Instant(_) => None,
    }
}

/// The instant of a text in any of the known forms, naive text taken as UTC.
pub(crate) fn parse_utc(text: &str) -> Option<DateTime<Utc>> {
    match stamp(text)? {
        Stamp::Instant(instant) => Some(instant),
        Stamp::Naive(naive) => Some(naive.and_utc()),
    }
}

/// Whether a time does not begin with `YYYY-MM-DD`, by which text is compared, counts twelve hours, or names
/// its zone in the length of `YYYY-MM-DD HH:MM:SS`, by which times without one are known.
pub(crate) fn is_odd_time(value: ValueRef<'_>) -> bool {
    let ValueRef::Text(bytes) = value else { return true };
    let is_day_first = bytes.first() == Some(&b'2') && bytes.get(4) == Some(&b'-');
    let is_of_twelve_hours = matches!(bytes.trim_ascii_end().last(), Some(b'M' | b'm'));
    !is_day_first || is_of_twelve_hours || (bytes.len() == 19 && bytes.get(16) != Some(&b':'))
}

/// A moment as the audit database has it: seconds since 1970 UTC, to the microsecond.
pub(crate) fn seconds(at: DateTime<Utc>) -> f64 {
    at.timestamp_micros() as f64 / 1e6
}

/// The moment of seconds since 1970 UTC.
pub(crate) fn moment(seconds: f64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros((seconds * 1e6).round() as i64)
}

/// `YYYY-MM-DD HH:MM:SS` in UTC, as the bot's own columns have it.
pub(crate) fn utc_text(instant: DateTime<Utc>) -> String {
    let naive = instant.naive_utc();
    naive.with_nanosecond(0).unwrap_or(naive).to_string()
}

/// Epoch seconds, milliseconds, microseconds or nanoseconds, told apart by their size.
/// Below 100,000,000 (March 1973) a number is a Julian day, a counter or "unset".
fn epoch(number: f64) -> Option<DateTime<Utc>> {
    let seconds = match number {
        n if other_times::is_julian_day(n) => return other_times::julian_day(n),
        n if other_times::is_digits(n) => return other_times::digits(n),
        n if n < 1e8 => return None,
        n if n < 1e11 => n,
        n if n < 1e14 => n / 1e3,
        n if n < 1e17 => n / 1e6,
        n if n < 1e19 => n / 1e9,
        _ => return None,
    };
    DateTime::from_timestamp_micros((seconds * 1e6) as i64)
}

/// `YYYY-MM-DD HH:MM:SS`, which nearly every row of a bot's file has: read without a look at other forms.
fn plain(text: &[u8]) -> Option<Stamp> {
    match text {
        [day @ .., b' ' | b'T', h1, h2, b':', m1, m2, b':', s1, s2] => {
            let time = NaiveTime::from_hms_opt(pair(*h1, *h2)?, pair(*m1, *m2)?, pair(*s1, *s2)?)?;
            Some(Stamp::Naive(date(day)?.and_time(time)))
        }
        _ => None,
    }
}

fn stamp(text: &str) -> Option<Stamp> {
    let text = text.trim();
    let date = text.as_bytes().get(..10).and_then(date);
    let Some(date) = date else {
        return text.parse().ok().and_then(epoch).map(Stamp::Instant);
    };
    let rest = text.get(10..)?;
    if rest.is_empty() {
        return Some(Stamp::Naive(date.and_time(NaiveTime::MIN)));
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let clock_end = rest
        .find(|letter: char| !(letter.is_ascii_digit() || matches!(letter, ':' | '.' | ',')))
        .unwrap_or(rest.len());
    let (clock, zone) = rest.split_at_checked(clock_end)?;
    if let Some(time) = other_times::twelve_hours(clock, zone.trim(), time) {
        return Some(Stamp::Naive(date.and_time(time)));
    }
    let naive = date.and_time(time(clock.as_bytes())?);
    match zone.trim() {
        "" => Some(Stamp::Naive(naive)),
        "Z" | "z" | "UTC" | "GMT" => Some(Stamp::Instant(naive.and_utc())),
        offset => {
            let seconds = offset_seconds(other_times::offset(offset)?)?;
            Some(Stamp::Instant(naive.checked_sub_signed(Duration::seconds(seconds))?.and_utc()))
        }
    }
}

/// `YYYY-MM-DD` or `YYYY/MM/DD`, nothing else: a plain number is an epoch.
fn date(text: &[u8]) -> Option<NaiveDate> {
    match text {
        [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] | [y1, y2, y3, y4, b'/', m1, m2, b'/', d1, d2] => {
            let year = pair(*y1, *y2)? * 100 + pair(*y3, *y4)?;
            NaiveDate::from_ymd_opt(year as i32, pair(*m1, *m2)?, pair(*d1, *d2)?)
        }
        _ => None,
    }
}

/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fraction`; digits beyond nanoseconds are dropped.
fn time(text: &[u8]) -> Option<NaiveTime> {
    match text {
        [h1, h2, b':', m1, m2] => NaiveTime::from_hms_opt(pair(*h1, *h2)?, pair(*m1, *m2)?, 0),
        [h1, h2, b':', m1, m2, b':', s1, s2, fraction @ ..] => NaiveTime::from_hms_nano_opt(
            pair(*h1, *h2)?,
            pair(*m1, *m2)?,
            pair(*s1, *s2)?,
            nanoseconds(fraction)?,
        ),
        _ => None,
    }
}

fn nanoseconds(fraction: &[u8]) -> Option<u32> {
    match fraction {
        [] => Some(0),
        [b'.' | b',', digits @ ..] if !digits.is_empty() => {
            let mut padded = [b'0'; 9];
            for (place, digit) in padded.iter_mut().zip(digits) {
                *place = *digit;
            }
            let [a, b, c, d, e, f, g, h, i] = padded;
            let billionths = [pair(b'0', a)?, pair(b, c)?, pair(d, e)?, pair(f, g)?, pair(h, i)?];
            let sum = billionths.into_iter().fold(0, |sum, pair| sum * 100 + pair);
            digits.iter().all(u8::is_ascii_digit).then_some(sum)
        }
        _ => None,
    }
}

/// `+HH:MM`, `+HHMM` or `+HH`, as seconds east of UTC.
fn offset_seconds(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes() {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [h1, h2] => (pair(*h1, *h2)?, 0),
        [h1, h2, b':', m1, m2] | [h1, h2, m1, m2] => (pair(*h1, *h2)?, pair(*m1, *m2)?),
        _ => return None,
    };
    (hours <= 15 && minutes < 60).then(|| sign * i64::from(hours * 3600 + minutes * 60))
}

/// The number of two digits.
fn pair(tens: u8, units: u8) -> Option<u32> {
    let (tens, units) = (tens.wrapping_sub(b'0'), units.wrapping_sub(b'0'));
    (tens < 10 && units < 10).then(|| u32::from(tens * 10 + units))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utc(text: &str) -> Option<String> {
        parse_utc(text).map(|instant| instant.to_rfc3339())
    }

    #[test]
    fn every_text_form_is_understood() {
        let same = Some("2026-02-05T20:04:20+00:00".to_owned());
        for text in [
            "2026-02-05 20:04:20",
            "2026-02-05T20:04:20",
            " 2026-02-05 20:04:20 ",
            "2026-02-05T20:04:20Z",
            "2026-02-05 20:04:20 UTC",
            "2026-02-05T21:04:20+01:00",
            "2026-02-06T01:34:20+0530",
            "2026-02-05T12:04:20-08",
            "1770321860",
            "1770321860000",
        ] {
            assert_eq!(utc(text), same, "{text}");
        }
        assert_eq!(utc("2026-02-05T20:04:20.123456"), Some("2026-02-05T20:04:20.123456+00:00".into()));
        assert_eq!(utc("2026-02-05 20:04"), Some("2026-02-05T20:04:00+00:00".into()));
        assert_eq!(utc("2026-02-05"), Some("2026-02-05T00:00:00+00:00".into()));
    }

    #[test]
    fn nonsense_is_no_time() {
        for text in [
            "",
            "never",
            "2026-13-01 00:00:00",
            "2026-02-05 25:00:00",
            "2026-02-05x",
            "0",
            "12",
            "NaN",
            "inf",
            "2026-02-05 20:04:20.",
            "äääääääääää",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_seconds_or_milliseconds_by_size() {
        let offset = HostOffset::ThisMachine;
        let seconds = offset.instant(ValueRef::Integer(1_770_321_860), Clock::Local);
        let milliseconds = offset.instant(ValueRef::Real(1_770_321_860_000.0), Clock::Utc);
        assert_eq!(seconds, parse_utc("2026-02-05 20:04:20"));
        assert_eq!(milliseconds, seconds);
        assert_eq!(offset.instant(ValueRef::Integer(3), Clock::Utc), None);
        assert_eq!(offset.instant(ValueRef::Real(f64::NAN), Clock::Utc), None);
    }

    #[test]
    fn what_does_not_sort_or_hides_its_zone_is_odd() {
        for (text, is_odd) in [
            ("2026-02-05 20:04:20", false),
            ("2026-02-05T20:04:20.5", false),
            ("2026-02-05T20:04:20+05:30", false),
            ("2026-02-05T20:04+05", true),
            ("2026/02/05 20:04:20", true),
            ("2026-02-05 08:04:20 PM", true),
            ("2026-02-05 20:04:20 +0000 UTC", false),
            ("1770321860", true),
        ] {
            assert_eq!(is_odd_time(ValueRef::Text(text.as_bytes())), is_odd, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC{0,40}") {
            let _ = parse_utc(&text);
        }

        #[test]
        fn any_near_miss_is_parsed_or_refused(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]?[0-9:.,]{0,20}[Z+-]?[0-9:]{0,6}") {
            let _ = parse_utc(&text);
        }

        #[test]
        fn any_number_is_parsed_or_refused(number in any::<f64>()) {
            let _ = HostOffset::ThisMachine.instant(ValueRef::Real(number), Clock::Utc);
        }

        #[test]
        fn a_written_time_is_read_back(seconds in 100_000_000_i64..4_102_444_800) {
            let instant = DateTime::from_timestamp(seconds, 0).unwrap();
            prop_assert_eq!(parse_utc(&utc_text(instant)), Some(instant));
        }
    }
}
