//! What the bot refuses, and why.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Audit, Check, Evidence, Found, Problem, Theme, Threshold, percent};
use crate::bot::clock;
use crate::bot::log::{Entry, Log, is_failure_text, quotable};
use crate::finding::{AlertType, Severity};
use crate::untrusted::cut;

/// Most proposals fail at one limit.
pub(super) const DOMINANT: Check = Check {
    id: "proposals-refused",
    theme: Theme::Funnel,
    why: "An LLM whose proposals are nearly all refused for one reason does not know a limit that it could know.",
    threshold: Some(Threshold {
        default: 0.5,
        reason: "share of at least 100 proposals in the window: more are then refused for this than for all else",
    }),
    run: dominant,
};

/// The same refusal again and again.
pub(super) const STUBBORN: Check = Check {
    id: "refusal-repeated",
    theme: Theme::Funnel,
    why: "The same proposal refused many times in a row shows that a refusal never reaches the LLM.",
    threshold: Some(Threshold {
        default: 10.0,
        reason: "refusals in a row for one coin and one reason, with nothing else decided in between",
    }),
    run: stubborn,
};

/// Doing nothing, logged as a refusal.
pub(super) const NOT_REFUSED: Check = Check {
    id: "hold-logged-as-refusal",
    theme: Theme::Funnel,
    why: "Nothing is refused when the LLM decides to do nothing: such rows inflate every count of refusals.",
    threshold: Some(Threshold { default: 50.0, reason: "rows in the window" }),
    run: not_refused,
};

const FEWEST_PROPOSALS: u64 = 100;
/// Of all requests for a decision: below it refusals cost little, as those of a cooldown that works.
const COSTLY_SHARE: f64 = 0.2;

/// The reason of a refusal in a word or two; `None` where the row refuses nothing.
fn reason_of(entry: Entry<'_>) -> Option<Cow<'static, str>> {
    match (entry.limit(), entry.kind()) {
        (Some("other"), _) => Some(in_words(entry.description()).into()),
        (Some(limit), _) if limit.contains('_') => Some(limit.replace('_', " ").into()),
        (Some(limit), _) => Some(limit.into()),
        (None, "decision_rejected") if !entry.description().starts_with("HOLD") => {
            let (_, reason) = entry.description().split_once(": ")?;
            Some(in_words(reason.split('(').next().unwrap_or(reason)).into())
        }
        _ => None,
    }
}

/// The words behind `BUY solana $100.00:`, without numbers.
fn in_words(description: &str) -> String {
    let reason = description.split_once(": ").map_or(description, |(_, reason)| reason);
    let words =
        reason.split_whitespace().filter(|word| !word.contains(|letter: char| letter.is_ascii_digit()));
    cut(&quotable(&words.take(8).collect::<Vec<_>>().join(" ")), 60)
}

/// `BUY solana`, of `BUY solana $100.00: …`.
fn proposal_of(entry: Entry<'_>) -> &str {
    entry.description().split(['$', ':']).next().unwrap_or_default().trim()
}

fn proposals(log: &Log) -> u64 {
    log.decisions.iter().filter(|decision| decision.is("BUY")).count() as u64
}

fn by_reason(log: &Log) -> BTreeMap<Cow<'static, str>, Evidence> {
    let mut reasons: BTreeMap<Cow<'static, str>, Evidence> = BTreeMap::new();
    for entry in log.entries() {
        if let Some(reason) = reason_of(entry) {
            reasons.entry(reason).or_default().fault(|| {
                let text = match entry.limit() {
                    None | Some("other") => Cow::Owned(quotable(entry.description())),
                    Some(_) => Cow::Borrowed(entry.description()),
                };
                format!("#{} {}", entry.id(), cut(&text, 110))
            });
        }
    }
    reasons
}

fn dominant_reason(log: &Log, least_share: f64) -> Option<(Cow<'static, str>, Evidence)> {
    let proposals = proposals(log);
    let (reason, mut evidence) = by_reason(log).into_iter().max_by_key(|(_, evidence)| evidence.count)?;
    evidence.of = proposals;
    let share = percent(evidence.count, proposals) / 100.0;
    (proposals >= FEWEST_PROPOSALS && share > least_share).then_some((reason, evidence))
}

