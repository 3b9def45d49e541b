//! What a text says, in concepts of the field.

use std::collections::BTreeMap;

use super::lexicon::{Class, is_filler, meaning};
use super::subjects::{Kind, Subjects};
use super::text::{Token, stem};

/// Words this long are compared letter by letter, for slips of the pen.
const LEAST_COMPARED_BYTES: usize = 7;
/// Two words this alike are one.
const LEAST_WORD_LIKENESS: f64 = 0.88;

/// For what is to be low, worse is a rise; for anything else, a fall.
const COSTS: &[&str] = &["latency", "error_rate", "cycle_time", "timeout", "refusal"];
/// An error of one of these kinds says more than that there was an error.
const KINDS_OF_ERROR: &[&str] = &["timeout", "fetching", "locking", "formatting", "parsing", "rate_limit"];
/// What should hold the bot back: without effect it is violated; anything else is of no use.
const GUARDS: &[&str] = &["cooldown", "blacklist", "trade_size", "exposure"];
/// Ways out of a position.
const EXITS: &[&str] = &["llm_exit", "stop", "target"];

/// Concepts with their classes.
#[derive(Debug, Default)]
pub(super) struct Concepts(BTreeMap<String, Class>);

impl Concepts {
    /// The concepts of tokens that name no subject, and what several of them mean together.
    pub(super) fn of(tokens: &[&Token<'_>], subjects: &Subjects) -> Self {
        let stems: Vec<String> = tokens.iter().flat_map(|token| stems_of(token)).collect();
        let mut concepts = Self::default();
        let mut rest = stems.as_slice();
        while let Some(first) = rest.first() {
            let (known, length) = meaning(rest).unwrap_or((&[], 1));
            concepts.0.extend(known.iter().map(|(concept, class)| ((*concept).to_owned(), *class)));
            if meaning(rest).is_none() {
                concepts.add(first, Class::Word);
            }
            rest = rest.get(length..).unwrap_or_default();
        }
        // "No index exists", but not "no new learnings", which there used to be.
        if stems.first().is_some_and(|first| first == "no") && !concepts.has("stopped") {
            concepts.add("missing", Class::Fault);
        }
        if subjects.of(Kind::Action).is_some() {
            concepts.add("action", Class::Word);
        }
        concepts.combine(subjects);
        concepts
    }

    /// Each concept with its class.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Class)> {
        self.0.iter().map(|(concept, class)| (concept.as_str(), *class))
    }

