//! A text as words, figures and breaks.

use super::figure::{self, Figure, Kind, Sign};
use super::words::{is_hedge, stem};

/// A part of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// A word or one part of an identifier, as a stem.
    Word(String),
    /// A figure.
    Figure(Figure),
    /// A date or a clock time, as written.
    Moment(String),
    /// A sign that matters: `#`, `/` or a bracket.
    Mark(char),
    /// A comma or a word that begins another clause.
    Clause,
    /// The end of a sentence, of a line or of an item.
    Sentence,
}

/// A part and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    /// What it is.
    pub(super) part: Part,
    /// The first byte.
    pub(super) start: usize,
    /// The byte behind the last.
    pub(super) end: usize,
    /// As it stands in the text: for a word the whole identifier that it is a part of.
    pub(super) written: String,
    /// Whether it stands in quotes.
    pub(super) quoted: bool,
}

impl Token {
    /// The stem, if it is a word.
    pub(super) fn word(&self) -> Option<&str> {
        match &self.part {
            Part::Word(word) => Some(word),
            _ => None,
        }
    }

    /// The figure, if it is one.
    pub(super) fn figure(&self) -> Option<&Figure> {
        match &self.part {
            Part::Figure(figure) => Some(figure),
            _ => None,
        }
    }

    /// Whether it ends a clause.
    pub(super) fn is_break(&self) -> bool {
        matches!(self.part, Part::Clause | Part::Sentence)
    }
}

/// Reads a text.
pub(super) fn read(text: &str) -> Vec<Token> {
    let mut reader = Reader { text, at: 0, tokens: Vec::new(), quoted: false };
    while reader.step() {}
    reader.tokens
}

struct Reader<'text> {
    text: &'text str,
    at: usize,
    tokens: Vec<Token>,
    quoted: bool,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn before(&self) -> Option<char> {
        self.text.get(..self.at)?.chars().next_back()
    }

    fn push(&mut self, part: Part, length: usize) {
        let (start, end) = (self.at, self.at + length);
        let written = self.text.get(start..end).unwrap_or_default().to_owned();
        self.tokens.push(Token { part, start, end, written, quoted: self.quoted });
        self.at = end;
    }

    /// Reads one token; false at the end of the text.
    fn step(&mut self) -> bool {
        let Some(letter) = self.rest().chars().next() else { return false };
        if let Some(length) = moment_length(self.rest()) {
            self.push(Part::Moment(self.rest().get(..length).unwrap_or_default().to_owned()), length);
        } else if self.read_figure() {
        } else if letter.is_alphanumeric() {
            self.read_identifier();
        } else {
            self.read_sign(letter);
        }
        true
    }

    fn read_sign(&mut self, letter: char) {
        let next = self.rest().chars().nth(1);
        match letter {
            '"' | '“' | '”' | '`' => {
                self.quoted = !self.quoted;
                self.at += letter.len_utf8();
            }
            '#' | '/' | '(' | ')' => self.push(Part::Mark(letter), 1),
            ',' => self.push(Part::Clause, 1),
            '.' | '!' | '?' if next.is_none_or(char::is_whitespace) => self.push(Part::Sentence, 1),
            ';' | '\n' | '|' => self.push(Part::Sentence, 1),
            _ => self.at += letter.len_utf8(),
        }
    }

    /// A number with its sign, currency and unit.
    fn read_figure(&mut self) -> bool {
        let glued = self.before().is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
        let Some((sign, money, skipped)) = leading(self.rest(), glued) else { return false };
        let digits_from = self.rest().get(skipped..).unwrap_or_default();
        let digits_length = number_length(digits_from);
        let after = digits_from.get(digits_length..).unwrap_or_default();
        let (unit, unit_length) = unit_behind(after);
        let is_name =
            unit.is_none() && after.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
        let digits: String = digits_from
            .get(..digits_length)
            .unwrap_or_default()
            .chars()
            .filter(|letter| *letter != ',')
            .collect();
        let kind = if money { Kind::Money } else { Kind::Plain };
        let Some(figure) = Figure::read(&digits, sign, kind).filter(|_| !is_name) else { return false };
        let figure = match unit {
            Some((kind, factor)) => figure.scaled(if money { Kind::Money } else { kind }, factor),
            None => figure,
        };
        let figure = if self.is_hedged() { figure.hedged() } else { figure };
        let length = skipped + digits_length + unit_length;
        let written = self.rest().get(..length).unwrap_or_default().trim().to_owned();
        self.push(Part::Figure(Figure { written, ..figure }), length);
        true
    }

    fn is_hedged(&self) -> bool {
        let sign = self.text.get(..self.at).unwrap_or_default().trim_end().ends_with(['~', '≈', '>', '<']);
        sign || self.tokens.last().and_then(Token::word).is_some_and(is_hedge)
    }

    /// Letters, digits, `_` and `-`: each part becomes a word.
    fn read_identifier(&mut self) {
        let length = identifier_length(self.rest());
        let whole = self.rest().get(..length).unwrap_or_default().to_owned();
        let (start, end) = (self.at, self.at + length);
        let opens_clause = matches!(
            whole.to_lowercase().as_str(),
            "and" | "while" | "whereas" | "but" | "vs" | "versus" | "against" | "compared" | "although"
        );
        if opens_clause && !self.quoted {
            self.push(Part::Clause, length);
            return;
        }
        for part in whole.split(['_', '-']).filter(|part| !part.is_empty()) {
            let part = Part::Word(stem(part));
            self.tokens.push(Token { part, start, end, written: whole.clone(), quoted: self.quoted });
        }
        self.at = end;
    }
}

