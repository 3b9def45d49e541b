//! Gathers what one column holds, value by value.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use serde::de::IgnoredAny;

use super::column::{Column, Fault, Kind, Reading};
use super::declared::Declared;
use super::form::{Form, Forms};
use super::names::{Tells, may_be_time};
use super::odd::Odd;
use crate::sanitize::cut;
use crate::source::cell;
use crate::source::clock::{self, Clock, HostOffset};

/// Most characters of a value that is shown.
const SHOWN_CHARS: usize = 40;
/// Commonest values that are kept.
const KEPT_VALUES: usize = 60;
/// A column is of a kind when at least this share of its values is: the rest are the odd ones.
const KIND_SHARE: f64 = 0.8;

/// The values of one column so far.
#[derive(Debug, Default)]
pub(super) struct Values {
    declared: Declared,
    /// Whether the name or the type says that numbers are times.
    expects_times: bool,
    expects_numbers: bool,
    rows: u64,
    nulls: u64,
    newest_nulls: u64,
    blanks: u64,
    numbers: u64,
    texts: u64,
    long: u64,
    bytes: u64,
    numeric_texts: u64,
    json: u64,
    total: f64,
    range: Option<(f64, f64)>,
    /// Of the newest rows, newest first.
    times: Vec<Option<(DateTime<Utc>, Form)>>,
    /// Of the oldest rows of a long table, each with the place of its row.
    oldest: Vec<(usize, DateTime<Utc>, Form)>,
    no_times: Odd,
    no_json: Odd,
    no_numbers: Odd,
    distinct_texts: HashMap<String, u64>,
    distinct_numbers: HashSet<Seen>,
}

/// A number, the same whether SQLite has it as a whole one or not.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Seen {
    Whole(i64),
    Bits(u64),
}

impl Seen {
    fn real(number: f64) -> Self {
        const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
        match number.fract() == 0.0 && number.abs() <= LARGEST_EXACT {
            true => Self::Whole(number as i64),
            false => Self::Bits(number.to_bits()),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Whole(number) => number.to_string(),
            Self::Bits(bits) => f64::from_bits(*bits).to_string(),
        }
    }
}

impl Values {
    /// None yet.
    pub(super) fn new(declared: &Declared) -> Self {
        let declared_type = declared.declared_type.to_uppercase();
        let is = |words: &[&str]| words.iter().any(|word| declared_type.contains(word));
        Self {
            expects_times: is(&["TIME", "DATE"]) || may_be_time(&declared.name),
            expects_numbers: is(&["INT", "REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL"]),
            declared: declared.clone(),
            ..Self::default()
        }
    }

    /// Whether its oldest values are worth a look: a time that cannot be is often the first one.
    pub(super) fn may_hold_times(&self) -> bool {
        self.expects_times && self.times.iter().any(Option::is_some)
    }

    /// Adds the value of one of the newest rows, newest row first; a blob is the size of a text that was not
    /// read.
    pub(super) fn add(&mut self, value: ValueRef<'_>, host: &HostOffset) {
        self.rows += 1;
        let time = match value {
            ValueRef::Null => {
                self.nulls += 1;
                self.newest_nulls += u64::from(self.nulls == self.rows);
                None
            }
            ValueRef::Integer(number) => self.add_number(number as f64, Seen::Whole(number), value, host),
            ValueRef::Real(number) => self.add_number(number, Seen::real(number), value, host),
            ValueRef::Blob(bytes) => {
                self.long += 1;
                let size = std::str::from_utf8(bytes).ok().and_then(|size| size.parse().ok());
                self.bytes += size.unwrap_or(bytes.len() as u64);
                None
            }
            ValueRef::Text(bytes) => {
                self.bytes += bytes.len() as u64;
                self.add_text(&cell::utf8(bytes), host)
            }
        };
        self.times.push(time);
    }

    /// Adds the time of one of the oldest rows.
    pub(super) fn add_oldest(&mut self, place: usize, value: ValueRef<'_>, host: &HostOffset) {
        let text = match value {
            ValueRef::Text(bytes) => cell::utf8(bytes),
            _ => "".into(),
        };
        match (host.instant(value, Clock::Utc), value) {
            (Some(at), ValueRef::Integer(number)) => {
                self.oldest.push((place, at, Form::of_number(number as f64)));
            }
            (Some(at), ValueRef::Real(number)) => self.oldest.push((place, at, Form::of_number(number))),
            (Some(at), _) => self.oldest.push((place, at, Form::of_text(&text))),
            (None, _) if text.trim().is_empty() => {}
            (None, _) => self.no_times.add(place, text.trim()),
        }
    }

