//! A text of the log without its numbers, names and ids: what remains is the same for every row that one
//! line of the bot's code writes.

use std::collections::HashSet;

/// Where an instrument stood.
const INSTRUMENT: &str = "<instrument>";
/// Where an id, a key, an address or a quoted sentence stood.
const LEFT_OUT: char = '…';
/// A word that is longer is no word.
const LONGEST_WORD_BYTES: usize = 20;
/// One that is not longer is neither address nor key.
const SHORT_WORD_BYTES: usize = 5;

/// Makes texts into patterns.
#[derive(Debug, Default)]
pub(super) struct Template {
    /// In lower case.
    instruments: HashSet<Box<str>>,
    /// Lengths of instruments (bit 63 for longer ones) by their first byte: most words are none by this alone.
    lengths: Vec<u64>,
    pattern: String,
    lower: String,
}

impl Template {
    /// Takes the name of an instrument: it is left out of all patterns from now on.
    pub(super) fn add_instrument(&mut self, name: &str) {
        let name = name.trim().to_ascii_lowercase();
        let Some(first) = name.bytes().next() else { return };
        self.lengths.resize(256, 0);
        if let Some(lengths) = self.lengths.get_mut(usize::from(first)) {
            *lengths |= 1 << name.len().min(63);
        }
        self.instruments.insert(name.into());
    }

    /// The pattern of a text's first so many bytes.
    pub(super) fn of(&mut self, text: &str, most_bytes: usize) -> &str {
        let mut rest = text.get(..text.floor_char_boundary(most_bytes)).unwrap_or(text);
        self.pattern.clear();
        loop {
            rest = rest.trim_ascii_start();
            if rest.is_empty() {
                return &self.pattern;
            }
            if !self.pattern.is_empty() {
                self.pattern.push(' ');
            }
            if let Some(behind) = behind_quoted_sentence(rest) {
                self.pattern.push(LEFT_OUT);
                rest = behind;
                continue;
            }
            let end = rest.bytes().position(|byte| byte.is_ascii_whitespace()).unwrap_or(rest.len());
            let (word, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
            self.add_word(word);
            rest = behind;
        }
    }

    /// A word with the marks around it.
    fn add_word(&mut self, word: &str) {
        let is_mark = |letter: char| letter.is_ascii_punctuation();
        let core = word.trim_matches(is_mark);
        let begin = word.len() - word.trim_start_matches(is_mark).len();
        let before = word.get(..begin).unwrap_or_default();
        let after = word.get(begin + core.len()..).unwrap_or_default();
        if core.is_empty() {
            return self.pattern.push_str(word);
        }
        if core.bytes().any(|byte| byte.is_ascii_digit()) {
            self.pattern.push_str(before.trim_end_matches(['+', '-', '$', '#', '.']));
            self.add_number(core, after);
        } else {
            self.pattern.push_str(before);
            match () {
                () if self.is_instrument(core) => self.pattern.push_str(INSTRUMENT),
                () if !is_word(core) => self.pattern.push(LEFT_OUT),
                () => self.pattern.push_str(core),
            }
        }
        self.pattern.push_str(after);
    }

    /// A word with digits: an instrument, an id, or numbers with what stands beside them. A zero alone stays:
    /// "fetched 0 prices" is another event than "fetched 44 prices".
    fn add_number(&mut self, word: &str, after: &str) {
        if self.is_instrument(word) {
            return self.pattern.push_str(INSTRUMENT);
        }
        if word == "0" && !after.starts_with('%') {
            return self.pattern.push('0');
        }
        let has_letters = word.bytes().any(|byte| byte.is_ascii_alphabetic());
        if has_letters && !word.bytes().all(is_plain)
            || word.len() > 2 * LONGEST_WORD_BYTES
            || changes(word) > usize::from(!word.contains(['-', '_']))
        {
            return self.pattern.push(LEFT_OUT);
        }
        let mut is_number = false;
        for letter in word.chars() {
            let continues = is_number && matches!(letter, '.' | ',' | ':' | '-' | '/' | '_');
            if letter.is_ascii_digit() {
                if !is_number {
                    self.pattern.push('#');
                }
                is_number = true;
            } else if !continues {
                is_number = false;
                self.pattern.push(letter);
            }
        }
    }

    /// The pattern that was made last.
    pub(super) fn last(&self) -> &str {
        &self.pattern
    }

    fn is_instrument(&mut self, word: &str) -> bool {
        let Some(first) = word.bytes().next() else { return false };
        let lengths = self.lengths.get(usize::from(first.to_ascii_lowercase())).copied().unwrap_or(0);
        if lengths & (1 << word.len().min(63)) == 0 {
            return false;
        }
        self.lower.clear();
        self.lower.push_str(word);
        self.lower.make_ascii_lowercase();
        self.instruments.contains(self.lower.as_str())
    }
}

/// Whether a word without digits may be shown: what may be an address or a key is none.
fn is_word(word: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.');
    word.len() <= SHORT_WORD_BYTES
        || word.len() <= LONGEST_WORD_BYTES && word.bytes().all(is_plain)
        || word.bytes().all(is_name)
}

/// Not what stands in addresses, paths and queries.
fn is_plain(byte: u8) -> bool {
    !matches!(byte, b'/' | b'@' | b'=' | b'?' | b'&' | b'\\')
}

/// How often a word of letters, digits, `-` and `_` changes from letters to digits or back; 0 for other words.
fn changes(word: &str) -> usize {
    if !word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        return 0;
    }
    let kinds = word.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.is_ascii_digit());
    let next = kinds.clone().skip(1);
    kinds.zip(next).filter(|(one, next)| one != next).count()
}

