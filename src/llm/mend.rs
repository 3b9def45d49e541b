//! A few conservative repairs of almost-JSON. What is repaired still has to be parsed by serde_json
//! and to hold findings, so a wrong guess here ends as "not an answer", never as an invented one.

use serde_json::{Number, Value};

/// As deep as serde_json goes.
const MAX_DEPTH: usize = 127;

/// What one attempt at a repair came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mended {
    /// A closed container as strict JSON, and how many bytes of the text it took.
    Closed(String, usize),
    /// The text ends before the container does.
    Unclosed,
    /// Something stands there that no repair here covers, after so many bytes.
    Hopeless(usize),
}

/// Repairs the container that starts with this text's first character: trailing commas, single and
/// smart quotes, `True`, `False` and `None`, numbers that JSON lacks, raw line breaks in strings,
/// escapes that JSON lacks or that name half a character.
pub(super) fn mend(text: &str) -> Mended {
    let mut mender = Mender { text, position: 0, output: String::new(), open: Vec::new() };
    loop {
        match mender.token() {
            Some(true) if mender.open.is_empty() => return Mended::Closed(mender.output, mender.position),
            Some(true) => {}
            Some(false) => return Mended::Hopeless(mender.position),
            None => return Mended::Unclosed,
        }
    }
}

/// A text as the JSON document that it is meant to be.
#[derive(Debug, PartialEq)]
pub(super) enum Document {
    /// All of it, repaired where it is not strict JSON.
    Whole(Value),
    /// A document whose end is missing.
    CutShort,
    /// No document.
    None,
}

/// Reads a document: strictly, else mended.
pub(super) fn document(text: &str) -> Document {
    if let Ok(value) = serde_json::from_str(text) {
        return Document::Whole(value);
    }
    if !text.starts_with(['{', '[']) {
        return Document::None;
    }
    match mend(text) {
        Mended::Closed(json, _) => serde_json::from_str(&json).map_or(Document::None, Document::Whole),
        Mended::Unclosed => Document::CutShort,
        Mended::Hopeless(_) => Document::None,
    }
}

struct Mender<'a> {
    text: &'a str,
    position: usize,
    output: String,
    /// The closing brackets that are still due, innermost last.
    open: Vec<char>,
}

