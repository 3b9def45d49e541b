//! Many words, looked for in one pass over a text.

use aho_corasick::AhoCorasick;

/// Words of a list; no two of them share letters of a text.
#[derive(Debug)]
pub(super) struct Words(Option<AhoCorasick>);

impl Words {
    /// As they are written. Lists are short enough for any automaton.
    pub(super) fn new(list: &[&str]) -> Self {
        Self(AhoCorasick::new(list).ok())
    }

    /// In any case of their letters.
    pub(super) fn in_any_case(list: &[&str]) -> Self {
        Self(AhoCorasick::builder().ascii_case_insensitive(true).build(list).ok())
    }

    /// Whether the text holds one of them.
    pub(super) fn any(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|words| words.is_match(text))
    }

    /// The place in the list of the foremost one that the text holds.
    pub(super) fn foremost(&self, text: &str) -> Option<usize> {
        self.0.as_ref()?.find_iter(text).map(|word| word.pattern().as_usize()).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_foremost_of_the_list_counts_wherever_it_stands() {
        let words = Words::in_any_case(&["trade size", "exposure", "balance"]);
        assert_eq!(words.foremost("BALANCE, Trade Size"), Some(0));
        assert_eq!(words.foremost("the balance's exposure"), Some(1));
        assert_eq!(words.foremost("nothing"), None);
        assert!(words.any("a Balance") && !words.any("balanc"));
        assert!(!Words::new(&["balance"]).any("a Balance"));
    }
}
