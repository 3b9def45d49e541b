//! What may leave the machine as it is: the words of the program and of the bot's own code.
//!
//! It is an allow list: a name that is not on it is hidden.

use std::collections::HashSet;
use std::sync::OnceLock;

/// Tables and columns, a paragraph a table.
const SCHEMA: &str = include_str!("schema.txt");
/// Ordinary words of the field. A new sentence of a check or of the prompt adds none by itself.
const WORDS: &str = include_str!("words.txt");

/// Statuses, exit reasons, types of activity and of alerts, and kinds of error that the bot's code or
/// this program writes.
const NAMES: &str = "
    (none) active inactive testing rejected take_profit stop_loss llm_sell manual bot_error
    bot_initialized bot_started bot_stopped bot_stopping cycle_error decision_rejected error
    learning_created learning_failed learning_skipped llm_decision llm_query market_data
    quick_update risk_check_failed rollback rule_active rule_created rule_rejected strategist
    trade_closed trade_opened trade_rejected warning database_error llm_connection_failed
    llm_request_failed llm_timeout market_data_failed market_data_rate_limited
    strategist_generation_failed bug inefficiency pattern performance missing_feature";

/// Words in capitals that are no symbols of coins.
const CAPITALS: &str = "API BUY HOLD HTTP ID IDS JSON LLM LONG NULL OK PNL SELL SHORT SQL USD UTC WAIT";

/// Words with which checks name a part of the trades or of a table, beside names.
const SUBJECTS: &str = "
    absent again all at back buy closed coin coins cooldown dead exit exposure fewer from held hour
    ignored kept larger last long longer lost minutes more night no no_market_data not of opened
    opening openings other own profit rule sell set short shorter smaller some stopped strategy the
    their tier to trade_size trades UTC weekday within words Mon Tue Wed Thu Fri Sat Sun";

/// Whether a status, exit reason, type or kind of error is the program's own or the bot's.
pub(super) fn is_name(name: &str) -> bool {
    holds(NAMES, name)
}

/// Whether a table or column is one that the bot's code makes.
pub(super) fn is_in_schema(name: &str) -> bool {
    static IDENTIFIERS: OnceLock<HashSet<&str>> = OnceLock::new();
    IDENTIFIERS.get_or_init(|| words(SCHEMA.lines().skip(1)).collect()).contains(name)
}

/// Whether every word of a check's subject is a word of ours, a number or of the bot's schema.
pub(super) fn is_our_subject(subject: &str) -> bool {
    let is_ours = |word| holds(SUBJECTS, word) || is_in_schema(word) || is_name(word) || is_number(word);
    let mut words = words(std::iter::once(subject)).peekable();
    subject.is_ascii() && words.peek().is_some() && words.all(is_ours)
}

/// Whether a word, with its underscores and hyphens, is an ordinary one of the field.
pub(super) fn is_plain(word: &str) -> bool {
    is_in_schema(word) || is_name(word) || word.split(['_', '-']).all(is_plain_part)
}

fn is_plain_part(word: &str) -> bool {
    static PLAIN: OnceLock<HashSet<&str>> = OnceLock::new();
    let is_in_capitals = word.chars().count() > 1 && !word.contains(char::is_lowercase);
    word.is_empty()
        || is_number(word)
        || holds(CAPITALS, word)
        || !is_in_capitals
            && PLAIN.get_or_init(|| words(WORDS.lines().skip(1)).collect()).contains(&*word.to_lowercase())
}

/// Whether a name that stands right beside this letter is a part of a longer word.
pub(super) fn joins_words(letter: char) -> bool {
    letter != '-' && is_of_word(letter)
}

/// Letters and digits of any script, signs inside of identifiers, and whatever is neither ASCII nor
/// usual punctuation: a name may be an emoji.
pub(super) fn is_of_word(letter: char) -> bool {
    const PUNCTUATION: &str = "–—‘’“”«»…·•→×≥≤≈°§€£";
    match letter.is_ascii() {
        true => letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'),
        false => !letter.is_whitespace() && !PUNCTUATION.contains(letter),
    }
}

fn holds(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|listed| listed == word)
}

/// Digits, maybe with a unit or an ending: 24, 24h, 7d, 3rd.
fn is_number(word: &str) -> bool {
    let unit = word.trim_start_matches(|letter: char| letter.is_ascii_digit());
    unit.len() < word.len()
        && matches!(
            unit,
            "" | "h" | "s" | "d" | "m" | "x" | "k" | "ms" | "min" | "am" | "pm" | "st" | "nd" | "rd" | "th"
        )
}

fn words<'text>(texts: impl Iterator<Item = &'text str>) -> impl Iterator<Item = &'text str> {
    texts
        .flat_map(|text| text.split(|letter: char| !letter.is_alphanumeric() && letter != '_'))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::model::AlertType;

    /// The tables of a file, each with its columns, as a paragraph of the list.
    fn schema_of(scripts: &[&str]) -> Vec<String> {
        let connection = Connection::open_in_memory().unwrap();
        for script in scripts {
            connection.execute_batch(script).unwrap();
        }
        let sql = "SELECT name || ': ' || (SELECT group_concat(name, ', ') FROM pragma_table_info(list.name))
            FROM sqlite_master AS list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        connection
            .prepare(sql)
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }

    #[test]
    fn the_list_of_tables_and_columns_is_that_of_the_bot_and_of_the_monitor() {
        let listed = SCHEMA.lines().skip(1).collect::<Vec<_>>().join("\n").replace("\n    ", " ");
        let mut listed: Vec<&str> = listed.lines().collect();
        listed.retain(|line| !line.starts_with("monitoring_migrations"));
        let real = schema_of(&[
            include_str!("../demo/schema.sql"),
            include_str!("../../tests/it/bot_file/generation2.sql"),
            include_str!("../../migrations/V1__monitoring_alerts.sql"),
            include_str!("../../migrations/V2__sightings.sql"),
            include_str!("../../migrations/V3__windows.sql"),
            include_str!("../../migrations/V4__snoozes.sql"),
        ]);
        assert_eq!(listed, real);
    }

    #[test]
    fn every_type_of_alert_is_a_name_of_ours() {
        for alert_type in [
            AlertType::Bug,
            AlertType::Inefficiency,
            AlertType::Pattern,
            AlertType::Performance,
            AlertType::MissingFeature,
        ] {
            assert!(is_name(alert_type.as_str()), "{alert_type:?}");
        }
    }

    #[test]
    fn ordinary_words_are_plain_and_names_are_not() {
        for word in ["Losses", "win_rate", "closed_trades", "24h", "HOLD", "t", "in-window"] {
            assert!(is_plain(word), "{word}");
        }
        for word in ["dogecoin", "moonshot", "avalanche-2", "NEAR", "COIN_K7T2", "LOSSES", "日本"] {
            assert!(!is_plain(word), "{word}");
        }
    }

    #[test]
    fn subjects_of_checks_are_ours_unless_they_hold_a_name() {
        for subject in [
            "closed_trades.rule_ids_used",
            "profit_snapshots:own",
            "openings at night, from 22:00 to 06:00 UTC",
            "#3",
            "tier 2",
            "llm_sell",
            "weekday Mon of the opening",
            "account_state:not-set-back",
            "no coin",
        ] {
            assert!(is_our_subject(subject), "{subject}");
        }
        for subject in
            ["coin floki", "HOLD Failed to parse", "secrets.balance", "llm timed out", "🚀", "!?", "coin 🚀"]
        {
            assert!(!is_our_subject(subject), "{subject}");
        }
    }
}