/// Sign, whether a currency sign stands there, and the length of both; `None` where no number begins.
fn leading(text: &str, glued: bool) -> Option<(Sign, bool, usize)> {
    if glued {
        return None;
    }
    let (mut sign, mut money, mut skipped) = (Sign::Unsaid, false, 0);
    for letter in text.chars() {
        match letter {
            '-' | '−' if sign == Sign::Unsaid => sign = Sign::Minus,
            '+' if sign == Sign::Unsaid => sign = Sign::Plus,
            '$' | '€' if !money => money = true,
            '0'..='9' => return Some((sign, money, skipped)),
            _ => return None,
        }
        skipped += letter.len_utf8();
    }
    None
}

/// Length of digits, thousands separators and a fraction.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut length = 0;
    while digit(length) {
        length += 1;
    }
    let thousands =
        |at: usize| bytes.get(at) == Some(&b',') && (1..=3).all(|next| digit(at + next)) && !digit(at + 4);
    while (1..=3).contains(&length) && thousands(length)
        || length > 3 && text.contains(',') && thousands(length)
    {
        length += 4;
    }
    if bytes.get(length) == Some(&b'.') && digit(length + 1) {
        length += 1;
        while digit(length) {
            length += 1;
        }
    }
    length
}

/// The unit that follows a number, and its length with a space before it.
fn unit_behind(text: &str) -> (Option<(Kind, f64)>, usize) {
    let trimmed = text.strip_prefix([' ', '-']).unwrap_or(text);
    let skipped = text.len() - trimmed.len();
    let symbol = ["%", "×"].into_iter().find(|symbol| trimmed.starts_with(symbol));
    let word_length = trimmed.find(|letter: char| !letter.is_alphabetic()).unwrap_or(trimmed.len());
    let word = symbol.unwrap_or_else(|| trimmed.get(..word_length).unwrap_or_default());
    match figure::unit(&word.to_lowercase()) {
        Some(unit) => (Some(unit), skipped + word.len()),
        None => (None, 0),
    }
}

/// Length of an identifier: hyphens count where letters or digits stand on both sides.
fn identifier_length(text: &str) -> usize {
    let mut length = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let joins =
            letter == '_' || letter == '-' && letters.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if !letter.is_alphanumeric() && !joins {
            break;
        }
        length = at + letter.len_utf8();
    }
    length
}

/// Length of a date, a clock time or both at the start of a text.
fn moment_length(text: &str) -> Option<usize> {
    const SHAPES: [&str; 5] = ["0000-00-00 00:00:00", "0000-00-00 00:00", "0000-00-00", "00:00:00", "00:00"];
    let has_shape = |shape: &&str| {
        let bytes = text.as_bytes();
        shape.bytes().enumerate().all(|(at, wanted)| match (wanted, bytes.get(at)) {
            (b'0', Some(byte)) => byte.is_ascii_digit(),
            (b' ', Some(byte)) => matches!(byte, b' ' | b'T'),
            (wanted, Some(byte)) => *byte == wanted,
            (_, None) => false,
        }) && !bytes.get(shape.len()).is_some_and(u8::is_ascii_digit)
    };
    SHAPES.iter().find(|shape| has_shape(shape)).map(|shape| shape.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn tokens_stand_in_the_text_one_after_the_other(
            text in any::<String>(),
            pieces in "([0-9]{1,4}|[-−+$€#%×~≈/().,;:_\"“ \n]|of|and|hours|USD|2026-11-22|09:00|İ|ß){0,40}",
        ) {
            for text in [text, pieces] {
                let mut reached = 0;
                for token in read(&text) {
                    prop_assert!(token.start >= reached || token.word().is_some(), "{token:?} of {text:?}");
                    prop_assert!(token.start < token.end && text.get(token.start..token.end).is_some());
                    prop_assert!(text.contains(&token.written), "{token:?} of {text:?}");
                    reached = token.end;
                }
            }
        }

        #[test]
        fn a_figure_is_read_as_it_is_written(figure in -1_000_000_i32..1_000_000) {
            let tokens = read(&format!("profit of {figure} by then"));
            let figures: Vec<_> = tokens.iter().filter_map(Token::figure).collect();
            prop_assert_eq!(figures.len(), 1);
            prop_assert_eq!(&figures[0].written, &figure.to_string());
        }
    }
}
