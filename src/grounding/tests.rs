//! Findings as models write them, true ones and made-up ones, against reports of real bots.
//! Every one was labelled before it was first judged. The rules were tuned on the smaller part; of the
//! held-back part three were judged wrongly at first sight (one true, two made up) and led to a rule
//! each, so its rate today is kinder than the one to expect of new findings.

use std::collections::HashMap;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::model::{About, AlertType, Severity, Source};

const FINDINGS: &str = include_str!("labelled/findings.json");

#[derive(Debug, Deserialize)]
struct Labelled {
    report: String,
    #[serde(rename = "true")]
    is_true: bool,
    held_back: bool,
    title: String,
    description: String,
    evidence: Option<String>,
}

impl Labelled {
    fn finding(&self) -> Finding {
        finding(&self.title, &self.description, self.evidence.as_deref())
    }
}

fn finding(title: &str, description: &str, evidence: Option<&str>) -> Finding {
    Finding {
        alert_type: AlertType::Pattern,
        severity: Severity::High,
        title: title.to_owned(),
        description: description.to_owned(),
        evidence: evidence.map(str::to_owned),
        recommendation: None,
        source: Source::Llm,
        fingerprint: None,
        grounded: None,
        duplicate_of: None,
        check: About::default(),
    }
}

fn sources(report: &str) -> (&'static str, &'static str) {
    match report {
        "bot1-day" => (include_str!("labelled/bot1-day.json"), include_str!("labelled/bot1-day.txt")),
        "bot1-week" => (include_str!("labelled/bot1-week.json"), include_str!("labelled/bot1-week.txt")),
        "bot2-day" => (include_str!("labelled/bot2-day.json"), include_str!("labelled/bot2-day.txt")),
        "bot2-week" => (include_str!("labelled/bot2-week.json"), include_str!("labelled/bot2-week.txt")),
        "fresh-day" => (include_str!("labelled/fresh-day.json"), include_str!("labelled/fresh-day.txt")),
        other => panic!("no report {other}"),
    }
}

fn known(report: &str) -> Known {
    let (report, prompt) = sources(report);
    Known::new(&serde_json::from_str(report).unwrap(), prompt)
}

const REPORTS: [&str; 5] = ["bot1-day", "bot1-week", "bot2-day", "bot2-week", "fresh-day"];

/// Share of a half that is judged as labelled; prints what is not.
#[expect(clippy::print_stdout, reason = "the rates are to be read in the test's output")]
fn share_judged_right(is_true: bool, held_back: bool) -> f64 {
    let all: Vec<Labelled> = serde_json::from_str(FINDINGS).unwrap();
    let half: Vec<_> =
        all.iter().filter(|one| one.held_back == held_back && one.is_true == is_true).collect();
    let known: HashMap<&str, Known> = REPORTS.iter().map(|report| (*report, known(report))).collect();
    let is_right = |one: &&&Labelled| {
        let judgement = judge(&one.finding(), &known[one.report.as_str()]);
        let is_right = (judgement == Judgement::Grounded) == is_true;
        if !is_right {
            println!("  judged wrongly: {} ({}): {judgement:?}", one.title, one.report);
        }
        is_right
    };
    let right = half.iter().filter(is_right).count();
    let what = if is_true { "true findings accepted" } else { "made-up findings caught" };
    let which = if held_back { "held-back" } else { "tuning" };
    println!("{which} half: {right} of {} {what}", half.len());
    right as f64 / half.len() as f64
}

#[test]
fn true_findings_are_accepted_in_both_halves() {
    assert!(share_judged_right(true, false) >= 0.95);
    assert!(share_judged_right(true, true) >= 0.95);
}

#[test]
fn made_up_findings_are_caught_in_both_halves() {
    assert!(share_judged_right(false, false) >= 0.95);
    assert!(share_judged_right(false, true) >= 0.95);
}

