//! The rules that trades and positions carry, one a row.

use rusqlite::Connection;

use crate::source::rule_ids::rules;

const STORED: &str = "
SELECT
    source,
    source_id,
    rule_ids
FROM trade
WHERE rule_ids IS NOT NULL
UNION ALL
SELECT
    source,
    source_id,
    rule_ids
FROM position
WHERE rule_ids IS NOT NULL";

/// The ids of a table of trades are those of the table of rules that has most of them.
const OF_TABLE: &str = "
UPDATE trade_rule
SET rule_source = own.rule_source
FROM (
    SELECT
        source,
        rule_source,
        max(n)
    FROM (
        SELECT
            trade_rule.source,
            rule.source AS rule_source,
            count(*) AS n
        FROM trade_rule
        JOIN rule ON rule.source_id = rule_id AND kind <> 'regime_rule'
        GROUP BY trade_rule.source, rule.source
    )
    GROUP BY source
) AS own
WHERE own.source = trade_rule.source";

/// Fills `trade_rule` from `trade`, `position` and `rule`.
///
/// # Errors
/// When SQLite has no memory left.
pub(super) fn fill(audit: &Connection) -> rusqlite::Result<()> {
    let mut insert = audit.prepare("INSERT INTO trade_rule VALUES (?1, ?2, '', ?3)")?;
    let mut stored = audit.prepare(STORED)?;
    let mut rows = stored.query([])?;
    while let Some(row) = rows.next()? {
        let (source, id, ids): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        for rule in rules(Some(&ids)) {
            insert.execute([&source, &id, rule])?;
        }
    }
    audit.execute_batch(OF_TABLE)
}
