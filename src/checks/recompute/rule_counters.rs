//! Counters of rules and patterns against the trades that carry them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::account;
use super::scores::Totals;
use super::tolerance::GRACE;
use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::model::{AlertType, Severity};
use crate::source::cell;
use crate::source::ledger::Entry;
use crate::untrusted::cut;

pub(super) const RULES: Check = Check {
    id: "rule-counter-contradicts-trades",
    theme: Theme::Integrity,
    why: "Rules are promoted and rejected by their counters; counters that the trades do not give keep bad rules and drop good ones.",
    threshold: None,
    run: rules,
};

const RULE_COUNTERS: &str = "
SELECT
    last_used_at,
    clock,
    generation,
    id,
    success_count,
    failure_count,
    status
FROM rule
WHERE kind IN ('rule', 'pattern')";

fn rules(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let bot = audit.context.bot;
    let Some(ledger) = audit.context.all_trades()?.filter(|ledger| ledger.later == 0) else {
        return Ok(Found::nothing());
    };
    let mut carried: BTreeMap<i64, Carried> = BTreeMap::new();
    for generation in [1, 2] {
        let trades = Carried::new(ledger.of(generation), audit.context.now - GRACE);
        let was_trimmed = account::was_trimmed(audit, generation)?;
        carried.insert(generation, Carried { was_trimmed, ..trades });
    }
    let mut evidence: BTreeMap<i64, Evidence> = BTreeMap::new();
    bot.each_row(RULE_COUNTERS, |row| {
        let generation = cell::integer(row, 2)?.unwrap_or_default();
        let Some(carried) = carried.get(&generation).filter(|carried| carried.is_used()) else {
            return Ok(());
        };
        let (Some(wins), Some(losses)) = (cell::integer(row, 4)?, cell::integer(row, 5)?) else {
            return Ok(());
        };
        let id = cell::text(row, 3)?.unwrap_or_default().into_owned();
        let in_force = matches!(cell::text(row, 6)?.as_deref(), None | Some("active" | "testing"));
        let wrong = carried.contradicts(&id, wins, losses, in_force);
        evidence.entry(generation).or_default().row(wrong.map(|totals| {
            move || {
                format!(
                    "{}: {wins} successes and {losses} failures stored, its trades have {} and {}",
                    cut(&id, 40),
                    totals.wins,
                    totals.losses
                )
            }
        }));
        Ok(())
    })?;
    let problems = evidence.into_iter().filter(|(_, evidence)| evidence.count > 0);
    Ok(problems.map(|(generation, evidence)| rule_problem(generation, &evidence)).collect::<Vec<_>>().into())
}

fn rule_problem(generation: i64, evidence: &Evidence) -> Problem {
    let (table, query) = match generation {
        1 => (
            "trading_rules",
            "SELECT r.id, r.success_count, r.failure_count, sum(t.pnl_usd > 0), sum(t.pnl_usd <= 0) FROM trading_rules AS r \
             LEFT JOIN closed_trades AS t ON ',' || t.rule_ids_used || ',' LIKE '%,' || r.id || ',%' GROUP BY r.id",
        ),
        _ => (
            "trading_patterns",
            "SELECT p.pattern_id, p.wins, p.losses, sum(j.pnl_usd > 0), sum(j.pnl_usd <= 0) FROM trading_patterns AS p \
             LEFT JOIN trade_journal AS j ON j.pattern_id = p.pattern_id AND j.status <> 'open' GROUP BY p.pattern_id",
        ),
    };
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::High,
        subject: table.to_owned(),
        title: format!("Success counters in {table} contradict the trades that carry the rules"),
        description: format!(
            "{} successes and failures that the closed trades which name them do not give. \
             Rules are promoted, rejected and shown to the LLM by these counters.",
            evidence.counted("rules", "counts", "count")
        ),
        evidence: evidence.text("rules", query),
        recommendation:
            "Recompute the counters from the trades, and count each rule once where a trade is closed."
                .to_owned(),
    }
}

/// Totals of the trades that carry each rule.
struct Carried {
    all: HashMap<String, Totals>,
    settled: HashMap<String, Totals>,
    /// Trades from before the first that names a rule: the column is younger than they are.
    unnamed: Totals,
    /// Trades were deleted that had counted.
    was_trimmed: bool,
}

impl Carried {
    fn new<'entry>(
        entries: impl Iterator<Item = &'entry Entry>,
        settled_at: chrono::DateTime<chrono::Utc>,
    ) -> Self {
        let entries: Vec<_> = entries.collect();
        let named = entries.iter().filter(|entry| entry.rules().next().is_some());
        let first = named.filter_map(|entry| entry.closed_at).min();
        let (all, settled, unnamed) = <(HashMap<_, Totals>, HashMap<_, Totals>, Totals)>::default();
        let mut carried = Self { all, settled, unnamed, was_trimmed: false };
        for entry in entries {
            let ids: BTreeSet<&str> = entry.rules().collect();
            if ids.is_empty() && first.is_none_or(|first| entry.closed_at.is_none_or(|at| at < first)) {
                carried.unnamed.add(entry.pnl_usd);
            }
            for id in ids {
                carried.all.entry(id.to_owned()).or_default().add(entry.pnl_usd);
                if entry.closed_by.is_none_or(|at| at <= settled_at) {
                    carried.settled.entry(id.to_owned()).or_default().add(entry.pnl_usd);
                }
            }
        }
        carried
    }

    /// Whether trades name rules at all; a file without the column proves nothing.
    fn is_used(&self) -> bool {
        !self.all.is_empty()
    }

    /// The trades' totals where no reading of them gives these counters.
    fn contradicts(&self, id: &str, wins: i64, losses: i64, in_force: bool) -> Option<Totals> {
        let all = self.all.get(id).copied().unwrap_or_default();
        // Trades that close after a rule was rejected may not count for it any more.
        let settled = self.settled.get(id).copied().filter(|_| in_force).unwrap_or_default();
        let within = |stored: i64, least: i64, most: i64, even: i64, unnamed: i64| {
            stored >= least && (self.was_trimmed || stored <= most + even + unnamed)
        };
        let even = all.even + self.unnamed.even;
        let fits = within(wins, settled.wins, all.wins, even, self.unnamed.wins)
            && within(losses, settled.losses, all.losses, even, self.unnamed.losses);
        (!fits).then_some(Totals { losses: all.losses + all.even, ..all })
    }
}
