/*
id = "trade-stuck-in-status"
severity = "low"
title = "Trades in {{ row.source }} stay 'closed' and are never followed to the end"
description = """
{{ count }} of {{ of }} trades {{ count|plural("has", "have") }} stayed 'closed' although trades go on for more than 5 hours afterwards. \
{% if not row.last_done_at %}Not one trade has become 'post_tracked': the step that should finish them does not run.{% else %}{{ row.done }} \
{{ row.done|plural("other", "others") }} became 'post_tracked'{% if row.since >= 3 %}, the newest of those closed at \
{{ row.last_done_at|time }}; none of the {{ row.since }} that were closed later and are that old: the step has stopped.{% else %}: the step that \
should finish each trade has missed {{ count|plural("it", "them") }}.{% endif %}{% endif %}"""
why = "A trade that stays in a status which others leave within minutes was dropped by the step that should finish it."
fix = """
Load 'closed' trades at start and follow them too: a restart within the quarter of an hour after an exit loses them."""
needs = ["trade.closed_at"]
of = "SELECT source || ':closed', count(*) FROM trade WHERE closed_at IS NOT NULL GROUP BY source"
*/
WITH
-- The step that comes after the closing, where the file has it.
followed AS (
    SELECT
        source,
        sum(status = 'post_tracked') AS done,
        -- What was finished after the audited moment is told of a later moment.
        sum(status = 'post_tracked' AND NOT coalesce(updated_at > now, FALSE)) AS done_by_now,
        max(closed_at) FILTER (WHERE status = 'post_tracked') AS last_done,
        max(
            max(closed_at),
            coalesce((SELECT max(opened_at) FROM position WHERE position.source = trade.source), 0)
        ) - 18000 AS until,
        count(*) AS trades
    FROM trade
    JOIN run
    WHERE closed_at IS NOT NULL
    GROUP BY source
    -- Another version of the bot may know no later status.
    HAVING done > 0 OR source IN (SELECT table_name FROM column_profile WHERE column_name = 'price_15min_after')
),
stuck AS (
    SELECT
        trade.source,
        trade.source_id,
        trade.instrument,
        trade.closed_at,
        followed.*,
        sum(closed_at > coalesce(last_done, 0)) OVER (PARTITION BY source) AS since,
        count(*) OVER (PARTITION BY source) AS stuck
    FROM trade
    JOIN followed USING (source)
    WHERE status = 'closed' AND closed_at < until
)
SELECT
    source || ':closed' AS subject,
    iif(since >= 3 OR stuck > 0.1 * trades, 'medium', 'low') AS severity,
    source,
    source_id,
    instrument,
    closed_at,
    done_by_now AS done,
    last_done AS last_done_at,
    since
FROM stuck
WHERE done > 0 OR since >= 3
ORDER BY stuck.closed_at
