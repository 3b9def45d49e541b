/*
id = "learning-late"
severity = "low"
type = "performance"
title = "Learnings come long after their trade"
why = "A learning that comes hours after its trade cannot guide the trades in between."
description = """
Half of the {{ of }} learnings of trades that were closed in the last {{ row.days|digits(0) }} days, up to 12 hours ago, came later than \
{{ (row.median_seconds / 3600)|digits(1) }} hours after the closing. Until then the bot trades without them."""
fix = "Is there a backlog? Learn from the newest trade first, or from more than one trade a cycle."
threshold = 3600            # seconds at the median: a bot asks for a learning in the cycle after the close
min_rows = 5
min_share = 0.3             # what is left where another check explains the rest
explained_by = ["learning-of-an-older-trade"]
needs = ["trade.closed_at"]
of = """
SELECT count(*)
FROM trade
JOIN run
WHERE
    is_main
    AND closed_at > now - 3600 * max(168, min(hours, 720))
    AND closed_at <= now - 43200
    AND source_id IN (SELECT trim(trade_id) FROM learning WHERE created_at > now - 3600 * max(168, min(hours, 720)))"""
*/
WITH
learned AS MATERIALIZED (
    SELECT trim(trade_id) AS trade_id, min(created_at) AS at
    FROM learning
    JOIN run
    WHERE trade_id IS NOT NULL AND created_at > now - 3600 * max(168, min(hours, 720))
    GROUP BY 1
),
delay AS (
    SELECT
        trade.source,
        trade.source_id,
        trade.in_window,
        trade.instrument,
        trade.closed_at,
        learned.at AS learned_at,
        learned.at - trade.closed_at AS seconds,
        row_number() OVER (ORDER BY learned.at - trade.closed_at) AS number,
        count(*) OVER () AS learnings
    FROM trade
    JOIN learned ON learned.trade_id = trade.source_id
    JOIN run
    WHERE is_main AND closed_at > now - 3600 * max(168, min(hours, 720)) AND closed_at <= now - 43200
),
usual AS MATERIALIZED (
    SELECT avg(seconds) AS median_seconds
    FROM delay
    WHERE number IN ((learnings + 1) / 2, learnings / 2 + 1)
)
SELECT
    source,
    source_id,
    in_window,
    instrument,
    closed_at,
    learned_at,
    seconds,
    median_seconds,
    (SELECT max(168, min(hours, 720)) / 24 FROM run) AS days
FROM delay
JOIN usual
WHERE learnings >= 10 AND median_seconds > :threshold AND seconds > :threshold
ORDER BY seconds DESC
