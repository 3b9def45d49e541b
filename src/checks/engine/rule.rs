//! A check as a file: what it is called and how it is told, in TOML, and the SELECT that returns faulty rows.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, ensure};
use serde::Deserialize;

use crate::checks::theme::Theme;
use crate::model::{AlertType, Severity};

/// One rule.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// What stands in its first comment.
    pub(crate) header: Header,
    /// Unit and reason of the threshold: the comment behind it.
    pub(crate) threshold_reason: Option<String>,
    /// The SELECT, without the first comment.
    pub(crate) sql: String,
    /// What it is about.
    pub(crate) theme: Theme,
    /// The user's file; `None` for one of our own.
    pub(crate) file: Option<PathBuf>,
}

/// The first comment of a rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    /// Its name: letters of ASCII in lower case, digits and hyphens.
    pub(crate) id: String,
    /// How bad a finding is, where no row says it.
    pub(crate) severity: Severity,
    /// The kind of problem.
    #[serde(default = "bug", rename = "type")]
    pub(crate) alert_type: AlertType,
    /// One line; a template without figures that change from run to run.
    pub(crate) title: String,
    /// Why it matters.
    #[serde(default)]
    pub(crate) why: String,
    /// What to do; a template.
    #[serde(default)]
    pub(crate) fix: String,
    /// What was found; a template.
    pub(crate) description: Option<String>,
    /// The value of `:threshold`.
    pub(crate) threshold: Option<f64>,
    /// Fewest rows of a finding.
    #[serde(default = "one")]
    pub(crate) min_rows: u64,
    /// Smallest share of the rows that `of` counts.
    #[serde(default)]
    pub(crate) min_share: f64,
    /// A query that counts all rows that could be faulty: one number, or a number for each subject.
    pub(crate) of: Option<String>,
    /// Checks whose rows are theirs to report.
    #[serde(default)]
    pub(crate) explained_by: Vec<String>,
    /// Cells, as `trade.closed_at`, whose values are wrong in the rows that this rule returns.
    #[serde(default)]
    pub(crate) distrusts: Vec<String>,
    /// Cells that must be right for this rule.
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// Fingerprints, `id:subject`, under which its findings were stored before; `id:*` for the same subject.
    #[serde(default)]
    pub(crate) was: Vec<String>,
}

fn bug() -> AlertType {
    AlertType::Bug
}

fn one() -> u64 {
    1
}

impl Rule {
    /// One of our own.
    ///
    /// # Errors
    /// As `of_user`.
    pub(crate) fn embedded(text: &str, theme: Theme) -> anyhow::Result<Self> {
        Self::parse(text, theme)
    }

    /// A user's.
    ///
    /// # Errors
    /// One sentence: what is wrong with the file.
    pub(crate) fn of_user(text: &str, file: &Path) -> anyhow::Result<Self> {
        let rule = Self { file: Some(file.to_owned()), ..Self::parse(text, Theme::Own)? };
        ensure!(
            rule.header.distrusts.is_empty(),
            "distrusts is denied: only built-in checks take rows from others"
        );
        Ok(rule)
    }

    fn parse(text: &str, theme: Theme) -> anyhow::Result<Self> {
        let header = text.trim_start().strip_prefix("/*").and_then(|rest| rest.split_once("*/"));
        let (toml, sql) = header.context("the file must begin with a comment /* … */ that holds TOML")?;
        let header: Header = toml::from_str(toml).map_err(|error| anyhow!(sentence(&error)))?;
        header.check()?;
        ensure!(!sql.trim().is_empty(), "a SELECT must follow the comment");
        let threshold_reason = header.threshold.and_then(|_| reason(toml));
        Ok(Self { header, threshold_reason, sql: sql.trim().to_owned(), theme, file: None })
    }
}

impl Header {
    fn check(&self) -> anyhow::Result<()> {
        let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        ensure!(
            !self.id.is_empty() && self.id.chars().all(is_plain),
            "id = {:?}: give letters a to z, digits and hyphens",
            self.id
        );
        ensure!(!self.title.trim().is_empty(), "title is empty: say in one line what is wrong");
        ensure!(
            self.threshold.is_none_or(|threshold| threshold.is_finite() && threshold >= 0.0),
            "threshold must be a number from zero on"
        );
        ensure!(self.min_rows >= 1, "min_rows = 0: give at least 1");
        ensure!((0.0..=1.0).contains(&self.min_share), "min_share = {}: give 0 to 1", self.min_share);
        ensure!(
            self.min_share == 0.0 || self.of.is_some(),
            "min_share needs of, the query that counts all rows"
        );
        for cell in self.distrusts.iter().chain(&self.needs) {
            ensure!(cell.split('.').count() == 2, "{cell:?} is no cell: give table.column");
        }
        Ok(())
    }
}

/// What the parser says, in one line.
fn sentence(error: &toml::de::Error) -> String {
    error.message().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The comment behind the threshold.
fn reason(toml: &str) -> Option<String> {
    let line = toml.lines().find(|line| {
        line.trim_start().strip_prefix("threshold").is_some_and(|rest| rest.trim_start().starts_with('='))
    });
    Some(line?.split_once('#')?.1.trim().to_owned())
}
