//! Whether to ask again, and when: pure decisions, apart from the sleeping.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;

/// The first try and three more.
const MAX_TRIES: u32 = 4;
/// Pauses as the official Python client makes them: half a second, doubling to eight, up to a
/// quarter of it taken off so that many clients do not come back at once.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
const JITTER_FRACTION: f64 = 0.25;
/// A server that wants a longer pause than this is asked again by the next run.
const LONGEST_WISH: Duration = Duration::from_secs(120);

/// What kind of failure a try ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureKind {
    /// Nothing came back, or not all of it.
    Connection,
    /// A 200 without an answer in it, for the first time.
    EmptyAnswer,
    /// An HTTP status, or the number that an error inside a 200 gives.
    Status(u16),
    /// The account is empty.
    Quota,
    /// Repeating cannot help.
    Final,
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Decision {
    /// Ask again after this pause.
    Wait(Duration),
    /// Do not ask again.
    GiveUp(Why),
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Why {
    /// Repeating cannot help.
    Final,
    /// It was tried often enough.
    TriesSpent,
    /// The server wants a longer pause than an audit may take.
    WishTooLong(Duration),
    /// The run's time would be over before the next try.
    Deadline,
}

/// The moment at which the decision falls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Wall clock, for wishes that name a time.
    pub(super) now: DateTime<Utc>,
    /// What is left of the run.
    pub(super) time_left: Duration,
    /// A number from 0 to 1 that spreads the pauses.
    pub(super) jitter: f64,
}

/// Decides after the `tries`-th failed try.
pub(super) fn decide(tries: u32, kind: FailureKind, headers: &HeaderMap, moment: Moment) -> Decision {
    let is_transient = match kind {
        FailureKind::Connection | FailureKind::EmptyAnswer => true,
        FailureKind::Status(status) => is_transient(status),
        FailureKind::Quota | FailureKind::Final => false,
    };
    if !is_transient {
        return Decision::GiveUp(Why::Final);
    }
    if tries >= MAX_TRIES {
        return Decision::GiveUp(Why::TriesSpent);
    }
    let pause = match wished_pause(headers, moment.now) {
        Some(wish) if wish > LONGEST_WISH => return Decision::GiveUp(Why::WishTooLong(wish)),
        Some(wish) => wish,
        None => own_pause(tries, moment.jitter),
    };
    if pause >= moment.time_left { Decision::GiveUp(Why::Deadline) } else { Decision::Wait(pause) }
}

fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 409 | 429 | 498 | 500 | 502..=504 | 520..=529)
}

fn own_pause(tries: u32, jitter: f64) -> Duration {
    let doublings = tries.saturating_sub(1).min(8);
    let pause = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    pause.mul_f64(1.0 - JITTER_FRACTION * jitter.clamp(0.0, 1.0))
}

/// The pause that the server asks for, in the first form that says a time ahead.
fn wished_pause(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let pause = header("retry-after-ms")
        .and_then(|text| seconds(text.parse::<f64>().ok()? / 1000.0))
        .or_else(|| header("retry-after").and_then(|text| seconds_or_date(text, now)))
        .or_else(|| header("llm_provider-retry-after").and_then(|text| seconds_or_date(text, now)));
    pause.or_else(|| ["requests", "tokens"].iter().filter_map(|what| limit_reset(headers, what, now)).max())
}

/// When a used-up limit starts anew. A limit of which something is left is not the one that was hit.
fn limit_reset(headers: &HeaderMap, what: &str, now: DateTime<Utc>) -> Option<Duration> {
    let header = |name: String| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let remaining = header(format!("x-ratelimit-remaining-{what}")).and_then(|text| text.parse::<f64>().ok());
    if remaining.is_some_and(|remaining| remaining > 0.0) {
        return None;
    }
    let text = header(format!("x-ratelimit-reset-{what}"))?;
    units(text).or_else(|| seconds_or_date(text, now))
}

