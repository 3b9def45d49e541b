//! What one column holds.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::types::ValueRef;
use serde::Serialize;

use crate::source::clock::{Clock, HostOffset};
use crate::source::other_times::{is_digits, is_julian_day};

/// A column, as the newest rows show it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: String,
    /// Its type as declared.
    #[serde(rename = "type")]
    pub(crate) declared_type: String,
    /// What its values are.
    pub(crate) kind: Kind,
    /// Share of NULL among the sampled rows.
    pub(crate) null_share: f64,
    /// Share of empty or blank texts.
    pub(crate) blank_share: f64,
    /// Distinct values; texts too long to be read are not counted.
    pub(crate) distinct: u64,
    /// Share of texts that another sampled row has already.
    pub(crate) repeated_share: f64,
    /// The one value of all rows that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) constant: Option<String>,
    /// The least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minimum: Option<f64>,
    /// The greatest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) maximum: Option<f64>,
    /// Forms of the times, each with its rows.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) time_forms: BTreeMap<Form, u64>,
    /// How far the naive times are ahead of UTC, where another column of the same row tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offset_hours: Option<f64>,
    /// Mean size of a value.
    pub(crate) bytes: f64,
    /// Rows with a value.
    #[serde(skip)]
    pub(crate) filled: u64,
    /// The newest rows that are NULL one after the other.
    #[serde(skip)]
    pub(crate) newest_nulls: u64,
    /// How often the form of the times changes from one row to the next.
    #[serde(skip)]
    pub(crate) form_changes: u64,
    /// Texts in a column of times that are none, with examples.
    #[serde(skip)]
    pub(crate) no_times: Odd,
    /// Texts that open like JSON and are none, with examples.
    #[serde(skip)]
    pub(crate) no_json: Odd,
    /// Texts in a column of numbers that are no number, with examples.
    #[serde(skip)]
    pub(crate) no_numbers: Odd,
    /// Texts that are a number.
    #[serde(skip)]
    pub(crate) numeric_texts: u64,
    /// The commonest texts, with their rows.
    #[serde(skip)]
    pub(crate) common: Vec<(String, u64)>,
    /// Times of the rows, newest row first, naive text read as UTC.
    #[serde(skip)]
    pub(crate) times: Vec<Option<DateTime<Utc>>>,
    /// The clock of its naive times.
    #[serde(skip)]
    pub(crate) reading: Reading,
}

impl Column {
    /// The name's words in lower case.
    pub(crate) fn words(&self) -> Vec<String> {
        words(&self.name)
    }

    /// Whether all values are times.
    pub(crate) fn is_time(&self) -> bool {
        self.kind == Kind::Time
    }
}

/// A name's words in lower case: `lastUsed` and `last_used` are both `last`, `used`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for letter in name.chars() {
        let begins = !letter.is_alphanumeric() || (letter.is_uppercase() && after_lower);
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
        after_lower = letter.is_lowercase() || letter.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Values that do not fit to the rest of their column.
#[derive(Debug, Clone, Default)]
pub(crate) struct Odd {
    /// How many.
    pub(crate) count: u64,
    /// The first three.
    pub(crate) examples: Vec<String>,
}

impl Odd {
    /// One more.
    pub(super) fn add(&mut self, text: &str) {
        const EXAMPLES: usize = 3;
        const EXAMPLE_CHARS: usize = 40;
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push(crate::untrusted::cut(text, EXAMPLE_CHARS));
        }
    }
}

/// What the values of a column are, for the most part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// There are none.
    Empty,
    /// Numbers.
    Number,
    /// Times in any form.
    Time,
    /// JSON objects or arrays.
    Json,
    /// Other texts.
    Text,
    /// Texts too long to be read, or bytes.
    Long,
    /// Numbers and texts.
    Mixed,
}

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

    /// An example that shows it.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::SpaceText => "YYYY-MM-DD HH:MM:SS",
            Self::IsoText | Self::IsoFractionText => "YYYY-MM-DDTHH:MM:SS",
            Self::ZonedText => "with Z or an offset",
            Self::DayText => "YYYY-MM-DD",
            Self::EpochSeconds => "epoch seconds",
            Self::EpochMilliseconds => "epoch milliseconds",
            Self::SlashText => "YYYY/MM/DD HH:MM:SS",
            Self::TwelveHourText => "with AM or PM",
            Self::Digits => "YYYYMMDDHHMMSS",
            Self::JulianDays => "Julian days",
        }
    }

    /// The form of a text that has been read as a time.
    pub(super) fn of_text(text: &str) -> Self {
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
    pub(super) fn of_number(number: f64) -> Self {
        match number {
            number if is_julian_day(number) => Self::JulianDays,
            ..1e11 => Self::EpochSeconds,
            number if is_digits(number) => Self::Digits,
            _ => Self::EpochMilliseconds,
        }
    }
}

/// The clock of a column's naive times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// UTC, or the clock that each text names.
    Utc,
    /// The bot host's.
    Local,
    /// So many seconds ahead of UTC, as another column of the same rows shows.
    Ahead(i64),
}

impl Reading {
    /// The instant of a stored value.
    pub(super) fn instant(self, host: &HostOffset, value: ValueRef<'_>) -> Option<DateTime<Utc>> {
        match self {
            Self::Utc => host.instant(value, Clock::Utc),
            Self::Local => host.instant(value, Clock::Local),
            Self::Ahead(_) => self.of_raw(host, host.instant(value, Clock::Utc)?),
        }
    }

    /// The instant of a time whose naive text was read as UTC.
    pub(crate) fn of_raw(self, host: &HostOffset, raw: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Utc => Some(raw),
            Self::Local => host.to_utc(raw.naive_utc()),
            Self::Ahead(seconds) => raw.checked_sub_signed(TimeDelta::seconds(seconds)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_into_words() {
        assert_eq!(words("last_usedAt"), ["last", "used", "at"]);
        assert_eq!(words("price_5min_after"), ["price", "5min", "after"]);
        assert_eq!(words("PNL_USD"), ["pnl", "usd"]);
        assert!(words("__").is_empty());
    }

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
