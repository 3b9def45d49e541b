/*
id = "cycles-faster-than-pause"
severity = "high"
title = "Cycles begin sooner than the configured pause allows: two bots seem to share this file"
why = "Cycles that begin sooner than the pause allows come from two bots that trade on one account."
description = """
{{ (row.n / row.of)|percent }} of the cycles since {{ row.since_at|time }} began sooner than the pause of \
{{ row.configured_seconds|span }} allows."""
fix = """
Do two bots run on this file? Look how many of its processes run, stop all but one, and let the bot take a lock: two bots open positions \
twice and overwrite each other's balance."""
threshold = 0.25 # share of intervals below nine tenths of the pause: one bot cannot have any
*/
WITH configured AS (
    SELECT max(at) AS since_at, cycle_pause_seconds AS configured_seconds
    FROM lifecycle
    WHERE event = 'initialized'
), counted AS (
    -- Whole seconds: two moments may look one second closer than they were.
    SELECT
        since_at,
        configured_seconds,
        sum(n) FILTER (WHERE seconds + 1 < 0.9 * configured_seconds) AS early,
        sum(n) AS intervals
    FROM cycle_time, configured
    WHERE measure = 'interval' AND in_window AND hour + 3600 > since_at
)
SELECT since_at, configured_seconds, early AS n, intervals AS of
FROM counted
WHERE intervals >= 50 AND early >= :threshold * intervals
