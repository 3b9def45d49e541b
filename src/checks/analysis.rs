//! What came of the checks.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::engine::{Answer, Catalogue};
use crate::model::{Finding, Status};

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
    /// Checks with a claim that is not decided: it neither stands nor is withdrawn.
    pub(crate) undecided: BTreeSet<&'static str>,
    /// Checks that found something in rows of two moments: it may be a fault, or the bot at work.
    pub(crate) disturbed: Vec<&'static str>,
    /// Fingerprints that are not decided: all that shows them is told by other findings, or their claim is not
    /// decided.
    pub(crate) explained: BTreeSet<String>,
    /// Built-in checks that a rule of the user's replaces.
    pub(crate) replaced: Vec<String>,
    /// What was found; reported with the LLM's findings, not here.
    #[serde(skip)]
    pub(crate) findings: Vec<Finding>,
    /// Why checks could not run, by their ids or files.
    #[serde(skip)]
    pub(crate) failed: BTreeMap<String, String>,
    /// All that rules found, by their ids.
    #[serde(skip)]
    pub(crate) answers: BTreeMap<&'static str, Answer>,
    /// All checks.
    #[serde(skip)]
    pub(crate) catalogue: &'static Catalogue,
}
