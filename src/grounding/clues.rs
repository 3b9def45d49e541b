//! What the words and signs around a figure say of it: its name, its window, its whole.

use super::facts::Subject;
use super::figure::{Figure, Kind};
use super::known::Known;
use super::reading::Reading;
use super::tokens::{Part, Token};
use super::words;

/// Words that can name a figure: a few before it and a few behind, within the clause, no names.
pub(super) fn near_words(reading: &Reading<'_>, at: usize) -> Vec<String> {
    const BEFORE: usize = 5;
    const BEHIND: usize = 4;
    let token = |at: &usize| reading.tokens.get(*at);
    let in_clause = |at: &usize| token(at).is_some_and(|token| !token.is_break());
    let before = (at.saturating_sub(BEFORE)..at).rev().take_while(in_clause);
    let behind = (at + 1..=at + BEHIND).take_while(in_clause);
    let words = before.chain(behind).filter(|at| !reading.is_name(*at)).filter_map(|at| token(&at)?.word());
    words.filter(|word| !words::is_empty_word(word)).map(str::to_owned).collect()
}

/// The field whose name stands right before a figure: "error rate of 42%".
pub(super) fn metric_before<'known>(
    tokens: &[Token],
    at: usize,
    known: &'known Known,
) -> Option<&'known [String]> {
    const JOINTS: usize = 4;
    for gap in 0..=JOINTS {
        let end = at.checked_sub(gap)?;
        let ends_here = |metric: &&Vec<String>| {
            end.checked_sub(metric.len()).and_then(|from| tokens.get(from..end)).is_some_and(|own| {
                own.iter().map(Token::word).eq(metric.iter().map(|word| Some(word.as_str())))
            })
        };
        if let Some(metric) = known.metrics.iter().find(ends_here) {
            return Some(metric);
        }
        let before = end.checked_sub(1).and_then(|before| tokens.get(before))?;
        if !before.word().is_some_and(is_joint) {
            return None;
        }
    }
    None
}

/// What is counted, where the word beside the figure says exactly that: "failures 13", "13 failures".
pub(super) fn counted<'reading>(
    reading: &'reading Reading<'_>,
    at: usize,
    figure: &Figure,
) -> Option<&'reading [String]> {
    let word_at = |at: usize| match &reading.tokens.get(at)?.part {
        Part::Word(word) if !reading.is_name(at) => Some(std::slice::from_ref(word)),
        _ => None,
    };
    let is_count = figure.kind == Kind::Plain && figure.decimals == 0;
    let before = at.checked_sub(1).and_then(word_at).filter(|word| {
        matches!(word, [word] if matches!(word.as_str(), "avg" | "max" | "p95") || is_count && is_outcome(word))
    });
    let behind = || word_at(at + 1).filter(|word| matches!(word, [word] if is_count && is_outcome(word)));
    before.or_else(behind)
}

fn is_outcome(word: &str) -> bool {
    matches!(word, "success" | "failure" | "win")
}

fn is_joint(word: &str) -> bool {
    matches!(
        word,
        "of" | "is"
            | "wa"
            | "was"
            | "at"
            | "to"
            | "from"
            | "the"
            | "a"
            | "only"
            | "reached"
            | "reach"
            | "fell"
            | "dropped"
            | "declined"
            | "rose"
            | "jumped"
            | "stand"
            | "now"
            | "exactly"
            | "been"
            | "ha"
    )
}

/// `Some(true)` where the text says that the figure is of the previous window, `Some(false)` where
/// the previous one follows in brackets: "0.5 (47/94) (previous 0.6591 (58/88))".
pub(super) fn previous(tokens: &[Token], at: usize) -> Option<bool> {
    let is_part_of_rate =
        |token: &&Token| matches!(token.part, Part::Figure(_) | Part::Mark('(' | ')' | '/'));
    let is_in_rate = |token: &&Token| matches!(token.part, Part::Figure(_) | Part::Mark('(' | '/'));
    let says = |token: Option<&Token>| token.and_then(Token::word) == Some("previous");
    let before = tokens.get(..at)?;
    if says(before.iter().rev().find(|token| !is_in_rate(token))) {
        return Some(true);
    }
    let behind = tokens.get(at + 1..)?;
    let next = behind.iter().position(|token| !is_part_of_rate(&token))?;
    let bracket = next.checked_sub(1).and_then(|before| behind.get(before));
    (says(behind.get(next)) && bracket.is_some_and(|token| token.part == Part::Mark('('))).then_some(false)
}

/// The whole of which the figure here is a part: "4/7", "4 of 7", "4 out of the 7".
pub(super) fn whole_of(tokens: &[Token], at: usize) -> Option<usize> {
    const FURTHEST: usize = 4;
    let part = tokens.get(at)?.figure().filter(|figure| figure.decimals == 0)?;
    let mut joined = false;
    for next in at + 1..=at + FURTHEST {
        match &tokens.get(next)?.part {
            Part::Mark('/') => joined = true,
            Part::Word(word) if word == "of" => joined = true,
            Part::Word(word)
                if matches!(word.as_str(), "out" | "the" | "it" | "its" | "all" | "those" | "their") => {}
            Part::Figure(whole) if joined => {
                let fits = whole.decimals == 0 && whole.kind == part.kind && part.value <= whole.value;
                return fits.then_some(next);
            }
            _ => return None,
        }
    }
    None
}

/// Whose count a figure is where a name stands right before it, as in the report's own lists:
/// `database_error 158`, `"floki" 7`.
pub(super) fn owner<'reading>(
    reading: &'reading Reading<'_>,
    at: usize,
    figure: &Figure,
) -> Option<&'reading Subject> {
    let is_count = figure.kind == Kind::Plain && figure.decimals == 0;
    let before = reading.mentions.iter().find(|mention| mention.to == at)?;
    let is_text = |subject: &&Subject| !matches!(subject.group.as_str(), "hour" | "tier" | "date" | "rule");
    before.subject.as_ref().filter(is_text).filter(|_| is_count)
}

/// Whether a text is about a wish, a threshold or an example up to this token, in its clause.
pub(super) fn is_wish(reading: &Reading<'_>, at: usize) -> bool {
    const REACH: usize = 6;
    let token = |at: &usize| reading.tokens.get(*at);
    let clause = (at.saturating_sub(REACH)..at)
        .rev()
        .take_while(|at| token(at).is_some_and(|token| !token.is_break()));
    clause.filter(|at| !reading.is_name(*at)).filter_map(|at| token(&at)?.word()).any(words::is_wish)
}

/// A year is no measurement.
pub(super) fn is_year(figure: &Figure) -> bool {
    figure.kind == Kind::Plain && figure.decimals == 0 && (2020.0..2040.0).contains(&figure.value)
}

/// Whether two numbers that stand together do so hardly by chance.
pub(super) fn is_large_pair(part: &Figure, whole: &Figure) -> bool {
    const SMALL: f64 = 12.0;
    part.value.max(whole.value) > SMALL
}
