//! What the names of tables and columns say.

/// A name's words in lower case: `lastUsed` and `last_used` are both `last`, `used`.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for letter in name.chars() {
        let begins = !letter.is_alphanumeric() || (letter.is_uppercase() && after_lower);
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
        after_lower = letter.is_lowercase() || letter.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The words of a name with a space before and after each, so that SQL can look for one: ` last used `.
pub(super) fn spaced(name: &str) -> String {
    format!(" {} ", words(name).join(" "))
}

/// Whether a column of this name holds nothing but times.
pub(in crate::source) fn is_time(name: &str) -> bool {
    const LAST_WORDS: [&str; 5] = ["at", "time", "timestamp", "datetime", "until"];
    let words = words(name);
    let is_last_of = |wanted: &[&str]| words.last().is_some_and(|last| wanted.contains(&last.as_str()));
    is_last_of(&LAST_WORDS)
        || (words.first().is_some_and(|first| first == "last") && is_last_of(&["updated", "used", "seen"]))
}

/// Whether numbers in a column of this name may be times.
pub(super) fn may_be_time(name: &str) -> bool {
    const LAST_WORDS: [&str; 10] =
        ["ts", "date", "expires", "expiry", "updated", "used", "seen", "created", "opened", "closed"];
    is_time(name) || words(name).last().is_some_and(|last| LAST_WORDS.contains(&last.as_str()))
}

/// What a column of times tells, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tells {
    /// When its row was made.
    Creation,
    /// When its row was changed last.
    Change,
    /// When its row ceases to be valid.
    Expiry,
    /// When something is meant to happen.
    Plan,
    /// When something happened.
    Event,
}

impl Tells {
    /// What a column of this name tells.
    pub(crate) fn of(name: &str) -> Self {
        const CREATION: [&str; 6] = ["created", "inserted", "logged", "recorded", "timestamp", "ts"];
        const CHANGE: [&str; 3] = ["updated", "modified", "changed"];
        const PLAN: [&str; 9] =
            ["valid", "next", "due", "deadline", "scheduled", "schedule", "planned", "unlock", "end"];
        let words = words(name);
        let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
        match () {
            () if words.iter().any(|word| word.starts_with("expir") || word == "until") => Self::Expiry,
            () if has(&PLAN) => Self::Plan,
            () if has(&CHANGE) => Self::Change,
            () if has(&CREATION) => Self::Creation,
            () => Self::Event,
        }
    }

    /// The word for it in `column_profile.tells`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Creation => "creation",
            Self::Change => "change",
            Self::Expiry => "expiry",
            Self::Plan => "plan",
            Self::Event => "event",
        }
    }

    /// Whether it cannot lie in the future.
    pub(super) fn is_past(self) -> bool {
        !matches!(self, Self::Expiry | Self::Plan)
    }
}

/// How likely a name is the moment at which a row was written; the least is the likeliest.
pub(super) fn rank_of_writing(name: &str) -> usize {
    const BEST_FIRST: [&str; 12] = [
        "created",
        "inserted",
        "logged",
        "recorded",
        "timestamp",
        "ts",
        "closed",
        "discovered",
        "opened",
        "entry",
        "updated",
        "time",
    ];
    let words = words(name);
    let known = BEST_FIRST.iter().position(|best| words.iter().any(|word| word == best));
    known.unwrap_or(BEST_FIRST.len())
}

/// Whether a table's name says that its rows are called so: `trade` in `trade_journal` and `closed_trades`.
pub(crate) fn names_rows_of(table: &str, stem: &str) -> bool {
    let stem = stem.to_lowercase();
    let last = stem.rsplit('_').next().unwrap_or(&stem).to_owned();
    words(table).iter().any(|word| {
        *word == last || word.strip_suffix('s') == Some(&last) || word.strip_suffix("es") == Some(&last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_into_words() {
        assert_eq!(words("last_usedAt"), ["last", "used", "at"]);
        assert_eq!(words("price_5min_after"), ["price", "5min", "after"]);
        assert_eq!(words("PNL_USD"), ["pnl", "usd"]);
        assert!(words("__").is_empty());
        assert_eq!(spaced("lastUsed"), " last used ");
    }

    #[test]
    fn a_name_says_what_its_times_tell() {
        for (name, tells) in [
            ("created_at", Tells::Creation),
            ("timestamp", Tells::Creation),
            ("last_updated", Tells::Change),
            ("valid_until", Tells::Expiry),
            ("expiresAt", Tells::Expiry),
            ("next_run_at", Tells::Plan),
            ("closed_at", Tells::Event),
        ] {
            assert_eq!(Tells::of(name), tells, "{name}");
        }
    }
}
