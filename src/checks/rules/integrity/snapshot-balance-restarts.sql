/*
id = "snapshot-balance-restarts"
severity = "medium"
title = "Every snapshot in {{ row.source }} begins with the initial balance"
description = """
The newest {{ count }} snapshots all start at {{ row.starting_balance|digits(2) }} although the closed trades had brought between {{ row.lowest }} \
and {{ row.highest }} by then."""
why = "Snapshots that each begin with the initial balance never show what the bot has won or lost."
fix = "Begin each snapshot with the balance at the start of its span: the initial one plus all profit before it."
min_rows = 10
explained_by = ["closing-logged-twice"]
*/
WITH
constant AS (
    SELECT max(starting_balance) - min(starting_balance) < 0.01 AS is_constant
    FROM (SELECT starting_balance FROM snapshot ORDER BY at DESC LIMIT 150)
),
-- The profit of everything closed up to each snapshot.
running AS (
    SELECT
        source_id,
        sum(pnl) OVER (ORDER BY at, source_id IS NOT NULL ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS profit
    FROM (
        SELECT NULL AS source_id, closed_at AS at, coalesce(pnl, 0) AS pnl FROM trade JOIN constant ON is_constant WHERE is_main AND closed_at IS NOT NULL
        UNION ALL
        SELECT source_id, at, 0 FROM snapshot JOIN constant ON is_constant
    )
),
newest AS MATERIALIZED (
    SELECT
        snapshot.*,
        profit
    FROM running
    JOIN snapshot USING (source_id)
    ORDER BY at DESC
    LIMIT 150
),
restarting AS (
    SELECT
        source,
        printf('%+.2f', min(0, min(profit))) AS lowest,
        printf('%+.2f', max(0, max(profit))) AS highest
    FROM newest
    GROUP BY source
    HAVING
        max(0, max(profit)) - min(0, min(profit)) >= 1
        -- Snapshots of all time begin with the initial balance by right, and end with all profit so far.
        AND avg(coalesce(abs(ending_balance - starting_balance - profit) <= 0.02 + 1e-6 * abs(starting_balance), FALSE)) < 0.8
        AND min(
            timeframe LIKE 'hour%' OR timeframe LIKE 'day%' OR timeframe LIKE 'week%' OR timeframe LIKE 'month%' OR timeframe LIKE 'dai%'
            OR timeframe LIKE '1h%' OR timeframe LIKE '24h%' OR timeframe LIKE '1d%' OR timeframe LIKE '7d%' OR timeframe LIKE '30d%'
        )
)
SELECT
    source AS subject,
    source,
    source_id,
    timeframe,
    at,
    starting_balance,
    ending_balance,
    round(profit, 2) AS profit_until_then,
    lowest,
    highest
FROM newest
JOIN restarting USING (source)
WHERE starting_balance IS NOT NULL
ORDER BY newest.at DESC
