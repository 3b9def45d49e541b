//! Learnings that are made at the closing of one trade and tell of another.
//!
//! The log names a closing by the open trade's id. Where that id is looked up among the closed trades, which
//! are numbered on their own, each learning is of another, older trade, and there is none where no closed
//! trade has that number yet.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::checks::check::Audit;
use crate::checks::shared::Lessons;
use crate::source::closing::Closing;

/// Fewer learnings make no median and show no rule.
pub(super) const LEAST_DELAYS: usize = 10;
/// A learning is written within this time of what has caused it.
const AT_ONCE: TimeDelta = TimeDelta::seconds(60);
/// Share of the learnings that show the rule, and of those whose trade is another.
const MOST: f64 = 0.9;
const MANY: f64 = 0.5;

/// What shows that ids of open trades are looked up among the closed ones.
pub(super) struct Lookup {
    /// Learnings with a trade.
    pub(super) learnings: usize,
    /// Those that follow at once a closing that the log names by the id which they carry.
    pub(super) by_logged_id: usize,
    /// Of these, the ones whose trade was closed at another time.
    pub(super) of_another_trade: usize,
    /// Logged closings whose id no closed trade had at that time.
    pub(super) without_row: usize,
    /// Of these, the ones that a learning with their id followed.
    pub(super) without_row_learned: usize,
}

impl Lookup {
    /// What both tables and the log tell; `None` where the rule does not hold.
    pub(super) fn of(audit: &Audit<'_>, lessons: &Lessons) -> anyhow::Result<Option<Self>> {
        let closings: Vec<_> = audit
            .context
            .closings()?
            .iter()
            .filter(|closing| closing.generation == 1 && closing.at > lessons.trades.after)
            .filter_map(|closing| Some((id_of(closing)?, closing.at)))
            .collect();
        let mut logged: HashMap<i64, Vec<DateTime<Utc>>> = HashMap::new();
        for (id, at) in &closings {
            logged.entry(*id).or_default().push(*at);
        }
        let follows = |id: i64, learned_at: DateTime<Utc>| {
            let times = logged.get(&id).into_iter().flatten();
            times.copied().any(|at| (TimeDelta::zero()..=AT_ONCE).contains(&(learned_at - at)))
        };
        let (mut learnings, mut by_logged_id, mut of_another_trade) = (0, 0, 0);
        let mut learned = HashSet::new();
        for (id, lesson) in &lessons.by_trade {
            let Some(learned_at) = lesson.learned_at else { continue };
            learnings += 1;
            if follows(*id, learned_at) {
                learned.insert(*id);
                by_logged_id += 1;
                of_another_trade += usize::from(learned_at - lesson.closed_at > AT_ONCE);
            }
        }
        let ledger = audit.context.ledger()?;
        let rows: HashMap<&str, DateTime<Utc>> =
            ledger.of(1).filter_map(|trade| Some((trade.id.as_str(), trade.closed_at?))).collect();
        let has_row = |id: i64, at: DateTime<Utc>| {
            !ledger.complete || rows.get(id.to_string().as_str()).is_some_and(|closed_at| *closed_at <= at)
        };
        let without: Vec<_> = closings.iter().filter(|(id, at)| !has_row(*id, *at)).collect();
        let without_row_learned = without.iter().filter(|(id, _)| learned.contains(id)).count();
        let lookup = Self {
            learnings,
            by_logged_id,
            of_another_trade,
            without_row: without.len(),
            without_row_learned,
        };
        let is = |part: usize, share: f64| part > 0 && part as f64 >= share * learnings as f64;
        let is_rule = learnings >= LEAST_DELAYS && is(by_logged_id, MOST) && is(of_another_trade, MANY);
        Ok(is_rule.then_some(lookup))
    }

    /// Whether it tells why most closings lead to no learning.
    pub(super) fn explains_missing(&self) -> bool {
        self.without_row > self.learnings && self.without_row_learned == 0
    }
}

fn id_of(closing: &Closing) -> Option<i64> {
    closing.trade_id.as_deref()?.parse().ok()
}
