//! Learnings against each other: what they say again, and how sure they are.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::checks::check::{Audit, Evidence, Found, Problem};
use crate::metrics::{Basis, learning_quality};
use crate::model::{AlertType, Severity};
use crate::source::cell;
use crate::source::clock::{self, utc_text};
use crate::untrusted::cut;

const LEAST_LEARNINGS: u64 = 20;

/// The window's learnings or, where it holds none, the newest 500.
const TEXTS: &str = "
SELECT
    created_at,
    source_id,
    text
FROM learning
WHERE
    CASE WHEN EXISTS (SELECT 1 FROM learning WHERE in_window)
        THEN in_window
        ELSE rowid IN (
            SELECT rowid FROM learning WHERE created_at IS NOT NULL ORDER BY created_at DESC LIMIT 500
        )
    END
ORDER BY created_at, rowid";

/// When the rows were written that were read.
#[derive(Default)]
struct Read(Option<(DateTime<Utc>, DateTime<Utc>)>);

impl Read {
    fn add(&mut self, at: DateTime<Utc>) {
        let (first, last) = self.0.unwrap_or((at, at));
        self.0 = Some((first.min(at), last.max(at)));
    }

    fn since(&self) -> String {
        self.0.map(|(first, _)| utc_text(first)).unwrap_or_default()
    }

    /// The rows as a condition of SQL over a column of UTC texts.
    fn sql(&self, column: &str) -> String {
        let last = self.0.map(|(_, last)| utc_text(last)).unwrap_or_default();
        format!("datetime({column}) BETWEEN '{}' AND '{last}'", self.since())
    }
}

/// Low: a waste of memory and of prompts, not wrong.
pub(super) fn duplicates(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let Some(quality) = audit.report.learning_quality.available() else { return Ok(Found::nothing()) };
    let (duplicates, rows) = (quality.duplicate_patterns, quality.basis_rows);
    if quality.basis == Basis::Nothing
        || rows < LEAST_LEARNINGS
        || (duplicates as f64) < audit.threshold * rows as f64
    {
        return Ok(Found::nothing());
    }
    let (mut evidence, mut texts) = (Evidence::default(), HashSet::new());
    let mut read = Read::default();
    let mut statement = audit.context.db.connection().prepare(TEXTS)?;
    let mut rows_read = statement.query([])?;
    while let Some(row) = rows_read.next()? {
        clock::moment(row.get(0)?).into_iter().for_each(|at| read.add(at));
        let text = cell::text(row, 2)?.unwrap_or_default();
        let normalised = learning_quality::normalised(&text);
        let is_repeated = !normalised.is_empty() && !texts.insert(normalised);
        let id = cell::text(row, 1)?.unwrap_or_default();
        evidence.row(is_repeated.then_some(|| format!("#{} \"{}\"", cut(&id, 24), cut(&text, 80))));
    }
    let query = match audit.context.generation {
        1 => format!(
            "SELECT id, coalesce(CASE WHEN json_valid(learning_text) THEN json_extract(learning_text, '$.lesson') END, \
             learning_text) AS text FROM learnings WHERE {} ORDER BY text",
            read.sql("created_at")
        ),
        _ => format!(
            "SELECT reflections.id, CASE WHEN item.type = 'object' THEN json_extract(item.value, '$.description') \
             ELSE item.value END AS text FROM reflections, json_each(reflections.insights) AS item WHERE {} ORDER BY text",
            read.sql("reflections.timestamp")
        ),
    };
    Ok(Some(Problem {
        alert_type: AlertType::Inefficiency,
        severity: Severity::Low,
        subject: String::new(),
        title: "Many learnings repeat an earlier one word for word".to_owned(),
        description: format!(
            "{duplicates} of {rows} learnings from {} UTC on ({:.0} %) say what an earlier one of them has said, but for case and \
             punctuation.",
            read.since(),
            100.0 * duplicates as f64 / rows as f64
        ),
        evidence: evidence.text("learnings", &query),
        recommendation: "Look for the text before storing it, and count its confirmations instead."
            .to_owned(),
    })
    .into())
}
