//! Broken answers as models really give them, and properties that hold for any.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::{AlertType, Severity};

fn item(title: &str) -> String {
    json!({
        "type": "bug",
        "severity": "high",
        "title": title,
        "description": format!("about {title}"),
        "evidence": "win rate 0.2 [of 10 trades] {all}",
        "recommendation": "fix it",
    })
    .to_string()
}

fn titles(extraction: &Extraction) -> Vec<&str> {
    extraction.findings.iter().map(|finding| finding.title.as_str()).collect()
}

/// `A`, `B` and `C` in a text stand for complete findings of these titles.
fn filled(template: &str) -> String {
    template.replace("«A»", &item("A")).replace("«B»", &item("B")).replace("«C»", &item("C"))
}

#[test]
fn findings_come_out_of_every_known_kind_of_text() {
    for (name, template, expected) in [
        ("an object", r#"{"findings": [«A», «B»]}"#, &["A", "B"][..]),
        ("a bare array", "[«A», «B»]", &["A", "B"]),
        ("one object instead of an array", "«A»", &["A"]),
        ("objects one after the other", "«A»\n«B»\n\n«C»", &["A", "B", "C"]),
        ("objects with commas between", "«A», «B»", &["A", "B"]),
        ("a fence", "```json\n{\"findings\": [«A»]}\n```", &["A"]),
        ("a fence without a language", "```\n[«A»]\n```", &["A"]),
        ("a fence that never closes", "```json\n[«A»]", &["A"]),
        ("prose around it", "Here is what I found:\n[«A»]\nI hope this helps!", &["A"]),
        (
            "prose with brackets",
            "Of [the report], in {section 2}, see [1] and [x, y]:\n[«A», «B»] (as of [2])",
            &["A", "B"],
        ),
        ("prose with apostrophes and brackets", "It's in ['BTC']: [«A»] isn't it", &["A"]),
        ("a numbered list of objects", "1. «A»\n2. «B»\n3. «C»", &["A", "B", "C"]),
        ("issues", r#"{"issues": [«A»]}"#, &["A"]),
        ("results", r#"{"Results": [«A»]}"#, &["A"]),
        ("alerts", r#"{"alerts": [«A»]}"#, &["A"]),
        ("data", r#"{"data": [«A»]}"#, &["A"]),
        ("a wrapper in a wrapper", r#"{"data": {"findings": [«A»]}}"#, &["A"]),
        ("an unknown name", r#"{"analysis": {"list": [«A»]}}"#, &["A"]),
        ("lists by theme", r#"{"bugs": [«A»], "other": [«B»]}"#, &["A", "B"]),
        ("a finding by number", r#"{"findings": {"1": «A», "2": «B»}}"#, &["A", "B"]),
        ("a list in a list", "[[«A»], [«B»]]", &["A", "B"]),
        ("lists one after the other", "[«A»]\n[«B»]", &["A", "B"]),
        (
            "a wrapper that looks like a finding",
            r#"{"type": "report", "title": "Audit", "findings": [«A»]}"#,
            &["A"],
        ),
        ("a byte-order mark", "\u{feff}[«A»]", &["A"]),
        ("thinking", "<think>maybe [«B»] or {\"findings\": []}</think>\n{\"findings\": [«A»]}", &["A"]),
        ("thinking without its opening tag", "so [«B»]?\n</think>[«A»]", &["A"]),
        ("thinking twice", "<think>a</think>[«B»]<think>b</think>[«A»]", &["A"]),
        ("a draft before the answer", "Draft: [«B»]\nFinal: [«A»]", &["A"]),
        ("an empty list before the answer", "Start with []. Then:\n[«A»]", &["A"]),
        ("a single finding behind the list", "[«A»]\nOne more:\n«B»", &["A", "B"]),
        ("trailing commas", "{\"findings\": [«A»,],}", &["A"]),
        ("a list cut between objects", "[«A», «B»,", &["A", "B"]),
        ("a list cut behind an object", "{\"findings\": [«A»", &["A"]),
        ("a list cut in a string", "{\"findings\": [«A», {\"type\": \"bug\", \"title\": \"cut he", &["A"]),
        ("a list cut in a key", "{\"findings\": [«A», {\"type\": \"bug\", \"tit", &["A"]),
        ("the same finding again and again", "[«A», «A», «A»]", &["A"]),
    ] {
        let text = filled(template);
        let extraction = extract(&text).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(titles(&extraction), expected, "{name}");
        assert_eq!(extraction.cut, name.starts_with("a list cut"), "{name}");
    }
}

#[test]
fn broken_spelling_is_mended() {
    for (name, text, title) in [
        (
            "single quotes",
            "[{'type': 'bug', 'severity': 'high', 'title': 'it's low', 'description': 'd'}]",
            "it's low",
        ),
        ("smart quotes", "[{“type”: “bug”, “severity”: “high”, “title”: “t”, “description”: “d”}]", "t"),
        (
            "a raw line break",
            "[{\"severity\": \"high\", \"title\": \"t\", \"description\": \"a\n[]\nb\"}]",
            "t",
        ),
        ("a bad escape", r#"[{"severity": "high", "title": "\d+", "description": "d"}]"#, r"\d+"),
        (
            "Python's words",
            r#"[{"severity": "high", "title": "t", "description": "d", "evidence": None, "new": True}]"#,
            "t",
        ),
        (
            "all of them",
            "Sure:\n```\n{'findings': [{'severity': 'high', 'title': 't', 'description': 'a\nb', 'evidence': None,},],}\n```",
            "t",
        ),
        (
            "JSON in a string",
            r#""[{\"severity\": \"high\", \"title\": \"t\", \"description\": \"d\"}]""#,
            "t",
        ),
        (
            "JSON in a string in a wrapper",
            r#"{"findings": "[{\"severity\": \"high\", \"title\": \"t\", \"description\": \"d\"}]"}"#,
            "t",
        ),
        (
            "a closing tag in a text",
            r#"[{"severity": "high", "title": "</think> leaks", "description": "d"}]"#,
            "</think> leaks",
        ),
        (
            "a key twice",
            r#"[{"severity": "low", "severity": "high", "title": "t", "description": "d"}]"#,
            "t",
        ),
    ] {
        let extraction = extract(text).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(titles(&extraction), [title], "{name}");
        assert_eq!((extraction.dropped, extraction.cut), (0, false), "{name}");
        assert_eq!(extraction.findings[0].severity, Severity::High, "{name}");
    }
}

#[test]
fn an_empty_list_counts_where_it_is_the_answer() {
    for text in [
        "[]",
        " [ ] \n",
        r#"{"findings": []}"#,
        r#"{"summary": "all fine", "findings": []}"#,
        r#"{"issues": []}"#,
        "```json\n[]\n```",
        "```json\n{\"findings\": []}\n```",
        "<think>is [1] bad? no.</think>\n{\"findings\": []}",
        "I found no issues of any severity.\n\n[]",
        "Here you are:\n```json\n{\"findings\": []}\n```\nAll good.",
        r#""[]""#,
    ] {
        assert_eq!(extract(text), Ok(Extraction::default()), "{text}");
    }
}

#[test]
fn garbage_is_never_no_findings() {
    for text in [
        "",
        "   ",
        "null",
        "42",
        "true",
        "{}",
        "\"\"",
        "No issues found.",
        "I cannot help with that.",
        "The list [] of errors was empty, which is odd.",
        "{\"bugs\": []}",
        "{\"findings\": null}",
        "{\"findings\": \"none\"}",
        "{\"message\": \"no issues\"}",
        "[[]]",
        "[1, 2, 3]",
        "[\"all fine\"]",
        "[{}]",
        "{\"findings\": [{\"title\": \"only a title\"}]}",
        "{\"findings\": [",
        "[",
        "<think>I wonder []",
        "<think>[]\n{\"findings\": []}",
        "<html><body><script>var a =\n[]\n</script></body></html>",
        "Format: {\"title\": \"...\", \"severity\": \"...\"}\n[]",
        "[{\"title\": \"a \"quote\" b\", \"description\": \"saw\n[]\n\"}]",
        "{\"choices\": [], \"object\": \"list\"}",
    ] {
        assert!(extract(text).is_err(), "{text:?} gives {:?}", extract(text));
    }
}

#[test]
fn what_is_no_finding_is_counted() {
    for (name, template, expected, dropped) in [
        ("an incomplete item", r#"[«A», {"title": "no description", "severity": "low"}]"#, &["A"][..], 1),
        ("text and numbers", r#"{"findings": [«A», "and so on", 3, null]}"#, &["A"], 3),
        ("a draft's findings", "[«B», «C»] better: [«A»]", &["A"], 2),
        (
            "one beyond repair",
            "[«A», {\"title\": \"he said \"no\" to it\", \"severity\": \"low\"}, «B»]",
            &["A", "B"],
            1,
        ),
        (
            "the template sent back",
            r#"[{"type": "bug|pattern", "severity": "x", "title": "t", "description": "d"}, «A»]"#,
            &["A"],
            1,
        ),
    ] {
        let extraction = extract(&filled(template)).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!((titles(&extraction).as_slice(), extraction.dropped), (expected, dropped), "{name}");
        assert!(!extraction.cut, "{name}");
    }
    let nothing = extract(r#"[{"title": "t", "severity": "low"}, {"severity": "high"}]"#);
    assert_eq!(nothing, Err(NoAnswer { dropped: 2, ..NoAnswer::default() }));
}

#[test]
fn a_cut_before_the_first_complete_finding_is_told_apart() {
    for text in [
        "{\"findings\": [{\"type\": \"bug\", \"title\": \"hal",
        "[{\"title\": \"a\", \"desc",
        "{\"findings\": [{",
    ] {
        assert_eq!(extract(text), Err(NoAnswer { cut: true, ..NoAnswer::default() }), "{text}");
    }
}

#[test]
fn nesting_bombs_end_soon() {
    for text in ["[".repeat(200_000), "{\"a\":".repeat(100_000), "[{".repeat(100_000), "{\"".repeat(50_000)] {
        assert!(extract(&text).is_err());
    }
}

/// Any finding a model may state, as its JSON and its title.
fn any_finding() -> impl Strategy<Value = Value> {
    let severity = prop_oneof![Just("critical"), Just("high"), Just("medium"), Just("low"), Just("info")];
    let alert_type = prop_oneof![
        Just("bug"),
        Just("inefficiency"),
        Just("pattern"),
        Just("performance"),
        Just("missing_feature")
    ];
    (severity, alert_type, "[a-z]{1,8}[ a-zA-Z0-9.,:$%\\[\\]{}'\"\\\\]{0,40}", "\\PC{0,80}").prop_map(
        |(severity, alert_type, title, text)| {
            json!({
                "type": alert_type,
                "severity": severity,
                "title": title,
                "description": format!("d {text}"),
                "evidence": text,
                "recommendation": null,
            })
        },
    )
}

fn distinct_titles(items: Vec<Value>) -> Vec<Value> {
    let numbered = items.into_iter().enumerate().map(|(number, mut item)| {
        item["title"] = json!(format!("{number} {}", item["title"].as_str().unwrap_or_default()));
        item
    });
    numbered.collect()
}

/// What stands around an answer: prose, brackets and quotes that are no JSON.
fn noise() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("Here are the findings:\n".to_owned()),
        Just("As [the report] says (see [1], {x}), it's bad:\n".to_owned()),
        Just("I'd say [see below] — {not json}\n```json\n".to_owned()),
        Just("<think>[ {\"a\": 1}, [] ]</think>".to_owned()),
        "[ a-zA-Z.,:;()\\[\\]\n]{0,60}\n",
    ]
}

fn normal(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn stated(items: &[Value]) -> Vec<(String, String, String)> {
    items
        .iter()
        .map(|item| {
            let text = |name: &str| normal(item[name].as_str().unwrap_or_default());
            (text("type"), text("severity"), text("title"))
        })
        .collect()
}

fn found(extraction: &Extraction) -> Vec<(String, String, String)> {
    extraction
        .findings
        .iter()
        .map(|finding| {
            let words = (finding.alert_type.as_str().to_owned(), finding.severity.as_str().to_owned());
            (words.0, words.1, finding.title.clone())
        })
        .collect()
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,400}", brackets in "[\\[\\]{}\",:'a1\\\\ \n]{0,400}") {
        let _ = extract(&text);
        let _ = extract(&brackets);
        let _ = extract(&format!("{text}{brackets}"));
    }

    #[test]
    fn a_text_without_findings_yields_none(text in "[\\[\\]{}\",:'a-z0-9\\\\ \n]{0,300}") {
        if let Ok(extraction) = extract(&text) {
            prop_assert!(extraction.findings.is_empty(), "{:?}", extraction);
        }
    }

    #[test]
    fn every_finding_in_a_noisy_text_is_found_and_no_other(
        items in prop::collection::vec(any_finding(), 1..6),
        before in noise(),
        after in "[ a-zA-Z.,!\n]{0,40}",
        is_wrapped in any::<bool>(),
        is_pretty in any::<bool>(),
    ) {
        let items = distinct_titles(items);
        let value = if is_wrapped { json!({"findings": items}) } else { json!(items) };
        let json = if is_pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        let extraction = extract(&format!("{before}{json}\n{after}"));
        prop_assert!(extraction.is_ok(), "{:?}", extraction);
        prop_assert_eq!(found(&extraction.unwrap()), stated(&items));
    }

    #[test]
    fn a_cut_text_keeps_its_complete_findings_and_makes_up_none(
        items in prop::collection::vec(any_finding(), 1..6),
        cut_at in 0.0_f64..1.0,
    ) {
        let items = distinct_titles(items);
        let text = json!({"findings": items}).to_string();
        let length = text.char_indices().map(|(at, _)| at).nth((text.chars().count() as f64 * cut_at) as usize);
        let cut = &text[..length.unwrap()];
        let mut end = r#"{"findings": ["#.len() - 1;
        let complete: Vec<Value> = items
            .iter()
            .take_while(|item| {
                end += item.to_string().len();
                let is_complete = end <= cut.len();
                end += 1;
                is_complete
            })
            .cloned()
            .collect();
        match extract(cut) {
            Ok(extraction) => prop_assert_eq!(found(&extraction), stated(&complete)),
            Err(_) => prop_assert!(complete.is_empty(), "lost {:?} of {}", complete, cut),
        }
    }

    #[test]
    fn a_mangled_text_makes_up_no_finding(
        items in prop::collection::vec(any_finding(), 1..4),
        place in 0.0_f64..1.0,
        wedge in "[\\[\\]{}\",:'\\\\\n]{1,3}",
    ) {
        let items = distinct_titles(items);
        let mut text = json!(items).to_string();
        let position = text.char_indices().map(|(at, _)| at).nth((text.chars().count() as f64 * place) as usize);
        text.insert_str(position.unwrap(), &wedge);
        if let Ok(extraction) = extract(&text) {
            prop_assert!(extraction.findings.len() <= items.len(), "{:?}", extraction);
            prop_assert!(!extraction.findings.is_empty(), "{}", text);
        }
    }
}

#[test]
fn a_finding_keeps_all_its_fields() {
    let extraction = extract(&item("A")).unwrap();
    let finding = &extraction.findings[0];
    assert_eq!(finding.alert_type, AlertType::Bug);
    assert_eq!(finding.description, "about A");
    assert_eq!(finding.evidence.as_deref(), Some("win rate 0.2 [of 10 trades] {all}"));
    assert_eq!(finding.recommendation.as_deref(), Some("fix it"));
}
