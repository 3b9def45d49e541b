/*
id = "trade-neither-open-nor-closed"
was = ["trade-stuck-in-status:trade_journal:between"]
severity = "high"
title = "Trades in {{ row.source }} are neither open nor closed"
description = """
Trades without a result whose status is neither open nor closed ({{ row.statuses }}), by entry_time and updated_at older than {{ row.hours }} hours: \
{{ count }}, of {{ row.size_together }}. What looks for open trades does not find them, and their results are in no sum."""
why = "A trade whose status is neither open nor closed is looked after by nobody."
fix = """
Find the step that sets this status and what should follow it (an exception between the two, a restart), finish these trades by hand, and \
let the bot look for such rows when it starts."""
*/
WITH
-- Twenty times the quarter of an hour for which prices are followed; where nothing shows the host's clock, a time may be hours off.
patience AS (
    SELECT
        now,
        iif(host_clock_is_unknown, 20, 5) AS hours
    FROM run
),
-- Orders that never became a trade, and words for an open one where the bot does not write 'open'.
stuck AS (
    SELECT
        unfinished_trade.*,
        hours,
        max(coalesce(updated_at_latest, opened_at_latest), opened_at_latest) AS changed_at,
        coalesce('''' || status || '''', 'NULL') AS word
    FROM unfinished_trade
    JOIN patience
    WHERE
        changed_at < now - 3600 * hours
        AND NOT EXISTS (
            SELECT 1
            FROM json_each(
                '["cancel", "reject", "expire", "fail", "abort", "void", "skip", "delete", "invalid", "limit", "unfilled", "not_filled",
                "not filled", "timeout", "dry", "paper", "ignore", "archive", "merge"]'
            )
            WHERE lower(trim(status)) LIKE value || '%'
        )
)
SELECT
    source || ':between' AS subject,
    source,
    source_id,
    instrument,
    status,
    size,
    changed_at,
    TRUE AS open,
    hours,
    (SELECT group_concat(word, ', ') FROM (SELECT DISTINCT word FROM stuck ORDER BY word LIMIT 5)) AS statuses,
    printf('%.2f', total(size) OVER (PARTITION BY source)) AS size_together
FROM stuck
ORDER BY changed_at
