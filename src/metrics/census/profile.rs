//! Gathers what one column holds, value by value.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use serde::de::IgnoredAny;

use super::column::{Column, Form, Kind, Odd, Reading, words};
use super::schema::Declared;
use crate::source::cell;
use crate::source::clock::{Clock, HostOffset};
use crate::untrusted::cut;

/// Most characters of a value that is shown.
const SHOWN_CHARS: usize = 40;
/// Commonest values that are kept.
const KEPT_VALUES: usize = 60;
/// A column is of a kind when at least this share of its values is: the rest are the odd ones.
const KIND_SHARE: f64 = 0.8;

/// The values of one column so far.
#[derive(Debug)]
pub(super) struct Profile {
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
    range: Option<(f64, f64)>,
    forms: BTreeMap<Form, u64>,
    last_form: Option<Form>,
    form_changes: u64,
    times: Vec<Option<DateTime<Utc>>>,
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

impl Profile {
    pub(super) fn new(declared: &Declared) -> Self {
        let declared_type = declared.declared_type.to_uppercase();
        let is = |words: &[&str]| words.iter().any(|word| declared_type.contains(word));
        Self {
            expects_times: is(&["TIME", "DATE"]) || names_a_time(&declared.name),
            expects_numbers: is(&["INT", "REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL"]),
            declared: declared.clone(),
            rows: 0,
            nulls: 0,
            newest_nulls: 0,
            blanks: 0,
            numbers: 0,
            texts: 0,
            long: 0,
            bytes: 0,
            numeric_texts: 0,
            json: 0,
            range: None,
            forms: BTreeMap::new(),
            last_form: None,
            form_changes: 0,
            times: Vec::new(),
            no_times: Odd::default(),
            no_json: Odd::default(),
            no_numbers: Odd::default(),
            distinct_texts: HashMap::new(),
            distinct_numbers: HashSet::new(),
        }
    }

    /// Adds a row's value, newest row first; a blob is the size of a text that was not read.
    pub(super) fn add(&mut self, value: ValueRef<'_>, host: &HostOffset) {
        self.rows += 1;
        let time = match value {
            ValueRef::Null => {
                self.nulls += 1;
                self.newest_nulls += u64::from(self.nulls == self.rows);
                None
            }
            ValueRef::Integer(number) => {
                self.bytes += 8;
                self.add_number(number as f64, Seen::Whole(number), value, host)
            }
            ValueRef::Real(number) => {
                self.bytes += 8;
                self.add_number(number, Seen::real(number), value, host)
            }
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

    fn add_number(
        &mut self,
        number: f64,
        seen: Seen,
        value: ValueRef<'_>,
        host: &HostOffset,
    ) -> Option<DateTime<Utc>> {
        self.numbers += 1;
        self.distinct_numbers.insert(seen);
        if number.is_finite() {
            let (low, high) = self.range.unwrap_or((number, number));
            self.range = Some((low.min(number), high.max(number)));
        }
        let time = host.instant(value, Clock::Utc).filter(|_| self.expects_times)?;
        self.add_form(Form::of_number(number));
        Some(time)
    }

    fn add_text(&mut self, text: &str, host: &HostOffset) -> Option<DateTime<Utc>> {
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
        let is_number = trimmed.parse::<f64>().is_ok_and(f64::is_finite);
        self.numeric_texts += u64::from(is_number);
        if !is_number {
            self.no_numbers.add(trimmed);
        }
        if trimmed.starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(trimmed).is_ok() {
            self.json += 1;
        } else if ["{\"", "{'", "[{", "[\"", "['"].iter().any(|opening| trimmed.starts_with(opening)) {
            self.no_json.add(trimmed);
        }
        let time = host
            .instant(ValueRef::Text(text.as_bytes()), Clock::Utc)
            .filter(|_| !is_number || self.expects_times);
        match time {
            Some(_) => self.add_form(Form::of_text(trimmed)),
            None => self.no_times.add(trimmed),
        }
        time
    }

    fn add_form(&mut self, form: Form) {
        *self.forms.entry(form).or_default() += 1;
        let changes = self.last_form.is_some_and(|last| last != form.family());
        self.form_changes += u64::from(changes);
        self.last_form = Some(form.family());
    }

    fn kind(&self) -> Kind {
        let filled = (self.rows - self.nulls) as f64;
        let told = (self.rows - self.nulls - self.blanks) as f64;
        let times = self.forms.values().sum::<u64>();
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

    /// The column; the odd ones count only where the rest is of the kind they are not.
    pub(super) fn finish(self) -> Column {
        let kind = self.kind();
        let rows = self.rows.max(1) as f64;
        let distinct = (self.distinct_texts.len() + self.distinct_numbers.len()) as u64;
        let repeated = self.texts + self.numbers - distinct;
        let only_text = self.distinct_texts.keys().next().map(|text| cut(text, SHOWN_CHARS));
        let only_number = self.distinct_numbers.iter().next().map(Seen::shown);
        let constant = only_text.or(only_number).filter(|_| distinct == 1 && self.long == 0);
        let only = |odd: Odd, wanted: bool| if wanted { odd } else { Odd::default() };
        let is_time = kind == Kind::Time;
        let is_iso = |form: &Form| form.family() == Form::IsoText;
        let iso = self.forms.iter().filter(|(form, _)| is_iso(form)).map(|(_, count)| count).sum::<u64>();
        let mostly_iso = iso * 2 > self.forms.values().sum::<u64>();
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
            time_forms: if is_time { self.forms } else { BTreeMap::new() },
            offset_hours: None,
            bytes: self.bytes as f64 / rows,
            filled: self.rows - self.nulls,
            newest_nulls: self.newest_nulls,
            form_changes: self.form_changes,
            no_times: only(self.no_times, is_time),
            no_json: self.no_json,
            no_numbers: only(self.no_numbers, self.expects_numbers && !self.expects_times && !is_time),
            numeric_texts: self.numeric_texts,
            common: commonest(self.distinct_texts),
            times: if is_time { self.times } else { Vec::new() },
            reading: if mostly_iso { Reading::Local } else { Reading::Utc },
        }
    }
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

/// Whether a column of this name holds times even where they are plain numbers.
fn names_a_time(name: &str) -> bool {
    const LAST_WORDS: [&str; 14] = [
        "at",
        "time",
        "timestamp",
        "ts",
        "date",
        "until",
        "expires",
        "expiry",
        "updated",
        "used",
        "seen",
        "created",
        "opened",
        "closed",
    ];
    words(name).last().is_some_and(|last| LAST_WORDS.contains(&last.as_str()))
}
