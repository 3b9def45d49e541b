//! Rows of the log counted by the pattern of their text: over both windows, and by hour.

use std::collections::HashMap;

use super::kinds::Kinds;
use super::role::Level;
use super::template::Template;

/// More patterns are counted together, by their class.
const MOST_PATTERNS: usize = 5_000;
/// More than this many classes of such patterns are counted by nothing but their kind.
const MOST_OTHERS: usize = 1_000;
/// The text of patterns that are counted together.
const OTHER: &str = "(other)";
/// So much of an ordinary text makes its pattern.
const PATTERN_BYTES: usize = 160;
/// So much of an error's text makes its pattern.
const ERROR_PATTERN_BYTES: usize = 500;
/// So much of a row's text is kept as the example of its pattern.
const EXAMPLE_BYTES: usize = 300;

/// One pattern and its counts.
#[derive(Debug)]
pub(super) struct Pattern {
    /// Place of its class.
    pub(super) class: usize,
    pub(super) text: Box<str>,
    /// Rows of the window.
    pub(super) rows: u32,
    /// Rows of the window before.
    pub(super) rows_previous: u32,
    /// Rows of the window that tell what became of a decision.
    pub(super) rows_of_decisions: u32,
    pub(super) first_at: f64,
    pub(super) last_at: f64,
    /// `source_id` and text of the newest row.
    pub(super) example_id: String,
    pub(super) example: String,
    rows_of_hour: u32,
}

/// Rows of one pattern in one hour.
#[derive(Debug)]
pub(super) struct HourCount {
    /// Beginning of the hour.
    pub(super) hour: f64,
    pub(super) in_window: bool,
    pub(super) pattern: usize,
    pub(super) rows: u32,
}

/// All patterns.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    pub(super) template: Template,
    pub(super) list: Vec<Pattern>,
    pub(super) hours: Vec<HourCount>,
    /// By class and text.
    places: Vec<HashMap<Box<str>, usize>>,
    /// By kind: the last row's text and its pattern, for most kinds write one text again and again.
    last: Vec<(String, usize)>,
    others: usize,
    /// The hour that is counted, its window, and its patterns.
    hour: (f64, bool),
    in_hour: Vec<usize>,
}

impl Patterns {
    /// The place of the pattern of a row.
    pub(super) fn place(&mut self, kinds: &mut Kinds, kind: usize, text: &str) -> usize {
        if self.last.len() <= kind {
            self.last.resize_with(kind + 1, || (String::new(), usize::MAX));
        }
        if let Some((last, place)) = self.last.get(kind)
            && *place != usize::MAX
            && last == text
        {
            return *place;
        }
        let is_error = kinds.kind(kind).is_some_and(|kind| kind.level != Level::Plain);
        let most_bytes = if is_error { ERROR_PATTERN_BYTES } else { PATTERN_BYTES };
        let pattern = self.template.of(text, most_bytes);
        let class = kinds.class_of(kind, text, pattern);
        if self.places.len() <= class {
            self.places.resize_with(class + 1, HashMap::new);
        }
        let known = self.places.get(class).and_then(|places| places.get(pattern)).copied();
        let place = known.unwrap_or_else(|| self.add(class));
        if let Some(last) = self.last.get_mut(kind) {
            last.0.clear();
            last.0.push_str(text);
            last.1 = place;
        }
        place
    }

    /// Adds the pattern that the template holds, or takes it to the others of its class.
    fn add(&mut self, class: usize) -> usize {
        let is_full = self.list.len() - self.others >= MOST_PATTERNS;
        let text = if is_full { OTHER } else { self.template.last() };
        let Some(places) = self.places.get_mut(class) else { return 0 };
        if let Some(place) = places.get(text) {
            return *place;
        }
        if is_full && self.others >= MOST_OTHERS {
            return self.list.len().saturating_sub(1);
        }
        self.others += usize::from(is_full);
        let place = self.list.len();
        places.insert(text.into(), place);
        self.list.push(Pattern {
            class,
            text: text.into(),
            rows: 0,
            rows_previous: 0,
            rows_of_decisions: 0,
            first_at: f64::NAN,
            last_at: f64::NAN,
            example_id: String::new(),
            example: String::new(),
            rows_of_hour: 0,
        });
        place
    }

