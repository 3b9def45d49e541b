//! Text into tokens: words, figures and times of day.

/// What stands between a token and the one before it: decides whether a list of numbers goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glue {
    /// Spaces, or nothing but a number sign.
    Space,
    /// A comma or a slash.
    Comma,
    /// A dash without a bracket or a full stop.
    Dash,
    /// Anything that ends a list.
    Break,
}

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<'text> {
    /// As it is written.
    pub(super) raw: &'text str,
    /// In lower case, without a possessive ending.
    pub(super) word: String,
    /// What stands before it.
    pub(super) glue: Glue,
    /// Whether a number sign stands before it.
    pub(super) is_numbered: bool,
}

impl Token<'_> {
    /// The number, if it is a plain one.
    pub(super) fn integer(&self) -> Option<u32> {
        self.raw.bytes().all(|byte| byte.is_ascii_digit()).then(|| self.raw.parse().ok()).flatten()
    }

    /// Whether it is a figure of any kind: `12`, `0.7231`, `47/65`, `24h`, `97%`.
    pub(super) fn is_figure(&self) -> bool {
        self.raw.starts_with(|letter: char| letter.is_numeric())
    }

    /// Upper case throughout, as symbols of coins and actions are written.
    pub(super) fn is_upper(&self) -> bool {
        self.raw.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            && self.raw.bytes().next().is_some_and(|byte| byte.is_ascii_uppercase())
    }
}

/// Splits text; never fails, whatever the text is.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(char::is_alphanumeric) {
        let (between, from_start) = rest.split_at(start);
        let (raw, after) = from_start.split_at(length(from_start));
        let glue = if found.is_empty() { Glue::Break } else { glue(between) };
        found.push(Token { raw, word: lower(raw), glue, is_numbered: between.ends_with('#') });
        rest = after;
    }
    found
}

/// Bytes of the token at the start of the text: letters, digits, and what joins them inside.
fn length(text: &str) -> usize {
    let mut letters = text.char_indices().peekable();
    let mut end = 0;
    let mut previous = ' ';
    while let Some((at, letter)) = letters.next() {
        let next = letters.peek().map_or(' ', |(_, next)| *next);
        let is_inside = match letter {
            '_' => true,
            '&' | '\'' | '’' => previous.is_alphabetic() && next.is_alphabetic(),
            '.' | ',' | ':' | '/' => previous.is_ascii_digit() && next.is_ascii_digit(),
            '%' => previous.is_ascii_digit(),
            _ => letter.is_alphanumeric(),
        };
        if !is_inside {
            break;
        }
        end = at + letter.len_utf8();
        previous = letter;
    }
    end
}

fn glue(between: &str) -> Glue {
    let marks: String =
        between.chars().filter(|mark| !mark.is_whitespace() && !"#*`\"'[]".contains(*mark)).collect();
    match marks.as_str() {
        "" => Glue::Space,
        "," | "/" | "&" | "+" => Glue::Comma,
        "-" | "–" | "—" | "_" => Glue::Dash,
        _ => Glue::Break,
    }
}

fn lower(raw: &str) -> String {
    let word = raw.to_lowercase().replace('’', "'");
    match word.strip_suffix("'s") {
        Some(owner) => owner.to_owned(),
        None => word.replace('\'', ""),
    }
}

/// Endings that are taken away one after the other: `manually` and `manual`, `correlated` and
/// `correlation` come together.
const ENDINGS: [&str; 11] = ["ly", "ing", "ed", "ion", "ment", "ness", "ity", "ance", "ence", "al", "able"];
/// Bytes that are left at least.
const LEAST_ROOT: usize = 3;

/// The word without its grammatical ending: rough, but the same for all forms of a word.
pub(super) fn stem(word: &str) -> String {
    let mut stem = word.to_owned();
    if let Some(root) = word.strip_suffix("ies").filter(|root| root.len() > 2) {
        stem = format!("{root}y");
    } else if word.len() > 3
        && word.ends_with('s')
        && !["ss", "us", "is"].iter().any(|end| word.ends_with(end))
    {
        stem.pop();
    }
    for ending in ENDINGS {
        if let Some(root) = stem.strip_suffix(ending).filter(|root| {
            root.len() >= LEAST_ROOT.max(ending.len()) && !(ending == "ed" && root.ends_with('e'))
        }) {
            stem = undoubled(root).to_owned();
        }
    }
    match stem.strip_suffix('e') {
        Some(root) if root.len() > 2 => root.to_owned(),
        _ => stem,
    }
}

/// `stopp` of `stopped` is `stop`; `miss` of `missing` stays.
fn undoubled(root: &str) -> &str {
    let mut last = root.chars().rev();
    match (last.next(), last.next()) {
        (Some(one), Some(other)) if one == other && !"sle".contains(one) => {
            root.strip_suffix(one).unwrap_or(root)
        }
        _ => root,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.word).collect()
    }

    #[test]
    fn figures_identifiers_and_names_are_one_token_each() {
        assert_eq!(
            words("rule #3: 0.7231 (47/65), 22:00-06:00"),
            ["rule", "3", "0.7231", "47/65", "22:00", "06:00"]
        );
        assert_eq!(
            words("The bot's P&L in coin_scores doesn't"),
            ["the", "bot", "p&l", "in", "coin_scores", "doesnt"]
        );
        assert_eq!(words("97% of 1,322"), ["97%", "of", "1,322"]);
    }

    #[test]
    fn forms_of_a_word_have_one_stem() {
        for forms in
            [["close", "closed", "closing"], ["stop", "stopped", "stops"], ["query", "queries", "query"]]
        {
            let stems = forms.map(stem);
            assert!(stems.iter().all(|one| *one == stems[0]), "{stems:?}");
        }
    }

    proptest! {
        #[test]
        fn tokens_are_pieces_of_the_text_in_their_order(
            text in any::<String>(),
            pieces in "([0-9]{1,3}|[-–&'’.,:/#%_ \n]|bot|İ|ß|ﬁ){0,40}",
        ) {
            for text in [text, pieces] {
                let mut rest = text.as_str();
                for token in tokens(&text) {
                    prop_assert!(token.raw.starts_with(char::is_alphanumeric), "{token:?} of {text:?}");
                    let place = rest.find(token.raw);
                    prop_assert!(place.is_some(), "{token:?} of {text:?}");
                    rest = &rest[place.unwrap_or_default() + token.raw.len()..];
                }
                prop_assert!(!rest.contains(char::is_alphanumeric), "{rest:?} of {text:?} is left");
            }
        }

        #[test]
        fn a_word_has_a_stem_that_is_no_longer(word in "\\PC{1,20}", plain in "[a-z]{1,6}(ly|ing|ed|ion|ies|s|e){0,3}") {
            for word in [word, plain] {
                let stem = stem(&word);
                prop_assert!(!stem.is_empty() && stem.len() <= word.len(), "{word:?} becomes {stem:?}");
            }
        }
    }
}
