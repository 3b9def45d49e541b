//! Built-in checks: they run without any LLM, cost nothing and repeat exactly.
//!
//! A check is a plain function over the report and, where it needs rows, the canonical views. It is
//! stated over what any bot has, never over one bot's known fault; one fault gives one finding.

mod positions;
mod rules;

use serde::Serialize;

use crate::collectors::{Context, Report};
use crate::finding::Finding;
use crate::llm::Status;

/// One check.
struct Check {
    /// Stable name: part of a finding's source.
    id: &'static str,
    run: fn(&Context<'_>, &Report) -> anyhow::Result<Vec<Finding>>,
}

/// Every check, in the order in which findings are reported.
const CHECKS: &[Check] = &[
    Check { id: positions::STALE, run: positions::stale },
    Check { id: rules::NEVER_SUCCEEDED, run: rules::never_succeeded },
];

/// What came of the checks.
#[derive(Debug, Serialize)]
pub(crate) struct Analysis {
    /// Failed when at least one check could not run.
    pub(crate) status: Status,
    /// Which checks could not run, and why.
    pub(crate) error: Option<String>,
    /// Checks that ran to their end.
    pub(crate) completed: usize,
    /// What was found; reported with the LLM's findings, not here.
    #[serde(skip)]
    pub(crate) findings: Vec<Finding>,
}

/// Runs every check; one that fails does not stop the others.
pub(crate) fn run(context: &Context<'_>, report: &Report) -> Analysis {
    let mut findings = Vec::new();
    let mut failures = Vec::new();
    for check in CHECKS {
        match (check.run)(context, report) {
            Ok(found) => findings.extend(found),
            Err(error) => {
                tracing::error!("Check {} failed: {error:#}", check.id);
                failures.push(format!("{}: {error:#}", check.id));
            }
        }
    }
    Analysis {
        status: if failures.is_empty() { Status::Ok } else { Status::Failed },
        completed: CHECKS.len() - failures.len(),
        error: (!failures.is_empty()).then(|| failures.join("; ")),
        findings,
    }
}
