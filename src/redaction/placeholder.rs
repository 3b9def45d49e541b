//! The form of a placeholder: `COIN_K7T2`, a kind and a code of letters and digits in turn.
//!
//! Language models write words anew: in other case, in bold, with a plural s, with a hyphen or a
//! space for the underscore. A code of pairs is no word and no number in any of these dresses, so
//! that "coin 12 times" is never taken for one, and it ends with a digit, so that a plural s is.

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A coin.
    Coin,
    /// A rule by a name that is no number.
    Rule,
    /// A status, an exit reason, a type of activity, a kind of error.
    Name,
    /// Any other text.
    Text,
    /// A table that the bot does not usually have.
    Table,
    /// A column that the bot does not usually have.
    Column,
}

const KINDS: [Kind; 6] = [Kind::Coin, Kind::Rule, Kind::Name, Kind::Text, Kind::Table, Kind::Column];
/// No vowels, so that no code is a word; no S, so that one behind a code is a plural.
const LETTERS: &[u8] = b"BCDFGHJKLMNPQRTVWXZ";
const FEWEST_PAIRS: usize = 2;

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Coin => "COIN",
            Self::Rule => "RULE",
            Self::Name => "NAME",
            Self::Text => "TEXT",
            Self::Table => "TABLE",
            Self::Column => "COLUMN",
        }
    }

    /// The placeholder with this code.
    pub(super) fn with(self, code: &str) -> String {
        format!("{}_{code}", self.word())
    }
}

/// A code out of a hash: so many pairs more than usual where the usual ones are taken.
pub(super) fn code(mut hash: u64, more_pairs: usize) -> String {
    let mut draw = |choices: u64| {
        let drawn = hash % choices;
        hash = (hash / choices).rotate_left(32) ^ drawn;
        usize::try_from(drawn).unwrap_or_default()
    };
    let mut code = String::new();
    for _ in 0..FEWEST_PAIRS + more_pairs {
        let letter = LETTERS.get(draw(LETTERS.len() as u64)).copied().unwrap_or(b'Z');
        code.push(char::from(letter));
        code.push_str(&draw(10).to_string());
    }
    code
}

/// A placeholder in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Its first byte.
    pub(super) from: usize,
    /// The byte behind its last.
    pub(super) to: usize,
    /// What it stands for.
    pub(super) kind: Kind,
    /// Its code in capitals.
    pub(super) code: String,
}

/// The first placeholder of a text from a byte on.
pub(super) fn next(text: &str, from: usize) -> Option<Found> {
    let letters = text.get(from..)?.char_indices().map(|(at, _)| from + at);
    letters.filter(|at| begins_word(text, *at)).find_map(|at| at_start(text, at))
}

fn begins_word(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    !before.is_some_and(char::is_alphanumeric)
}

fn at_start(text: &str, from: usize) -> Option<Found> {
    let rest = text.get(from..)?;
    KINDS.into_iter().find_map(|kind| {
        let word = rest.get(..kind.word().len()).filter(|word| word.eq_ignore_ascii_case(kind.word()))?;
        let joint = joint_length(rest.get(word.len()..)?)?;
        let code_from = word.len() + joint;
        let length = code_length(rest.get(code_from..)?)?;
        let code = rest.get(code_from..code_from + length)?.to_ascii_uppercase();
        Some(Found { from, to: from + code_from + length, kind, code })
    })
}

/// Length of what joins kind and code: one of the signs that stand for an underscore, also escaped.
fn joint_length(text: &str) -> Option<usize> {
    let escape = usize::from(text.starts_with('\\'));
    let joint = text.get(escape..)?.chars().next()?;
    matches!(joint, '_' | '-' | ' ' | '\u{a0}' | '\u{2010}' | '\u{2011}').then(|| escape + joint.len_utf8())
}

/// Length of a code that ends its word, but for a plural s.
fn code_length(text: &str) -> Option<usize> {
    let is_pair = |pair: &[u8]| matches!(pair, [letter, digit] if letter.is_ascii_alphabetic() && digit.is_ascii_digit());
    let pairs = text.as_bytes().chunks(2).take_while(|pair| is_pair(pair)).count();
    let mut behind = text.get(pairs * 2..)?.chars();
    let goes_on = match behind.next() {
        Some('s' | 'S') => behind.next().is_some_and(char::is_alphanumeric),
        Some(letter) => letter.is_alphanumeric(),
        None => false,
    };
    (pairs >= FEWEST_PAIRS && !goes_on).then_some(pairs * 2)
}

/// Whether a word looks like a placeholder, also like one that was never given: `COIN_99`. A rule with
/// a number is one that has no other name.
pub(crate) fn is_placeholder(word: &str) -> bool {
    const LONGEST_CODE: usize = 12;
    let Some((kind, code)) = word.split_once(['_', '-']) else { return false };
    let is_number = code.bytes().all(|byte| byte.is_ascii_digit());
    let mut kinds = KINDS.iter().filter(|known| **known != Kind::Rule || !is_number);
    kinds.any(|known| known.word().eq_ignore_ascii_case(kind))
        && code.len() <= LONGEST_CODE
        && code.contains(|letter: char| letter.is_ascii_digit())
        && code.chars().all(|letter| letter.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(Kind, String)> {
        next(text, 0).map(|found| (found.kind, found.code))
    }

    #[test]
    fn a_placeholder_is_known_in_every_dress() {
        for text in [
            "COIN_K7T2",
            "coin_k7t2",
            "Coin K7t2",
            "COIN-K7T2",
            "COIN\u{2011}K7T2",
            "COIN\\_K7T2",
            "**COIN_K7T2**",
            "`COIN_K7T2`'s",
            "(COIN_K7T2)",
            "COIN_K7T2s.",
            "_COIN_K7T2_",
            "by_COIN_K7T2: 3",
        ] {
            assert_eq!(found(text), Some((Kind::Coin, "K7T2".to_owned())), "{text}");
        }
    }

    #[test]
    fn only_whole_words_are_placeholders() {
        for text in [
            "COIN_K7T2M",
            "COIN_K7T22",
            "COIN_K7",
            "COIN_12",
            "coin 12 times",
            "BITCOIN_K7T2",
            "coin_scores",
            "COIN_K7T2sx",
            "COIN K",
            "rule 3",
            "COINK7T2",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn a_longer_code_is_another_one() {
        assert_eq!(found("COIN_K7T2M9"), Some((Kind::Coin, "K7T2M9".to_owned())));
    }

    #[test]
    fn codes_have_the_form_that_is_looked_for() {
        for hash in (0..2_000_u64).map(|hash| hash.wrapping_mul(0x9E37_79B9_7F4A_7C15)) {
            let code = code(hash, usize::from(hash % 2 == 0));
            assert_eq!(found(&Kind::Text.with(&code)), Some((Kind::Text, code)));
        }
    }

    #[test]
    fn what_looks_like_one_is_told_from_the_program_s_own_words() {
        for word in ["COIN_99", "coin_1", "TEXT_K7T2", "RULE-A1"] {
            assert!(is_placeholder(word), "{word}");
        }
        for word in
            ["coin_scores", "COIN_", "rule_ids_used", "coin_24h_change", "bitcoin_1", "text", "rule_3"]
        {
            assert!(!is_placeholder(word), "{word}");
        }
    }
}
