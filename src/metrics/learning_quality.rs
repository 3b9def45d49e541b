//! What the bot believes to have learned: how much, how sure, how often the same.

use std::collections::HashSet;

use serde::Serialize;

use crate::metrics::context::Context;
use crate::metrics::figures::{Counts, Mean, Ranked, Unavailable};
use crate::metrics::setting::Basis;
use crate::model::Period;
use crate::source::cell;

const LEARNINGS: &str = "
SELECT
    created_at,
    clock,
    trade_id,
    text,
    pattern,
    confidence
FROM learning
WHERE within(created_at)";

const ALL: &str = "
SELECT
    count(*)
FROM learning";

const TIMES: &str = "
SELECT
    created_at,
    clock
FROM learning
WHERE within(created_at)";

/// Learnings of a period with the result of their trade.
const OUTCOMES: &str = "
SELECT
    learning.created_at,
    learning.clock,
    learning.generation,
    trade.pnl_usd
FROM learning
LEFT JOIN src_closed_trades AS trade ON trade.id = learning.trade_id
WHERE within(learning.created_at)";

const RULES: &str = "
SELECT
    created_at,
    clock,
    kind
FROM rule";

/// The section `learning_quality`.
#[derive(Debug, Serialize)]
pub(crate) struct LearningQuality {
    /// Learnings up to now.
    pub(crate) total_learnings: Option<u64>,
    /// Learnings of the last 24 hours, whatever the window.
    pub(crate) learnings_last_24h: Option<u64>,
    /// Learnings of the window.
    pub(crate) learnings_in_window: u64,
    /// The rows that everything below rests on.
    pub(crate) basis: Basis,
    /// Number of these rows.
    pub(crate) basis_rows: u64,
    /// Mean confidence as the bot stores it.
    pub(crate) avg_confidence: Option<f64>,
    /// By the result of the trade that they are about.
    pub(crate) learnings_by_outcome: Option<Ranked<&'static str, u64>>,
    /// Rules made in the window.
    pub(crate) rules_created_from_learnings: Option<u64>,
    /// Learnings whose text, apart from case and punctuation, another one has already.
    pub(crate) duplicate_patterns: u64,
    /// Distinct patterns or suggested actions.
    pub(crate) distinct_patterns: u64,
    /// Learnings with a concrete pattern or suggested action.
    pub(crate) actionable_learnings: u64,
    /// The same figures one window earlier.
    pub(crate) previous: KeyFigures,
    /// Why a field is null.
    #[serde(skip_serializing_if = "Unavailable::is_empty")]
    pub(crate) unavailable: Unavailable,
}

/// What is compared with the window before.
#[derive(Debug, Serialize)]
pub(crate) struct KeyFigures {
    /// Learnings.
    pub(crate) learnings: u64,
    /// Mean confidence.
    pub(crate) avg_confidence: Option<f64>,
    /// Learnings whose text another one has already.
    pub(crate) duplicate_patterns: u64,
}

#[derive(Default)]
struct Tally {
    rows: u64,
    confidence: Mean,
    texts: HashSet<String>,
    patterns: HashSet<String>,
    duplicates: u64,
    actionable: u64,
}

impl Tally {
    fn add(&mut self, row: &rusqlite::Row<'_>) -> rusqlite::Result<()> {
        self.rows += 1;
        let text = normalised(&cell::text(row, 3)?.unwrap_or_default());
        self.duplicates += u64::from(!text.is_empty() && !self.texts.insert(text));
        let pattern = normalised(&cell::text(row, 4)?.unwrap_or_default());
        if is_concrete(&pattern) {
            self.actionable += 1;
            self.patterns.insert(pattern);
        }
        self.confidence.add(cell::real(row, 5)?);
        Ok(())
    }
}

