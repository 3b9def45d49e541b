//! What the bot believes to have learned: how much, how sure, how often the same.

use std::collections::HashSet;

use rusqlite::{Connection, Row};
use serde::Serialize;

use crate::metrics::context::Context;
use crate::metrics::figures::{Mean, Ranked, Unavailable};
use crate::metrics::setting::Basis;
use crate::source::cell;

/// The window's learnings or, where it holds none, the newest 500; and those of the window before.
const LEARNINGS: &str = "
SELECT
    text,
    pattern,
    confidence
FROM learning
JOIN run
WHERE
    CASE ?1
        WHEN 'window' THEN in_window
        WHEN 'previous' THEN created_at > previous_start AND created_at <= window_start
        ELSE learning.rowid IN (
            SELECT rowid FROM learning WHERE created_at IS NOT NULL ORDER BY created_at DESC LIMIT 500
        )
    END";

const COUNTS: &str = "
SELECT
    count(*),
    count(*) FILTER (WHERE created_at > now - 86400)
FROM learning
JOIN run";

/// Learnings that name their trade, with its result.
const OUTCOMES: &str = "
SELECT
    CASE WHEN trade.pnl > 0 THEN 'win' WHEN trade.pnl <= 0 THEN 'loss' ELSE 'unknown' END,
    count(*)
FROM learning
LEFT JOIN trade ON trade.source = 'closed_trades' AND trade.source_id = learning.trade_id
WHERE
    learning.source = 'learnings'
    AND CASE ?1
        WHEN 'window' THEN learning.in_window
        ELSE learning.rowid IN (
            SELECT rowid FROM learning WHERE created_at IS NOT NULL ORDER BY created_at DESC LIMIT 500
        )
    END
GROUP BY 1
ORDER BY 2 DESC, 1";

/// Patterns are written by hand; what the bot makes itself are rules and regime rules.
const RULES_CREATED: &str = "
SELECT
    count(*)
FROM rule, run
WHERE kind <> 'pattern' AND created_at > window_start";

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
    pub(crate) learnings_by_outcome: Option<Ranked<String, u64>>,
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
    /// The learnings of a span: `window`, `previous` or `newest`.
    fn of(audit: &Connection, span: &str) -> rusqlite::Result<Self> {
        let mut tally = Self::default();
        let mut statement = audit.prepare(LEARNINGS)?;
        let mut rows = statement.query([span])?;
        while let Some(row) = rows.next()? {
            tally.add(row)?;
        }
        Ok(tally)
    }

    fn add(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        self.rows += 1;
        let text = normalised(&cell::text(row, 0)?.unwrap_or_default());
        self.duplicates += u64::from(!text.is_empty() && !self.texts.insert(text));
        let pattern = normalised(&cell::text(row, 1)?.unwrap_or_default());
        if is_concrete(&pattern) {
            self.actionable += 1;
            self.patterns.insert(pattern);
        }
        self.confidence.add(cell::real(row, 2)?);
        Ok(())
    }
}

/// Reads the window's learnings and the previous window's key figures.
///
/// # Errors
/// When learnings or rules cannot be read.
pub(crate) fn collect(context: &Context<'_>) -> anyhow::Result<LearningQuality> {
    let audit = context.db.connection();
    context.db.ensure_filled("learning")?;
    let mut tally = Tally::of(audit, "window")?;
    let mut basis = Basis::Window;
    if tally.rows == 0 {
        tally = Tally::of(audit, "newest")?;
        basis = if tally.rows == 0 { Basis::Nothing } else { Basis::Newest };
    }
    let previous = Tally::of(audit, "previous")?;
    let has_learnings =
        ["learnings", "reflections", "insights"].iter().any(|table| context.db.facts().has_table(table));
    let has_rules = context.db.facts().has_rules();
    let by_outcome = outcomes(audit, basis)?;
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
    let is_cut = context.db.filled().cut.contains("learning");
    explain(is_cut, "total_learnings", "more than are read: the newest 5,000 and those of both windows");
    let (all, last_24h): (u64, u64) = audit.query_row(COUNTS, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(LearningQuality {
        total_learnings: Some(all).filter(|_| has_learnings && !is_cut),
        learnings_last_24h: has_learnings.then_some(last_24h),
        learnings_in_window: if basis == Basis::Window { tally.rows } else { 0 },
        basis,
        basis_rows: tally.rows,
        avg_confidence: tally.confidence.get(),
        learnings_by_outcome: by_outcome,
        rules_created_from_learnings: if has_rules {
            Some(audit.query_row(RULES_CREATED, [], |row| row.get(0))?)
        } else {
            None
        },
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

/// Only the first generation's learnings name their trade; insights are about many.
fn outcomes(audit: &Connection, basis: Basis) -> rusqlite::Result<Option<Ranked<String, u64>>> {
    let span = if basis == Basis::Window { "window" } else { "newest" };
    let mut statement = audit.prepare(OUTCOMES)?;
    let rows = statement.query_map([span], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let ranked = Ranked(rows.collect::<rusqlite::Result<Vec<_>>>()?);
    Ok(Some(ranked).filter(|ranked| !ranked.0.is_empty()))
}

/// Lower case, words only, single spaces: equal texts become equal strings.
fn normalised(text: &str) -> String {
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
