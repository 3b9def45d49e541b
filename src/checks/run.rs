//! Runs the checks: one that fails does not stop the others.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::analysis::Analysis;
use super::check::{Audit, Check, Found, Problem, Theme};
use super::claims;
use super::engine::{Catalogue, Code, Engine, Limits, Member, Outcome};
use super::history::History;
use super::problem::Key;
use super::registry::all;
use super::relations;
use crate::guard;
use crate::logging;
use crate::metrics::{Context, Report};
use crate::model::{About, Finding, Source, Status};
use crate::source::skipped as reason_to_skip;

/// Runs every check that is not switched off; one that fails does not stop the others.
pub(crate) fn run(context: &Context<'_>, report: &Report, catalogue: &'static Catalogue) -> Analysis {
    let mut run = Run::new(catalogue);
    match Engine::new(context.db.sandbox()) {
        Ok(engine) => run.all(context, report, &engine),
        Err(error) => run.failed("audit database", &error.into()),
    }
    run.analysis()
}

/// A run of the checks under way.
struct Run {
    analysis: Analysis,
    claims: Vec<(f64, Finding)>,
    /// Why checks could not run, each with the checks.
    failures: Vec<(String, Vec<String>)>,
}

impl Run {
    fn new(catalogue: &'static Catalogue) -> Self {
        let mut run = Self {
            analysis: Analysis {
                status: Status::Ok,
                error: None,
                completed: BTreeSet::new(),
                disabled: Vec::new(),
                skipped: BTreeMap::new(),
                undecided: BTreeSet::new(),
                disturbed: Vec::new(),
                explained: BTreeSet::new(),
                replaced: catalogue.replaced.clone(),
                findings: Vec::new(),
                failed: BTreeMap::new(),
                answers: BTreeMap::new(),
                catalogue,
            },
            claims: Vec::new(),
            failures: Vec::new(),
        };
        for broken in &catalogue.broken {
            run.failed(&broken.file, &anyhow::anyhow!(broken.reason.clone()));
        }
        run
    }

    fn all(&mut self, context: &Context<'_>, report: &Report, engine: &Engine<'_>) {
        let history = History::default();
        for member in self.analysis.catalogue.members() {
            let settings = context.config.checks.get(member.id()).copied().unwrap_or_default();
            if !settings.enabled {
                self.analysis.disabled.push(member.id());
                continue;
            }
            let started = Instant::now();
            let keys = guard::run(|| match member {
                Member::Rule(rule) => {
                    let outcome = engine.run(rule, Limits::of(rule, settings))?;
                    // Of rows that could not be read nobody knows what they say.
                    outcome.answer.tables().try_for_each(|table| context.db.ensure_filled(table))?;
                    Ok(self.rule(member, outcome))
                }
                Member::Code(code) => {
                    let threshold = settings.threshold.or(member.threshold()).unwrap_or_default();
                    let audit = Audit { context, report, threshold, history: &history, engine };
                    self.function(member, code, &audit)?;
                    Ok(Vec::new())
                }
            });
            logging::took(member.id(), started);
            match keys {
                Ok(keys) => engine.note(member, &keys),
                Err(error) => self.stopped(member.id(), &error),
            }
        }
    }

    /// Runs a rule; the bot's rows that it reports.
    fn rule(&mut self, member: &'static Member, outcome: Outcome) -> Vec<Key> {
        let id = member.id();
        self.analysis.completed.insert(id);
        self.analysis.findings.extend(outcome.problems.into_iter().map(|problem| finding(member, problem)));
        let explained = outcome.explained.iter().map(|subject| fingerprint(id, subject));
        self.analysis.explained.extend(explained);
        self.analysis.answers.insert(id, outcome.answer);
        outcome.keys
    }

