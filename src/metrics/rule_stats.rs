//! Rules and what became of them: the counters that the bot keeps, and the uses in the window that
//! its trades carry.

use serde::Serialize;
use serde_json::Value;

use crate::metrics::context::Context;
use crate::metrics::figures::{Counts, Ranked, Rate, Unavailable, ratio};
use crate::sanitize::cut;
use crate::source::{cell, clock};

const RULES: &str = "
SELECT
    source_id,
    kind,
    text,
    success_count,
    failure_count,
    coalesce(use_count, 0),
    status,
    last_used_at,
    created_at
FROM rule
ORDER BY rowid";

/// A rule is a sentence or two.
const LONGEST_TEXT_CHARS: usize = 1_000;

/// The section `rule_stats`.
#[derive(Debug, Serialize)]
pub(crate) struct RuleStats {
    /// Rules that exist now; null where the file has no table of rules.
    pub(crate) total_rules: Option<u64>,
    /// The same by status.
    pub(crate) rules_by_status: Ranked<String, u64>,
    /// Each rule, most used first.
    pub(crate) rule_details: Vec<Rule>,
    /// Rules that were never applied.
    pub(crate) unused_rules: Vec<RuleName>,
    /// Rules that were applied and never succeeded.
    pub(crate) rules_never_succeeded: Vec<RuleName>,
    /// Trades closed in the window that carry a rule, and how many of them won; null where the
    /// file does not say which rules a trade carries.
    pub(crate) trades_with_rules: Option<Rate>,
    /// The same figures one window earlier.
    pub(crate) previous: KeyFigures,
    /// Why a field is null.
    #[serde(skip_serializing_if = "Unavailable::is_empty")]
    pub(crate) unavailable: Unavailable,
}

/// What is compared with the window before.
#[derive(Debug, Serialize)]
pub(crate) struct KeyFigures {
    /// Trades that carry a rule, and how many of them won.
    pub(crate) trades_with_rules: Option<Rate>,
}

/// One rule.
#[derive(Debug, Serialize)]
pub(crate) struct Rule {
    /// Its id: a number, or generation 2's text.
    pub(crate) id: Value,
    /// `rule`, generation 2's `pattern`, or `regime_rule`.
    pub(crate) kind: String,
    /// What it says.
    pub(crate) text: String,
    /// Its status.
    pub(crate) status: Option<String>,
    /// Stored count of successes; null for a regime rule, which restrains and does not win.
    pub(crate) success_count: Option<i64>,
    /// Stored count of failures; null for a regime rule.
    pub(crate) failure_count: Option<i64>,
    /// Stored count of uses.
    pub(crate) use_count: i64,
    /// Successes as a fraction of both; null without either.
    pub(crate) success_rate: Option<f64>,
    /// Last use, UTC.
    pub(crate) last_used: Option<String>,
    /// Creation, UTC.
    pub(crate) created_at: Option<String>,
    /// Trades closed in the window that carry it, and how many of them won; no trade carries a regime rule.
    pub(crate) in_window: Option<Rate>,
}

/// A rule's name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct RuleName {
    /// Its id.
    pub(crate) id: Value,
    /// What it says.
    pub(crate) text: String,
}

impl Rule {
    fn name(&self) -> RuleName {
        RuleName { id: self.id.clone(), text: self.text.clone() }
    }

    /// The id as text, the way that trades carry it.
    fn key(&self) -> String {
        self.id.as_str().map_or_else(|| self.id.to_string(), str::to_owned)
    }
}

/// Reads the rules, and from the trades which of them were used in the window.
///
/// # Errors
/// When rules or trades cannot be read.
pub(crate) fn collect(context: &Context<'_>) -> anyhow::Result<RuleStats> {
    let mut rules = rules(context)?;
    let carried = carries_rules(context);
    let traded = context.traded()?;
    let (uses, previous) = (&traded.window.rules, &traded.previous.rules);
    for rule in &mut rules {
        let is_carried = carried && rule.kind != "regime_rule";
        rule.in_window = is_carried.then(|| uses.by_rule.get(&rule.key()).copied().unwrap_or_default());
    }
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.use_count));
    let mut by_status: Counts<String> = Counts::default();
    for rule in &rules {
        by_status.update(rule.status.as_deref().unwrap_or("(none)"), |count| *count += 1);
    }
    let has_rules = context.db.facts().has_rules();
    let named =
        |wanted: fn(&Rule) -> bool| rules.iter().filter(|rule| wanted(rule)).map(Rule::name).collect();
    Ok(RuleStats {
        total_rules: has_rules.then_some(rules.len() as u64),
        rules_by_status: by_status.ranked(|count| *count),
        unused_rules: named(|rule| {
            rule.use_count == 0
                && rule.last_used.is_none()
                && rule.in_window.is_none_or(|uses| uses.trades == 0)
        }),
        rules_never_succeeded: named(|rule| rule.success_count == Some(0) && rule.use_count > 0),
        rule_details: rules,
        trades_with_rules: carried.then_some(uses.with_rules),
        previous: KeyFigures { trades_with_rules: carried.then_some(previous.with_rules) },
        unavailable: unavailable(has_rules, carried),
    })
}

fn unavailable(has_rules: bool, carried: bool) -> Unavailable {
    let mut unavailable = Unavailable::new();
    if !has_rules {
        let reason = "the file has none of trading_rules, trading_patterns and regime_rules";
        unavailable.insert("total_rules", reason.to_owned());
    }
    if !carried {
        let reason =
            "the file has no column that says which rules a trade carries (rule_ids_used, pattern_id)";
        unavailable.insert("trades_with_rules", reason.to_owned());
        unavailable.insert("in_window", reason.to_owned());
    }
    unavailable
}

fn carries_rules(context: &Context<'_>) -> bool {
    context.db.facts().has_column("closed_trades", "rule_ids_used")
        || context.db.facts().has_column("trade_journal", "pattern_id")
}

fn rules(context: &Context<'_>) -> anyhow::Result<Vec<Rule>> {
    context.db.ensure_filled("rule")?;
    let mut statement = context.db.connection().prepare(RULES)?;
    let now = context.now;
    let rules = statement.query_map([], |row| {
        let time = |place| row.get::<_, Option<f64>>(place).map(|at| at.and_then(clock::moment));
        let last_used = time(7)?.filter(|last_used| *last_used <= now);
        let (success_count, failure_count) = (cell::integer(row, 3)?, cell::integer(row, 4)?);
        let judged = success_count.unwrap_or(0) as f64 + failure_count.unwrap_or(0) as f64;
        let (id, kind): (String, String) = (row.get(0)?, row.get(1)?);
        Ok(Rule {
            // A rule's id is a number, a pattern's is a word.
            id: Some(&id)
                .filter(|_| kind == "rule")
                .and_then(|id| id.parse::<i64>().ok())
                .map_or(id.clone().into(), Value::from),
            kind,
            text: cut(&cell::text(row, 2)?.unwrap_or_default(), LONGEST_TEXT_CHARS),
            status: cell::name(row, 6)?.map(|status| status.into_owned()),
            success_count,
            failure_count,
            use_count: cell::integer(row, 5)?.unwrap_or(0),
            success_rate: success_count.and_then(|successes| ratio(successes as f64, judged)),
            last_used: last_used.map(clock::utc_text),
            created_at: time(8)?.map(clock::utc_text),
            in_window: None,
        })
    })?;
    Ok(rules.collect::<rusqlite::Result<_>>()?)
}