/// What stands behind the quoted sentence that a text begins with. A quoted word is part of the pattern.
fn behind_quoted_sentence(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|letter| matches!(letter, '"' | '\''))?;
    let (quoted, behind) = text.get(1..)?.split_once(quote)?;
    quoted.trim().contains(' ').then_some(behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_row_to_row_is_left_out() {
        let mut template = Template::default();
        template.add_instrument("bitcoin-cash");
        template.add_instrument("BTC/USDT:USDT");
        for (text, pattern) in [
            (
                "BUY bitcoin-cash $50.00: Coin bitcoin-cash in cooldown (870s remaining).",
                "BUY <instrument> #: Coin <instrument> in cooldown (#s remaining).",
            ),
            (
                "Total exposure ($1,245.00) would exceed max ($200.31, 20.0% of balance)",
                "Total exposure (#) would exceed max (#, #% of balance)",
            ),
            (
                "CLOSED Bitcoin-Cash @ $0.37 P&L: $-4.02 (stop_loss)",
                "CLOSED <instrument> @ # P&L: # (stop_loss)",
            ),
            ("P&L: +$1.04", "P&L: #"),
            (
                "Cycle #1020 error: code 'f' for object of type 'str'",
                "Cycle # error: code 'f' for object of type 'str'",
            ),
            ("Generated 0 conditions", "Generated 0 conditions"),
            ("Generated 3 conditions", "Generated # conditions"),
            ("closed BTC/USDT:USDT at 2026-11-22T09:08:57.123Z", "closed <instrument> at #T#Z"),
            (
                "Order 5f4f3208-aa11 of EMA20 sent: trade_id=12, key sk-proj-7abcdef sk-1",
                "Order … of EMA# sent: …, key … …",
            ),
            ("Rule \"if RSI below 30 then buy\" applied", "Rule … applied"),
            ("  two   spaces\nand a line ", "two spaces and a line"),
            ("...", "..."),
            ("401 for https://bob:pass@api.example.com/x?key=1 with abcdefSECRETghijklmno", "# for … with …"),
            ("no column named realised_profit_in_percent", "no column named realised_profit_in_percent"),
            ("", ""),
        ] {
            assert_eq!(template.of(text, 500), pattern, "{text}");
        }
        assert_eq!(template.of("äöü 12", 3), "ä");
    }
}
