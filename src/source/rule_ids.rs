//! Ids of rules as the bot stores them with a trade: several in one text.

/// Ids of rules, however the bot separates them: `7,2`, `[7, 2]`, `["7"]`.
pub(crate) fn rules(ids: Option<&str>) -> impl Iterator<Item = &str> {
    let separators = |letter: char| matches!(letter, ',' | ';' | '[' | ']' | '"' | '\'' | ' ');
    ids.unwrap_or_default().split(separators).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::rules;

    #[test]
    fn ids_of_rules_are_told_however_they_are_separated() {
        for ids in ["7,2", "7, 2,", "[7, 2]", "[\"7\", \"2\"]", "7;2"] {
            assert_eq!(rules(Some(ids)).collect::<Vec<_>>(), ["7", "2"], "{ids}");
        }
        for ids in [None, Some(""), Some("[]"), Some(" ")] {
            assert_eq!(rules(ids).count(), 0, "{ids:?}");
        }
    }
}
