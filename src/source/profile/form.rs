//! How times are written.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::source::other_times::{is_digits, is_julian_day};

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    /// `2026-02-05 20:04:20`, as SQLite writes UTC.
    SpaceText,
    /// `2026-02-05T20:04:20`: the fraction is missing when it is zero.
    IsoText,
    /// `2026-02-05T20:04:20.123456`.
    IsoFractionText,
    /// With `Z` or an offset.
    ZonedText,
    /// The day alone.
    DayText,
    /// Seconds since 1970.
    EpochSeconds,
    /// Milliseconds or less since 1970.
    EpochMilliseconds,
    /// `2026/02/05 20:04:20`.
    SlashText,
    /// `2026-02-05 08:04:20 PM`.
    TwelveHourText,
    /// `20260205200420`.
    Digits,
    /// SQLite's `julianday()`.
    JulianDays,
}

impl Form {
    /// The forms of one writer: Python leaves out a fraction of zero.
    pub(crate) fn family(self) -> Self {
        match self {
            Self::IsoFractionText => Self::IsoText,
            form => form,
        }
    }

    /// Whether it shows by itself that it is a time: a plain number may be anything.
    pub(super) fn is_date(self) -> bool {
        matches!(
            self,
            Self::SpaceText
                | Self::IsoText
                | Self::IsoFractionText
                | Self::ZonedText
                | Self::DayText
                | Self::SlashText
                | Self::TwelveHourText
        )
    }

    /// The form of a text that has been read as a time.
    pub(crate) fn of_text(text: &str) -> Self {
        let text = text.trim();
        match (text.as_bytes().get(4), text.as_bytes().get(10)) {
            (Some(b'-' | b'/'), _) if text.ends_with(['M', 'm']) => Self::TwelveHourText,
            (Some(b'/'), _) => Self::SlashText,
            (Some(b'-'), None) => Self::DayText,
            (Some(b'-'), Some(separator)) => {
                let clock = text.get(11..).unwrap_or_default();
                let is_naive =
                    clock.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b','));
                match (is_naive, separator, clock.len() > 8) {
                    (false, ..) => Self::ZonedText,
                    (true, b' ', _) => Self::SpaceText,
                    (true, _, false) => Self::IsoText,
                    (true, _, true) => Self::IsoFractionText,
                }
            }
            _ => Self::of_number(text.parse().unwrap_or(0.0)),
        }
    }

    /// The form of a number that has been read as a time.
    pub(crate) fn of_number(number: f64) -> Self {
        match number {
            number if is_julian_day(number) => Self::JulianDays,
            ..1e11 => Self::EpochSeconds,
            number if is_digits(number) => Self::Digits,
            _ => Self::EpochMilliseconds,
        }
    }
}

/// Rows by the form of their times.
pub(crate) type Forms = BTreeMap<Form, u64>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_times_are_told_apart() {
        for (text, form) in [
            ("2026-02-05 20:04:20", Form::SpaceText),
            ("2026-02-05T20:04:20", Form::IsoText),
            ("2026-02-05T20:04:20.5", Form::IsoFractionText),
            ("2026-02-05T20:04:20Z", Form::ZonedText),
            ("2026-02-05 20:04:20+05:30", Form::ZonedText),
            ("2026-02-05", Form::DayText),
            ("1770321860", Form::EpochSeconds),
            ("1770321860000", Form::EpochMilliseconds),
            ("2026/02/05 20:04:20", Form::SlashText),
            ("2026-02-05 08:04:20 PM", Form::TwelveHourText),
            ("2026-02-05 20:04:20 +0000 UTC", Form::ZonedText),
            ("20260205200420", Form::Digits),
            ("2461077.336342593", Form::JulianDays),
        ] {
            assert_eq!(Form::of_text(text), form, "{text}");
        }
    }
}