    fn add_number(
        &mut self,
        number: f64,
        seen: Seen,
        value: ValueRef<'_>,
        host: &HostOffset,
    ) -> Option<(DateTime<Utc>, Form)> {
        self.bytes += 8;
        self.numbers += 1;
        self.distinct_numbers.insert(seen);
        if number.is_finite() {
            self.total += number;
            let (low, high) = self.range.unwrap_or((number, number));
            self.range = Some((low.min(number), high.max(number)));
        }
        let time = host.instant(value, Clock::Utc).filter(|_| self.expects_times)?;
        Some((time, Form::of_number(number)))
    }

    fn add_text(&mut self, text: &str, host: &HostOffset) -> Option<(DateTime<Utc>, Form)> {
        self.texts += 1;
        match self.distinct_texts.get_mut(text) {
            Some(count) => *count += 1,
            None => {
                self.distinct_texts.insert(text.to_owned(), 1);
            }
        }
        let trimmed = text.trim();
        if trimmed.is_empty() {
            self.blanks += 1;
            return None;
        }
        let place = self.times.len();
        let is_number = trimmed.parse::<f64>().is_ok_and(f64::is_finite);
        self.numeric_texts += u64::from(is_number);
        if !is_number {
            self.no_numbers.add(place, trimmed);
        }
        if trimmed.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(trimmed).is_ok() {
            self.json += 1;
        } else if ["{\"", "{'", "[{", "[\"", "['"].iter().any(|opening| trimmed.starts_with(opening)) {
            self.no_json.add(place, trimmed);
        }
        let time = host
            .instant(ValueRef::Text(text.as_bytes()), Clock::Utc)
            .filter(|_| !is_number || self.expects_times);
        if time.is_none() {
            self.no_times.add(place, trimmed);
        }
        Some((time?, Form::of_text(trimmed)))
    }

    fn kind(&self) -> Kind {
        let filled = (self.rows - self.nulls) as f64;
        let told = (self.rows - self.nulls - self.blanks) as f64;
        let times = self.times.iter().flatten().count() as u64;
        let is_most = |count: u64| count as f64 >= KIND_SHARE * told && count > 0;
        match () {
            () if filled == 0.0 => Kind::Empty,
            () if is_most(times) => Kind::Time,
            () if is_most(self.json) => Kind::Json,
            () if self.long as f64 >= 0.5 * filled => Kind::Long,
            () if self.numbers > 0 && self.texts > 0 && !is_most(self.numbers) && !is_most(self.texts) => {
                Kind::Mixed
            }
            () if self.numbers > self.texts => Kind::Number,
            () => Kind::Text,
        }
    }

    /// The column, with the faults that its own values show. Rows are known by their keys; times later than `now`
    /// are faults where that is given.
    pub(super) fn finish(self, keys: &[String], host: &HostOffset, now: Option<DateTime<Utc>>) -> Column {
        let kind = self.kind();
        let is_time = kind == Kind::Time;
        let rows = self.rows.max(1) as f64;
        let distinct = (self.distinct_texts.len() + self.distinct_numbers.len()) as u64;
        let repeated = self.texts + self.numbers - distinct;
        let only_text = self.distinct_texts.keys().next().map(|text| cut(text, SHOWN_CHARS));
        let only_number = self.distinct_numbers.iter().next().map(Seen::shown);
        let constant = only_text.or(only_number).filter(|_| distinct == 1 && self.long == 0);
        let faults = self.faults(is_time, keys, host, now);
        let times = if is_time { self.times } else { Vec::new() };
        let mut time_forms = Forms::new();
        times.iter().flatten().for_each(|(_, form)| *time_forms.entry(*form).or_default() += 1);
        let iso = time_forms.iter().filter(|(form, _)| form.family() == Form::IsoText).map(|(_, rows)| rows);
        let is_mostly_iso = iso.sum::<u64>() * 2 > time_forms.values().sum::<u64>();
        Column {
            name: self.declared.name,
            declared_type: self.declared.declared_type,
            kind,
            null_share: self.nulls as f64 / rows,
            blank_share: self.blanks as f64 / rows,
            distinct,
            repeated_share: if self.texts == 0 { 0.0 } else { repeated as f64 / rows },
            constant,
            minimum: self.range.map(|range| range.0),
            maximum: self.range.map(|range| range.1),
            form_changes: form_changes(&times),
            time_forms,
            offset_hours: None,
            bytes: self.bytes as f64 / rows,
            filled: self.rows - self.nulls,
            newest_nulls: self.newest_nulls,
            filled_until: None,
            was_filled: false,
            total: self.total,
            numeric_texts: self.numeric_texts,
            common: commonest(self.distinct_texts),
            refers_to: None,
            forms: times.iter().map(|time| time.map(|(_, form)| form)).collect(),
            times: times.into_iter().map(|time| time.map(|(at, _)| at)).collect(),
            reading: if is_mostly_iso { Reading::Local } else { Reading::Utc },
            faults,
        }
    }

