//! A statement as subjects and concepts, and how two of them compare.

use super::concepts::Concepts;
use super::lexicon::Class;
use super::names::Names;
use super::subjects::{Kind, Subjects};
use super::text::tokens;

/// What is said about a problem, by whomever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Statement<'text> {
    /// The word of the `alert_type` column.
    pub(crate) alert_type: &'text str,
    /// One line that names the problem.
    pub(crate) title: &'text str,
    /// The whole explanation.
    pub(crate) description: &'text str,
    /// The figures that show it; empty where there are none.
    pub(crate) evidence: &'text str,
}

/// Credit for a concept that the other statement has in its description only, or its evidence only.
const CREDIT_DESCRIPTION: f64 = 0.8;
const CREDIT_EVIDENCE: f64 = 0.5;
/// Quoted texts of more words are what a rule says, not the name of an error.
const MOST_QUOTED_WORDS: usize = 6;

/// Concepts of which one statement cannot say the one and another the other.
const OPPOSITES: &[(&str, &str)] = &[
    ("rise", "fall"),
    ("high", "low"),
    ("good", "bad"),
    ("good", "hopeless"),
    ("late", "early"),
    ("missing", "duplicate"),
    ("never", "always"),
    ("open", "close"),
    ("unused", "overtraded"),
    ("violate", "unused"),
];
/// Faults that the other statement need not name: they go without saying, or have many names.
const IMPLIED_FAULTS: &[&str] = &["bad", "good", "hopeless", "fails", "outlier", "expires", "missing"];

/// A statement as subjects and concepts.
#[derive(Debug)]
pub(super) struct Profile {
    title: Part,
    description: Part,
    evidence: Part,
}

/// One text of a statement.
#[derive(Debug)]
struct Part {
    subjects: Subjects,
    concepts: Concepts,
}

impl Profile {
    /// Reads a statement. A query in the evidence names tables, but not what is wrong.
    pub(super) fn of(statement: &Statement<'_>, names: &Names) -> Self {
        let evidence = statement.evidence.split("query:").next().unwrap_or_default();
        Self {
            title: Part::of(statement.title, names),
            description: Part::of(&without_long_quotes(statement.description), names),
            evidence: Part::of(&without_long_quotes(evidence), names),
        }
    }

    /// Whether every subject of either title is one of the other statement too, and no other one is.
    pub(super) fn has_same_subjects(&self, other: &Self) -> bool {
        let agrees = |one: &Self, by: &Self| {
            one.title.subjects.kinds().all(|(kind, _)| one.agrees_on(kind, by)) && one.agrees_on_hours(by)
        };
        agrees(self, other) && agrees(other, self)
    }

    fn agrees_on(&self, kind: Kind, other: &Self) -> bool {
        let Some(own) = self.title.subjects.of(kind) else { return true };
        let parts = other.parts();
        let mut theirs = parts.iter().filter_map(|part| part.subjects.of(kind)).peekable();
        if kind.is_exclusive() {
            return theirs.next() == Some(own);
        }
        match other.title.subjects.of(kind) {
            Some(theirs) => !own.is_disjoint(theirs),
            None if kind == Kind::Identifier => {
                theirs.any(|set| !own.is_disjoint(set)) || own.iter().any(|name| other.spells_out(name))
            }
            None => theirs.peek().is_none() || theirs.any(|set| !own.is_disjoint(set)),
        }
    }

    fn agrees_on_hours(&self, other: &Self) -> bool {
        let own = self.title.subjects.hours;
        let others = [&other.title, &other.description];
        let theirs = others.iter().map(|part| part.subjects.hours).find(|hours| !hours.is_empty());
        own.is_empty() || theirs.is_some_and(|theirs| own.agree(theirs))
    }

    /// Whether the words of an identifier stand there as words.
    fn spells_out(&self, name: &str) -> bool {
        let words = Part::of(&name.replace('_', " "), &Names::default());
        words.concepts.iter().all(|(concept, _)| self.credit(concept) > 0.0)
    }

    /// Whether the titles say the opposite of each other, measure different things, or find different
    /// faults.
    pub(super) fn contradicts(&self, other: &Self) -> bool {
        let covers = |one: &Self, by: &Self| one.measures_are_in(by) && one.faults_are_in(by);
        self.is_opposed(other) || !covers(self, other) || !covers(other, self)
    }

