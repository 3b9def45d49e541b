/*
id = "prices-stale"
severity = "high"
title = "Prices are no longer updated while the bot runs"
why = "A bot that runs on old prices decides blindly and cannot see a stop-loss."
description = """
The newest price of all {{ row.coins }} coins is from {{ row.newest_price_at|time }}, {{ row.behind_seconds|span }} older than the bot's \
newest activity. Open positions: {{ row.open_positions }}."""
fix = "Look at the source of the prices and its errors; let the bot stop deciding on old prices."
threshold = 30 # minutes behind the bot's newest row, at least 20 cycles: rate limits pass within 20 minutes
*/
WITH prices AS (
    SELECT count(*) AS coins, max(updated_at) AS newest_price_at
    FROM price
    WHERE updated_at IS NOT NULL
), interval AS (
    SELECT seconds, sum(n) OVER (ORDER BY seconds) AS up_to, sum(n) OVER () AS intervals
    FROM (SELECT seconds, sum(n) AS n FROM cycle_time WHERE measure = 'interval' AND in_window GROUP BY seconds)
), cycle AS (
    SELECT coalesce((SELECT min(seconds) FROM interval WHERE 2 * up_to >= intervals), run.cycle_pause_seconds, 0) AS seconds
    FROM run
), log AS (
    -- A bot that runs a strategist keeps no such prices: they are left from before.
    SELECT max(last_at) FILTER (WHERE n > 0) AS newest_at, max(last_at) FILTER (WHERE kind = 'strategist') AS strategist_at
    FROM event_pattern
)
SELECT
    iif((SELECT count(*) FROM position) > 0, 'critical', 'high') AS severity,
    coins,
    newest_price_at,
    log.newest_at AS newest_activity_at,
    log.newest_at - newest_price_at AS behind_seconds,
    (SELECT count(*) FROM position) AS open_positions
FROM prices, cycle, log, run
WHERE coins <= 2000
    AND newest_price_at <= run.now
    AND coalesce(strategist_at, 0) <= newest_price_at
    AND log.newest_at - newest_price_at > max(60 * :threshold, 20 * cycle.seconds)
