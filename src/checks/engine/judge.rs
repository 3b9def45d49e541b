//! Which rows of an answer are a finding: those of one subject, without those that another check reports,
//! where they are enough.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::Answer;
use super::rule::Rule;
use crate::checks::problem::Key;
use crate::config::CheckSettings;

/// When rows are enough.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The value of `:threshold`.
    pub(crate) threshold: f64,
    min_rows: u64,
    min_share: f64,
}

impl Limits {
    /// The rule's own, with what the config file sets in their place.
    pub(crate) fn of(rule: &Rule, settings: CheckSettings) -> Self {
        Self {
            threshold: settings.threshold.or(rule.header.threshold).unwrap_or_default(),
            min_rows: settings.min_rows.unwrap_or(rule.header.min_rows),
            min_share: settings.min_share.unwrap_or(rule.header.min_share),
        }
    }

    fn are_met(self, count: u64, of: Option<u64>) -> bool {
        count >= self.min_rows && of.is_none_or(|of| count as f64 >= self.min_share * of as f64)
    }
}

/// The rows of one subject.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) subject: String,
    /// Places of the rows in the answer.
    pub(super) rows: Vec<usize>,
    /// Rows that could be faulty, without those that are left to others.
    pub(super) of: Option<u64>,
    /// Rows that are left to other checks, by their ids.
    pub(super) explained: BTreeMap<String, u64>,
}

/// What came of an answer.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Subjects with enough rows, in the order of their first rows.
    pub(super) found: Vec<Group>,
    /// Subjects that would be found but for rows that are left to other checks.
    pub(super) explained: Vec<String>,
    /// Rows that are left to other checks, with the ids of those.
    pub(super) left: BTreeMap<usize, String>,
}

/// Rows that checks have reported in this run, by their ids.
pub(super) type Reported = BTreeMap<String, BTreeSet<Key>>;

/// Groups and counts.
pub(super) fn judge(answer: &Answer, rule: &Rule, limits: Limits, reported: &Reported) -> Judged {
    let mut judged = Judged { left: left(answer, rule, reported), ..Judged::default() };
    for mut group in groups(answer, &judged.left) {
        let left: u64 = group.explained.values().sum();
        let (count, of) = (group.rows.len() as u64, answer.of(&group.subject));
        group.of = of.map(|of| of.saturating_sub(left).max(count));
        match (limits.are_met(count, group.of), limits.are_met(count + left, of)) {
            (true, _) => judged.found.push(group),
            (false, true) => judged.explained.push(group.subject),
            (false, false) => {}
        }
    }
    judged
}

/// Rows that another check reports in this run.
fn left(answer: &Answer, rule: &Rule, reported: &Reported) -> BTreeMap<usize, String> {
    let explainers = rule.header.explained_by.iter().filter_map(|id| Some((id, reported.get(id)?)));
    let explainers: Vec<_> = explainers.filter(|(_, rows)| !rows.is_empty()).collect();
    let rows = if explainers.is_empty() { 0 } else { answer.len() };
    let explained = (0..rows).filter_map(|row| {
        let key = answer.key(row)?;
        let (id, _) = explainers.iter().find(|(_, rows)| rows.contains(&key))?;
        Some((row, (*id).clone()))
    });
    explained.collect()
}

fn groups(answer: &Answer, left: &BTreeMap<usize, String>) -> Vec<Group> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for row in 0..answer.len() {
        let subject = answer.subject(row);
        let place = *places.entry(subject.clone()).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group { subject, ..Group::default() });
        }
        let Some(group) = groups.get_mut(place) else { continue };
        match left.get(&row) {
            Some(id) => *group.explained.entry(id.clone()).or_default() += 1,
            None => group.rows.push(row),
        }
    }
    groups
}
