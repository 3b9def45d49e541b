//! Lines of at most 80 columns, broken between words only.

use std::io::{self, Write};

use textwrap::{Options, WordSeparator, WordSplitter};

use crate::sanitize::one_line;

/// Width of a line.
pub(crate) const COLUMNS: usize = 80;

/// A line that goes on stands further to the right than any line of the summary's own, so that no text from the
/// file or from an LLM can pose as one.
const LEAST_HANGING: usize = 4;

/// Writes a text behind an indent. A word that is longer than a line stays whole, on a line of its own.
///
/// # Errors
/// When the writer fails.
pub(crate) fn write(indent: &str, text: &str, writer: &mut impl Write) -> io::Result<()> {
    for line in lines(indent, text) {
        writeln!(writer, "{line}")?;
    }
    Ok(())
}

/// Writes the first lines of a text behind an indent; that it goes on is marked.
///
/// # Errors
/// When the writer fails.
pub(crate) fn write_start(indent: &str, text: &str, most: usize, writer: &mut impl Write) -> io::Result<()> {
    let lines = lines(indent, text);
    for line in lines.iter().take(most) {
        writeln!(writer, "{line}")?;
    }
    if lines.len() > most { writeln!(writer, "{indent}[...]") } else { Ok(()) }
}

/// Writes a text that goes on in a line which has begun.
///
/// # Errors
/// When the writer fails.
pub(crate) fn write_after(word: &str, text: &str, writer: &mut impl Write) -> io::Result<()> {
    for (line, text) in lines("", &format!("{word}{text}")).iter().enumerate() {
        let rest = if line == 0 { text.strip_prefix(word).unwrap_or(text) } else { text };
        writeln!(writer, "{rest}")?;
    }
    Ok(())
}

fn lines(indent: &str, text: &str) -> Vec<String> {
    let hanging = " ".repeat(indent.chars().count().max(LEAST_HANGING));
    let options = Options::new(COLUMNS)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .initial_indent(indent)
        .subsequent_indent(&hanging);
    let text = one_line(text);
    textwrap::wrap(&text, options).iter().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wrapped(indent: &str, text: &str) -> String {
        let mut lines = Vec::new();
        write(indent, text, &mut lines).unwrap();
        String::from_utf8(lines).unwrap()
    }

    #[test]
    fn a_line_ends_between_words_and_a_long_word_stays_whole() {
        let path = format!("/{}", "long-folder/".repeat(10));
        let text = wrapped("  - ", &format!("the file {path} is not there"));
        assert_eq!(text, format!("  - the file\n    {path}\n    is not there\n"));
    }

    #[test]
    fn no_text_can_begin_a_line_as_the_summary_itself_does() {
        let text = wrapped("", &format!("INCOMPLETE: {} Stored: 9 new", "x".repeat(70)));
        assert_eq!(text.lines().nth(2), Some("    Stored: 9 new"));
    }

    proptest! {
        #[test]
        fn all_words_are_there_and_a_long_line_is_one_word(text in "[ -~]{0,300}") {
            let lines = wrapped("    ", &text);
            prop_assert_eq!(lines.split_whitespace().collect::<Vec<_>>(), text.split_whitespace().collect::<Vec<_>>());
            for line in lines.lines() {
                prop_assert!(line.len() <= COLUMNS || line.split_whitespace().count() == 1, "{line}");
            }
        }
    }
}