    /// Runs a function. It reports no rows of the bot's: only rules do.
    fn function(&mut self, member: &'static Member, code: &Code, audit: &Audit<'_>) -> anyhow::Result<()> {
        let Some(check) = all().find(|check| check.id == code.id) else { return Ok(()) };
        let Some(found) = audit.engine.run_code(code, || run_one(check, audit))? else {
            self.analysis.disturbed.push(check.id);
            return Ok(());
        };
        self.analysis.completed.insert(check.id);
        self.analysis.findings.extend(found.facts.into_iter().map(|problem| finding(member, problem)));
        self.claims.extend(found.claims.into_iter().map(|claim| (claim.0, finding(member, claim.1))));
        Ok(())
    }

    fn stopped(&mut self, id: &'static str, error: &anyhow::Error) {
        match reason_to_skip(error) {
            Some(reason) => {
                tracing::warn!("Check {id} was {reason}");
                self.analysis.skipped.insert(id, reason);
            }
            None => self.failed(id, error),
        }
    }

    fn failed(&mut self, check: &str, error: &anyhow::Error) {
        tracing::error!("Check {check} failed: {error:#}");
        let reason = format!("{error:#}");
        self.analysis.failed.insert(check.to_owned(), reason.clone());
        match self.failures.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, checks)) => checks.push(check.to_owned()),
            None => self.failures.push((reason, vec![check.to_owned()])),
        }
    }

    /// Facts that a claim explains are left to it where it stands: only then is it reported.
    fn leave_to(&mut self, claims: &[Finding]) {
        let is_told = |finding: &Finding| {
            let Source::Check(id) = finding.source else { return false };
            let explainers = relations::of(id).explained_by;
            claims.iter().any(|claim| matches!(claim.source, Source::Check(by) if explainers.contains(&by)))
        };
        let (told, own) = std::mem::take(&mut self.analysis.findings).into_iter().partition(is_told);
        self.analysis.findings = own;
        let told: Vec<Finding> = told;
        self.analysis.explained.extend(told.into_iter().filter_map(|finding| finding.fingerprint));
    }

    fn analysis(mut self) -> Analysis {
        let judged = claims::judge(std::mem::take(&mut self.claims));
        for finding in judged.undecided {
            if let Source::Check(id) = finding.source {
                self.analysis.undecided.insert(id);
            }
            self.analysis.explained.extend(finding.fingerprint);
        }
        self.leave_to(&judged.stand);
        self.analysis.findings.extend(judged.stand);
        self.analysis.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        if !self.failures.is_empty() {
            self.analysis.status = Status::Failed;
            self.analysis.error = Some(listed(&self.failures));
        }
        self.analysis
    }
}

/// What a check found; `None` where it compared what the bot adds with what it overwrites and the bot wrote
/// meanwhile, for that holds only for one moment.
fn run_one(check: &Check, audit: &Audit<'_>) -> anyhow::Result<Option<Found>> {
    let found = (check.run)(audit)?;
    let compares = check.theme == Theme::Integrity;
    let is_decided = !compares || found.is_nothing() || !audit.context.db.filled().is_torn;
    Ok(is_decided.then_some(found))
}

/// Each reason once, behind the checks that it stopped.
fn listed(failures: &[(String, Vec<String>)]) -> String {
    let failures = failures.iter().map(|(reason, checks)| format!("{}: {reason}", checks.join(", ")));
    failures.collect::<Vec<_>>().join("; ")
}

/// Equal for the same problem in every run.
fn fingerprint(id: &str, subject: &str) -> String {
    format!("{id}:{subject}")
}

fn finding(member: &'static Member, problem: Problem) -> Finding {
    Finding {
        alert_type: problem.alert_type,
        severity: problem.severity,
        title: problem.title,
        description: problem.description,
        evidence: Some(problem.evidence),
        recommendation: Some(problem.recommendation),
        fingerprint: Some(fingerprint(member.id(), &problem.subject)),
        source: Source::Check(member.id()),
        grounded: Some(true),
        duplicate_of: None,
        check: About { theme: member.theme().as_str(), why: member.why(), was: member.was(&problem.subject) },
    }
}
