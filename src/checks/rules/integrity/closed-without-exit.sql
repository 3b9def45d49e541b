/*
id = "closed-without-exit"
severity = "high"
title = "Closed trades in {{ row.source }} lack their exit"
description = """
{{ count }} of {{ of }} closed trades {{ count|plural("has", "have") }} no closing time, exit price or profit: the result is in no sum."""
why = "A trade that is closed without time, price or profit is missing from every sum."
fix = "Write status and exit in one UPDATE, and complete these rows from the log."
needs = ["trade.closed_at", "trade.exit_price"]
of = "SELECT source, count(*) FROM trade GROUP BY source"
*/
WITH unfinished AS (
    SELECT
        source,
        source_id,
        instrument,
        opened_at,
        substr(
            iif(closed_at IS NULL, ' and time', '') || iif(exit_price IS NULL, ' and price', '') || iif(pnl IS NULL, ' and profit', ''),
            6
        ) AS without
    FROM trade
    WHERE (closed_at IS NULL OR exit_price IS NULL OR pnl IS NULL) AND coalesce(status, 'closed') IN ('closed', 'post_tracked')
)
SELECT
    source AS subject,
    source,
    source_id,
    instrument,
    without,
    opened_at,
    TRUE AS open
FROM unfinished
-- A column that is never filled is a dead column, not an unfinished trade.
WHERE (SELECT count(*) FROM unfinished AS own WHERE own.source = unfinished.source) * 2 <= (
    SELECT count(*) FROM trade WHERE trade.source = unfinished.source
)
ORDER BY unfinished.opened_at DESC
