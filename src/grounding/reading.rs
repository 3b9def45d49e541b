//! A text with the names in it, and what each of its words is about.

use super::facts::Subject;
use super::mentions::Mention;
use super::tokens::{Part, Token};

/// A text with its names.
#[derive(Debug)]
pub(super) struct Reading<'text> {
    /// The text's tokens.
    pub(super) tokens: &'text [Token],
    /// The names in it.
    pub(super) mentions: &'text [Mention],
    /// What each token's clause is about.
    pub(super) subjects: Vec<Vec<Subject>>,
    /// Byte ranges that are lines of the prompt, word for word.
    pub(super) verbatim: Vec<(usize, usize)>,
}

impl Reading<'_> {
    /// Whether a token is part of a name.
    pub(super) fn is_name(&self, at: usize) -> bool {
        self.mentions.iter().any(|mention| (mention.from..mention.to).contains(&at))
    }

    pub(super) fn is_verbatim(&self, token: &Token) -> bool {
        self.verbatim.iter().any(|(from, to)| (*from..*to).contains(&token.start))
    }

    /// Whether a subject is named somewhere in the text.
    pub(super) fn names(&self, subject: &Subject) -> bool {
        self.mentions.iter().any(|mention| mention.subject.as_ref() == Some(subject))
    }
}

/// What each token is about: the names in its clause, else those of the clause before in the same
/// sentence. Clauses that only name share their names with the next: "pepe, floki and sui lost 3".
pub(super) fn subjects(tokens: &[Token], mentions: &[Mention]) -> Vec<Vec<Subject>> {
    let mut all = Vec::with_capacity(tokens.len());
    let (mut carried, mut carried_has_figure) = (Vec::new(), true);
    let mut at = 0;
    while at < tokens.len() {
        let rest = tokens.get(at..).unwrap_or_default();
        let length = rest.iter().position(Token::is_break).unwrap_or(rest.len());
        if length == 0 && rest.first().is_some_and(|token| token.part == Part::Clause) {
            all.push(Vec::new());
            at += 1;
            continue;
        }
        let own = mentions.iter().filter(|mention| (at..at + length).contains(&mention.from));
        let mut own: Vec<Subject> = own.filter_map(|mention| mention.subject.clone()).collect();
        let is_name = |at: usize| mentions.iter().any(|mention| (mention.from..mention.to).contains(&at));
        let has_figure = (at..at + length)
            .any(|at| tokens.get(at).is_some_and(|token| token.figure().is_some()) && !is_name(at));
        if own.is_empty() || !carried_has_figure {
            own.extend(carried);
        }
        all.extend(std::iter::repeat_n(own.clone(), length + 1));
        let ends = rest.get(length).is_none_or(|token| token.part == Part::Sentence);
        (carried, carried_has_figure) = if ends { (Vec::new(), true) } else { (own, has_figure) };
        at += length + 1;
    }
    all
}