#[test]
#[expect(clippy::print_stdout, reason = "the rate is to be read in the test's output")]
fn true_findings_about_one_bot_are_not_true_of_another() {
    let all: Vec<Labelled> = serde_json::from_str(FINDINGS).unwrap();
    let (first, second) = (known("bot1-day"), known("bot2-week"));
    let mut caught = 0;
    let foreign: Vec<_> = all.iter().filter(|one| one.is_true && one.report != "fresh-day").collect();
    for one in &foreign {
        let other = if one.report.starts_with("bot1") { &second } else { &first };
        let is_caught = judge(&one.finding(), other) != Judgement::Grounded;
        caught += usize::from(is_caught);
        if !is_caught {
            println!("  accepted: {} ({})", one.title, one.report);
        }
    }
    println!("{caught} of {} true findings caught where they are told of another bot", foreign.len());
    assert!(caught * 100 >= foreign.len() * 95);
}

#[test]
fn a_line_of_the_prompt_word_for_word_is_always_grounded() {
    for report in REPORTS {
        let known = known(report);
        for line in &known.lines {
            let quoting = finding("Something is wrong", "The report says so.", Some(line));
            assert_eq!(judge(&quoting, &known), Judgement::Grounded, "{report}: {line}");
        }
    }
}

#[test]
fn the_reason_says_what_is_missing() {
    let known = known("bot1-day");
    let reason =
        |title: &str, evidence: Option<&str>| match judge(&finding(title, "It is so.", evidence), &known) {
            Judgement::Grounded => String::new(),
            Judgement::Ungrounded { reason } => reason,
        };
    assert_eq!(reason("Slow", None), "its evidence names no figure of the report");
    assert_eq!(reason("Slow", Some("see the system metrics")), "its evidence names no figure of the report");
    assert_eq!(reason("Rule #9 fails", Some("rule #9: failures 18")), "rule #9 does not exist");
    assert_eq!(
        reason("Losses", Some("\"luna\" 0 (0/4), total_trades 65")),
        "the coin \"luna\" does not stand in the report"
    );
    assert_eq!(
        reason("Losses", Some("total_trades 65, win_rate 0.412 (21/51)")),
        "3 of 4 figures (0.412, 21, 51) do not stand so in the report"
    );
}

#[test]
fn a_number_that_goes_on_behind_a_quoted_line_is_another_number() {
    let known = known("bot1-day");
    let evidence = "market_data_staleness in seconds 7812";
    assert_ne!(
        judge(&finding("Stale prices", "Prices are old.", Some(evidence)), &known),
        Judgement::Grounded
    );
}

#[test]
fn what_should_be_done_is_not_judged() {
    let known = known("bot1-day");
    let mut advising = finding("Slow answers", "The slowest takes long.", Some("llm_response_times max 129"));
    advising.recommendation =
        Some("Abort after 45 s, retry 3 times, keep 12,345 rows; see rule #99.".to_owned());
    assert_eq!(judge(&advising, &known), Judgement::Grounded);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_it_panic(
        text in any::<String>(),
        pieces in proptest::collection::vec(
            prop_oneof!["[0-9]{1,30}", Just("1e999".to_owned()), "[-+$%#/.,:;()\"]{1,4}", Just(" of ".to_owned()),
                Just("rule #".to_owned()), Just("2026-11-".to_owned()), Just(" previous ".to_owned()), "\\PC{1,3}"],
            0..30,
        ),
    ) {
        let pieces = pieces.concat();
        let known = known("fresh-day");
        judge(&finding(&text, &pieces, Some(&format!("{pieces} {text}"))), &known);
        Known::new(&serde_json::json!({ "a": { "b_by_c": { text.clone(): 1.5 } }, "d": [text] }), &pieces);
    }

    #[test]
    fn random_figures_are_never_grounded(figures in proptest::collection::vec(100_001_u32..999_999, 1..8)) {
        let known = known("bot1-day");
        let evidence = figures.iter().map(|figure| format!("total_trades {figure}")).collect::<Vec<_>>().join(", ");
        let invented = finding("Too many trades", "The bot trades too much.", Some(&evidence));
        prop_assert_ne!(judge(&invented, &known), Judgement::Grounded);
        let bare = figures.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        let invented = finding("Too many trades", "The bot trades too much.", Some(&bare));
        prop_assert_ne!(judge(&invented, &known), Judgement::Grounded);
    }
}
