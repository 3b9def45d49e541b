/*
id = "closing-contradicts-log"
severity = "critical"
title = "{% if row.lost %}Closings in the log are missing in {{ row.trades }}{% else %}Profits in {{ row.trades }} are not those that the log tells{% endif %}"
description = """
{{ count }} of {{ of }} closings {% if row.lost %}that the bot logged {{ count|plural("has", "have") }} no closed trade in {{ row.trades }}. \
Their results are missing in every sum.{% else %}{{ count|plural("was", "were") }} logged with another profit than {{ row.trades }} stores for \
the same trade.{% endif %}"""
why = "A closing that the log tells and the table lacks, or tells with another profit, is a trade whose result was lost or changed."
fix = """
{% if row.lost %}Write the closed trade and the log in one transaction; add the missing trades from the log.{% else %}Find out which of the two \
is right by the prices, and compute the profit once.{% endif %}"""
explained_by = ["closing-logged-twice"]
of = """
SELECT trade_source || kind, count(*)
FROM logged_trade
JOIN run ON at < now - 240
JOIN (SELECT ':lost' AS kind UNION SELECT ':profit')
JOIN (SELECT source AS trade_source, min(closed_at_latest) AS oldest FROM trade GROUP BY source) USING (trade_source)
WHERE event = 'closed' AND at > oldest + 240
GROUP BY 1"""
*/
WITH
-- Older closings may be of trades that are no longer kept, newer ones may not have reached the table yet.
logged AS MATERIALIZED (
    SELECT logged_trade.*
    FROM logged_trade
    JOIN run ON at < now - 240
    JOIN (SELECT source AS trade_source, min(closed_at_latest) AS oldest FROM trade GROUP BY source) USING (trade_source)
    WHERE event = 'closed' AND at > oldest + 240
),
-- The rows that a closing may be about: of its position; of its coin and moment where rows name no position.
by_position AS (
    SELECT
        logged.source_id AS log_id,
        trade.source_id,
        trade.pnl
    FROM logged
    JOIN trade ON trade.source = logged.trade_source AND trade.position_id = logged.trade_id
),
candidate AS MATERIALIZED (
    SELECT * FROM by_position
    UNION
    SELECT
        logged.source_id,
        trade.source_id,
        trade.pnl
    FROM logged
    CROSS JOIN trade ON
        trade.closed_at BETWEEN logged.at - 60 AND logged.at + 60
        AND +trade.source = logged.trade_source
        AND lower(trade.instrument) = lower(logged.instrument)
        AND coalesce(trim(trade.position_id), '') = ''
    WHERE logged.source_id NOT IN (SELECT log_id FROM by_position)
),
-- The log rounds to cents. Parts of a position may be closed with one line.
agreeing AS (
    SELECT log_id
    FROM candidate
    JOIN logged ON logged.source_id = log_id
    GROUP BY log_id
    HAVING
        coalesce(min(abs(candidate.pnl - logged.pnl)) <= 0.011, TRUE)
        OR count(candidate.pnl) < count(*)
        OR abs(sum(candidate.pnl) - logged.pnl) <= 0.011 * count(*)
)
SELECT
    trade_source || ':lost' AS subject,
    'critical' AS severity,
    source,
    source_id,
    instrument,
    at,
    pnl AS logged_pnl,
    NULL AS stored_pnl,
    TRUE AS lost,
    trade_source AS trades
FROM logged
JOIN run
WHERE
    NOT is_past
    AND source_id NOT IN (SELECT log_id FROM candidate)
    -- A position that is still open has a finding of its own.
    AND coalesce(trade_id, '') NOT IN (SELECT coalesce(position_id, '') FROM position UNION SELECT source_id FROM position)
    -- A trade of the coin, or of none, whose time is not readable or of another clock, may be it.
    AND NOT EXISTS (
        SELECT 1
        FROM trade
        WHERE
            trade.source = logged.trade_source
            AND coalesce(trim(trade.position_id), '') = ''
            AND (lower(trade.instrument) = lower(logged.instrument) OR coalesce(trim(trade.instrument), '') = '')
            AND (
                closed_at IS NULL
                OR abs(closed_at - logged.at) <= 60
                OR (
                    abs(closed_at - logged.at) <= 50400
                    AND abs(closed_at - logged.at - 900 * round((closed_at - logged.at) / 900)) <= 5
                )
            )
    )
UNION ALL
SELECT
    trade_source || ':profit',
    'high',
    trade_source,
    candidate.source_id,
    instrument,
    at,
    logged.pnl,
    candidate.pnl,
    FALSE,
    trade_source
FROM logged
JOIN candidate ON candidate.log_id = logged.source_id
WHERE logged.source_id NOT IN (SELECT log_id FROM agreeing)
GROUP BY logged.source_id
ORDER BY subject, at DESC
