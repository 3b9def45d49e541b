//! The config file as it is written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde::Deserialize;

use super::limits::LimitOverrides;

/// The config file, as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: Option<String>,
    pub(super) db: Option<PathBuf>,
    pub(super) alerts_db: Option<PathBuf>,
    pub(super) checks_dir: Option<PathBuf>,
    pub(super) hours: Option<u32>,
    pub(super) log_file: Option<PathBuf>,
    pub(super) no_llm: Option<bool>,
    pub(super) base_url: Option<String>,
    pub(super) model: Option<String>,
    pub(super) timeout_seconds: Option<u64>,
    pub(super) deadline_seconds: Option<u64>,
    pub(super) temperature: Option<f64>,
    pub(super) max_tokens: Option<u32>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) max_prompt_chars: Option<usize>,
    pub(super) redact: Option<bool>,
    #[serde(default)]
    pub(super) limits: LimitOverrides,
    pub(super) tiers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    pub(super) checks: BTreeMap<String, CheckSettings>,
}

/// Words for the parser's names of types.
const WORDS: [(&str, &str); 7] = [
    (" as i128", ""),
    ("expected u32", "expected a whole number"),
    ("expected u64", "expected a whole number"),
    ("expected usize", "expected a whole number"),
    ("expected f64", "expected a number"),
    ("expected a sequence", "expected a list"),
    ("expected path string", "expected a path in quotes"),
];

impl File {
    /// Reads it.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the config file {}", path.display()))?;
        toml::from_str(&text).map_err(|error| {
            let error =
                WORDS.iter().fold(error.to_string(), |error, (theirs, ours)| error.replace(theirs, ours));
            anyhow!("the config file {} is not valid: {error}", path.display())
        })
    }
}

/// What the config file says of one check.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CheckSettings {
    /// Whether it runs.
    pub(crate) enabled: bool,
    /// Its threshold instead of the default one.
    pub(crate) threshold: Option<f64>,
    /// Fewest rows of a finding, instead of the rule's.
    pub(crate) min_rows: Option<u64>,
    /// Smallest share of the rows that could be faulty, instead of the rule's.
    pub(crate) min_share: Option<f64>,
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self { enabled: true, threshold: None, min_rows: None, min_share: None }
    }
}
