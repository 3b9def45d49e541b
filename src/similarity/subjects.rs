//! What a text is about: rules, coins, tiers, hours, days, directions, exit reasons, identifiers.

use std::collections::{BTreeMap, BTreeSet};

use super::clock_time::Hours;
use super::names::Names;
use super::text::{Glue, Token};

/// Kinds of subject; two statements that differ in one of them are two problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A rule by its number.
    Rule,
    /// A coin by its symbol.
    Coin,
    /// A tier of coins.
    Tier,
    /// A day of the week, or the weekend.
    Day,
    /// Long or short.
    Direction,
    /// What the LLM decides: buy, sell, hold, wait.
    Action,
    /// Why a position was closed.
    Exit,
    /// A table, a column or a rule by name, in snake case.
    Identifier,
}

impl Kind {
    /// Kinds whose subjects must be the same ones; of the others it is enough to share one, since
    /// they are often named beside the subject: a table with its column, an exit with its opposite.
    pub(super) fn is_exclusive(self) -> bool {
        !matches!(self, Self::Exit | Self::Identifier)
    }
}

const DAYS: &[(&str, &str)] = &[
    ("monday", "monday"),
    ("tuesday", "tuesday"),
    ("wednesday", "wednesday"),
    ("thursday", "thursday"),
    ("friday", "friday"),
    ("saturday", "weekend"),
    ("sunday", "weekend"),
    ("weekend", "weekend"),
];

/// Phrases for exit reasons, which the files write as identifiers.
const EXITS: &[(&[&str], &str)] = &[
    (&["stop_loss"], "stop_loss"),
    (&["stop", "loss"], "stop_loss"),
    (&["stop", "losses"], "stop_loss"),
    (&["stop"], "stop_loss"),
    (&["stops"], "stop_loss"),
    (&["stop_loss_price"], "stop_loss"),
    (&["take_profit"], "take_profit"),
    (&["take", "profit"], "take_profit"),
    (&["take", "profits"], "take_profit"),
    (&["target"], "take_profit"),
    (&["targets"], "take_profit"),
    (&["take_profit_price"], "take_profit"),
    (&["llm_sell"], "llm_sell"),
    (&["llm", "sell"], "llm_sell"),
    (&["llm", "sells"], "llm_sell"),
];

/// Words after which `long` and `short` are directions and not lengths.
const DIRECTED: &[&str] =
    &["trade", "trades", "position", "positions", "side", "entry", "entries", "direction", "only"];

/// Words between `rule` and its number.
const BEFORE_NUMBER: &[&str] = &["no", "nr", "number", "id", "ids"];
/// Words between two numbers of a list.
const BETWEEN_NUMBERS: &[&str] = &["and", "or", "vs", "rule", "rules", "tier", "tiers"];

/// The subjects of one text.
#[derive(Debug, Clone, Default)]
pub(super) struct Subjects {
    by_kind: BTreeMap<Kind, BTreeSet<String>>,
    pub(super) hours: Hours,
}

impl Subjects {
    /// The subjects of a text, and the tokens that say something else.
    pub(super) fn take<'tokens, 'text>(
        tokens: &'tokens [Token<'text>],
        names: &Names,
    ) -> (Self, Vec<&'tokens Token<'text>>) {
        let mut subjects = Self::default();
        let mut others = Vec::new();
        let mut rest = tokens;
        while let Some(first) = rest.first() {
            let length = subjects.read(rest, names);
            if length.is_none() {
                others.push(first);
            }
            rest = rest.get(length.unwrap_or(1)..).unwrap_or_default();
        }
        (subjects, others)
    }

    /// The subjects of one kind; empty where none is named.
    pub(super) fn of(&self, kind: Kind) -> Option<&BTreeSet<String>> {
        self.by_kind.get(&kind)
    }

    /// Whether it is about a part of the trades: a coin, a tier, a time, a direction, a rule.
    pub(super) fn has_scope(&self) -> bool {
        !self.hours.is_empty()
            || self.by_kind.keys().any(|kind| !matches!(kind, Kind::Action | Kind::Identifier))
    }

    /// Every kind that is named, with its subjects.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (Kind, &BTreeSet<String>)> {
        self.by_kind.iter().map(|(kind, subjects)| (*kind, subjects))
    }

    fn insert(&mut self, kind: Kind, subject: impl Into<String>) {
        self.by_kind.entry(kind).or_default().insert(subject.into());
    }

    /// Reads a subject at the start. `Some` is the number of tokens that say nothing else.
    fn read(&mut self, tokens: &[Token<'_>], names: &Names) -> Option<usize> {
        let first = tokens.first()?;
        self.exit(tokens);
        self.direction(tokens);
        if let Some((_, day)) = DAYS.iter().find(|(day, _)| first.word.trim_end_matches('s') == *day) {
            self.insert(Kind::Day, *day);
            return Some(1);
        }
        if let Some(length) = self.hours.read(tokens) {
            return Some(length);
        }
        if first.is_upper() && ["buy", "sell", "hold", "wait"].contains(&first.word.as_str()) {
            self.insert(Kind::Action, first.word.as_str());
            return Some(1);
        }
        match first.word.as_str() {
            "rule" | "rules" => self.numbers(Kind::Rule, tokens),
            "tier" | "tiers" => self.numbers(Kind::Tier, tokens),
            _ => {}
        }
        if first.raw.trim_matches('_').contains('_') || names.has_identifier(&first.word) {
            self.insert(Kind::Identifier, first.word.as_str());
            return None;
        }
        let (coin, length) = names.coin(tokens)?;
        self.insert(Kind::Coin, coin);
        Some(length)
    }

    /// `rule 3`, `rule id #3`, `rules 3, 5 and 7`; after the singular only the first number counts, or
    /// more that carry a number sign.
    fn numbers(&mut self, kind: Kind, tokens: &[Token<'_>]) {
        let is_plural = tokens.first().is_some_and(|token| token.word.ends_with('s'));
        let mut is_first = true;
        for token in tokens.iter().skip(1).take_while(|token| token.glue != Glue::Break) {
            let is_listed = is_first || token.is_numbered || (is_plural && token.glue != Glue::Dash);
            let fillers = if is_first { BEFORE_NUMBER } else { BETWEEN_NUMBERS };
            match token.integer() {
                Some(number) if is_listed => {
                    self.insert(kind, number.to_string());
                    is_first = false;
                }
                None if fillers.contains(&token.word.as_str()) => {}
                _ => break,
            }
        }
    }

    fn exit(&mut self, tokens: &[Token<'_>]) {
        let starts = |phrase: &[&str]| {
            phrase
                .iter()
                .enumerate()
                .all(|(at, word)| tokens.get(at).is_some_and(|token| token.word == *word))
        };
        if let Some((_, exit)) = EXITS.iter().find(|(phrase, _)| starts(phrase)) {
            self.insert(Kind::Exit, *exit);
        }
    }

    fn direction(&mut self, tokens: &[Token<'_>]) {
        let Some(first) = tokens.first() else { return };
        let is_directed = tokens.get(1).is_some_and(|next| DIRECTED.contains(&next.word.as_str()));
        if matches!(first.word.as_str(), "long" | "short") && (first.is_upper() || is_directed) {
            self.insert(Kind::Direction, first.word.as_str());
        }
    }
}
