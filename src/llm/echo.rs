//! The prompt's own words, sent back as if they were a finding: small models do that.

use std::sync::LazyLock;

use serde_json::Value;

use crate::prompt::{BRIEF, CONTRACT};

/// Words in a row that a finding has in common with the form: so many are no coincidence.
const ECHOED_WORDS: usize = 5;
/// Placeholders that models leave where a text should stand.
const PLACEHOLDERS: [&str; 5] = ["", "title", "description", "string", "short description"];

/// The texts of the contract's form: what it says of a title and of a description.
static FORM: LazyLock<Vec<String>> = LazyLock::new(|| {
    let line = CONTRACT.lines().find(|line| line.starts_with('{')).unwrap_or_default();
    let form: Value = serde_json::from_str(line).unwrap_or_default();
    ["title", "description"]
        .iter()
        .filter_map(|name| form.pointer(&format!("/findings/0/{name}"))?.as_str().map(words))
        .collect()
});
static PROMPT: LazyLock<String> = LazyLock::new(|| words(&format!("{BRIEF}\n{CONTRACT}")));

/// Whether a finding says no more than the form that it was to fill, or the brief.
pub(super) fn is_echo(title: &str, description: &str) -> bool {
    let (title, description) = (words(title), words(description));
    is_of_form(&title) || is_of_form(&description) || is_of_prompt(&description)
}

/// Whether a text of a finding is one of the prompt's, word by word.
pub(super) fn is_prompt_text(text: &str) -> bool {
    is_of_prompt(&words(text))
}

fn is_of_form(text: &str) -> bool {
    let holds = |form: &String| {
        let words: Vec<&str> = form.split(' ').collect();
        words.windows(ECHOED_WORDS).any(|run| contains(text, &run.join(" ")))
    };
    PLACEHOLDERS.contains(&text) || FORM.iter().any(holds)
}

fn is_of_prompt(text: &str) -> bool {
    text.split(' ').count() > 2 && contains(&PROMPT, text)
}

/// Whole words only.
fn contains(text: &str, words: &str) -> bool {
    format!(" {text} ").contains(&format!(" {words} "))
}

fn words(text: &str) -> String {
    let letters: String =
        text.chars().map(|letter| if letter.is_alphanumeric() { letter } else { ' ' }).collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_s_form_is_known() {
        assert_eq!(FORM.len(), 2);
        assert!(is_echo("The problem and its subject, in one line", "x"));
        assert!(is_echo("x", "What is wrong and why it matters"));
        assert!(!is_echo("What is wrong with rule 7", "It never fires, and that matters: 0 of 12."));
        assert!(is_prompt_text("what to do"));
        assert!(!is_prompt_text("raise the limit"));
    }
}
