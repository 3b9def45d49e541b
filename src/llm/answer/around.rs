//! What stands around an empty list. A refusal, an error or a problem beside it says that it does not
//! mean "no findings".
//!
//! The rule, sentence by sentence: a sentence about problems must deny them, any other sentence must
//! name no difficulty of the model's own.

use serde_json::{Map, Value};

/// A new statement may start with one of these.
const JOINTS: [&str; 9] =
    [" but ", " however", " because ", " although ", " except", " since ", " so ", " due to ", " as there "];
/// Beginnings of words for what an audit looks for.
const PROBLEMS: [&str; 18] = [
    "bug",
    "issue",
    "problem",
    "error",
    "critical",
    "inconsisten",
    "contradict",
    "anomal",
    "wrong",
    "fail",
    "broken",
    "suspicious",
    "warning",
    "concern",
    "severe",
    "fault",
    "defect",
    "mismatch",
];
/// Further such words, which also stand in headings.
const RESULTS: [&str; 7] =
    ["finding", "outlier", "unusual", "irregular", "deviation", "discrepanc", "inefficien"];
const DENIALS: [&str; 13] = [
    "no", "not", "none", "nothing", "without", "never", "zero", "0", "free", "neither", "nor", "cannot",
    "unable",
];
/// Words of a model that could not do its task, unless the sentence is about what it looked for.
const INABILITIES: [&str; 20] = [
    "i cannot",
    "i can't",
    "i can’t",
    "i can not",
    "i could not",
    "i couldn't",
    "i couldn’t",
    "unable to",
    "not able to",
    "impossible to",
    "not possible to",
    "i do not",
    "i don't",
    "i don’t",
    "i did not",
    "i didn't",
    "i didn’t",
    "i won't",
    "report cannot",
    "report could not",
];
/// The same, whatever the sentence is about.
const DIFFICULTIES: [&str; 19] = [
    "sorry",
    "apolog",
    "as an ai",
    "language model",
    "unfortunately",
    "please provide",
    "provide the",
    "provide a ",
    "not provided",
    "n't provided",
    "attached",
    "no report",
    "any report",
    "no data in the",
    "no data to",
    "no data was",
    "truncated",
    "cut off",
    "is incomplete",
];
/// A model that is asked again apologises for its first answer, which says nothing about the report.
const APOLOGIES: [&str; 7] = [
    "for the confusion",
    "for the mistake",
    "for the misunderstanding",
    "for the oversight",
    "for the previous",
    "for the error",
    "for my ",
];
/// Names of fields that say by themselves whether an answer is one.
const FAILURES: [&str; 3] = ["error", "refusal", "failure"];
const SUCCESSES: [&str; 4] = ["success", "ok", "complete", "completed"];

/// Whether a text beside an empty list says something else than "nothing found".
pub(super) fn says_otherwise(text: &str) -> bool {
    let mut text = text.to_lowercase();
    for joint in JOINTS {
        text = text.replace(joint, "\n");
    }
    text.split(['.', '!', '?', ';', '\n']).any(contradicts)
}

fn contradicts(sentence: &str) -> bool {
    let holds = |words: &[&str]| words.iter().any(|word| sentence.contains(word));
    let words = || sentence.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let begins = |stems: &[&str]| words().any(|word| stems.iter().any(|stem| word.starts_with(stem)));
    if holds(&APOLOGIES) {
        return false;
    }
    if holds(&DIFFICULTIES) {
        return true;
    }
    if begins(&PROBLEMS) {
        return !words().any(|word| DENIALS.contains(&word)) && !holds(&["n't", "n’t"]);
    }
    holds(&INABILITIES) && !begins(&RESULTS)
}

/// Whether the fields beside an empty list say something else.
pub(super) fn fields_say_otherwise(fields: &Map<String, Value>) -> bool {
    fields.iter().any(|(name, value)| {
        let name = name.to_lowercase();
        let is_failure = FAILURES.iter().any(|word| name.contains(word)) && is_something(value);
        let is_no_success = SUCCESSES.contains(&name.as_str()) && *value == Value::Bool(false);
        is_failure || is_no_success || text_says_otherwise(value)
    })
}

fn text_says_otherwise(value: &Value) -> bool {
    match value {
        Value::String(text) => says_otherwise(text),
        Value::Array(items) => items.iter().any(text_says_otherwise),
        Value::Object(fields) => fields_say_otherwise(fields),
        _ => false,
    }
}

fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is_set) => *is_set,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => {
            !matches!(text.trim().to_lowercase().as_str(), "" | "none" | "null" | "no" | "n/a" | "false")
        }
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_clean_audit_say_nothing_else() {
        for text in [
            "",
            "No issues found.",
            "I found no issues of any severity.",
            "I could not find any problems!",
            "I was unable to identify any significant findings.",
            "Here are the findings:\n```json",
            "Nothing to report. All figures are consistent, the win rate is 54.2 %.",
            "There aren't any bugs, anomalies or contradictions.",
            "Issues: none",
            "I found no data inconsistencies in the figures provided.",
            "With 3 trades the win rate cannot be judged; the other figures do not deviate from those before.",
            "I apologize for the confusion. Here is the corrected JSON:",
            "After careful review, 0 problems; everything works as expected.",
        ] {
            assert!(!says_otherwise(text), "{text}");
        }
    }

    #[test]
    fn refusals_errors_and_problems_say_otherwise() {
        for text in [
            "I cannot see any report in your message.",
            "I can’t access databases.",
            "I'm sorry, but I can't help with that.",
            "Please provide the report.",
            "I apologize, but I cannot audit this.",
            "No issues found, but the report was truncated.",
            "I cannot audit this due to missing data, so no issues can be reported.",
            "An error occurred while the report was read.",
            "As an AI language model I do not audit bots.",
            "Rule 7 contradicts rule 9.",
            "There are no problems except that rule 7 is broken.",
            "I did not receive the figures.",
        ] {
            assert!(says_otherwise(text), "{text}");
        }
    }
}