fn dominant(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let log = audit.log()?;
    let Some((reason, evidence)) = dominant_reason(log, audit.threshold) else { return Ok(Found::nothing()) };
    let opened = log.of_kind("trade_opened").count();
    let wasted = percent(evidence.count, log.decisions.len() as u64) / 100.0;
    Ok(Some(Problem {
        alert_type: AlertType::Inefficiency,
        severity: if wasted >= COSTLY_SHARE { Severity::Medium } else { Severity::Low },
        subject: reason.clone().into_owned(),
        title: format!("Most proposals to buy are refused for one reason: {reason}"),
        description: format!(
            "{} of {} proposals to buy ({:.0} %) were refused for the reason \"{reason}\"; executed: {opened}. Each costs a \
             request to the LLM, and a decision that could have been useful.",
            evidence.count,
            evidence.of,
            percent(evidence.count, evidence.of)
        ),
        evidence: evidence.text(
            "proposals to buy",
            "SELECT id, created_at, description FROM activity_log WHERE activity_type IN ('trade_rejected', 'decision_rejected') ORDER BY id DESC",
        ),
        recommendation: "Test the limit before the LLM is asked (skip the request, or offer only what is allowed), \
                         and put what is left of the limit into the prompt."
            .to_owned(),
    })
    .into())
}

/// One proposal that is refused again and again.
struct Streak<'log> {
    proposal: &'log str,
    reason: Cow<'static, str>,
    rows: Vec<Entry<'log>>,
}

fn streaks(log: &Log) -> Vec<Streak<'_>> {
    let mut streaks: Vec<Streak<'_>> = Vec::new();
    let mut broken = true;
    for entry in log.entries() {
        match entry.kind() {
            "trade_rejected" => {
                let (proposal, reason) = (proposal_of(entry), reason_of(entry).unwrap_or_default());
                match streaks.last_mut() {
                    Some(last) if !broken && last.proposal == proposal && last.reason == reason => {
                        last.rows.push(entry)
                    }
                    _ => streaks.push(Streak { proposal, reason, rows: vec![entry] }),
                }
                broken = false;
            }
            "trade_opened" | "trade_closed" | "decision_rejected" => broken = true,
            _ => {}
        }
    }
    streaks
}

fn stubborn(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let log = audit.log()?;
    let reported = dominant_reason(log, 0.5).map(|(reason, _)| reason);
    let mut evidence = Evidence::default();
    let mut longest = 0;
    let mut refusals = 0;
    for streak in streaks(log).iter().filter(|streak| Some(&streak.reason) != reported.as_ref()) {
        let is_long = streak.rows.len() as f64 >= audit.threshold;
        refusals += if is_long { streak.rows.len() } else { 0 };
        longest = longest.max(streak.rows.len());
        let since = streak.rows.first().map(|entry| clock::utc_text(entry.at())).unwrap_or_default();
        evidence.row(is_long.then_some(|| {
            format!(
                "{} refused {} times in a row from {since}: {}",
                cut(streak.proposal, 50),
                streak.rows.len(),
                streak.reason
            )
        }));
    }
    let problem = Problem {
        alert_type: AlertType::Inefficiency,
        severity: Severity::Low,
        subject: String::new(),
        title: "The same proposal is refused again and again for the same reason".to_owned(),
        description: format!(
            "{} series of refusals for one coin and one reason, {refusals} refusals, the longest {longest} in a row: \
             the LLM does not learn that it was refused.",
            evidence.count
        ),
        evidence: evidence.text(
            "series",
            "SELECT id, created_at, description FROM activity_log WHERE activity_type = 'trade_rejected' ORDER BY id DESC",
        ),
        recommendation: "Tell the LLM in the next prompt what was refused and why.".to_owned(),
    };
    Ok((evidence.count > 0).then_some(problem).into())
}

fn not_refused(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let mut evidence = Evidence::default();
    for entry in audit.log()?.of_kind("decision_rejected") {
        // What stands for an answer that could not be read is a failure, and told elsewhere.
        if is_failure_text(entry.details().unwrap_or_default()) {
            continue;
        }
        let is_hold = entry.description().starts_with("HOLD");
        evidence.row(is_hold.then_some(|| format!("#{} {}", entry.id(), cut(entry.description(), 80))));
    }
    let problem = Problem {
        alert_type: AlertType::Inefficiency,
        severity: Severity::Low,
        subject: String::new(),
        title: "Decisions to do nothing are logged as refused decisions".to_owned(),
        description: format!(
            "{} of {} refused decisions of the LLM's own ({:.0} %) are a HOLD, which nobody would have executed. \
             Counts of refusals and of weak decisions mean nothing with them.",
            evidence.count,
            evidence.of,
            percent(evidence.count, evidence.of)
        ),
        evidence: evidence.text(
            "refused decisions",
            "SELECT id, description, details FROM activity_log WHERE activity_type = 'decision_rejected' ORDER BY id DESC",
        ),
        recommendation: "Test the confidence only of decisions to trade.".to_owned(),
    };
    Ok((evidence.count as f64 >= audit.threshold).then_some(problem).into())
}
