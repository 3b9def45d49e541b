//! What the bot refuses, and why.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::proposals::{Proposals, reason_of};
use super::wording::{like, percent};
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme, Threshold};
use crate::model::{AlertType, Severity};
use crate::source::clock;
use crate::source::log::{Entry, Log, failure_word};
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

/// Of all requests for a decision: below it refusals cost little, as those of a cooldown that works.
const COSTLY_SHARE: f64 = 0.2;

/// `BUY solana`, of `BUY solana $100.00: …`.
fn proposal_of(entry: Entry<'_>) -> &str {
    entry.description().split(['$', ':']).next().unwrap_or_default().trim()
}

fn dominant(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let log = audit.log()?;
    let proposals = Proposals::of(log);
    let (opened, alone) = (proposals.opened, proposals.without_decision);
    let Some((reason, evidence)) = proposals.dominant(audit.threshold) else { return Ok(Found::nothing()) };
    let wasted = evidence.count as f64 / log.decisions.len().max(1) as f64;
    let without_decision = match alone {
        0 => String::new(),
        _ => format!(
            " {alone} of these proposals are known by their outcome only: no decision stands before it."
        ),
    };
    Ok(Some(Problem {
        alert_type: AlertType::Inefficiency,
        severity: if wasted >= COSTLY_SHARE { Severity::Medium } else { Severity::Low },
        subject: reason.clone().into_owned(),
        title: format!("Most proposals to buy are refused for one reason: {reason}"),
        description: format!(
            "{} of {} proposals to buy ({:.0} %) were refused for the reason \"{reason}\"; executed: {opened}.{without_decision}",
            evidence.count,
            evidence.of,
            percent(evidence.count, evidence.of)
        ),
        evidence: evidence.text(
            "proposals to buy",
            &format!(
                "SELECT id, created_at, description FROM activity_log WHERE {} AND activity_type IN ('trade_rejected', \
                 'decision_rejected') AND description LIKE {} ORDER BY id DESC",
                log.read_sql(),
                like(&reason)
            ),
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
    let reported = Proposals::of(log).dominant(0.5).map(|(reason, _)| reason);
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
            "{} series of at least {} refusals for one coin and one reason, with no other proposal between them: {refusals} \
             refusals, the longest series has {longest}.",
            evidence.count, audit.threshold
        ),
        evidence: evidence.text(
            "series",
            &format!(
                "SELECT id, created_at, description FROM activity_log WHERE {} AND activity_type = 'trade_rejected' ORDER BY id DESC",
                log.read_sql()
            ),
        ),
        recommendation: "Does the next prompt say what was refused and why? If not, put it there.".to_owned(),
    };
    Ok((evidence.count > 0).then_some(problem).into())
}

fn not_refused(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let log = audit.log()?;
    let (mut evidence, mut failures, mut words) = (Evidence::default(), 0_u64, BTreeSet::new());
    for entry in log.of_kind("decision_rejected") {
        // What stands for an answer that could not be read is a failure, and told elsewhere.
        if let Some(word) = failure_word(entry.details().unwrap_or_default()) {
            failures += 1;
            words.insert(word);
            continue;
        }
        let is_hold = entry.description().starts_with("HOLD");
        evidence.row(is_hold.then_some(|| format!("#{} {}", entry.id(), cut(entry.description(), 80))));
    }
    let told_elsewhere: String =
        words.iter().map(|word| format!(" AND coalesce(details, '') NOT LIKE '%{word}%'")).collect();
    let problem = Problem {
        alert_type: AlertType::Inefficiency,
        severity: Severity::Low,
        subject: String::new(),
        title: "Decisions to do nothing are logged as refused decisions".to_owned(),
        description: format!(
            "{} of {} rows of refused decisions ({:.0} %) are a HOLD: there was nothing to refuse. \
             Counts of refusals contain them, and {failures} more rows whose text is that of a failure.",
            evidence.count,
            evidence.of,
            percent(evidence.count, evidence.of)
        ),
        evidence: evidence.text(
            "refused decisions",
            &format!(
                "SELECT id, description, details FROM activity_log WHERE {} AND activity_type = 'decision_rejected' \
                 AND description LIKE 'HOLD%'{told_elsewhere} ORDER BY id DESC",
                log.read_sql()
            ),
        ),
        recommendation: "Test the confidence only of decisions to trade.".to_owned(),
    };
    Ok((evidence.count as f64 >= audit.threshold).then_some(problem).into())
}