    /// Counts a row of a pattern.
    pub(super) fn count(&mut self, place: usize, row: &Counted<'_>) {
        let hour = ((row.at / 3_600.0).floor() * 3_600.0, row.in_window);
        if hour != self.hour {
            self.end_hour();
            self.hour = hour;
        }
        let Some(pattern) = self.list.get_mut(place) else { return };
        if row.in_window {
            pattern.rows += 1;
            pattern.rows_of_decisions += u32::from(row.is_of_decision);
        } else {
            pattern.rows_previous += 1;
        }
        if pattern.rows_of_hour == 0 {
            self.in_hour.push(place);
        }
        pattern.rows_of_hour += 1;
        pattern.first_at = pattern.first_at.min(row.at);
        pattern.last_at = pattern.last_at.max(row.at);
        pattern.example_id.clear();
        pattern.example_id.push_str(row.source_id);
        pattern.example.clear();
        pattern
            .example
            .push_str(row.text.get(..row.text.floor_char_boundary(EXAMPLE_BYTES)).unwrap_or_default());
    }

    /// Keeps the counts of the hour that is over.
    pub(super) fn end_hour(&mut self) {
        let (hour, in_window) = self.hour;
        for place in self.in_hour.drain(..) {
            if let Some(pattern) = self.list.get_mut(place) {
                self.hours.push(HourCount { hour, in_window, pattern: place, rows: pattern.rows_of_hour });
                pattern.rows_of_hour = 0;
            }
        }
    }
}

/// A row as it is counted.
#[derive(Debug)]
pub(super) struct Counted<'row> {
    pub(super) at: f64,
    pub(super) in_window: bool,
    /// It tells what became of a decision.
    pub(super) is_of_decision: bool,
    pub(super) source_id: &'row str,
    pub(super) text: &'row str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_by_pattern_window_and_hour() {
        let (mut kinds, mut patterns) = (Kinds::default(), Patterns::default());
        for (at, text) in
            [(10.0, "Fetched 3"), (3_700.0, "Fetched 4"), (3_800.0, "Fetched 5"), (3_900.0, "Failed")]
        {
            let kind = kinds.place("market_data", None);
            let place = patterns.place(&mut kinds, kind, text);
            let row = Counted { at, in_window: at > 3_600.0, is_of_decision: false, source_id: "7", text };
            patterns.count(place, &row);
        }
        patterns.end_hour();
        let fetched = &patterns.list[0];
        assert_eq!((&*fetched.text, fetched.rows, fetched.rows_previous), ("Fetched #", 2, 1));
        assert_eq!(
            (fetched.first_at, fetched.last_at, fetched.example.as_str()),
            (10.0, 3_800.0, "Fetched 5")
        );
        let hours: Vec<_> = patterns.hours.iter().map(|hour| (hour.hour, hour.pattern, hour.rows)).collect();
        assert_eq!(hours, [(0.0, 0, 1), (3_600.0, 0, 2), (3_600.0, 1, 1)]);
    }

    #[test]
    fn too_many_patterns_are_counted_together() {
        let (mut kinds, mut patterns) = (Kinds::default(), Patterns::default());
        let kind = kinds.place("note", None);
        let letters = |number: u32| format!("{number}").replace(|letter: char| letter.is_ascii_digit(), "x");
        for number in 0..6_000_u32 {
            let name: String =
                number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
            let place = patterns.place(&mut kinds, kind, &format!("{name} {}", letters(number)));
            let row = Counted { at: 1.0, in_window: true, is_of_decision: false, source_id: "", text: "" };
            patterns.count(place, &row);
        }
        assert_eq!(patterns.list.len(), MOST_PATTERNS + 1);
        let other = patterns.list.last().unwrap();
        assert_eq!((&*other.text, other.rows), (OTHER, 1_000));
    }
}
