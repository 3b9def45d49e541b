//! Text from the database or from an LLM is data: nothing of it may act on a terminal or open a
//! section of a prompt.

/// Whether a character can move the cursor, hide text or turn its direction.
fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
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
            let kept: String = text.chars().take(most_chars.saturating_sub(1)).collect();
            format!("{kept}…")
        }
    }
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
            letter if is_unsafe(letter) => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    json.push_str(&format!("\\u{unit:04x}"));
                }
            }
            letter => json.push(letter),
        }
    }
    json.push('"');
    json
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
    fn a_cut_is_visible() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
        assert_eq!(cut("äöüß", 3), "äö…");
    }

    proptest! {
        #[test]
        fn a_json_string_is_one_line_and_reads_back(text in any::<String>()) {
            let json = json_string(&text, usize::MAX);
            prop_assert!(!json.chars().any(is_unsafe));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
