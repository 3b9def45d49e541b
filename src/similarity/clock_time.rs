//! Times of day that a text names: single hours, spans of hours, and parts of the day.

use super::text::{Glue, Token};

/// Spans count as one when they share this part of the hours that either covers.
const LEAST_SHARED_HOURS: f64 = 0.6;
/// Fewer hours are no part of a day.
const LEAST_HOURS_OF_PART: u32 = 3;

/// The parts of a day, with the words for them and their hours.
const PARTS: &[(&[&str], u32)] = &[
    (&["night", "nights", "overnight", "nighttime", "nightly", "nocturnal"], span(22, 6)),
    (&["morning", "mornings"], span(6, 12)),
    (&["afternoon", "afternoons"], span(12, 18)),
    (&["evening", "evenings"], span(18, 22)),
];

/// Hours of the day, a bit each; how exactly they were named is kept apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Hours {
    named: u32,
    part: u32,
}

impl Hours {
    /// Whether no time of day is named.
    pub(super) fn is_empty(self) -> bool {
        self.named == 0 && self.part == 0
    }

    /// Whether both mean the same hours. A span stands for the part of the day that it lies in.
    pub(super) fn agree(self, other: Self) -> bool {
        if self.named != 0 && other.named != 0 {
            let shared = (self.named & other.named).count_ones();
            let either = (self.named | other.named).count_ones();
            return f64::from(shared) >= LEAST_SHARED_HOURS * f64::from(either);
        }
        self.parts() != 0 && self.parts() == other.parts()
    }

    /// The parts of the day: those that are named, else the one that most of the hours lie in.
    fn parts(self) -> u32 {
        if self.part != 0 || self.named.count_ones() < LEAST_HOURS_OF_PART {
            return self.part;
        }
        let shared = |hours: &u32| (self.named & hours).count_ones() * 2 > self.named.count_ones();
        PARTS.iter().map(|(_, hours)| *hours).find(shared).unwrap_or(0)
    }

    /// Reads the time at the start; says how many tokens it takes.
    pub(super) fn read(&mut self, tokens: &[Token<'_>]) -> Option<usize> {
        let first = tokens.first()?;
        if let Some((_, hours)) = PARTS.iter().find(|(words, _)| words.contains(&first.word.as_str())) {
            self.part |= hours;
            return Some(1);
        }
        if let Some(from) = full_hour(first) {
            let (until, length) = end_of_span(tokens).unwrap_or(((from + 1) % 24, 1));
            self.named |= span(from, until);
            return Some(length);
        }
        if matches!(first.word.as_str(), "hour" | "hours") {
            return self.read_listed(tokens);
        }
        let next = tokens.get(1)?;
        let hour = first.integer().filter(|hour| (1..=12).contains(hour))?;
        let half = match next.word.as_str() {
            "am" => 0,
            "pm" => 12,
            _ => return None,
        };
        self.named |= span(hour % 12 + half, (hour % 12 + half + 1) % 24);
        Some(2)
    }

    /// `hour 3`, `hours 20 and 16`, `hours [20, 16]`.
    fn read_listed(&mut self, tokens: &[Token<'_>]) -> Option<usize> {
        let mut length = 1;
        while let Some(token) = tokens.get(length) {
            match token.integer().filter(|hour| *hour < 24 && token.glue != Glue::Break) {
                Some(hour) => self.named |= span(hour, (hour + 1) % 24),
                None if length > 1 && token.word == "and" => {}
                None => break,
            }
            length += 1;
        }
        (length > 1).then_some(length)
    }
}

/// The hour of `22:00`; a time with minutes is a moment, not a time of day.
fn full_hour(token: &Token<'_>) -> Option<u32> {
    let hour = token.raw.strip_suffix(":00")?;
    (hour.len() <= 2).then(|| hour.parse().ok()).flatten().filter(|hour| *hour < 24)
}

fn end_of_span(tokens: &[Token<'_>]) -> Option<(u32, usize)> {
    let second = tokens.get(1)?;
    if let Some(until) = full_hour(second).filter(|_| second.glue == Glue::Dash) {
        return Some((until, 2));
    }
    let joins = ["to", "and", "until", "till", "through"].contains(&second.word.as_str());
    let until = full_hour(tokens.get(2)?).filter(|_| joins)?;
    Some((until, 3))
}

/// The hours from one to before another, over midnight if need be; all of them where both are one.
const fn span(from: u32, until: u32) -> u32 {
    let mut hours = 1 << from;
    let mut hour = (from + 1) % 24;
    while hour != until && hour != from {
        hours |= 1 << hour;
        hour = (hour + 1) % 24;
    }
    hours
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::similarity::text::tokens;

    fn hours(text: &str) -> Hours {
        let mut hours = Hours::default();
        let tokens = tokens(text);
        for start in 0..tokens.len() {
            hours.read(&tokens[start..]);
        }
        hours
    }

    #[test]
    fn a_span_is_its_part_of_the_day() {
        assert!(hours("from 22:00 to 06:00").agree(hours("at night")));
        assert!(!hours("06:00-10:00").agree(hours("at night")));
        assert!(hours("06:00-10:00").agree(hours("in the morning")));
        assert!(!hours("00:00-03:00").agree(hours("03:00-06:00")));
        assert!(!hours("hour 3").agree(hours("at night")));
        assert!(hours("hour 3").agree(hours("at 3 am")));
    }

    #[test]
    fn durations_and_moments_are_no_time_of_day() {
        assert!(hours("for 50 hours, last 24 hours, 2026-11-16 08:59:32, 08:59, 24:00").is_empty());
    }
}
