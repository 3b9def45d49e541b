//! The types of rows that a log shows, and what single rows report, each named once.

use std::collections::HashMap;

use super::{error_kind, limit};

/// The type of a row: its place in the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KindId(pub(crate) usize);

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class {
    /// Its type.
    pub(crate) kind: KindId,
    error: Option<usize>,
    /// The limit at which it tells that a trade was refused.
    pub(crate) limit: Option<&'static str>,
}

/// Types of rows and kinds of errors, in the order of their first rows.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    kinds: Vec<Kind>,
    kind_places: HashMap<Box<str>, usize>,
    /// The type of the row before.
    last: usize,
    errors: Vec<Box<str>>,
    error_places: HashMap<Box<str>, usize>,
}

#[derive(Debug)]
struct Kind {
    name: Box<str>,
    reports_errors: bool,
    is_refusal: bool,
    /// The type of the row that followed the last time: rows come in cycles.
    next: usize,
    /// Most errors come in series of one text.
    last_error: Option<(Box<str>, usize)>,
}

impl Vocabulary {
    /// The type of the next row, by its name.
    pub(crate) fn kind_id(&mut self, name: &str) -> KindId {
        let guess = self.kinds.get(self.last).map_or(0, |last| last.next);
        let place = match self.kinds.get(guess) {
            Some(kind) if *kind.name == *name => guess,
            _ => self.place_of(name),
        };
        if let Some(last) = self.kinds.get_mut(self.last) {
            last.next = place;
        }
        self.last = place;
        KindId(place)
    }

    /// What a row of this type and description is.
    pub(crate) fn class(&mut self, kind: KindId, description: &str) -> Class {
        let error = self.error_of(kind, description);
        let is_refusal = self.kinds.get(kind.0).is_some_and(|kind| kind.is_refusal);
        Class { kind, error, limit: is_refusal.then(|| limit::limit_of(description)) }
    }

    /// The type of a row, as the bot names it.
    pub(crate) fn kind(&self, class: Class) -> &str {
        self.kinds.get(class.kind.0).map_or("", |kind| &kind.name)
    }

    /// The types in the order of their places.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(|kind| &*kind.name)
    }

    /// The kind of error that a row reports, if it reports one.
    pub(crate) fn error(&self, class: Class) -> Option<&str> {
        self.errors.get(class.error?).map(|error| &**error)
    }

    fn place_of(&mut self, name: &str) -> usize {
        if let Some(place) = self.kind_places.get(name) {
            return *place;
        }
        let place = self.kinds.len();
        self.kinds.push(Kind {
            name: name.into(),
            reports_errors: error_kind::reports_errors(name),
            is_refusal: name == "trade_rejected",
            next: 0,
            last_error: None,
        });
        self.kind_places.insert(name.into(), place);
        place
    }

    fn error_of(&mut self, kind: KindId, description: &str) -> Option<usize> {
        let kind = self.kinds.get_mut(kind.0).filter(|kind| kind.reports_errors)?;
        if let Some((_, place)) = kind.last_error.as_ref().filter(|(last, _)| **last == *description) {
            return Some(*place);
        }
        let error = error_kind::kind_of(&kind.name, description, description).into_boxed_str();
        let place = *self.error_places.entry(error.clone()).or_insert(self.errors.len());
        if place == self.errors.len() {
            self.errors.push(error);
        }
        kind.last_error = Some((description.into(), place));
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_errors_are_named_once() {
        let mut known = Vocabulary::default();
        let class = |known: &mut Vocabulary, kind: &str, description: &str| {
            let kind = known.kind_id(kind);
            known.class(kind, description)
        };
        let prices = class(&mut known, "market_data", "Batch fetched 45 coins");
        let timeout = class(&mut known, "error", "LLM timeout after retries");
        let refusal = class(&mut known, "trade_rejected", "BUY x: Coin x in cooldown");
        assert_eq!(class(&mut known, "market_data", "Batch fetched 44 coins"), prices);
        assert_eq!(class(&mut known, "error", "LLM timeout after retries"), timeout);
        assert_eq!(class(&mut known, "warning", "LLM timed out").error, timeout.error);
        assert_eq!((known.kind(prices), known.error(prices)), ("market_data", None));
        assert_eq!((known.kind(timeout), known.error(timeout)), ("error", Some("llm_timeout")));
        assert_eq!((refusal.limit, timeout.limit), (Some("cooldown"), None));
        assert_eq!(known.kinds().collect::<Vec<_>>(), ["market_data", "error", "trade_rejected", "warning"]);
    }
}
