//! Kinds of rows and classes of them, each named once: a class is a kind with the error that a row reports, or
//! with the limit at which it tells that a trade was rejected.

use std::collections::HashMap;

use super::error_kind;
use super::limit;
use super::role::{Level, Role};

/// More kinds are one.
const MOST_KINDS: usize = 1_000;
/// More kinds of errors are one by their kind of row.
const MOST_CLASSES: usize = 4_000;
/// What they are called.
const OTHER: &str = "(other)";

/// A kind of row: the bot's word for it.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: Box<str>,
    pub(super) level: Level,
    pub(super) role: Role,
    /// Its rows tell at which limit a trade was rejected.
    is_rejection: bool,
    /// The kind of the row that followed the last time: rows come in cycles.
    next: usize,
    /// The class of rows that report nothing.
    plain: Option<usize>,
    /// Classes by the name of their error or limit.
    classes: HashMap<Box<str>, usize>,
}

/// A kind with what its rows report.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) kind: usize,
    pub(super) error: Option<Box<str>>,
    pub(super) rejection: Option<&'static str>,
    /// Prices were not fetched.
    pub(super) is_failed_fetch: bool,
}

/// All kinds and classes, in the order of their first rows.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    kinds: Vec<Kind>,
    /// By name, then by level.
    places: HashMap<Box<str>, [Option<usize>; 3]>,
    /// The kind of the row before.
    last: usize,
    classes: Vec<Class>,
}

impl Kinds {
    /// The place of the next row's kind.
    pub(super) fn place(&mut self, name: &str, level: Option<&str>) -> usize {
        let level = Level::of(level, name);
        let guess = self.kinds.get(self.last).map_or(0, |last| last.next);
        let place = match self.kinds.get(guess) {
            Some(kind) if *kind.name == *name && kind.level == level => guess,
            _ => self.look_up(name, level),
        };
        if let Some(last) = self.kinds.get_mut(self.last) {
            last.next = place;
        }
        self.last = place;
        place
    }

    fn look_up(&mut self, name: &str, level: Level) -> usize {
        if let Some(place) = self.places.get(name).and_then(|places| *places.get(level as usize)?) {
            return place;
        }
        if self.kinds.len() >= MOST_KINDS && name != OTHER {
            return self.look_up(OTHER, level);
        }
        let place = self.kinds.len();
        self.kinds.push(Kind {
            name: name.into(),
            level,
            role: Role::of(name),
            is_rejection: name == "trade_rejected",
            next: 0,
            plain: None,
            classes: HashMap::new(),
        });
        let places = self.places.entry(name.into()).or_default();
        if let Some(known) = places.get_mut(level as usize) {
            *known = Some(place);
        }
        place
    }

    /// The kind at a place.
    pub(super) fn kind(&self, place: usize) -> Option<&Kind> {
        self.kinds.get(place)
    }

    /// The class at a place.
    pub(super) fn class(&self, place: usize) -> Option<&Class> {
        self.classes.get(place)
    }

    /// The name of the kind at a place.
    pub(super) fn name(&self, place: usize) -> &str {
        self.kinds.get(place).map_or("", |kind| &kind.name)
    }

    /// The place of the class of a row of this kind with this text; `pattern` names an error that has no known word.
    pub(super) fn class_of(&mut self, kind_place: usize, text: &str, pattern: &str) -> usize {
        let Some(kind) = self.kinds.get_mut(kind_place) else { return 0 };
        let reports_error = kind.level != Level::Plain;
        if !reports_error && !kind.is_rejection {
            let place = *kind.plain.get_or_insert(self.classes.len());
            if place == self.classes.len() {
                self.classes.push(Class {
                    kind: kind_place,
                    error: None,
                    rejection: None,
                    is_failed_fetch: false,
                });
            }
            return place;
        }
        let is_full = self.classes.len() >= MOST_CLASSES;
        let error = reports_error.then(|| match is_full {
            true => OTHER.to_owned(),
            false => error_kind::kind_of(&kind.name, text, pattern),
        });
        let rejection = kind.is_rejection.then(|| limit::limit_of(text));
        let reported = error.as_deref().or(rejection).unwrap_or_default();
        if let Some(place) = kind.classes.get(reported) {
            return *place;
        }
        let place = self.classes.len();
        kind.classes.insert(reported.into(), place);
        let is_failed_fetch = error.as_deref().is_some_and(error_kind::is_failed_fetch);
        self.classes.push(Class {
            kind: kind_place,
            error: error.map(Into::into),
            rejection,
            is_failed_fetch,
        });
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_errors_are_named_once() {
        let mut kinds = Kinds::default();
        let mut class = |kind: &str, text: &str| {
            let place = kinds.place(kind, None);
            kinds.class_of(place, text, text)
        };
        let prices = class("market_data", "Batch fetched 45 coins");
        let timeout = class("error", "LLM timeout after retries");
        let rejection = class("trade_rejected", "BUY x: Coin x in cooldown");
        assert_eq!(class("market_data", "Batch fetched 44 coins"), prices);
        assert_eq!(class("error", "LLM timed out"), timeout);
        assert_ne!(class("error", "CoinGecko rate limit hit"), timeout);
        assert_eq!(kinds.class(rejection).unwrap().rejection, Some("cooldown"));
        assert_eq!(kinds.class(timeout).unwrap().error.as_deref(), Some("llm_timeout"));
        assert_ne!(kinds.place("main", Some("ERROR")), kinds.place("main", Some("INFO")));
    }
}
