//! Runs the checks: one that fails does not stop the others.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde::Serialize;

use super::check::{Audit, Check, Found, Problem, Theme};
use super::registry::all;
use super::shared::Shared;
use crate::config::CheckSettings;
use crate::guard;
use crate::logging;
use crate::metrics::{Context, Report};
use crate::model::{Finding, Source, Status};
use crate::source::clock;
use crate::source::log::{Log, MOST_ROWS};
use crate::source::skipped as reason_to_skip;

/// Expected share of false claims among the statistical claims of a run (Benjamini and Hochberg, 1995).
const FALSE_DISCOVERY_RATE: f64 = 0.05;

/// What came of the checks.
#[derive(Debug, Serialize)]
pub(crate) struct Analysis {
    /// Failed when at least one check could not run.
    pub(crate) status: Status,
    /// Which checks could not run, and why.
    pub(crate) error: Option<String>,
    /// Checks that ran to their end.
    pub(crate) completed: BTreeSet<&'static str>,
    /// Checks that the config file switched off.
    pub(crate) disabled: Vec<&'static str>,
    /// Checks that would have held up the bot, and why.
    pub(crate) skipped: BTreeMap<&'static str, String>,
    /// Checks that found something in rows of two moments: it may be a fault, or the bot at work.
    pub(crate) undecided: Vec<&'static str>,
    /// What was found; reported with the LLM's findings, not here.
    #[serde(skip)]
    pub(crate) findings: Vec<Finding>,
}

/// Runs every check that is not switched off; one that fails does not stop the others.
pub(crate) fn run(context: &Context<'_>, report: &Report) -> Analysis {
    let settings: &BTreeMap<String, CheckSettings> = &context.config.checks;
    let mut facts = Vec::new();
    let mut claims = Vec::new();
    let mut failures: Vec<(String, Vec<&str>)> = Vec::new();
    let mut disabled = Vec::new();
    let mut skipped = BTreeMap::new();
    let mut undecided = Vec::new();
    let mut completed = BTreeSet::new();
    let shared = Shared::default();
    for check in all() {
        let own = settings.get(check.id).copied().unwrap_or_default();
        if !own.enabled {
            disabled.push(check.id);
            continue;
        }
        let default = check.threshold.as_ref().map_or(0.0, |threshold| threshold.default);
        let threshold = own.threshold.unwrap_or(default);
        let audit = Audit { context, report, threshold, shared: &shared, has_read_log: Cell::new(false) };
        let started = Instant::now();
        let found = guard::run(|| run_one(check, &audit));
        logging::took(check.id, started);
        match found {
            Ok(None) => undecided.push(check.id),
            Ok(Some(found)) => {
                completed.insert(check.id);
                facts.extend(found.facts.into_iter().map(|problem| finding(check, problem)));
                claims.extend(found.claims.into_iter().map(|claim| (claim.0, finding(check, claim.1))));
            }
            Err(error) => match reason_to_skip(&error) {
                Some(reason) => {
                    tracing::warn!("Check {} was {reason}", check.id);
                    skipped.insert(check.id, reason);
                }
                None => {
                    tracing::error!("Check {} failed: {error:#}", check.id);
                    let reason = format!("{error:#}");
                    match failures.iter_mut().find(|(known, _)| *known == reason) {
                        Some((_, checks)) => checks.push(check.id),
                        None => failures.push((reason, vec![check.id])),
                    }
                }
            },
        }
    }
    facts.extend(discoveries(claims));
    facts.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Analysis {
        status: if failures.is_empty() { Status::Ok } else { Status::Failed },
        completed,
        disabled,
        skipped,
        undecided,
        error: (!failures.is_empty()).then(|| listed(&failures)),
        findings: facts,
    }
}

/// What a check found; `None` where it compared what the bot adds with what it overwrites and the bot wrote
/// meanwhile, for that holds only for one moment.
fn run_one(check: &Check, audit: &Audit<'_>) -> anyhow::Result<Option<Found>> {
    let mut found = (check.run)(audit)?;
    if audit.has_read_log.get() {
        say_what_was_read(&mut found, audit.log()?);
    }
    let compares = matches!(check.theme, Theme::Recompute | Theme::Refer);
    let is_decided = !compares || found.is_nothing() || !audit.context.bot.was_written_meanwhile();
    Ok(is_decided.then_some(found))
}

/// A log that is longer than what is read of it says nothing of the window's beginning.
fn say_what_was_read(found: &mut Found, log: &Log) {
    let Some(first) = log.entry(0).filter(|_| log.is_cut) else { return };
    let from = clock::utc_text(first.at());
    let claimed = found.claims.iter_mut().map(|(_, problem)| problem);
    for problem in found.facts.iter_mut().chain(claimed) {
        problem.description.push_str(&format!(
            " (The window's newest {MOST_ROWS} rows of the log were read, from {from} UTC on.)"
        ));
    }
}

/// Each reason once, behind the checks that it stopped.
fn listed(failures: &[(String, Vec<&str>)]) -> String {
    let failures = failures.iter().map(|(reason, checks)| format!("{}: {reason}", checks.join(", ")));
    failures.collect::<Vec<_>>().join("; ")
}

fn finding(check: &Check, problem: Problem) -> Finding {
    Finding {
        alert_type: problem.alert_type,
        severity: problem.severity,
        title: problem.title,
        description: problem.description,
        evidence: Some(problem.evidence),
        recommendation: Some(problem.recommendation),
        fingerprint: Some(format!("{}:{}", check.id, problem.subject)),
        source: Source::Check(check.id),
        grounded: Some(true),
        duplicate_of: None,
    }
}

/// The claims that stand out of all tests of the run: the largest k with p(k) ≤ k/m × rate.
fn discoveries(mut claims: Vec<(f64, Finding)>) -> Vec<Finding> {
    claims.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let tests = claims.len() as f64;
    let kept = claims
        .iter()
        .zip(1_u32..)
        .filter(|((p_value, _), rank)| *p_value <= f64::from(*rank) / tests * FALSE_DISCOVERY_RATE)
        .map(|(_, rank)| rank as usize)
        .max()
        .unwrap_or(0);
    claims.into_iter().take(kept).map(|(_, finding)| finding).collect()
}
