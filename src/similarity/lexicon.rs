//! Words and phrases of the field, by what they mean: see `lexicon.txt`.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::text::stem;

const SOURCE: &str = include_str!("lexicon.txt");

/// Words of the longest phrase.
const LONGEST_PHRASE: usize = 5;

/// How much a concept counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// What is measured or fails.
    Measure,
    /// What is wrong with it.
    Fault,
    /// How much, how often.
    Degree,
    /// In nearly every statement.
    General,
    /// A word that the lexicon does not hold.
    Word,
}

/// What a phrase means; nothing, for words that say nothing.
type Meaning = Vec<(&'static str, Class)>;

#[derive(Debug, Default)]
struct Lexicon {
    /// By the stems of the phrase.
    phrases: HashMap<String, Meaning>,
    fillers: HashSet<&'static str>,
}

/// What the stems at the start mean, by the longest phrase, and how many of them that takes.
pub(super) fn meaning(stems: &[String]) -> Option<(&'static [(&'static str, Class)], usize)> {
    (1..=LONGEST_PHRASE).rev().find_map(|length| {
        let phrase = stems.get(..length)?.join(" ");
        lexicon().phrases.get(&phrase).map(|meaning| (meaning.as_slice(), length))
    })
}

/// Whether a word may be left out before phrases are looked up.
pub(super) fn is_filler(word: &str) -> bool {
    lexicon().fillers.contains(word)
}

fn lexicon() -> &'static Lexicon {
    static LEXICON: OnceLock<Lexicon> = OnceLock::new();
    LEXICON.get_or_init(|| {
        let paragraphs = paragraphs();
        let mut lexicon = Lexicon::default();
        let fillers = paragraphs.iter().filter(|(head, _)| *head == "filler");
        lexicon.fillers = fillers.flat_map(|(_, phrases)| phrases.iter().copied()).collect();
        for (head, phrases) in &paragraphs {
            let meaning = meaning_of(head, &paragraphs);
            for phrase in phrases.iter().filter(|_| *head != "filler") {
                lexicon.phrases.insert(stems(phrase, &lexicon.fillers), meaning.clone());
            }
        }
        lexicon
    })
}

/// The head of each paragraph and its phrases; a line that is indented goes on with the one before.
fn paragraphs() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut paragraphs: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in SOURCE.lines().filter(|line| !line.starts_with('#')) {
        let phrases = match line.split_once(':') {
            Some((head, phrases)) => {
                paragraphs.push((head, Vec::new()));
                phrases
            }
            None => line,
        };
        if let Some((_, known)) = paragraphs.last_mut() {
            known.extend(phrases.split(',').map(str::trim).filter(|phrase| !phrase.is_empty()));
        }
    }
    paragraphs
}

/// The concepts of a head, each with the class of the paragraph that it has to itself.
fn meaning_of(head: &'static str, paragraphs: &[(&'static str, Vec<&'static str>)]) -> Meaning {
    let Some((own_class, concepts)) = head.split_once(' ') else { return Meaning::new() };
    let class_of = |concept: &str| {
        let alone = paragraphs.iter().filter_map(|(head, _)| head.split_once(' '));
        let class = alone
            .into_iter()
            .find(|(_, concepts)| *concepts == concept)
            .map_or(own_class, |(class, _)| class);
        match class {
            "measure" => Class::Measure,
            "fault" => Class::Fault,
            "degree" => Class::Degree,
            _ => Class::General,
        }
    };
    concepts.split(' ').map(|concept| (concept, class_of(concept))).collect()
}

fn stems(phrase: &str, fillers: &HashSet<&str>) -> String {
    let words = phrase.split([' ', '_', '-']).filter(|word| !fillers.contains(word));
    words.map(stem).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_phrase_has_two_meanings() {
        let paragraphs = paragraphs();
        let fillers = &lexicon().fillers;
        let mut heads: HashMap<String, &str> = HashMap::new();
        for (head, phrases) in paragraphs.iter().filter(|(head, _)| *head != "filler") {
            for phrase in phrases {
                let other = heads.insert(stems(phrase, fillers), head).filter(|other| other != head);
                assert_eq!(other, None, "{phrase} of {head}");
            }
        }
    }

    #[test]
    fn the_longest_phrase_decides() {
        let stems: Vec<String> = ["response", "time", "win", "rate"].map(stem).to_vec();
        assert_eq!(meaning(&stems), Some(([("latency", Class::Measure)].as_slice(), 2)));
        assert_eq!(meaning(&stems[2..]), Some(([("success", Class::Measure)].as_slice(), 2)));
    }
}
