//! What the config file says of checks, against the checks that there are.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};

use super::engine::{Catalogue, Member};
use crate::config::CheckSettings;

/// Largest threshold in hours or minutes: further back from now there are no dates.
const LARGEST_THRESHOLD: f64 = 1e9;

/// Whether every check that the config file names exists and has the limits that are set.
///
/// # Errors
/// One sentence that says which setting is wrong and what it may be.
pub(crate) fn check_settings(
    settings: &BTreeMap<String, CheckSettings>,
    catalogue: &Catalogue,
) -> anyhow::Result<()> {
    for (id, own) in settings {
        let Some(member) = catalogue.find(id) else {
            bail!("[checks.{id}]: there is no such check{}", suggestion(id, catalogue));
        };
        if let Some(threshold) = own.threshold {
            check_threshold(member, threshold)?;
        }
        let counts_rows = matches!(member, Member::Rule(_));
        ensure!(
            counts_rows || (own.min_rows.is_none() && own.min_share.is_none()),
            "[checks.{id}]: this check has no min_rows and no min_share"
        );
        ensure!(own.min_rows != Some(0), "[checks.{id}]: min_rows = 0: give at least 1");
        let share = own.min_share.unwrap_or_default();
        ensure!((0.0..=1.0).contains(&share), "[checks.{id}]: min_share = {share}: give a share from 0 to 1");
    }
    Ok(())
}

fn check_threshold(member: &Member, threshold: f64) -> anyhow::Result<()> {
    let id = member.id();
    ensure!(member.threshold().is_some(), "[checks.{id}]: this check has no threshold");
    ensure!(
        (0.0..=LARGEST_THRESHOLD).contains(&threshold),
        "[checks.{id}]: threshold = {threshold}: give a number from zero to {LARGEST_THRESHOLD}"
    );
    let is_share = member.threshold_reason().is_some_and(|reason| reason.starts_with("share "));
    ensure!(
        threshold <= 1.0 || !is_share,
        "[checks.{id}]: threshold = {threshold}: give a share from 0 to 1, 0.2 for 20 %"
    );
    Ok(())
}

/// The id of a check that is most similar to a misspelt one.
pub(crate) fn suggestion(id: &str, catalogue: &Catalogue) -> String {
    const LEAST_SIMILARITY: f64 = 0.7;
    let members = catalogue.members().iter();
    members
        .map(|member| (strsim::jaro_winkler(id, member.id()), member.id()))
        .filter(|(similarity, _)| *similarity >= LEAST_SIMILARITY)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map_or_else(
            || "; `autonomous-monitor checks` lists them".to_owned(),
            |(_, similar)| format!("; do you mean {similar}?"),
        )
}