    /// What is odd counts only where the rest is of the kind that it is not.
    fn faults(
        &self,
        is_time: bool,
        keys: &[String],
        host: &HostOffset,
        now: Option<DateTime<Utc>>,
    ) -> Vec<Fault> {
        let mut faults = Vec::new();
        if is_time || self.expects_times {
            let newest = self.times.iter().enumerate().filter_map(|(place, time)| Some((place, (*time)?)));
            let oldest = self.oldest.iter().map(|(place, at, form)| (*place, (*at, *form)));
            let times: Vec<_> = newest.chain(oldest).collect();
            // Numbers of which none is a likely time may be something else.
            if times.iter().any(|(_, (at, form))| clock::is_plausible(*at) || form.is_date()) {
                let of = times.len() as u64 + self.no_times.n;
                faults.extend(self.no_times.fault("unreadable_time", of, keys));
                let mut impossible = Odd::default();
                for (place, (at, _)) in times.iter().filter(|(_, (at, _))| !clock::is_plausible(*at)) {
                    impossible.add(*place, &clock::utc_text(*at));
                }
                faults.extend(impossible.fault("impossible_time", of, keys));
                faults.extend(now.and_then(|now| self.future(&times, keys, host, now)));
            }
        }
        faults.extend(self.no_json.fault("broken_json", self.rows, keys));
        if self.expects_numbers && !self.expects_times && !is_time {
            faults.extend(self.no_numbers.fault("text_in_number", self.rows, keys));
        }
        faults
    }

    /// Times of what has happened that are later than now by more than the clocks of two machines differ, and in
    /// the host's clock by an hour more for a clock change, or by any zone's offset where none is measured.
    fn future(
        &self,
        times: &[(usize, (DateTime<Utc>, Form))],
        keys: &[String],
        host: &HostOffset,
        now: DateTime<Utc>,
    ) -> Option<Fault> {
        const TOLERANCE_SECONDS: i64 = 300;
        const CLOCK_CHANGE_SECONDS: i64 = 3_600;
        const LARGEST_OFFSET_SECONDS: i64 = 15 * 3_600;
        if !Tells::of(&self.declared.name).is_past() {
            return None;
        }
        let mut odd = Odd::default();
        for (place, (raw, form)) in times {
            let is_local = form.family() == Form::IsoText;
            let (reading, slack) = match (is_local, host.newest_seconds()) {
                (false, _) => (Reading::Utc, 0),
                (true, Some(_)) => (Reading::Local, CLOCK_CHANGE_SECONDS),
                (true, None) => (Reading::Local, LARGEST_OFFSET_SECONDS),
            };
            let Some(at) = reading.of_raw(host, *raw) else { continue };
            let ahead = (at - now).num_seconds();
            if ahead > TOLERANCE_SECONDS + slack {
                odd.add_measured(*place, &clock::utc_text(at), ahead as f64);
            }
        }
        odd.fault("future_time", times.len() as u64, keys)
    }
}

/// How often the form of the times changes from one row to the next.
fn form_changes(times: &[Option<(DateTime<Utc>, Form)>]) -> u64 {
    let families: Vec<Form> = times.iter().flatten().map(|(_, form)| form.family()).collect();
    families.iter().zip(families.iter().skip(1)).filter(|(one, next)| one != next).count() as u64
}

/// The commonest texts with their rows, ties in the order of the alphabet.
fn commonest(texts: HashMap<String, u64>) -> Vec<(String, u64)> {
    let by_rows = |(one, ones): &(String, u64), (other, others): &(String, u64)| {
        others.cmp(ones).then_with(|| one.cmp(other))
    };
    let mut common: Vec<_> = texts.into_iter().collect();
    if common.len() > KEPT_VALUES {
        common.select_nth_unstable_by(KEPT_VALUES, by_rows);
        common.truncate(KEPT_VALUES);
    }
    common.sort_unstable_by(by_rows);
    common.into_iter().map(|(text, rows)| (cut(&text, SHOWN_CHARS), rows)).collect()
}