impl Mender<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.rest().chars().next()?;
        self.position += letter.len_utf8();
        Some(letter)
    }

    /// Copies one token; `None` at the end of the text, `Some(false)` where nothing can be done.
    fn token(&mut self) -> Option<bool> {
        let letter = self.take()?;
        match letter {
            '{' => self.open('}', letter),
            '[' => self.open(']', letter),
            '}' | ']' => self.close(letter),
            '"' => return self.string('"').map(|()| true),
            '“' | '”' | '„' => return self.string('”').map(|()| true),
            '\'' | '‘' | '’' => return self.string('\'').map(|()| true),
            ',' | ':' => self.copy(letter),
            white if white.is_whitespace() => self.copy(' '),
            word if word.is_ascii_alphanumeric() || matches!(word, '-' | '+' | '.') => self.word(word),
            _ => false,
        }
        .into()
    }

    fn copy(&mut self, letter: char) -> bool {
        self.output.push(letter);
        true
    }

    fn open(&mut self, closing: char, letter: char) -> bool {
        self.open.push(closing);
        self.copy(letter) && self.open.len() <= MAX_DEPTH
    }

    /// A comma before a closing bracket goes.
    fn close(&mut self, letter: char) -> bool {
        if let Some(before) = self.output.trim_end().strip_suffix(',') {
            self.output.truncate(before.len());
        }
        self.open.pop() == Some(letter) && self.copy(letter)
    }

    /// Python's words for JSON's; numbers as they are. Any other bare word is beyond repair.
    fn word(&mut self, first: char) -> bool {
        let mut word = String::from(first);
        while let Some(letter) = self.rest().chars().next() {
            if !(letter.is_ascii_alphanumeric() || matches!(letter, '.' | '+' | '-' | '_')) {
                break;
            }
            word.push(letter);
            self.position += letter.len_utf8();
        }
        let json = match word.as_str() {
            "True" | "true" => "true",
            "False" | "false" => "false",
            "None" | "null" | "undefined" => "null",
            number if serde_json::from_str::<Number>(number).is_ok() => number,
            number => match number.parse::<f64>() {
                Ok(number) if number.is_finite() => &number.to_string(),
                // Not a number, infinite, or too large to be one.
                Ok(_) => "null",
                Err(_) => return false,
            },
        };
        self.output.push_str(json);
        true
    }

    /// Copies a string up to its closing quote, as a JSON string.
    fn string(&mut self, closing: char) -> Option<()> {
        self.output.push('"');
        loop {
            let letter = self.take()?;
            if self.closes(letter, closing) {
                self.output.push('"');
                return Some(());
            }
            match letter {
                '\\' => self.escape()?,
                '"' => self.output.push_str("\\\""),
                '\n' => self.output.push_str("\\n"),
                control if control.is_control() => self.output.push(' '),
                other => self.output.push(other),
            }
        }
    }

    /// A double quote closes at once, as in JSON. The other quotes also serve as apostrophes, so
    /// they close only where a string can end.
    fn closes(&self, letter: char, closing: char) -> bool {
        let ends_here =
            || matches!(self.rest().trim_start().chars().next(), None | Some(',' | ':' | '}' | ']'));
        match closing {
            '"' => letter == '"',
            '”' => matches!(letter, '”' | '“' | '"') && ends_here(),
            _ => matches!(letter, '\'' | '’' | '‘') && ends_here(),
        }
    }

    /// An escape that JSON knows stays; of any other the backslash is meant literally.
    fn escape(&mut self) -> Option<()> {
        let letter = self.take()?;
        match letter {
            '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => {
                self.output.push('\\');
                self.output.push(letter);
            }
            'u' if self.rest().get(..4).and_then(code_unit).is_some() => self.unicode_escape(),
            '\'' => self.output.push('\''),
            '\n' => self.output.push_str("\\n"),
            control if control.is_control() => self.output.push(' '),
            other => {
                self.output.push_str("\\\\");
                self.output.push(other);
            }
        }
        Some(())
    }

    /// Copies an escape such as `\u00e9` or a pair of them; half a pair is no character.
    fn unicode_escape(&mut self) {
        let is_pair = |pair: &&str| {
            let low = pair.get(4..).and_then(|rest| rest.strip_prefix("\\u")).and_then(code_unit);
            is_high(pair) && low.is_some_and(|unit| (0xDC00..0xE000).contains(&unit))
        };
        let rest = self.rest();
        let kept = rest.get(..10).filter(is_pair).or(rest.get(..4)).unwrap_or_default();
        let is_half = kept.len() == 4 && code_unit(kept).is_some_and(|unit| (0xD800..0xE000).contains(&unit));
        let escape = if is_half { "fffd" } else { kept };
        let length = kept.len();
        self.output.push_str(&format!("\\u{escape}"));
        self.position += length;
    }
}

/// The UTF-16 unit that four digits name.
fn code_unit(digits: &str) -> Option<u32> {
    let is_unit = digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_unit { u32::from_str_radix(digits, 16).ok() } else { None }
}

/// Whether an escape's digits name the first half of a pair.
fn is_high(digits: &str) -> bool {
    digits.get(..4).and_then(code_unit).is_some_and(|unit| (0xD800..0xDC00).contains(&unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_faults_are_mended_and_nothing_else() {
        for (broken, mended) in [
            (r#"[{"a": 1,},]"#, r#"[{"a": 1}]"#),
            ("{'a': 'it's'}", r#"{"a": "it's"}"#),
            ("{“a”: “b “c” d”}", r#"{"a": "b “c” d"}"#),
            ("{\"a\": True, \"b\": None}", r#"{"a": true, "b": null}"#),
            ("{\"a\": \"x\ny\"}", r#"{"a": "x\ny"}"#),
            (r#"{"a": "\d \u00e9 \uZZ \'"}"#, r#"{"a": "\\d \u00e9 \\uZZ '"}"#),
            (r#"["\ud83d\ude00 \ud83d \ude00 \ud83dé"]"#, r#"["\ud83d\ude00 \ufffd \ufffd \ufffdé"]"#),
            ("[NaN, -Infinity, 1e999, .5, +3, 1e3]", "[null, null, null, 0.5, 3, 1e3]"),
        ] {
            assert_eq!(mend(broken), Mended::Closed(mended.to_owned(), broken.len()), "{broken}");
        }
    }

    #[test]
    fn what_ends_early_is_unclosed_and_prose_is_hopeless() {
        assert_eq!(mend(r#"[{"a": "b"#), Mended::Unclosed);
        assert_eq!(mend("[see below]"), Mended::Hopeless(4));
        assert_eq!(mend("[}"), Mended::Hopeless(2));
        assert_eq!(mend(&"[".repeat(10_000)), Mended::Hopeless(128));
    }
}
