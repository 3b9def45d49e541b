//! One item of an answer becomes one finding, or is dropped. Each item is judged alone: a bad
//! neighbour costs nothing.

use serde_json::{Map, Value};

use super::echo::{is_echo, is_prompt_text};
use crate::model::{About, AlertType, Finding, Severity, Source};
use crate::sanitize::{cut, one_line};

/// A title is one line in a summary.
const MAX_TITLE_CHARS: usize = 200;
/// Longer texts than this are a model that repeats itself.
const MAX_TEXT_CHARS: usize = 4_000;

const TITLE_KEYS: &[&str] = &["title", "name", "issue", "headline", "short_description"];
const DESCRIPTION_KEYS: &[&str] =
    &["description", "details", "detail", "explanation", "full_explanation", "message"];
const SEVERITY_KEYS: &[&str] = &["severity", "level", "priority", "severity_level"];
const TYPE_KEYS: &[&str] = &["type", "alert_type", "finding_type", "issue_type", "category", "kind"];
const EVIDENCE_KEYS: &[&str] = &["evidence", "supporting_data", "data_points", "proof"];
const RECOMMENDATION_KEYS: &[&str] = &[
    "recommendation",
    "recommendations",
    "suggestion",
    "suggested_fix",
    "fix",
    "recommended_action",
    "action",
];

/// The finding that an item states, or `None` where title or description are missing, or where the
/// item is the prompt's own form sent back.
pub(super) fn finding(item: &Map<String, Value>) -> Option<Finding> {
    let title = cut(&one_line(field(item, TITLE_KEYS)?.as_str()?), MAX_TITLE_CHARS);
    let description = capped(&text(field(item, DESCRIPTION_KEYS)?)?, MAX_TEXT_CHARS);
    let severity_word = field(item, SEVERITY_KEYS).and_then(Value::as_str).unwrap_or_default();
    let type_word = field(item, TYPE_KEYS).and_then(Value::as_str).unwrap_or_default();
    let is_template = is_template(severity_word) || is_template(type_word) || is_echo(&title, &description);
    if title.is_empty() || description.is_empty() || is_template {
        return None;
    }
    let optional = |keys| {
        field(item, keys)
            .and_then(text)
            .map(|text| capped(&text, MAX_TEXT_CHARS))
            .filter(|text| !text.is_empty() && !is_prompt_text(text))
    };
    Some(Finding {
        alert_type: alert_type(type_word),
        severity: severity(severity_word),
        title,
        description,
        evidence: optional(EVIDENCE_KEYS),
        recommendation: optional(RECOMMENDATION_KEYS),
        source: Source::Llm,
        fingerprint: None,
        grounded: None,
        duplicate_of: field(item, &["duplicate_of"]).and_then(number),
        check: About::default(),
    })
}

/// The finding with its texts rewritten, in the form that texts of findings have.
pub(crate) fn rewritten(finding: Finding, rewrite: impl Fn(&str) -> String) -> Finding {
    let long = |text: &str| capped(&rewrite(text), MAX_TEXT_CHARS);
    Finding {
        title: cut(&one_line(&rewrite(&finding.title)), MAX_TITLE_CHARS),
        description: long(&finding.description),
        evidence: finding.evidence.as_deref().map(long),
        recommendation: finding.recommendation.as_deref().map(long),
        ..finding
    }
}

/// A number, also as text and with a sign in front: 12, "12", "#12".
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().trim_start_matches('#').parse().ok())
}

/// Whether an object that stands by itself claims to be a finding: it has a title of some name, and
/// says how bad it is or of which kind. Any other object in a text is not ours to read.
pub(super) fn claims_to_be_finding(item: &Map<String, Value>) -> bool {
    let has = |keys| field(item, keys).is_some();
    has(TITLE_KEYS) && (has(SEVERITY_KEYS) || has(TYPE_KEYS))
}

/// Whether text that is no JSON holds the keys of a finding.
pub(super) fn reads_like_finding(text: &str) -> bool {
    ["\"title\"", "\"severity\"", "'title'", "'severity'", "“title”", "“severity”"]
        .iter()
        .any(|key| text.contains(key))
}

/// The first of these keys that is present and not null, in any case.
fn field<'a>(item: &'a Map<String, Value>, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().find_map(|key| {
        item.iter().find(|(name, value)| !value.is_null() && spelled(name) == *key).map(|(_, value)| value)
    })
}

/// `Missing Feature`, `missing-feature` and `missing_feature` are one word.
fn spelled(word: &str) -> String {
    let letters: String =
        word.chars().map(|letter| if letter.is_alphanumeric() { letter } else { ' ' }).collect();
    letters.split_whitespace().collect::<Vec<_>>().join("_").to_lowercase()
}

/// `bug|inefficiency|…` is the brief's list of choices, not a choice.
fn is_template(word: &str) -> bool {
    word.contains('|')
}

/// The severity that a model's word means. Of several known words the least counts, and a word
/// that nobody knows is information: the finding is seen, and can never page anyone.
fn severity(word: &str) -> Severity {
    spelled(word).split('_').filter_map(known_severity).min().unwrap_or(Severity::Info)
}

