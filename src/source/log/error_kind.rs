//! Kinds of errors out of the activity log's free text.

use crate::sanitize::is_word;

const RATE_LIMITED: &str = "market_data_rate_limited";
const LONGEST_KIND_CHARS: usize = 48;

/// The kind of error that a row of such a type reports.
///
/// Known words decide first; what is left is named by the pattern of its text, without
/// punctuation, so that the same exception in another cycle is the same kind.
pub(super) fn kind_of(activity_type: &str, description: &str, pattern: &str) -> String {
    let text = description.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let kind = if has(&["database", "sqlite", "no such table", "no such column", "has no column", "disk i/o"])
    {
        "database_error".to_owned()
    } else if has(&["llm"]) && has(&["timeout", "timed out"]) {
        "llm_timeout".to_owned()
    } else if has(&["coingecko", "market data"]) {
        if has(&["rate limit", "429"]) { RATE_LIMITED.to_owned() } else { "market_data_failed".to_owned() }
    } else if activity_type.ends_with("_failed") {
        activity_type.to_owned()
    } else {
        name_of(&pattern.to_lowercase())
    };
    if kind.is_empty() { activity_type.to_owned() } else { kind }
}

/// Whether the error means that prices were not fetched.
pub(super) fn is_failed_fetch(kind: &str) -> bool {
    kind == RATE_LIMITED || kind == "market_data_failed"
}

/// The message behind `Cycle #110 error:`, as a word. Addresses, keys and other long tokens are left
/// out: the name goes to the LLM.
fn name_of(text: &str) -> String {
    let message = text.split_once("error: ").map_or(text, |(_, message)| message);
    let mut name = String::new();
    // In a pattern # stands for a number.
    let is_named = |token: &&str| is_word(&token.replace('#', "0"));
    for token in message.split_whitespace().filter(is_named) {
        for word in token.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty()) {
            if name.chars().count() + word.chars().count() >= LONGEST_KIND_CHARS {
                return name;
            }
            if !name.is_empty() {
                name.push('_');
            }
            name.push_str(word);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bot_s_own_messages_have_their_kind() {
        for (activity_type, description, kind) in [
            ("error", "LLM timeout after retries", "llm_timeout"),
            ("error", "LLM connection failed", "llm_connection_failed"),
            ("error", "LLM request failed", "llm_request_failed"),
            ("error", "CoinGecko API timeout", "market_data_failed"),
            ("error", "CoinGecko HTTP error: 500", "market_data_failed"),
            ("error", "Failed to fetch market data", "market_data_failed"),
            ("warning", "CoinGecko rate limit hit", "market_data_rate_limited"),
            ("cycle_error", "Cycle #110 error: database is locked", "database_error"),
            (
                "cycle_error",
                "Cycle #1 error: table open_trades has no column named rule_ids_used",
                "database_error",
            ),
            (
                "cycle_error",
                "Cycle #159 error: Unknown format code 'f' for object of type 'str'",
                "unknown_format_code_f_for_object_of_type_str",
            ),
            ("bot_error", "Fatal error: 42", "bot_error"),
            ("error", "Invalid API key sk-proj-abcdefSECRETghijk", "invalid_api_key"),
            ("cycle_error", "Cycle #1 error: 401 for https://bob:pass@api.example.com/x?key=1", "for"),
            ("learning_failed", "Trade #7: no JSON", "learning_failed"),
        ] {
            assert_eq!(kind_of(activity_type, description, description), kind, "{description}");
        }
    }
}
