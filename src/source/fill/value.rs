//! One value of the bot's as the audit database holds it.

use crate::source::clock::seconds;
use std::borrow::Cow;

use chrono::{DateTime, Utc};
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::sanitize::cut;
use crate::source::cell::utf8;

/// Longest text that is kept.
const LONGEST_TEXT_CHARS: usize = 2_000;

/// A value that a STRICT table takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'row> {
    Null,
    Integer(i64),
    Real(f64),
    Text(Cow<'row, str>),
}

impl Value<'_> {
    /// A yes or no.
    pub(super) fn flag(is: bool) -> Self {
        Self::Integer(i64::from(is))
    }

    /// Seconds since 1970 UTC.
    pub(super) fn time(at: Option<DateTime<Utc>>) -> Self {
        at.map_or(Self::Null, |at| Self::Real(seconds(at)))
    }

    /// What a column takes that may not be NULL.
    pub(super) fn or_empty(self, is_text: bool) -> Self {
        match self {
            Self::Null if is_text => Self::Text(Cow::Borrowed("")),
            Self::Null => Self::Integer(0),
            value => value,
        }
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Integer(number) => ToSqlOutput::Borrowed(ValueRef::Integer(*number)),
            Self::Real(number) => ToSqlOutput::Borrowed(ValueRef::Real(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

/// A number: one, or a text that is wholly one, and finite.
pub(super) fn number(value: ValueRef<'_>) -> Option<f64> {
    let number = match value {
        ValueRef::Integer(number) => Some(number as f64),
        ValueRef::Real(number) => Some(number),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok().and_then(|text| text.trim().parse().ok()),
        ValueRef::Null | ValueRef::Blob(_) => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

/// A text: numbers in their shortest form, invalid UTF-8 as U+FFFD, cut at its length.
pub(super) fn text(value: ValueRef<'_>) -> Option<Cow<'_, str>> {
    let text = match value {
        ValueRef::Null => return None,
        ValueRef::Integer(number) => Cow::Owned(number.to_string()),
        ValueRef::Real(number) => Cow::Owned(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => utf8(bytes),
    };
    Some(if text.len() <= LONGEST_TEXT_CHARS { text } else { cut(&text, LONGEST_TEXT_CHARS).into() })
}

/// Whether something stands there that should be a number and is none.
pub(super) fn is_unreadable(value: ValueRef<'_>) -> bool {
    match value {
        ValueRef::Null => false,
        ValueRef::Text(bytes) => !bytes.trim_ascii().is_empty() && number(value).is_none(),
        _ => number(value).is_none(),
    }
}

/// `long` or `short` by the words that bots use for them.
pub(super) fn position_side(word: &str) -> Option<&'static str> {
    let is = |words: [&str; 2]| words.iter().any(|known| word.trim().eq_ignore_ascii_case(known));
    match () {
        () if is(["long", "buy"]) => Some("long"),
        () if is(["short", "sell"]) => Some("short"),
        () => None,
    }
}

/// `buy` or `sell`.
pub(super) fn order_side(word: &str) -> Option<&'static str> {
    ["buy", "sell"].into_iter().find(|side| word.trim().eq_ignore_ascii_case(side))
}

/// A reason up to its first colon.
pub(super) fn before_colon(reason: &str) -> &str {
    reason.split(':').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_or_a_text_that_is_wholly_one() {
        for (value, expected, unreadable) in [
            (ValueRef::Text(b" 1.5 "), Some(1.5), false),
            (ValueRef::Text(b"1.5 USD"), None, true),
            (ValueRef::Text(b""), None, false),
            (ValueRef::Real(f64::INFINITY), None, true),
            (ValueRef::Text(b"inf"), None, true),
            (ValueRef::Integer(3), Some(3.0), false),
            (ValueRef::Blob(b"3"), None, true),
            (ValueRef::Null, None, false),
        ] {
            assert_eq!((number(value), is_unreadable(value)), (expected, unreadable), "{value:?}");
        }
    }

    #[test]
    fn a_text_is_valid_and_not_endless() {
        assert_eq!(text(ValueRef::Text(b"a\xff")).unwrap(), "a\u{fffd}");
        assert_eq!(text(ValueRef::Text(&[b'x'; 3_000])).unwrap().chars().count(), 2_000);
        assert_eq!(text(ValueRef::Real(1.5)).unwrap(), "1.5");
    }

    #[test]
    fn a_side_is_known_or_none() {
        assert_eq!((position_side("LONG"), position_side(" sell ")), (Some("long"), Some("short")));
        assert_eq!(
            (position_side("LONG|SHORT"), order_side("Buy"), order_side("long")),
            (None, Some("buy"), None)
        );
    }
}
