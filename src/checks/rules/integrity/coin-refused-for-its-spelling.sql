/*
id = "coin-refused-for-its-spelling"
severity = "high"
title = "Trades are rejected for want of a price that is there under another spelling"
description = """
{{ count }} of {{ of }} rejections for want of market data in the window name a coin whose price is there, only spelled in other letters. \
Coins: {{ row.coins }}; proposals to buy in that time: {{ row.proposals }}."""
why = "A trade that is rejected for want of a price that is there under another spelling is an opportunity lost to a missing conversion."
fix = """
Bring the coin's name into the table's spelling (lower case, trimmed) before the price is looked up, and tell the LLM the exact names."""
of = """
SELECT count(*)
FROM event
WHERE in_window AND kind IN ('trade_rejected', 'decision_rejected', 'error', 'warning') AND instr(text, 'No market data for ')"""
*/
WITH
-- The name ends at the first stop, comma, colon or space.
rejected AS MATERIALIZED (
    SELECT
        source,
        source_id,
        at,
        substr(
            named,
            1,
            min(
                instr(named || '.', '.'),
                instr(named || ',', ','),
                instr(named || ' ', ' '),
                instr(named || ':', ':')
            ) - 1
        ) AS named
    FROM (
        SELECT
            *,
            substr(text, instr(text, 'No market data for ') + 19) AS named
        FROM event
        WHERE in_window AND kind IN ('trade_rejected', 'decision_rejected', 'error', 'warning') AND instr(text, 'No market data for ')
    )
),
-- Rows that an older bot left behind are no price.
priced AS (
    SELECT instrument
    FROM price
    JOIN run ON updated_at > window_start
),
misspelled AS (
    SELECT
        rejected.*,
        (SELECT instrument FROM priced WHERE lower(trim(instrument)) = lower(trim(named))) AS has_price
    FROM rejected
    WHERE named NOT IN (SELECT instrument FROM priced)
),
proposed AS (
    SELECT count(*) AS proposals
    FROM decision
    WHERE in_window AND action LIKE '%buy%'
)
SELECT
    'market_data.coin' AS subject,
    iif(count(*) OVER () >= 0.1 * max(proposals, 1), 'high', 'medium') AS severity,
    source,
    source_id,
    named AS rejected,
    has_price,
    (SELECT count(DISTINCT lower(trim(named))) FROM misspelled WHERE has_price IS NOT NULL) AS coins,
    proposals
FROM misspelled
JOIN proposed
WHERE has_price IS NOT NULL
ORDER BY misspelled.at
