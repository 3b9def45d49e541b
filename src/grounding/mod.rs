//! Holds what an LLM says against what it was shown.
//!
//! A language model quotes well and invents well. Each figure of a finding's title, description and
//! evidence is looked up among the report's figures: with the rounding that its digits allow, in its
//! unit, and under the name that stands beside it. Rules and coins must exist. What an LLM wants to
//! be done is not judged: a recommendation claims nothing about the report.

mod clues;
mod coins;
mod derive;
mod facts;
mod figure;
mod known;
mod mentions;
mod pairs;
mod reading;
mod support;
#[cfg(test)]
mod tests;
mod tokens;
mod words;

pub(crate) use known::Known;

use self::reading::Reading;
use crate::model::Finding;
use facts::Fact;
use support::{Judged, Standing};

/// Whether the report carries a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Its figures and names stand in the report.
    Grounded,
    /// They do not; why is half a sentence: "its evidence names no figure of the report".
    Ungrounded {
        /// For the alert's description.
        reason: String,
    },
}

/// Holds a finding against what its author was shown.
pub(crate) fn judge(finding: &Finding, known: &Known) -> Judgement {
    match why_ungrounded(finding, known) {
        None => Judgement::Grounded,
        Some(reason) => Judgement::Ungrounded { reason },
    }
}

fn why_ungrounded(finding: &Finding, known: &Known) -> Option<String> {
    let evidence = read(finding.evidence.as_deref().unwrap_or_default(), known);
    let title = read(&finding.title, known);
    let description = read(&finding.description, known);
    let unknown = [&title, &description, &evidence].into_iter().find_map(|text| text.unknown.first());
    if let Some(unknown) = unknown {
        return Some(unknown.clone());
    }
    let said = [title.figures, description.figures].concat();
    let quoted = quoted(&[said.as_slice(), &evidence.figures].concat(), known);
    let said = with_derived(said, &quoted);
    let evidence = with_derived(evidence.figures, &quoted);
    if !evidence.iter().any(|judged| judged.standing == Standing::Stands) {
        return Some(match wrong(&evidence).is_empty() {
            true => "its evidence names no figure of the report".to_owned(),
            false => shares(&evidence),
        });
    }
    let all = [said, evidence].concat();
    is_mostly_wrong(&all).then(|| shares(&all))
}

/// One text, read and looked up.
struct Examined {
    figures: Vec<Judged>,
    unknown: Vec<String>,
}

fn read(text: &str, known: &Known) -> Examined {
    let tokens = tokens::read(text);
    let mentions = mentions::find(&tokens, known);
    let verbatim = known.lines.iter().filter_map(|line| verbatim(text, line));
    let reading = Reading {
        tokens: &tokens,
        mentions: &mentions,
        subjects: reading::subjects(&tokens, &mentions),
        verbatim: verbatim.collect(),
    };
    Examined {
        figures: support::judge(&reading, known),
        unknown: mentions::unknown(&tokens, &mentions, known),
    }
}

/// Where a line of the prompt stands in a text; not where its last number goes on.
fn verbatim(text: &str, line: &str) -> Option<(usize, usize)> {
    let from = text.find(line)?;
    let behind = text.get(from + line.len()..)?.chars().next();
    let goes_on =
        behind.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '.' | ',' | '%' | '_'));
    (!goes_on).then_some((from, from + line.len()))
}

/// The facts that a finding quotes, from which its other figures may follow.
fn quoted<'known>(judged: &[Judged], known: &'known Known) -> Vec<&'known Fact> {
    // A small number that is many facts at once says of none of them that it was meant.
    const MOST_FACTS: usize = 6;
    let standing = judged
        .iter()
        .filter(|judged| judged.standing == Standing::Stands && judged.facts.len() <= MOST_FACTS);
    let mut indices: Vec<usize> = standing.flat_map(|judged| judged.facts.iter().copied()).collect();
    indices.sort_unstable();
    indices.dedup();
    indices.into_iter().filter_map(|index| known.facts.get(index)).collect()
}

fn with_derived(judged: Vec<Judged>, quoted: &[&Fact]) -> Vec<Judged> {
    let derived = |mut judged: Judged| {
        let is_open = matches!(judged.standing, Standing::Absent | Standing::Misnamed);
        if is_open && derive::follows(&judged.figure, quoted) {
            judged.standing = Standing::Follows;
        }
        judged
    };
    judged.into_iter().map(derived).collect()
}

fn wrong(judged: &[Judged]) -> Vec<&Judged> {
    judged.iter().filter(|judged| matches!(judged.standing, Standing::Absent | Standing::Misnamed)).collect()
}

/// One wrong figure beside three that stand is a slip; more is invention. Derived figures excuse
/// nothing: whoever has two figures can derive many.
fn is_mostly_wrong(judged: &[Judged]) -> bool {
    const RIGHT_FOR_ONE_WRONG: usize = 2;
    let right = judged.iter().filter(|judged| judged.standing == Standing::Stands).count();
    let wrong = wrong(judged).len();
    wrong > 0 && right < wrong * RIGHT_FOR_ONE_WRONG
}

/// "3 of 4 figures (0.42, 51, 21) do not stand in the report".
fn shares(judged: &[Judged]) -> String {
    const MOST_SHOWN: usize = 4;
    let wrong = wrong(judged);
    let claims = judged.iter().filter(|judged| judged.standing != Standing::Silent).count();
    let mut shown: Vec<&str> = Vec::new();
    for figure in wrong.iter().map(|judged| judged.figure.written.as_str()) {
        if shown.len() < MOST_SHOWN && !shown.contains(&figure) {
            shown.push(figure);
        }
    }
    let more = if wrong.len() > shown.len() { " …" } else { "" };
    let stand = if wrong.len() == 1 { "does not stand" } else { "do not stand" };
    let figures = if claims == 1 { "figure" } else { "figures" };
    format!("{} of {claims} {figures} ({}{more}) {stand} so in the report", wrong.len(), shown.join(", "))
}
