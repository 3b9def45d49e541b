//! Ids that point to nothing.

use crate::checks::check::{Audit, Check, Evidence, Found, Problem, Theme};
use crate::model::{AlertType, Severity};
use crate::source::cell;
use crate::untrusted::cut;

pub(super) const REFERENCES: Check = Check {
    id: "dangling-reference",
    theme: Theme::Integrity,
    why: "An id that points to no row loses what it should join: a learning without its trade, an insight without its reflection.",
    threshold: None,
    run: references,
};

/// One column that names rows of another table, and what is not a row of it.
struct Reference {
    /// As the file calls it.
    column: &'static str,
    target: &'static str,
    /// The tables that must exist.
    tables: [&'static str; 2],
    /// Selects the newest rows: `id`, what it names as `named`, its time as `at`.
    rows: &'static str,
    clock: &'static str,
    /// When a row `t` of the target is the named one.
    is_named: &'static str,
}

impl Reference {
    /// Selects the row's id, the id that it names, whether that is missing, its time and the clock of it. Rows older
    /// than the oldest that is kept were deleted on purpose.
    fn sql(&self) -> String {
        let Self { rows, clock, target, .. } = self;
        format!(
            "SELECT r.id, r.named, {}, r.at, '{clock}' FROM ({rows}) AS r",
            self.is_missing(&format!("src_{target}"))
        )
    }

    /// The rows that name what is missing.
    fn shown(&self) -> String {
        let rows = self.rows.replace("src_", "");
        format!("SELECT r.id, r.named, r.at FROM ({rows}) AS r WHERE {}", self.is_missing(self.target))
    }

    fn is_missing(&self, target: &str) -> String {
        let kept = match self.is_named {
            BY_NUMBER => format!(
                " AND (CAST(r.named AS REAL) <= 0 OR NOT CAST(r.named AS REAL) < (SELECT min(id) FROM {target}))"
            ),
            _ => String::new(),
        };
        format!("NOT EXISTS (SELECT 1 FROM {target} AS t WHERE {}){kept}", self.is_named)
    }
}

const BY_NUMBER: &str = "t.id = CAST(r.named AS INTEGER)";

/// Newest rows of each are looked at.
const REFERENCES_KNOWN: [Reference; 5] = [
    Reference {
        column: "learnings.trade_id",
        target: "closed_trades",
        tables: ["learnings", "closed_trades"],
        rows: "SELECT id, trade_id AS named, created_at AS at FROM src_learnings WHERE trade_id IS NOT NULL ORDER BY id DESC LIMIT 1000",
        clock: "utc",
        is_named: BY_NUMBER,
    },
    Reference {
        column: "insights.reflection_id",
        target: "reflections",
        tables: ["insights", "reflections"],
        rows: "SELECT id, reflection_id AS named, discovered_at AS at FROM src_insights WHERE reflection_id IS NOT NULL ORDER BY id DESC LIMIT 1000",
        clock: "utc",
        is_named: BY_NUMBER,
    },
    Reference {
        column: "trade_journal.pattern_id",
        target: "trading_patterns",
        tables: ["trade_journal", "trading_patterns"],
        rows: "SELECT id, pattern_id AS named, entry_time AS at FROM src_trade_journal WHERE pattern_id IS NOT NULL AND pattern_id <> '' ORDER BY entry_time DESC LIMIT 1000",
        clock: "local",
        is_named: "t.pattern_id = r.named",
    },
    Reference {
        column: "closed_trades.rule_ids_used",
        target: "trading_rules",
        tables: ["closed_trades", "trading_rules"],
        rows: "SELECT trade.id, item.value AS named, trade.at FROM (SELECT id, closed_at AS at, '[' || trim(rule_ids_used, '[] ') || ']' AS ids \
               FROM src_closed_trades ORDER BY id DESC LIMIT 1000) AS trade, json_each(CASE WHEN json_valid(trade.ids) THEN trade.ids ELSE '[]' END) AS item",
        clock: "utc",
        is_named: BY_NUMBER,
    },
    Reference {
        column: "open_trades.rule_ids_used",
        target: "trading_rules",
        tables: ["open_trades", "trading_rules"],
        rows: "SELECT trade.id, item.value AS named, trade.at FROM (SELECT id, opened_at AS at, '[' || trim(rule_ids_used, '[] ') || ']' AS ids \
               FROM src_open_trades) AS trade, json_each(CASE WHEN json_valid(trade.ids) THEN trade.ids ELSE '[]' END) AS item",
        clock: "utc",
        is_named: BY_NUMBER,
    },
];

fn references(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let bot = audit.context.bot;
    let mut found = Found::nothing();
    for reference in &REFERENCES_KNOWN {
        if !reference.tables.iter().all(|table| bot.has_table(table)) {
            continue;
        }
        let mut evidence = Evidence::default();
        bot.each_row(&reference.sql(), |row| {
            if bot.instant(row, 3, 4)?.is_some_and(|at| at > audit.context.now) {
                return Ok(());
            }
            let dangling = cell::integer(row, 2)? == Some(1);
            let (id, target) =
                (cell::text(row, 0)?.unwrap_or_default(), cell::text(row, 1)?.unwrap_or_default());
            evidence.row(dangling.then_some(|| format!("row {} names {}", cut(&id, 32), cut(&target, 32))));
            Ok(())
        })?;
        if evidence.count > 0 {
            found.fact(problem(reference, &evidence));
        }
    }
    Ok(found)
}

fn problem(reference: &Reference, evidence: &Evidence) -> Problem {
    Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Medium,
        subject: reference.column.to_owned(),
        title: format!("{} names rows that {} does not have", reference.column, reference.target),
        description: format!(
            "{} to no row of {}. An inner join of the two leaves these out.",
            evidence.counted(&format!("ids in {}", reference.column), "points", "point"),
            reference.target
        ),
        evidence: evidence.text("ids", &reference.shown()),
        recommendation: format!(
            "Check the ids against {} before they are stored; an LLM that names them may invent some.",
            reference.target
        ),
    }
}
