//! What the config file says of checks, against the checks that there are.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};

use super::registry::all;
use crate::config::CheckSettings;

/// More hours or minutes than this back from now are no date any more.
const LARGEST_THRESHOLD: f64 = 1e9;

/// Whether every check that the config file names exists and has the threshold that is set.
///
/// # Errors
/// One sentence that says which setting is wrong and what it may be.
pub(crate) fn check_settings(settings: &BTreeMap<String, CheckSettings>) -> anyhow::Result<()> {
    for (id, own) in settings {
        let Some(check) = all().find(|check| check.id == id) else {
            bail!("[checks.{id}]: there is no such check{}", suggestion(id));
        };
        if let Some(threshold) = own.threshold {
            ensure!(check.threshold.is_some(), "[checks.{id}]: this check has no threshold");
            ensure!(
                (0.0..=LARGEST_THRESHOLD).contains(&threshold),
                "[checks.{id}]: threshold = {threshold}: give a number from zero to {LARGEST_THRESHOLD}"
            );
            let is_share =
                check.threshold.as_ref().is_some_and(|threshold| threshold.reason.starts_with("share "));
            ensure!(
                threshold <= 1.0 || !is_share,
                "[checks.{id}]: threshold = {threshold}: give a share from 0 to 1, 0.2 for 20 %"
            );
        }
    }
    Ok(())
}

/// The check whose id is most like a misspelt one.
fn suggestion(id: &str) -> String {
    const LEAST_SIMILARITY: f64 = 0.7;
    all()
        .map(|check| (strsim::jaro_winkler(id, check.id), check.id))
        .filter(|(similarity, _)| *similarity >= LEAST_SIMILARITY)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map_or_else(
            || "; `autonomous-monitor checks` lists them".to_owned(),
            |(_, similar)| format!("; do you mean {similar}?"),
        )
}
