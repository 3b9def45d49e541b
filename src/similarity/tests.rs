//! The labelled set, and what must hold for any text.
//!
//! `pairs.json` holds families of problems that are easily taken for one another, each problem in
//! several wordings. Two wordings of one problem are a pair that is the same, wordings of two problems
//! of a family a pair that is not. The lexicon and the thresholds were made with the tuning half only.

use proptest::prelude::*;
use serde::Deserialize;

use super::profile::Profile;
use super::text::tokens;
use super::*;

/// Whether two statements describe one problem.
fn is_same_problem(one: &Statement<'_>, other: &Statement<'_>, names: &Names) -> bool {
    Meaning::of(*one, names).is_same_problem(&Meaning::of(*other, names))
}

#[derive(Deserialize)]
struct Family {
    half: Half,
    problems: Vec<Problem>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
enum Half {
    Tuning,
    HeldOut,
}

#[derive(Deserialize)]
struct Problem {
    wordings: Vec<Wording>,
}

#[derive(Debug, Deserialize, Clone)]
struct Wording {
    r#type: String,
    title: String,
    description: String,
    evidence: String,
}

impl Wording {
    fn statement(&self) -> Statement<'_> {
        Statement {
            alert_type: &self.r#type,
            title: &self.title,
            description: &self.description,
            evidence: &self.evidence,
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        is_same_problem(&self.statement(), &other.statement(), &names())
    }

