//! Text from the database or from an LLM is data: nothing of it may act on a terminal or open a
//! section of a prompt.

use std::io::{self, Write};

use serde::Serialize;

/// Whether a character can move the cursor, hide text or turn its direction: controls, and what Unicode
/// calls default-ignorable, which is drawn as nothing.
fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

/// One line for a terminal or a log: unsafe characters and line breaks become single spaces.
pub(crate) fn one_line(text: &str) -> String {
    let safe: String = text.chars().map(|letter| if is_unsafe(letter) { ' ' } else { letter }).collect();
    safe.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most so many characters; a cut is visible as `…`.
pub(crate) fn cut(text: &str, most_chars: usize) -> String {
    if text.len() <= most_chars {
        return text.to_owned();
    }
    match text.char_indices().nth(most_chars) {
        None => text.to_owned(),
        Some(_) => {
            let kept = text.chars().take(most_chars.saturating_sub(1));
            kept.chain(['…']).take(most_chars).collect()
        }
    }
}

/// A text of the bot's as it may be quoted in a finding, which goes to the LLM as well: what might be an
/// address or a key becomes `…`.
pub(crate) fn quotable(text: &str) -> String {
    let is_name = |letter: char| letter.is_ascii_lowercase() || matches!(letter, '_' | '.');
    let shown = text.split_whitespace().map(|token| match is_word(token) || token.chars().all(is_name) {
        true => token,
        false => "…",
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// Whether a word may be shown: long ones, paths, addresses, and letters beside digits may be a key.
pub(crate) fn is_word(token: &str) -> bool {
    const LONGEST_WORD_CHARS: usize = 20;
    token.chars().count() <= LONGEST_WORD_CHARS
        && !token.contains(['/', '@', '=', '?', '&', '\\'])
        && !(token.contains(|letter: char| letter.is_ascii_digit())
            && token.contains(|letter: char| letter.is_alphabetic()))
}

/// A JSON string of at most so many characters of the text, unsafe characters escaped.
pub(crate) fn json_string(text: &str, most_chars: usize) -> String {
    let mut json = String::with_capacity(most_chars.min(text.len()) + 2);
    json.push('"');
    for letter in cut(text, most_chars).chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            letter if is_unsafe(letter) => push_escaped(&mut json, letter),
            letter => json.push(letter),
        }
    }
    json.push('"');
    json
}

/// One JSON document on lines of its own: what is unsafe on a terminal stands in it as an escape.
///
/// # Errors
/// When the value cannot be represented, or the writer fails.
pub(crate) fn write_json(writer: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_string_pretty(value)?;
    let mut safe = String::with_capacity(json.len() + 1);
    let mut rest = json.as_str();
    // Nearly all of it is printable ASCII, and is copied as it is.
    while let Some((plain, marked)) =
        rest.bytes().position(|byte| !matches!(byte, b' '..=b'~')).and_then(|end| rest.split_at_checked(end))
    {
        safe.push_str(plain);
        let mut letters = marked.chars();
        match letters.next() {
            // A line break stands between two lines: in a string it is escaped already.
            Some(letter) if letter != '\n' && is_unsafe(letter) => push_escaped(&mut safe, letter),
            letter => safe.extend(letter),
        }
        rest = letters.as_str();
    }
    safe.push_str(rest);
    safe.push('\n');
    writer.write_all(safe.as_bytes())
}

fn push_escaped(json: &mut String, letter: char) {
    for unit in letter.encode_utf16(&mut [0; 2]) {
        json.push_str(&format!("\\u{unit:04x}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_and_direction_marks_do_not_reach_the_terminal() {
        assert_eq!(one_line("a\u{1b}[31mred\u{202e}txt\r\nCRITICAL: 9"), "a [31mred txt CRITICAL: 9");
    }

    #[test]
    fn a_quoted_error_holds_neither_address_nor_key() {
        let text = "Cycle #1 error: table open_trades has no column named realised_profit_in_percent";
        assert_eq!(quotable(text), text);
        let text = "Cycle #1 error: 401 for https://bob:pass@api.example.com/x?key=1 with sk-proj-7abcdef";
        assert_eq!(quotable(text), "Cycle #1 error: 401 for … with …");
    }

    #[test]
    fn a_cut_is_visible() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
        assert_eq!(cut("äöüß", 3), "äö…");
    }

    #[test]
    fn what_is_drawn_as_nothing_does_not_reach_the_terminal() {
        for letter in
            ['\u{ad}', '\u{200b}', '\u{2060}', '\u{2066}', '\u{3164}', '\u{85}', '\u{9b}', '\u{e0041}']
        {
            assert_eq!(one_line(&format!("a{letter}b")), "a b", "{letter:?}");
        }
    }

    proptest! {
        #[test]
        fn a_json_document_is_safe_and_reads_back(text in any::<String>()) {
            let text = format!("{text}\u{9b}\u{7f}\u{202e}\u{1b}]8;;x");
            let mut json = Vec::new();
            write_json(&mut json, &[&text]).unwrap();
            let json = String::from_utf8(json).unwrap();
            prop_assert!(!json.chars().any(|letter| is_unsafe(letter) && letter != '\n'));
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [text]);
        }

        #[test]
        fn one_line_is_one_line_and_stays_as_it_is(text in any::<String>(), marks in "[\\x00-\\u{2fff}]{0,40}") {
            for text in [text, marks] {
                let line = one_line(&text);
                prop_assert!(!line.chars().any(is_unsafe));
                prop_assert_eq!(line.lines().count(), usize::from(!line.is_empty()));
                prop_assert_eq!(one_line(&line), line);
            }
        }

        #[test]
        fn a_cut_text_is_its_beginning(text in any::<String>(), most_chars in 0_usize..60) {
            let short = cut(&text, most_chars);
            prop_assert!(short.chars().count() <= most_chars);
            prop_assert!(short == text || text.starts_with(short.trim_end_matches('…')));
        }

        #[test]
        fn a_json_string_is_one_line_and_reads_back(text in any::<String>()) {
            let json = json_string(&text, usize::MAX);
            prop_assert!(!json.chars().any(is_unsafe));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