/// `P1` is the worst in some companies and the second worst in others: it counts as the second.
fn known_severity(word: &str) -> Option<Severity> {
    Some(match word {
        "critical" | "crit" | "blocker" | "fatal" | "emergency" | "catastrophic" | "p0" | "sev0" => {
            Severity::Critical
        }
        "high" | "major" | "severe" | "error" | "urgent" | "serious" | "p1" | "sev1" => Severity::High,
        "medium" | "med" | "moderate" | "warning" | "warn" | "normal" | "average" | "p2" | "sev2" => {
            Severity::Medium
        }
        "low" | "minor" | "p3" | "sev3" => Severity::Low,
        "info" | "information" | "informational" | "notice" | "note" | "trivial" | "suggestion" | "p4"
        | "sev4" => Severity::Info,
        _ => return None,
    })
}

/// The type that a model's word means. Types have no rank, so an unknown one is no upgrade as an
/// anomaly: the finding's own text says what it is.
fn alert_type(word: &str) -> AlertType {
    match spelled(word).as_str() {
        "bug" | "bugs" | "defect" | "error" | "logic_error" | "bug_logic_error" | "bugs_logic_errors"
        | "data_error" | "fault" => AlertType::Bug,
        "inefficiency" | "inefficiencies" | "inefficient" | "waste" | "optimization" | "optimisation" => {
            AlertType::Inefficiency
        }
        "performance" | "performance_issue" | "performance_issues" | "latency" | "slowness" => {
            AlertType::Performance
        }
        "missing_feature"
        | "missing_features"
        | "missing_functionality"
        | "feature"
        | "feature_request"
        | "enhancement"
        | "gap" => AlertType::MissingFeature,
        _ => AlertType::Pattern,
    }
}

/// A value as text: lists and objects as one line of parts.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => Some(items.iter().filter_map(text).collect::<Vec<_>>().join("; ")),
        Value::Object(fields) => Some(
            fields
                .iter()
                .filter_map(|(name, value)| Some(format!("{name}: {}", text(value)?)))
                .collect::<Vec<_>>()
                .join(", "),
        ),
        other => Some(other.to_string()),
    }
}

/// White space made regular line by line, unsafe characters gone, length held.
fn capped(text: &str, max_chars: usize) -> String {
    let lines: Vec<String> = text.lines().map(one_line).collect();
    cut(lines.join("\n").trim(), max_chars)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Option<Finding> {
        finding(value.as_object().expect("an object"))
    }

    #[test]
    fn severities_in_other_words_and_cases_are_understood_and_never_guessed_upwards() {
        for (word, expected) in [
            ("CRITICAL", Severity::Critical),
            ("blocker", Severity::Critical),
            ("P0", Severity::Critical),
            ("High", Severity::High),
            ("error", Severity::High),
            ("P1", Severity::High),
            ("major", Severity::High),
            ("warning", Severity::Medium),
            ("moderate", Severity::Medium),
            (" medium ", Severity::Medium),
            ("medium-high", Severity::Medium),
            ("Critical/Low", Severity::Low),
            ("minor", Severity::Low),
            ("Informational", Severity::Info),
            ("apocalyptic", Severity::Info),
            ("8/10", Severity::Info),
            ("", Severity::Info),
        ] {
            assert_eq!(severity(word), expected, "{word:?}");
        }
    }

    #[test]
    fn types_in_other_words_are_understood_and_an_unknown_one_is_a_pattern() {
        for (word, expected) in [
            ("BUG", AlertType::Bug),
            ("Logic Error", AlertType::Bug),
            ("Missing Feature", AlertType::MissingFeature),
            ("missing-functionality", AlertType::MissingFeature),
            ("performance_issue", AlertType::Performance),
            ("optimization", AlertType::Inefficiency),
            ("anomaly", AlertType::Pattern),
            ("astrology", AlertType::Pattern),
        ] {
            assert_eq!(alert_type(word), expected, "{word:?}");
        }
    }

    #[test]
    fn lists_and_objects_as_evidence_become_text() {
        let item = json!({"title": "t", "description": "d", "evidence": ["a", 2, {"k": [1, 2]}, null]});
        assert_eq!(read(item).unwrap().evidence.as_deref(), Some("a; 2; k: 1; 2"));
        let item = json!({"title": "t", "description": "d", "evidence": {"wins": 3, "losses": null}});
        assert_eq!(read(item).unwrap().evidence.as_deref(), Some("wins: 3"));
    }

    #[test]
    fn an_item_without_title_or_description_is_dropped() {
        for item in [
            json!({"title": "t"}),
            json!({"description": "d", "severity": "high"}),
            json!({"title": "  ", "description": "d"}),
            json!({"title": "t", "description": "\n"}),
            json!({"title": null, "description": "d"}),
            json!({"title": 7, "description": "d"}),
            json!({"title": "t", "description": []}),
        ] {
            assert_eq!(read(item.clone()), None, "{item}");
        }
    }

    #[test]
    fn the_brief_s_own_template_is_no_finding() {
        let item = json!({"type": "bug|pattern", "severity": "high", "title": "Short description", "description": "x"});
        assert_eq!(read(item), None);
    }

    #[test]
    fn texts_are_capped_and_their_white_space_is_regular() {
        let item =
            json!({"Title": " a\n b\u{7}c ", "Description": "x".repeat(9_000), "recommendation": " \t"});
        let found = read(item).unwrap();
        assert_eq!(found.title, "a b c");
        assert_eq!(found.description.chars().count(), MAX_TEXT_CHARS);
        assert_eq!(found.recommendation, None);
    }
}