    fn titled(title: &str) -> Self {
        Self {
            r#type: "bug".into(),
            title: title.into(),
            description: String::new(),
            evidence: String::new(),
        }
    }
}

fn families() -> Vec<Family> {
    serde_json::from_str(include_str!("pairs.json")).unwrap()
}

fn names() -> Names {
    Names::new([
        "floki",
        "sei-network",
        "pepe",
        "chainlink",
        "injective-protocol",
        "tron",
        "celestia",
        "avalanche-2",
        "dogwifcoin",
        "solana",
        "UNI",
        "DOGE",
        "ATOM",
        "INJ",
        "LTC",
        "MATIC",
        "ETC",
        "APT",
        "OP",
        "BTC",
        "ETH",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
        "momentum_breakout_v1",
        "time_filter_20261122_084456",
        "stop_loss",
        "take_profit",
        "llm_sell",
        "manual",
        "price_history",
        "activity_log",
        "account_state",
        "trade_journal",
        "coin_scores",
        "equity_points",
        "insights",
        "reflections",
        "profit_snapshots",
    ])
}

/// A wording with the family and the problem that it belongs to.
struct Labelled {
    family: usize,
    problem: usize,
    wording: Wording,
    profile: Profile,
}

fn labelled(half: Half) -> Vec<Labelled> {
    let names = names();
    let families = families();
    let mut all = Vec::new();
    for (family, content) in families.iter().enumerate().filter(|(_, family)| family.half == half) {
        for (problem, content) in content.problems.iter().enumerate() {
            for wording in content.wordings.iter().cloned() {
                let profile = Profile::of(&wording.statement(), &names);
                all.push(Labelled { family, problem, wording, profile });
            }
        }
    }
    all
}

/// Verdicts on the pairs of one half.
#[derive(Debug, Default)]
struct Verdicts {
    same: usize,
    found: usize,
    near_misses: usize,
    swallowed: Vec<String>,
    /// Pairs of different families: nobody looked at each, but none should be the same.
    far: usize,
    far_swallowed: Vec<String>,
}

fn verdicts(half: Half) -> Verdicts {
    let all = labelled(half);
    let mut verdicts = Verdicts::default();
    for (at, one) in all.iter().enumerate() {
        for other in &all[..at] {
            let is_same = types_are_related(&one.wording.r#type, &other.wording.r#type)
                && profiles_agree(&one.profile, &other.profile);
            let titles = || format!("{} / {}", one.wording.title, other.wording.title);
            let swallowed = is_same.then(titles);
            if one.family != other.family {
                verdicts.far += 1;
                verdicts.far_swallowed.extend(swallowed);
            } else if one.problem != other.problem {
                verdicts.near_misses += 1;
                verdicts.swallowed.extend(swallowed);
            } else {
                verdicts.same += 1;
                verdicts.found += usize::from(is_same);
            }
        }
    }
    verdicts
}

#[test]
#[expect(clippy::print_stdout, reason = "the measurement is the result")]
fn what_is_called_the_same_is_the_same_and_most_of_it_is_found() {
    for half in [Half::Tuning, Half::HeldOut] {
        let verdicts = verdicts(half);
        let recall = verdicts.found as f64 / verdicts.same as f64;
        let wrong = verdicts.swallowed.len();
        let precision = verdicts.found as f64 / (verdicts.found + wrong) as f64;
        println!(
            "{half:?}: {} same, {} near misses: precision {precision:.3}, recall {recall:.3} ({} found); \
             {} of {} pairs across families called the same",
            verdicts.same,
            verdicts.near_misses,
            verdicts.found,
            verdicts.far_swallowed.len(),
            verdicts.far,
        );
        assert!(verdicts.swallowed.is_empty(), "{:#?}", verdicts.swallowed);
        assert!(verdicts.far_swallowed.is_empty(), "{:#?}", verdicts.far_swallowed);
        assert!(recall >= 0.8, "recall {recall}");
    }
}

#[test]
fn the_examples_of_the_specification() {
    let is_same = |one: &str, other: &str| Wording::titled(one).is_same(&Wording::titled(other));
    assert!(is_same("Rule #3 has 0% success after 10 uses", "Rule 3 never succeeds (0/12)"));
    assert!(is_same("Win rate drops significantly at night (22:00-06:00)", "Low win rate at night"));
    for (one, other) in [
        ("Rule #3 has 0% success after 10 uses", "Rule #5 has 0% success after 10 uses"),
        ("Rule 3 never succeeds", "Rules 3 and 5 never succeed"),
        ("Cooldown not preventing repeated trades on DOGE", "Cooldown not preventing repeated trades on ETH"),
        ("Win rate drops at night", "Win rate drops in the morning"),
        ("Win rate rose", "Win rate fell"),
        ("High error rate", "High rejection rate"),
        ("stop_loss exits lose money", "take_profit exits lose money"),
        ("Tier 2 coins lose", "Tier 3 coins lose"),
        ("price_history has no index", "activity_log has no index"),
        ("Exposure is too high", "Exposure is too low"),
        ("Rule 3 always fires", "Rule 3 never fires"),
        ("Learnings are missing", "Learnings are duplicates"),
    ] {
        assert!(!is_same(one, other), "{one} / {other}");
    }
}

#[test]
fn subjects_nobody_listed_are_recognised() {
    let is_same = |one: &str, other: &str, names: &Names| {
        let (one, other) = (Wording::titled(one), Wording::titled(other));
        is_same_problem(&one.statement(), &other.statement(), names)
    };
    let none = Names::default();
    assert!(is_same("BTC has a low win rate", "Low win rate on bitcoin", &none));
    assert!(!is_same("ZQX has a low win rate", "KWV has a low win rate", &none));
    let known = Names::new(["moonrise", "sunset-token"]);
    assert!(!is_same("Low win rate of moonrise", "Low win rate of sunset-token", &known));
    assert!(!is_same("Column foo_bar is empty", "Column foo_baz is empty", &none));
}

fn any_wording() -> impl Strategy<Value = Wording> {
    let all: Vec<Wording> = families()
        .into_iter()
        .flat_map(|family| family.problems)
        .flat_map(|problem| problem.wordings)
        .collect();
    prop::sample::select(all)
}

/// Other figures in place of those that are no subject, and one more at the end.
fn with_other_figures(text: &str, figure: u32) -> String {
    let mut changed = text.to_owned();
    for token in tokens(text) {
        let is_plain = token.is_figure() && !token.raw.contains(':') && !token.raw.ends_with('%');
        if is_plain && (token.raw.contains(['.', '/']) || token.raw.len() > 2) {
            changed = changed.replace(token.raw, &format!("{figure}.{figure}"));
        }
    }
    format!("{changed} ({figure} of {})", figure + 26)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_order_makes_no_difference(one in any_wording(), other in any_wording()) {
        prop_assert_eq!(one.is_same(&other), other.is_same(&one));
    }

    #[test]
    fn a_statement_is_the_same_as_itself(title in ".*[a-zA-Z0-9].*", description in ".*") {
        let wording = Wording { description, ..Wording::titled(&title) };
        prop_assert!(wording.is_same(&wording));
    }

    #[test]
    fn figures_do_not_count(one in any_wording(), other in any_wording(), figure in 101_u32..9_999) {
        let changed = Wording {
            title: with_other_figures(&one.title, figure),
            description: with_other_figures(&one.description, figure),
            evidence: with_other_figures(&one.evidence, figure),
            ..one.clone()
        };
        prop_assert_eq!(changed.is_same(&other), one.is_same(&other));
        prop_assert!(changed.is_same(&one), "{} / {}", changed.title, one.title);
    }

    #[test]
    fn no_text_is_too_strange(title in ".*", other in "\\PC*", evidence in "(rules?|hours?|tiers?|[0-9:#,%._-]|[A-Z]{2,5}| )*") {
        let one = Wording { evidence, ..Wording::titled(&title) };
        let other = Wording { description: title.clone(), ..Wording::titled(&other) };
        prop_assert_eq!(one.is_same(&other), other.is_same(&one));
    }
}
