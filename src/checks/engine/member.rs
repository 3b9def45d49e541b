//! A check of either kind: a function or a rule, with the same metadata.

use super::rule::Rule;
use crate::checks::theme::Theme;

/// What is known of a check that is a function; the function itself is found by the id.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    /// Its name.
    pub(crate) id: &'static str,
    /// What it is about.
    pub(crate) theme: Theme,
    /// What it finds and why that matters.
    pub(crate) why: &'static str,
    /// The number that decides, with its unit and reason.
    pub(crate) threshold: Option<(f64, &'static str)>,
    /// What it has to do with other checks.
    pub(crate) relations: Relations,
}

/// What a function has to do with other checks: what rules say in their first comment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Relations {
    /// Its name.
    pub(crate) id: &'static str,
    /// Checks whose rows are theirs to report.
    pub(crate) explained_by: &'static [&'static str],
    /// Cells whose values are wrong in its rows.
    pub(crate) distrusts: &'static [&'static str],
    /// Cells that must be right for it.
    pub(crate) needs: &'static [&'static str],
}

/// One check.
#[derive(Debug)]
pub(crate) enum Member {
    /// A function.
    Code(Code),
    /// An SQL file.
    Rule(Box<Rule>),
}

impl Member {
    /// Its name.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Code(check) => check.id,
            Self::Rule(rule) => &rule.header.id,
        }
    }

    /// What it is about.
    pub(crate) fn theme(&self) -> Theme {
        match self {
            Self::Code(check) => check.theme,
            Self::Rule(rule) => rule.theme,
        }
    }

    /// What it finds and why that matters.
    pub(crate) fn why(&self) -> &str {
        match self {
            Self::Code(check) => check.why,
            Self::Rule(rule) if rule.header.why.is_empty() => &rule.header.title,
            Self::Rule(rule) => &rule.header.why,
        }
    }

    /// The number that decides, where nothing else is set.
    pub(crate) fn threshold(&self) -> Option<f64> {
        match self {
            Self::Code(check) => check.threshold.map(|(default, _)| default),
            Self::Rule(rule) => rule.header.threshold,
        }
    }

    /// Its unit, and why it is what it is.
    pub(crate) fn threshold_reason(&self) -> Option<&str> {
        match self {
            Self::Code(check) => check.threshold.map(|(_, reason)| reason),
            Self::Rule(rule) => rule.threshold_reason.as_deref(),
        }
    }

    /// Checks whose rows are theirs to report.
    pub(crate) fn explained_by(&self) -> Vec<&str> {
        match self {
            Self::Code(check) => check.relations.explained_by.to_vec(),
            Self::Rule(rule) => rule.header.explained_by.iter().map(String::as_str).collect(),
        }
    }

    /// Cells whose values are wrong in its rows.
    pub(crate) fn distrusts(&self) -> Vec<&str> {
        match self {
            Self::Code(check) => check.relations.distrusts.to_vec(),
            Self::Rule(rule) => rule.header.distrusts.iter().map(String::as_str).collect(),
        }
    }

    /// Cells that must be right for it.
    pub(crate) fn needs(&self) -> Vec<&str> {
        match self {
            Self::Code(check) => check.relations.needs.to_vec(),
            Self::Rule(rule) => rule.header.needs.iter().map(String::as_str).collect(),
        }
    }

    /// Its file, where it is a user's.
    pub(crate) fn file(&self) -> Option<&std::path::Path> {
        match self {
            Self::Code(_) => None,
            Self::Rule(rule) => rule.file.as_deref(),
        }
    }

    /// Fingerprints under which its finding about a subject was stored before.
    pub(crate) fn was(&self, subject: &str) -> Vec<String> {
        let Self::Rule(rule) = self else { return Vec::new() };
        let of_subject = |was: &String| match was.split_once(':') {
            Some((id, "*")) => Some(format!("{id}:{subject}")),
            Some((_, own)) if own == subject || subject.is_empty() => Some(was.clone()),
            _ => None,
        };
        rule.header.was.iter().filter_map(of_subject).collect()
    }
}
