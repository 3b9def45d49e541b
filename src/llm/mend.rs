//! A few conservative repairs of almost-JSON. What is repaired still has to be parsed by serde_json
//! and to hold findings, so a wrong guess here ends as "not an answer", never as an invented one.

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
/// smart quotes, `True`, `False` and `None`, raw line breaks in strings, escapes that JSON lacks.
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
            word if word.is_ascii_alphanumeric() || word == '-' => self.word(word),
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
            "None" | "null" | "NaN" | "undefined" => "null",
            number if number.parse::<f64>().is_ok() => number,
            _ => return false,
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
            'u' if self.rest().chars().take(4).filter(char::is_ascii_hexdigit).count() == 4 => {
                self.output.push_str("\\u");
            }
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
