//! The types of rows that a log shows, and what single rows report, each named once.

use std::collections::HashMap;

use super::{error_kind, limit};

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class {
    /// Place of its type in the vocabulary.
    pub(crate) kind: usize,
    error: Option<usize>,
    /// The limit at which it tells that a trade was refused.
    pub(crate) limit: Option<&'static str>,
}

/// Types of rows and kinds of errors, in the order of their first rows.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    kinds: Vec<Kind>,
    kind_places: HashMap<Box<str>, usize>,
    errors: Vec<Box<str>>,
    error_places: HashMap<Box<str>, usize>,
}

#[derive(Debug)]
struct Kind {
    name: Box<str>,
    reports_errors: bool,
    is_refusal: bool,
    /// Most errors come in series of one text.
    last_error: Option<(Box<str>, usize)>,
}

impl Vocabulary {
    /// What a row of this type and description is.
    pub(crate) fn class(&mut self, kind: &str, description: &str) -> Class {
        let kind = self.place_of(kind);
        let error = self.error_of(kind, description);
        let is_refusal = self.kinds.get(kind).is_some_and(|kind| kind.is_refusal);
        Class { kind, error, limit: is_refusal.then(|| limit::limit_of(description)) }
    }

    /// The type of a row, as the bot names it.
    pub(crate) fn kind(&self, class: Class) -> &str {
        self.kinds.get(class.kind).map_or("", |kind| &kind.name)
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
            last_error: None,
        });
        self.kind_places.insert(name.into(), place);
        place
    }

    fn error_of(&mut self, kind: usize, description: &str) -> Option<usize> {
        let kind = self.kinds.get_mut(kind).filter(|kind| kind.reports_errors)?;
        if let Some((_, place)) = kind.last_error.as_ref().filter(|(last, _)| **last == *description) {
            return Some(*place);
        }
        let error = error_kind::kind_of(&kind.name, description).into_boxed_str();
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
        let prices = known.class("market_data", "Batch fetched 45 coins");
        let timeout = known.class("error", "LLM timeout after retries");
        let refusal = known.class("trade_rejected", "BUY x: Coin x in cooldown");
        assert_eq!(known.class("market_data", "Batch fetched 44 coins"), prices);
        assert_eq!(known.class("error", "LLM timeout after retries"), timeout);
        assert_eq!(known.class("warning", "LLM timed out").error, timeout.error);
        assert_eq!((known.kind(prices), known.error(prices)), ("market_data", None));
        assert_eq!((known.kind(timeout), known.error(timeout)), ("error", Some("llm_timeout")));
        assert_eq!((refusal.limit, timeout.limit), (Some("cooldown"), None));
        assert_eq!(known.kinds().collect::<Vec<_>>(), ["market_data", "error", "trade_rejected", "warning"]);
    }
}
