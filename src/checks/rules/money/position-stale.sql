/*
id = "position-stale"
severity = "medium"
title = "Open positions that no exit has closed for days"
why = "A position that is open for days is one that no exit will close, and it binds exposure."
description = "{{ count }} of {{ of }} open positions {{ count|plural('is', 'are') }} older than {{ threshold }} hours, which binds {{ rows|map(attribute='size')|sum|usd }} of the exposure."
fix = "Check whether the bot still manages these positions; close them or add an exit by age."
threshold = 48              # hours: a bot that trades within minutes to hours has no exit of its own after two days
of = "SELECT count(*) FROM position"
explained_by = ["position-forgotten", "open-position-was-closed", "level-ignored"]
*/
-- A bot whose trades last for days holds its positions for days: ten times the median duration, and longer than 99 in
-- 100 of its trades.
WITH duration AS (
    SELECT wall_clock_seconds AS seconds, row_number() OVER (ORDER BY wall_clock_seconds) AS number, count(*) OVER () AS n
    FROM trade
    WHERE wall_clock_seconds IS NOT NULL
)
SELECT
    source,
    source_id,
    instrument,
    coalesce(size, 0) AS size,
    opened_at,
    (run.now - opened_at) / 3600.0 AS hours
FROM position, run
WHERE
    run.now - opened_at > 3600.0 * :threshold
    AND run.now - opened_at > 10 * coalesce((SELECT seconds FROM duration WHERE number = (n + 1) / 2), 0)
    AND run.now - opened_at > coalesce((SELECT max(seconds) FROM duration WHERE number <= 0.99 * n), 0)
ORDER BY opened_at