    /// The concepts of one class.
    pub(super) fn of_class(&self, class: Class) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(_, own)| *own == class).map(|(concept, _)| concept)
    }

    /// Whether the text says it.
    pub(super) fn has(&self, concept: &str) -> bool {
        self.0.contains_key(concept)
    }

    /// Whether the text says it, or a word that is nearly the same.
    pub(super) fn says(&self, concept: &str) -> bool {
        let is_like = |own: &str| {
            own.len().abs_diff(concept.len()) <= 1
                && strsim::normalized_damerau_levenshtein(own, concept) >= LEAST_WORD_LIKENESS
        };
        self.has(concept) || concept.len() >= LEAST_COMPARED_BYTES && self.of_class(Class::Word).any(is_like)
    }

    fn has_any(&self, concepts: &[&str]) -> bool {
        concepts.iter().any(|concept| self.has(concept))
    }

    fn has_measure(&self) -> bool {
        self.of_class(Class::Measure).next().is_some()
    }

    fn add(&mut self, concept: &str, class: Class) {
        self.0.insert(concept.to_owned(), class);
    }

    /// Takes a concept away; says whether it was there.
    fn take(&mut self, concept: &str) -> bool {
        self.0.remove(concept).is_some()
    }

    fn add_failing(&mut self) {
        self.add("success", Class::Measure);
        self.add("poor", Class::Degree);
    }

    /// What several concepts mean together, so that one thing said in two ways has one form.
    fn combine(&mut self, subjects: &Subjects) {
        self.combine_changes();
        self.combine_errors();
        self.combine_uses();
        self.combine_learning();
        self.combine_results(subjects);
        self.combine_outcome(subjects);
    }

    /// Worse, better, and higher or lower than before are rises and falls.
    fn combine_changes(&mut self) {
        let is_cost = self.has_any(COSTS);
        for (change, of_cost, of_gain) in [("worsens", "rise", "fall"), ("improves", "fall", "rise")] {
            if self.take(change) {
                self.add(if is_cost { of_cost } else { of_gain }, Class::Fault);
            }
        }
        if self.has("before") && !self.has_any(&["rise", "fall"]) {
            for (level, trend) in [("high", "rise"), ("low", "fall")] {
                if self.take(level) {
                    self.add(trend, Class::Fault);
                }
            }
        }
    }

    fn combine_errors(&mut self) {
        if self.has_any(KINDS_OF_ERROR) && self.take("error_rate") && !self.has("timeout") {
            self.add("fails", Class::Fault);
        }
    }

    /// What has no use, what is used too much, what has no effect, what is never cleaned up.
    fn combine_uses(&mut self) {
        if self.has("high") && self.take("trade_count") {
            self.add("overtraded", Class::Fault);
        }
        if self.take("ineffective") {
            self.add(if self.has_any(GUARDS) { "violate" } else { "unused" }, Class::Fault);
        }
        if self.has_any(&["never", "seldom"]) && self.has("use") && !self.has("success") {
            self.add("unused", Class::Fault);
            self.take("missing");
        }
        // What is not pruned grows, and what grows for ever is not pruned.
        if self.has("retention") {
            for part in ["rise", "missing", "never"] {
                self.take(part);
            }
        }
    }

    fn combine_learning(&mut self) {
        let is_few = self.has_any(&["low", "seldom"]) && !self.has_any(&["confidence", "success", "rule"]);
        if self.has("learning") && is_few {
            self.add("missing", Class::Fault);
        }
        if self.has("confidence") && self.has_any(&["always", "mostly"]) {
            self.add("frozen", Class::Fault);
        }
    }

    /// Rules that fail, poor performance and negative results are failing trades.
    fn combine_results(&mut self, subjects: &Subjects) {
        if self.has("rule") && self.has_any(&["poor", "fails"]) {
            self.add_failing();
            if self.take("fails") {
                self.add("hopeless", Class::Fault);
            }
        }
        if self.has("performance") && self.has_any(&["poor", "low", "fall"]) && !self.has_measure() {
            self.add_failing();
        }
        if self.has_any(&["profit", "result"]) && self.take("negative") {
            self.add("profit", Class::Measure);
            self.add_failing();
        }
        // Of a part of the trades it is the same to say that they lose and that they cost money.
        let is_part = subjects.has_scope() || self.has_any(EXITS);
        if is_part && self.has("success") && self.has("poor") {
            self.take("profit");
        }
        if self.has("payoff") {
            for part in ["negative", "success", "profit"] {
                self.take(part);
            }
        }
    }

    /// Whether trades win or lose, whatever words say so.
    fn combine_outcome(&mut self, subjects: &Subjects) {
        if !self.has("success") {
            return;
        }
        let is_learning = self.has("learning");
        // What is not learned from losses is learned from wins only.
        let is_left_out = is_learning && self.has_any(&["missing", "never", "seldom"]);
        let is_rare = !is_learning && self.has_any(&["never", "seldom"]);
        let is_failing = is_rare || self.has_any(&["poor", "low", "fall"]);
        let is_total = !is_learning && self.has_any(&["never", "always"]);
        let outcome = match is_failing != is_left_out {
            true if is_total => "hopeless",
            true => "bad",
            false => "good",
        };
        self.add(outcome, Class::Fault);
        // A rate that drops at night is low there; a rate that drops is another matter.
        if subjects.has_scope() && !self.has("before") {
            for part in ["fall", "rise", "low"] {
                self.take(part);
            }
        }
    }
}

/// The stems of a token: none of a figure, several of an identifier.
fn stems_of(token: &Token<'_>) -> Vec<String> {
    match token.raw {
        "0%" | "0.0%" => vec!["zero".to_owned()],
        "100%" | "100.0%" => vec![stem("always")],
        _ if token.is_figure() => Vec::new(),
        _ => token.word.split('_').filter(|word| !word.is_empty() && !is_filler(word)).map(stem).collect(),
    }
}
