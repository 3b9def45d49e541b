/*
id = "cadence-slower-than-configured"
severity = "medium"
type = "performance"
title = "The bot pauses far longer between cycles than it is configured to"
why = "A bot that looks at the market far less often than configured closes its positions too late."
description = """
The bot was started with a pause of {{ row.configured_seconds|span }} between cycles; the median of {{ row.pauses }} pauses since \
{{ row.since_at|time }} is {{ row.median_seconds|span }}."""
fix = """
Is there a blocking wait, a backoff that is never reset, an overloaded host? Stop-losses and take-profits are looked at that much later."""
threshold = 2 # times the configured pause, as the median: load and timer slack stay far below that
*/
WITH configured AS (
    SELECT max(at) AS since_at, cycle_pause_seconds AS configured_seconds
    FROM lifecycle
    WHERE event = 'initialized'
), pause AS (
    SELECT seconds, sum(n) AS n
    FROM cycle_time, configured
    WHERE measure = 'pause' AND in_window AND hour + 3600 > since_at
    GROUP BY seconds
), ranked AS (
    SELECT seconds, sum(n) OVER (ORDER BY seconds) AS up_to, sum(n) OVER () AS pauses
    FROM pause
), median AS (
    SELECT min(seconds) AS median_seconds, pauses
    FROM ranked
    WHERE 2 * up_to >= pauses
)
SELECT since_at, configured_seconds, median_seconds, pauses
FROM configured, median
WHERE pauses >= 50 AND median_seconds > :threshold * configured_seconds
