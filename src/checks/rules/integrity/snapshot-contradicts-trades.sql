/*
id = "snapshot-contradicts-trades"
severity = "medium"
title = "Snapshots in {{ row.source }} do not contain the trades of their span"
description = """
{{ count }} of {{ of }} hourly snapshots count a number of trades that were closed neither in the hour before them nor in an hour of the clock \
around them. Together they hold {{ row.stored_together }} trades; in the hours before them {{ row.closed_together }} were closed."""
why = "A snapshot that does not contain the trades of its span makes every curve and report drawn from it wrong."
fix = """
Are they selected by one status, or by another time than the exit? Select the span's trades by their exit time and by every status that \
means closed, not by one of them."""
min_rows = 3
min_share = 0.2
explained_by = ["closing-logged-twice"]
of = """
SELECT source, count(*)
FROM (SELECT * FROM snapshot ORDER BY at DESC LIMIT 150)
WHERE
    lower(timeframe) IN ('hour', 'hourly', '1h') AND total_trades IS NOT NULL
    AND at - 3600 >= (SELECT min(closed_at) FROM trade WHERE is_main)
GROUP BY source"""
*/
WITH
hourly AS (
    SELECT *
    FROM (SELECT * FROM snapshot ORDER BY at DESC LIMIT 150)
    WHERE
        lower(timeframe) IN ('hour', 'hourly', '1h') AND total_trades IS NOT NULL
        AND at - 3600 >= (SELECT min(closed_at) FROM trade WHERE is_main)
),
-- The hours that it may mean: the one that ends with it, and the clock's, of UTC and of the host, that ended last or that it lies in.
span AS (
    SELECT source_id, total_trades, at - 3600 AS since, at AS until FROM hourly
    UNION ALL
    SELECT source_id, total_trades, at - at % 3600 - 3600, at - at % 3600 FROM hourly
    UNION ALL
    SELECT source_id, total_trades, at - at % 3600, at FROM hourly
    UNION ALL
    SELECT source_id, total_trades, at - (at + host_offset_seconds) % 3600 - 3600, at - (at + host_offset_seconds) % 3600
    FROM hourly
    JOIN run ON host_offset_seconds % 3600 <> 0
    UNION ALL
    SELECT source_id, total_trades, at - (at + host_offset_seconds) % 3600, at
    FROM hourly
    JOIN run ON host_offset_seconds % 3600 <> 0
),
-- A closing within two minutes of an edge may be in either.
fitting AS (
    SELECT source_id
    FROM span
    JOIN run
    WHERE total_trades BETWEEN
        (SELECT count(*) FROM trade WHERE is_main AND closed_at > since + 120 AND closed_at <= until - 120)
        AND (SELECT count(*) FROM trade WHERE is_main AND closed_at > since - 120 AND closed_at <= until + 120)
),
wrong AS (
    SELECT
        *,
        (
            SELECT count(*)
            FROM trade
            WHERE is_main AND closed_at > hourly.at - 3600 AND closed_at <= hourly.at
        ) AS closed_trades
    FROM hourly
    WHERE source_id NOT IN (SELECT source_id FROM fitting)
)
SELECT
    source AS subject,
    source,
    source_id,
    timeframe,
    at,
    total_trades AS stored_trades,
    closed_trades,
    sum(total_trades) OVER () AS stored_together,
    sum(closed_trades) OVER () AS closed_together
FROM wrong
ORDER BY wrong.at DESC
