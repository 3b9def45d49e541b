//! What an LLM can know: the report's figures and names, and the prompt's own lines.

use std::collections::HashSet;

use serde_json::Value;

use super::coins;
use super::facts::{self, Fact, Subject, Unit};
use super::figure::Kind;
use super::tokens::{self, Token};
use super::words::phrase;

/// Headings below which the prompt shows what the report's own fields say, with better names.
const REPORT_HEADINGS: [&str; 6] = [
    "TRADE PATTERNS",
    "RULE EFFECTIVENESS",
    "WIN/LOSS ANALYSIS",
    "ACCOUNT HEALTH",
    "SYSTEM METRICS",
    "LEARNING QUALITY",
];

/// A name by which a text can call a subject.
#[derive(Debug, Clone)]
pub(super) struct Name {
    /// Its parts, as stems.
    pub(super) phrase: Vec<String>,
    /// Whose name it is.
    pub(super) subject: Subject,
    /// The spelling it must have, where only that is safe: tickers.
    pub(super) exactly: Option<String>,
    /// Whether it is an ordinary word as well.
    pub(super) is_ordinary: bool,
}

/// What the LLM was shown, ready to hold findings against.
#[derive(Debug)]
pub(crate) struct Known {
    /// Every figure.
    pub(super) facts: Vec<Fact>,
    /// Every name, longest first.
    pub(super) names: Vec<Name>,
    /// Names of fields with at least two words, longest first.
    pub(super) metrics: Vec<Vec<String>>,
    /// The prompt's lines that hold a figure.
    pub(super) lines: Vec<String>,
    /// Everything that was shown, in lower case.
    text: String,
    /// Every word of it.
    words: HashSet<String>,
}

impl Known {
    /// The report is the truth: its figures are exact and its names are typed, and what a budget cut
    /// from the prompt stays true. The prompt adds what the report does not hold: the window, and
    /// what the checks have already said.
    pub(crate) fn new(report: &Value, prompt_text: &str) -> Self {
        let mut facts = facts::collect(report);
        facts.extend(texts_of_rules(report));
        facts.extend(facts_of_lines(prompt_text));
        let lines = prompt_text.lines().map(|line| line.trim_start_matches("- ").trim());
        let lines = lines.filter(|line| tokens::read(line).iter().any(|token| token.figure().is_some()));
        let text = format!("{prompt_text}\n{report}").to_lowercase();
        let words = text.split(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '-'));
        Self {
            names: names(&facts),
            metrics: metrics(&facts),
            lines: lines.map(str::to_owned).collect(),
            words: words.map(str::to_owned).collect(),
            facts,
            text,
        }
    }

    /// Whether a date or a time was shown; as a model writes it, with a space or a `T`.
    pub(super) fn shows_moment(&self, moment: &str) -> bool {
        self.text.contains(&moment.replace('T', " ").to_lowercase())
    }

    /// Whether a word or an identifier was shown.
    pub(super) fn shows_word(&self, word: &str) -> bool {
        self.words.contains(&word.to_lowercase())
    }

    /// The subject of a group with this name.
    pub(super) fn subject(&self, group: &str, name: &str) -> Option<&Subject> {
        self.names.iter().map(|name| &name.subject).find(|subject| {
            subject.group == group && subject.name.trim_start_matches('0') == name.trim_start_matches('0')
        })
    }
}

/// Figures inside the rules' own texts.
fn texts_of_rules(report: &Value) -> Vec<Fact> {
    let rules = report.pointer("/rule_stats/rule_details").and_then(Value::as_array);
    let mut facts = Vec::new();
    for rule in rules.into_iter().flatten() {
        let id = rule.get("id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        let subject = id.map(|name| Subject { group: "rule".to_owned(), name });
        let text = rule.get("text").and_then(Value::as_str).unwrap_or_default();
        for mut fact in facts_of_text(text, 0) {
            fact.subjects.extend(subject.clone());
            facts.push(fact);
        }
    }
    facts
}

/// Figures of lines that are no rendering of the report's fields.
fn facts_of_lines(prompt_text: &str) -> Vec<Fact> {
    const FIRST_LINE: usize = 1_000;
    let mut is_report = false;
    let mut facts = Vec::new();
    for (number, line) in prompt_text.lines().enumerate() {
        if let Some(heading) = line.strip_prefix("### ") {
            is_report = REPORT_HEADINGS.contains(&heading.trim());
        } else if !is_report {
            facts.extend(facts_of_text(line, FIRST_LINE + number));
        }
    }
    facts
}

fn facts_of_text(text: &str, section: usize) -> Vec<Fact> {
    let tokens = tokens::read(text);
    let words: Vec<String> = tokens.iter().filter_map(Token::word).map(str::to_owned).collect();
    let fact = |figure: &super::figure::Figure| {
        let unit = match figure.kind {
            Kind::Percent => Unit::Fraction,
            Kind::Money => Unit::Money,
            Kind::Duration => Unit::Duration(1.0),
            Kind::Plain if figure.decimals == 0 => Unit::Count,
            Kind::Plain | Kind::Times => Unit::Plain,
        };
        let keys = vec![words.clone()];
        Fact { value: figure.value, unit, section, parent: 0, keys, subjects: Vec::new(), previous: false }
    };
    tokens.iter().filter_map(Token::figure).map(fact).collect()
}

fn names(facts: &[Fact]) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for subject in facts.iter().flat_map(|fact| &fact.subjects) {
        if names.iter().any(|name| name.subject == *subject) {
            continue;
        }
        names.push(name(&subject.name, subject));
        if subject.group == "coin" {
            names.extend(coins::aliases(&subject.name).into_iter().map(|alias| name(alias, subject)));
        }
    }
    names.extend(short_names(&names));
    names.sort_by_key(|name| std::cmp::Reverse(name.phrase.len()));
    names
}

fn name(spelling: &str, subject: &Subject) -> Name {
    let is_ticker = subject.group == "coin" && !spelling.chars().any(char::is_lowercase);
    Name {
        phrase: phrase(spelling),
        subject: subject.clone(),
        exactly: is_ticker.then(|| spelling.to_owned()),
        is_ordinary: coins::is_ordinary(&spelling.to_lowercase()) || spelling.chars().count() < 3,
    }
}

/// "Injective" for `injective-protocol`, where no other coin begins so.
fn short_names(names: &[Name]) -> Vec<Name> {
    let coins: Vec<&Name> = names.iter().filter(|name| name.subject.group == "coin").collect();
    let first = |name: &Name| name.phrase.first().cloned().unwrap_or_default();
    let is_alone = |name: &&&Name| coins.iter().filter(|other| first(other) == first(name)).count() == 1;
    let long = coins.iter().filter(|name| name.phrase.len() > 1).filter(is_alone);
    long.map(|long| name(&first(long), &long.subject)).filter(|short| !short.is_ordinary).collect()
}

fn metrics(facts: &[Fact]) -> Vec<Vec<String>> {
    let report = facts.iter().filter(|fact| fact.parent > 0);
    let mut metrics: Vec<Vec<String>> =
        report.flat_map(|fact| fact.keys.iter()).filter(|key| key.len() > 1).cloned().collect();
    metrics.push(phrase("win_rate"));
    metrics.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    metrics.dedup();
    metrics
}
