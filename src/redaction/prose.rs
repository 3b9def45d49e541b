//! Texts that mix names with ordinary words: titles of alerts, subjects of checks.

use super::vocabulary::{is_in_schema, is_name, is_of_word, is_our_subject, is_plain, joins_words};
use super::{Kind, Redaction};

impl Redaction {
    /// A sentence with every name in it hidden: what the file knows by name, what stands in quotes, and
    /// each word that is no ordinary one of the field.
    pub(crate) fn hide_in_prose(&mut self, text: &str) -> String {
        let mut hidden = String::with_capacity(text.len());
        let mut rest = text;
        let mut in_word = false;
        while let Some(letter) = rest.chars().next() {
            let (piece, length) = match self.known(rest).filter(|_| !in_word) {
                Some((kind, name)) => (self.hide(kind, &name), name.len()),
                None => self.piece(rest, letter),
            };
            hidden.push_str(&piece);
            in_word = hidden.chars().next_back().is_some_and(joins_words);
            rest = rest.get(length..).unwrap_or_default();
        }
        hidden
    }

    /// What a check's problem is about: as it is where it is ours or the bot's schema, else hidden.
    pub(crate) fn hide_subject(&mut self, subject: &str) -> String {
        if let Some(kind) = self.names.kind_of(subject) {
            return self.hide(kind, subject);
        }
        if let Some((word @ ("coin" | "rule" | "strategy"), name)) = subject.split_once(' ') {
            return format!("{word} {}", self.hide_one_of(word, name));
        }
        if is_our_subject(subject) {
            return subject.to_owned();
        }
        match subject.split_once('.') {
            Some((table, column)) if self.names.kind_of(table) == Some(Kind::Table) => {
                let table = self.hide(Kind::Table, table);
                format!("{table}.{}", self.hide_identifier(Kind::Column, column))
            }
            _ => self.hide(Kind::Text, subject),
        }
    }

    /// A coin, a rule or a strategy; a rule's number stays.
    fn hide_one_of(&mut self, word: &str, name: &str) -> String {
        match (word, self.names.kind_of(name)) {
            ("rule", _) if name.bytes().all(|byte| byte.is_ascii_digit()) => name.to_owned(),
            ("coin", _) => self.hide(Kind::Coin, name),
            ("rule", _) => self.hide(Kind::Rule, name),
            (_, kind) => self.hide(kind.unwrap_or(Kind::Name), name),
        }
    }

    fn known(&self, text: &str) -> Option<(Kind, String)> {
        self.names.at_start(text).map(|(name, kind)| (kind, name.to_owned()))
    }

    /// What stands for the start of a text, and how many bytes of it.
    fn piece(&mut self, text: &str, letter: char) -> (String, usize) {
        if let Some(length) = quoted_length(text, letter) {
            return (self.quotation(text.get(..length).unwrap_or_default(), letter), length);
        }
        if !joins_words(letter) {
            return (letter.to_string(), letter.len_utf8());
        }
        let length = text.find(|letter: char| !is_of_word(letter)).unwrap_or(text.len());
        let word = text.get(..length).unwrap_or_default();
        (if is_plain(word) { word.to_owned() } else { self.hide(Kind::Text, word) }, length)
    }

    /// A quotation with its quotes: what it says is hidden as a whole.
    fn quotation(&mut self, quotation: &str, opening: char) -> String {
        let said = quotation.get(opening.len_utf8()..).unwrap_or_default();
        let closing = said.chars().next_back().unwrap_or(opening);
        let said = said.strip_suffix(closing).unwrap_or(said);
        let said = match self.names.kind_of(said) {
            Some(kind) => self.hide(kind, said),
            None if is_in_schema(said) || is_name(said) => said.to_owned(),
            None => self.hide(Kind::Text, said),
        };
        format!("{opening}{said}{closing}")
    }
}

/// Length of a quotation with both quotes; `None` where none begins or none ends.
fn quoted_length(text: &str, opening: char) -> Option<usize> {
    let closing = match opening {
        '"' | '`' => opening,
        '“' => '”',
        _ => return None,
    };
    let behind = text.get(opening.len_utf8()..)?;
    behind.find(closing).map(|at| opening.len_utf8() + at + closing.len_utf8())
}
