//! What one column holds.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::types::ValueRef;
use serde::Serialize;

use super::form::{Form, Forms};
use super::names::Tells;
use crate::source::clock::{Clock, HostOffset};

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
    /// Share of NULL among the rows read.
    pub(crate) null_share: f64,
    /// Share of empty or blank texts.
    pub(crate) blank_share: f64,
    /// Distinct values; texts too long to be read are not counted.
    pub(crate) distinct: u64,
    /// Share of texts that another row read has already.
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
    #[serde(skip_serializing_if = "Forms::is_empty")]
    pub(crate) time_forms: Forms,
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
    /// When it was filled last, where many of the newest rows have no value and many before them had one.
    #[serde(skip)]
    pub(crate) filled_until: Option<DateTime<Utc>>,
    /// Whether an older row has a value, where those read have none.
    #[serde(skip)]
    pub(crate) was_filled: bool,
    /// Sum of the numbers.
    #[serde(skip)]
    pub(crate) total: f64,
    /// How often the form of the times changes from one row to the next.
    #[serde(skip)]
    pub(crate) form_changes: u64,
    /// Texts that are a number.
    #[serde(skip)]
    pub(crate) numeric_texts: u64,
    /// The commonest texts, with their rows.
    #[serde(skip)]
    pub(crate) common: Vec<(String, u64)>,
    /// The table whose rows it names, and how many of the rows looked at name one.
    #[serde(skip)]
    pub(crate) refers_to: Option<(String, u64)>,
    /// Times of the rows, newest row first, naive text read as UTC; none in a column of other values.
    #[serde(skip)]
    pub(crate) times: Vec<Option<DateTime<Utc>>>,
    /// The form of each of them.
    #[serde(skip)]
    pub(crate) forms: Vec<Option<Form>>,
    /// The clock of its naive times.
    #[serde(skip)]
    pub(crate) reading: Reading,
    /// Values that do not fit to the rest.
    #[serde(skip)]
    pub(crate) faults: Vec<Fault>,
}

impl Column {
    /// Whether all values are times.
    pub(crate) fn is_time(&self) -> bool {
        self.kind == Kind::Time
    }

    /// What its times tell; `None` for other values.
    pub(super) fn tells(&self) -> Option<Tells> {
        self.is_time().then(|| Tells::of(&self.name))
    }

    /// The moments of its times, newest row first.
    pub(super) fn moments<'column>(
        &'column self,
        host: &'column HostOffset,
    ) -> impl Iterator<Item = Option<DateTime<Utc>>> + 'column {
        self.times.iter().map(move |raw| self.reading.of_raw(host, (*raw)?))
    }
}

/// Values of a column that have the same fault.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// Its name in `column_fault`.
    pub(crate) fault: &'static str,
    /// How many.
    pub(crate) n: u64,
    /// Values that were looked at.
    pub(crate) of: u64,
    /// The furthest of them: seconds from where it should be; none where that cannot be measured.
    pub(crate) worst: Option<f64>,
    /// Primary keys of the first rows.
    pub(crate) keys: Vec<String>,
    /// Their values.
    pub(crate) examples: Vec<String>,
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

impl Kind {
    /// The word for it in `column_profile.kind`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Number => "number",
            Self::Time => "time",
            Self::Json => "json",
            Self::Text => "text",
            Self::Long => "long",
            Self::Mixed => "mixed",
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
