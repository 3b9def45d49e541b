//! Everything that a run has to say, and what it comes to.

use chrono::{DateTime, Utc};

use crate::checks;
use crate::config::Config;
use crate::exit_code::Verdict;
use crate::llm;
use crate::metrics::Report;
use crate::model::{Disposition, Outcome, Severity, Status};
use crate::store::Kept;

/// Everything that a run has to say.
#[derive(Debug)]
pub(crate) struct Summary<'run> {
    /// What was asked for.
    pub(crate) config: &'run Config,
    /// The audited moment.
    pub(crate) now: DateTime<Utc>,
    /// What was measured.
    pub(crate) report: &'run Report,
    /// What came of the checks.
    pub(crate) checks: &'run checks::Analysis,
    /// What came of the LLM.
    pub(crate) llm: &'run llm::Analysis,
    /// What was found, and what became of it.
    pub(crate) kept: &'run Kept,
    /// Why nothing could be stored.
    pub(crate) store_error: Option<String>,
}

/// What the audit could not do.
pub(super) struct Shortcoming {
    /// In a few words, for the first line.
    pub(super) brief: String,
    /// Why.
    pub(super) reason: String,
}

impl Summary<'_> {
    /// The exit code that this run deserves.
    pub(crate) fn verdict(&self) -> Verdict {
        let paging = self.kept.outcomes.iter().filter(|outcome| outcome.pages());
        let worst = paging.map(|outcome| outcome.finding.severity).max();
        Verdict::of(worst, self.shortcomings().is_empty())
    }

    /// Whether there is nothing to tell to somebody who knows the alerts: nothing is new, worse or back, and
    /// the audit is complete.
    pub(crate) fn is_no_news(&self) -> bool {
        !self.kept.outcomes.iter().any(Outcome::is_news) && self.shortcomings().is_empty()
    }

    pub(super) fn shortcomings(&self) -> Vec<Shortcoming> {
        let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
        for (section, reason) in self.report.failed() {
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, sections)) => sections.push(section),
                None => reasons.push((reason, vec![section])),
            }
        }
        let mut shortcomings: Vec<Shortcoming> = reasons
            .into_iter()
            .map(|(reason, sections)| Shortcoming {
                brief: format!("not collected: {}", sections.join(", ")),
                reason: reason.to_owned(),
            })
            .collect();
        for (part, status, error) in [
            ("built-in checks", self.checks.status, &self.checks.error),
            ("LLM analysis", self.llm.status, &self.llm.error),
        ] {
            if status == Status::Failed {
                let reason = error.as_deref().unwrap_or("no reason given").to_owned();
                shortcomings.push(Shortcoming { brief: format!("{part} failed"), reason });
            }
        }
        if self.kept.has_history && self.report.is_of_nothing() && !self.report.holds_later_rows() {
            shortcomings.push(Shortcoming {
                brief: "nothing to audit".to_owned(),
                reason: "earlier runs have found something, and now the file holds no trade, open position, learning \
                         or activity: does the bot write to another file, or was this one emptied?"
                    .to_owned(),
            });
        }
        if self.llm.cut {
            shortcomings.push(Shortcoming {
                brief: "LLM answer cut short".to_owned(),
                reason:
                    "its complete findings count, what came after them is not known: raise max_tokens in the \
                         config file, or ask another model"
                        .to_owned(),
            });
        }
        if !self.checks.disturbed.is_empty() {
            shortcomings.push(Shortcoming {
                brief: format!("not decided: {}", self.checks.disturbed.join(", ")),
                reason: "each time that the file was read the bot wrote meanwhile, so that what they found may be \
                         its work in progress"
                    .to_owned(),
            });
        }
        if let Some(error) = &self.store_error {
            shortcomings.push(Shortcoming { brief: "nothing was stored".to_owned(), reason: error.clone() });
        }
        shortcomings
    }

    pub(super) fn with(&self, disposition: Disposition) -> usize {
        self.kept.outcomes.iter().filter(|outcome| outcome.disposition == disposition).count()
    }

    pub(super) fn of(&self, severity: Severity) -> impl Iterator<Item = &Outcome> {
        self.kept.outcomes.iter().filter(move |outcome| outcome.finding.severity == severity)
    }
}
