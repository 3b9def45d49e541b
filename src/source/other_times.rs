//! Forms of time that some programs write instead of the bot's own.

use chrono::{DateTime, NaiveDate, NaiveTime, Timelike as _, Utc};

/// Days since noon of 24 November 4714 BC, SQLite's `julianday()`: from 1858 to 2132.
pub(crate) fn is_julian_day(number: f64) -> bool {
    (2_400_000.0..2_500_000.0).contains(&number)
}

/// The instant of a Julian day, to the millisecond as SQLite computes it.
pub(super) fn julian_day(number: f64) -> Option<DateTime<Utc>> {
    const UNIX_EPOCH: f64 = 2_440_587.5;
    const MILLISECONDS_A_DAY: f64 = 86_400_000.0;
    let milliseconds = (number - UNIX_EPOCH) * MILLISECONDS_A_DAY;
    DateTime::from_timestamp_millis(milliseconds.round() as i64)
}

/// `YYYYMMDDHHMMSS` as a number, from 1900 on. Milliseconds since 1970 have as many digits only from 2286 on.
pub(crate) fn is_digits(number: f64) -> bool {
    (1.9e13..2.2e13).contains(&number)
}

/// The instant of `YYYYMMDDHHMMSS`.
pub(super) fn digits(number: f64) -> Option<DateTime<Utc>> {
    let number = number as i64;
    let part = |unit: i64, count: i64| u32::try_from(number / unit % count).ok();
    let year = i32::try_from(number / 10_000_000_000).ok()?;
    let day = NaiveDate::from_ymd_opt(year, part(100_000_000, 100)?, part(1_000_000, 100)?)?;
    let time = NaiveTime::from_hms_opt(part(10_000, 100)?, part(100, 100)?, part(1, 100)?)?;
    Some(day.and_time(time).and_utc())
}

/// A clock of twelve hours: `9:08:57` with what stands behind it, `AM` or `PM`.
pub(super) fn twelve_hours(
    clock: &str,
    half: &str,
    parse: fn(&[u8]) -> Option<NaiveTime>,
) -> Option<NaiveTime> {
    let afternoon = match () {
        () if half.eq_ignore_ascii_case("AM") => 0,
        () if half.eq_ignore_ascii_case("PM") => 12,
        () => return None,
    };
    let padded = if clock.find(':') == Some(1) { format!("0{clock}") } else { clock.to_owned() };
    let time = parse(padded.as_bytes())?;
    // Midnight and noon are twelve.
    (1..=12).contains(&time.hour()).then(|| time.with_hour(time.hour() % 12 + afternoon)).flatten()
}

/// The offset of `+0000 UTC`, as Go writes it, and alone: what follows only names the zone again.
pub(super) fn offset(zone: &str) -> Option<&str> {
    let mut words = zone.split_ascii_whitespace();
    let offset = words.next()?;
    let names_zone = |word: &str| {
        word.len() <= 6
            && word.bytes().all(|byte| byte.is_ascii_uppercase() || b"+-0123456789".contains(&byte))
    };
    // Go's clock that never jumps.
    words.all(|word| names_zone(word) || word.starts_with("m=")).then_some(offset)
}

#[cfg(test)]
mod tests {
    use crate::source::clock::parse_utc;

    #[test]
    fn each_form_says_one_moment() {
        for text in [
            "2461077.336342593",
            "20260205200420",
            "2026/02/05 20:04:20",
            "2026-02-05 20:04:20 +0000 UTC",
            "2026-02-05 21:04:20 +0100 CET",
            "2026-02-05 20:04:20.000 +0000 UTC m=+0.015",
            "2026-02-05 08:04:20 PM",
            "2026/02/05 8:04:20pm",
        ] {
            assert_eq!(parse_utc(text), parse_utc("2026-02-05 20:04:20"), "{text}");
        }
        assert_eq!(parse_utc("2026-02-05 12:04:20 AM"), parse_utc("2026-02-05 00:04:20"));
        assert_eq!(parse_utc("2026-02-05 12:04:20 PM"), parse_utc("2026-02-05 12:04:20"));
    }

    #[test]
    fn what_may_be_two_moments_or_none_is_no_time() {
        for text in [
            "02/05/2026 20:04:20",
            "05.02.2026 20:04",
            "2026-02/05 20:04:20",
            "2026-02-05 20:04:20 PM",
            "2026-02-05 00:04:20 AM",
            "2026-02-05 20:04:20 +0000 or so",
            "20261305200420",
        ] {
            assert_eq!(parse_utc(text), None, "{text}");
        }
    }
}