    fn is_opposed(&self, other: &Self) -> bool {
        let (own, theirs) = (&self.title.concepts, &other.title.concepts);
        let has_only =
            |concepts: &Concepts, this: &str, that: &str| concepts.has(this) && !concepts.has(that);
        let shares_fault = own.of_class(Class::Fault).any(|fault| theirs.has(fault));
        OPPOSITES
            .iter()
            // "All are unused" and "none is used" are one fault, so are "stays open" and "is not closed".
            .filter(|(one, _)| !(matches!(*one, "never" | "open") && shares_fault))
            .any(|(one, opposite)| {
                (has_only(own, one, opposite) && has_only(theirs, opposite, one))
                    || (has_only(own, opposite, one) && has_only(theirs, one, opposite))
            })
    }

    /// Whether the other statement names every measure of this title in its title or description.
    fn measures_are_in(&self, other: &Self) -> bool {
        self.title
            .concepts
            .of_class(Class::Measure)
            .all(|measure| other.credit(measure) >= CREDIT_DESCRIPTION)
    }

    /// Whether the other statement finds the faults of this title, one of them in so many words.
    fn faults_are_in(&self, other: &Self) -> bool {
        let faults = || self.title.concepts.of_class(Class::Fault);
        let is_named = |fault: &str| IMPLIED_FAULTS.contains(&fault) || other.credit(fault) > 0.0;
        let is_shared =
            faults().next().is_none() || faults().any(|fault| other.credit(fault) >= CREDIT_DESCRIPTION);
        is_shared && faults().all(is_named)
    }

    /// How many of the two titles have a word of their own that the other statement nowhere says.
    pub(super) fn titles_with_own_words(&self, other: &Self) -> usize {
        let has_own = |one: &Self, by: &Self| {
            one.title.concepts.of_class(Class::Word).any(|word| by.credit(word) == 0.0)
        };
        usize::from(has_own(self, other)) + usize::from(has_own(other, self))
    }

    /// Whether both titles name the same measures.
    pub(super) fn has_same_measures(&self, other: &Self) -> bool {
        let measures = |profile: &Self| {
            profile.title.concepts.of_class(Class::Measure).map(str::to_owned).collect::<Vec<_>>()
        };
        measures(self) == measures(other)
    }

    /// The smaller one of the shares of a title that the other statement says as well.
    pub(super) fn least_coverage(&self, other: &Self) -> f64 {
        self.coverage_by(other).min(other.coverage_by(self))
    }

    /// How alike both are, from 0 to 1.
    pub(super) fn likeness(&self, other: &Self) -> f64 {
        f64::midpoint(self.coverage_by(other), other.coverage_by(self))
    }

    /// The share of this title that the other statement says as well.
    fn coverage_by(&self, other: &Self) -> f64 {
        let (mut total, mut covered) = (0.0, 0.0);
        for (concept, class) in self.title.concepts.iter() {
            total += weight(class);
            covered += weight(class) * other.credit(concept);
        }
        if total > 0.0 { covered / total } else { 0.0 }
    }

    fn credit(&self, concept: &str) -> f64 {
        let credits = [1.0, CREDIT_DESCRIPTION, CREDIT_EVIDENCE];
        let mut parts = self.parts().into_iter().zip(credits);
        parts.find(|(part, _)| part.concepts.says(concept)).map_or(0.0, |(_, credit)| credit)
    }

    fn parts(&self) -> [&Part; 3] {
        [&self.title, &self.description, &self.evidence]
    }
}

impl Part {
    fn of(text: &str, names: &Names) -> Self {
        let tokens = tokens(text);
        let (subjects, others) = Subjects::take(&tokens, names);
        let concepts = Concepts::of(&others, &subjects);
        Self { subjects, concepts }
    }
}

/// What a concept counts by its class.
fn weight(class: Class) -> f64 {
    match class {
        Class::Measure => 2.0,
        Class::Fault | Class::Word => 1.5,
        Class::Degree => 0.5,
        Class::General => 0.4,
    }
}

/// Without long texts in quotes.
fn without_long_quotes(text: &str) -> String {
    let pieces = text.split('"').enumerate();
    let kept =
        pieces.filter(|(at, piece)| at % 2 == 0 || piece.split_whitespace().count() <= MOST_QUOTED_WORDS);
    kept.map(|(_, piece)| piece).collect::<Vec<_>>().join(" ")
}