/// Reads the window's learnings and the previous window's key figures.
///
/// # Errors
/// When learnings or rules cannot be read.
pub(crate) fn collect(context: &Context<'_>) -> anyhow::Result<LearningQuality> {
    let mut tally = Tally::default();
    let basis = context.each_in_basis(LEARNINGS, |_, row| tally.add(row))?;
    let mut previous = Tally::default();
    context.bot.each_within(LEARNINGS, context.previous, |_, row| previous.add(row))?;
    let has_learnings =
        ["learnings", "reflections", "insights"].iter().any(|table| context.bot.has_table(table));
    let has_rules = context.bot.has_rules();
    let by_outcome = outcomes(context)?;
    let mut unavailable = Unavailable::new();
    let mut explain = |is_null: bool, field: &'static str, reason: &str| {
        if is_null {
            unavailable.insert(field, reason.to_owned());
        }
    };
    let no_table = "the file has none of learnings, reflections and insights";
    explain(!has_learnings, "total_learnings", no_table);
    explain(!has_learnings, "learnings_last_24h", no_table);
    explain(tally.confidence.get().is_none(), "avg_confidence", "no learning with a confidence");
    explain(by_outcome.is_none(), "learnings_by_outcome", "no learning names a trade");
    explain(!has_rules, "rules_created_from_learnings", "the file has no table of rules");
    let last_24h = Period { after: context.now - chrono::TimeDelta::hours(24), until: context.now };
    let count = |period| context.bot.count_within(TIMES, period);
    let (all, last_24h) = match has_learnings {
        true => {
            let all: i64 = context.bot.prepare(ALL)?.query_row([], |row| row.get(0))?;
            (
                Some(all.unsigned_abs().saturating_sub(count(Period::later_than(context.now))?)),
                Some(count(last_24h)?),
            )
        }
        false => (None, None),
    };
    Ok(LearningQuality {
        total_learnings: all,
        learnings_last_24h: last_24h,
        learnings_in_window: if basis == Basis::Window { tally.rows } else { 0 },
        basis,
        basis_rows: tally.rows,
        avg_confidence: tally.confidence.get(),
        learnings_by_outcome: by_outcome,
        rules_created_from_learnings: if has_rules { Some(rules_created(context)?) } else { None },
        duplicate_patterns: tally.duplicates,
        distinct_patterns: tally.patterns.len() as u64,
        actionable_learnings: tally.actionable,
        previous: KeyFigures {
            learnings: previous.rows,
            avg_confidence: previous.confidence.get(),
            duplicate_patterns: previous.duplicates,
        },
        unavailable,
    })
}

/// Generation 1's learnings name their trade; generation 2's insights are about many.
fn outcomes(context: &Context<'_>) -> rusqlite::Result<Option<Ranked<&'static str, u64>>> {
    let mut outcomes: Counts<&'static str> = Counts::default();
    context.each_in_basis(OUTCOMES, |_, row| {
        if cell::integer(row, 2)? == Some(1) {
            let outcome = match cell::real(row, 3)? {
                Some(pnl_usd) if pnl_usd > 0.0 => "win",
                Some(_) => "loss",
                None => "unknown",
            };
            *outcomes.entry(outcome) += 1;
        }
        Ok(())
    })?;
    let ranked = outcomes.ranked(|count| *count);
    Ok((!ranked.0.is_empty()).then_some(ranked))
}

/// Generation 2's patterns are written by hand; what it makes itself are regime rules.
fn rules_created(context: &Context<'_>) -> anyhow::Result<u64> {
    let mut created = 0;
    context.bot.each_row(RULES, |row| {
        let by_bot = cell::text(row, 2)?.as_deref() != Some("pattern");
        let in_window = context.bot.instant(row, 0, 1)?.is_some_and(|at| context.window.contains(at));
        created += u64::from(by_bot && in_window);
        Ok(())
    })?;
    Ok(created)
}

/// Lower case, words only, single spaces: equal texts become equal strings.
pub(crate) fn normalised(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for word in text.split(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '%' | '.' | '$')) {
        let word = word.trim_matches('.');
        if !word.is_empty() {
            if !words.is_empty() {
                words.push(' ');
            }
            words.extend(word.chars().flat_map(char::to_lowercase));
        }
    }
    words
}

/// Whether a normalised pattern says anything.
fn is_concrete(pattern: &str) -> bool {
    const SAYING_NOTHING: [&str; 9] =
        ["", "none", "null", "n a", "na", "unknown", "unclear", "no pattern", "no clear pattern"];
    !SAYING_NOTHING.contains(&pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_punctuation_do_not_make_a_new_text() {
        assert_eq!(normalised("Avoid  re-entering; SUI!"), normalised("avoid re entering sui."));
        assert_ne!(normalised("gain of 1.5%"), normalised("gain of 2.5%"));
    }

    #[test]
    fn an_empty_word_is_no_pattern() {
        for nothing in ["", "None", " N/A ", "no clear pattern."] {
            assert!(!is_concrete(&normalised(nothing)), "{nothing}");
        }
        assert!(is_concrete(&normalised("high volatility tier 3 entry")));
    }
}