fn seconds_or_date(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    if let Ok(number) = text.parse::<f64>() {
        return seconds(number);
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    (date.with_timezone(&Utc) - now).to_std().ok().filter(|pause| !pause.is_zero())
}

/// A pause above zero. Zero, a negative or no number is no wish.
fn seconds(number: f64) -> Option<Duration> {
    // Past a year the exact length is of no interest, and no Duration holds every number.
    let number = if number.is_nan() { return None } else { number.min(31_536_000.0) };
    Duration::try_from_secs_f64(number).ok().filter(|pause| !pause.is_zero())
}

/// Times such as `6m0s`, `1h2m`, `1.5s` and `391ms`.
fn units(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let (number, behind) = rest.split_at(rest.find(|letter: char| letter.is_ascii_alphabetic())?);
        let unit_end = behind.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(unit_end);
        let unit_seconds = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        total += number.trim().parse::<f64>().ok()? * unit_seconds;
        rest = behind;
    }
    seconds(total)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    const NONE: &[(&str, &str)] = &[];

    fn decided(tries: u32, kind: FailureKind, headers: &[(&str, &str)], time_left_seconds: u64) -> Decision {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
            })
            .collect();
        let now = Utc.with_ymd_and_hms(2026, 11, 22, 9, 0, 0).unwrap();
        let moment = Moment { now, time_left: Duration::from_secs(time_left_seconds), jitter: 0.0 };
        decide(tries, kind, &headers, moment)
    }

    fn wait(milliseconds: u64) -> Decision {
        Decision::Wait(Duration::from_millis(milliseconds))
    }

    #[test]
    fn the_status_decides_whether_to_ask_again() {
        for status in [408, 409, 429, 498, 500, 502, 503, 504, 520, 522, 524, 529] {
            assert_eq!(decided(1, FailureKind::Status(status), NONE, 900), wait(500), "{status}");
        }
        for status in [0, 301, 400, 401, 402, 403, 404, 405, 413, 422, 501, 505] {
            let decision = decided(1, FailureKind::Status(status), NONE, 900);
            assert_eq!(decision, Decision::GiveUp(Why::Final), "{status}");
        }
        assert_eq!(decided(1, FailureKind::Connection, NONE, 900), wait(500));
        assert_eq!(decided(1, FailureKind::EmptyAnswer, NONE, 900), wait(500));
        assert_eq!(decided(1, FailureKind::Quota, NONE, 900), Decision::GiveUp(Why::Final));
        assert_eq!(decided(1, FailureKind::Final, NONE, 900), Decision::GiveUp(Why::Final));
    }

    #[test]
    fn pauses_double_and_the_fourth_try_is_the_last() {
        let kind = FailureKind::Status(503);
        assert_eq!(decided(2, kind, NONE, 900), wait(1_000));
        assert_eq!(decided(3, kind, NONE, 900), wait(2_000));
        assert_eq!(decided(4, kind, NONE, 900), Decision::GiveUp(Why::TriesSpent));
        assert_eq!(own_pause(9, 0.0), LONGEST_PAUSE);
        assert_eq!(own_pause(1, 1.0), Duration::from_millis(375));
    }

    #[test]
    fn every_form_of_the_server_s_wish_is_understood() {
        for (headers, expected) in [
            (&[("retry-after-ms", "250"), ("retry-after", "9")][..], wait(250)),
            (&[("retry-after", "3")], wait(3_000)),
            (&[("retry-after", "0.5")], wait(500)),
            (&[("Retry-After", "Sun, 22 Nov 2026 09:00:07 GMT")], wait(7_000)),
            (&[("llm_provider-retry-after", "4")], wait(4_000)),
            (&[("x-ratelimit-reset-requests", "391ms")], wait(391)),
            (&[("x-ratelimit-reset-tokens", "1m30s")], wait(90_000)),
            (
                &[
                    ("x-ratelimit-reset-requests", "2s"),
                    ("x-ratelimit-remaining-requests", "0"),
                    ("x-ratelimit-reset-tokens", "6m0s"),
                    ("x-ratelimit-remaining-tokens", "5000"),
                ],
                wait(2_000),
            ),
            // No wish at all: the own pause.
            (&[("retry-after", "0")], wait(500)),
            (&[("retry-after", "-3")], wait(500)),
            (&[("retry-after", "soon")], wait(500)),
            (&[("retry-after", "Sun, 22 Nov 2026 08:00:00 GMT")], wait(500)),
            (&[("retry-after", "NaN")], wait(500)),
            (&[("x-ratelimit-reset-tokens", "6q")], wait(500)),
            (&[("retry-after", "120")], wait(120_000)),
            (&[("retry-after", "121")], Decision::GiveUp(Why::WishTooLong(Duration::from_secs(121)))),
            (
                &[("x-ratelimit-reset-tokens", "6m0s")],
                Decision::GiveUp(Why::WishTooLong(Duration::from_secs(360))),
            ),
        ] {
            assert_eq!(decided(1, FailureKind::Status(429), headers, 900), expected, "{headers:?}");
        }
    }

    #[test]
    fn nobody_sleeps_beyond_the_deadline() {
        let headers = &[("retry-after", "30")];
        assert_eq!(decided(1, FailureKind::Status(429), headers, 30), Decision::GiveUp(Why::Deadline));
        assert_eq!(decided(1, FailureKind::Status(429), headers, 31), wait(30_000));
        assert_eq!(decided(1, FailureKind::Connection, NONE, 0), Decision::GiveUp(Why::Deadline));
    }
}
