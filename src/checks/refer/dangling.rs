//! Ids that point to nothing.

use super::{AlertType, Audit, Check, Evidence, Found, Problem, Severity, Theme};
use crate::bot::cell;
use crate::untrusted::cut;

pub(super) const REFERENCES: Check = Check {
    id: "dangling-reference",
    theme: Theme::Refer,
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
    /// Selects the row's id, the id that it names, whether that row exists, and the least id there.
    sql: &'static str,
}

/// Newest rows of each are looked at.
const REFERENCES_KNOWN: [Reference; 5] = [
    Reference {
        column: "learnings.trade_id",
        target: "closed_trades",
        tables: ["learnings", "closed_trades"],
        sql: "SELECT id, trade_id, EXISTS (SELECT 1 FROM src_closed_trades AS t WHERE t.id = l.trade_id), \
              (SELECT min(id) FROM src_closed_trades), created_at, 'utc' FROM src_learnings AS l WHERE trade_id IS NOT NULL ORDER BY id DESC LIMIT 1000",
    },
    Reference {
        column: "insights.reflection_id",
        target: "reflections",
        tables: ["insights", "reflections"],
        sql: "SELECT id, reflection_id, EXISTS (SELECT 1 FROM src_reflections AS t WHERE t.id = i.reflection_id), \
              (SELECT min(id) FROM src_reflections), discovered_at, 'utc' FROM src_insights AS i WHERE reflection_id IS NOT NULL ORDER BY id DESC LIMIT 1000",
    },
    Reference {
        column: "trade_journal.pattern_id",
        target: "trading_patterns",
        tables: ["trade_journal", "trading_patterns"],
        sql: "SELECT id, pattern_id, EXISTS (SELECT 1 FROM src_trading_patterns AS t WHERE t.pattern_id = j.pattern_id), \
              NULL, entry_time, 'local' FROM src_trade_journal AS j WHERE pattern_id IS NOT NULL AND pattern_id <> '' ORDER BY entry_time DESC LIMIT 1000",
    },
    Reference {
        column: "closed_trades.rule_ids_used",
        target: "trading_rules",
        tables: ["closed_trades", "trading_rules"],
        sql: "SELECT t.id, item.value, EXISTS (SELECT 1 FROM src_trading_rules AS r WHERE r.id = CAST(item.value AS INTEGER)), \
              (SELECT min(id) FROM src_trading_rules), closed_at, 'utc' FROM (SELECT id, closed_at, '[' || trim(rule_ids_used, '[] ') || ']' AS ids FROM src_closed_trades ORDER BY id DESC LIMIT 1000) AS t, \
              json_each(CASE WHEN json_valid(t.ids) THEN t.ids ELSE '[]' END) AS item",
    },
    Reference {
        column: "open_trades.rule_ids_used",
        target: "trading_rules",
        tables: ["open_trades", "trading_rules"],
        sql: "SELECT t.id, item.value, EXISTS (SELECT 1 FROM src_trading_rules AS r WHERE r.id = CAST(item.value AS INTEGER)), \
              (SELECT min(id) FROM src_trading_rules), opened_at, 'utc' FROM (SELECT id, opened_at, '[' || trim(rule_ids_used, '[] ') || ']' AS ids FROM src_open_trades) AS t, \
              json_each(CASE WHEN json_valid(t.ids) THEN t.ids ELSE '[]' END) AS item",
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
        bot.each_row(reference.sql, |row| {
            if bot.instant(row, 4, 5)?.is_some_and(|at| at > audit.context.now) {
                return Ok(());
            }
            // Rows older than the oldest that is kept were deleted on purpose.
            let named = cell::real(row, 1)?;
            let kept = cell::real(row, 3)?
                .is_none_or(|least| named.is_none_or(|named| named >= least || named <= 0.0));
            let dangling = cell::integer(row, 2)? == Some(0) && kept;
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
            "{} to no row of {}. Whatever joins the two leaves these out.",
            evidence.counted(&format!("ids in {}", reference.column), "points", "point"),
            reference.target
        ),
        evidence: evidence.text("ids", reference.sql.replace("src_", "").as_str()),
        recommendation: format!(
            "Check the ids against {} before they are stored; an LLM that names them may invent some.",
            reference.target
        ),
    }
}
