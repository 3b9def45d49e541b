/*
id = "condition-not-marked-triggered"
severity = "medium"
title = "Conditions that opened a trade are not marked as triggered"
why = "A condition that opened a trade and is not marked as triggered can open another, and counts as expired."
description = """
{{ count }} of {{ of }} conditions that are kept and that a trade names as its origin {{ count|plural("is", "are") }} not marked as \
triggered and have no time of it."""
fix = """
Set both in the transaction that opens the trade: a restart could open it again, and a statistic takes the condition for expired."""
threshold = 5 # conditions that opened a trade: all kept ones are looked at
of = """
SELECT count(*)
FROM (SELECT condition_id FROM trade UNION ALL SELECT condition_id FROM position) AS opened
JOIN condition ON condition.source_id = opened.condition_id"""
*/
WITH opened AS (
    SELECT source_id AS trade_id, instrument, condition_id FROM trade
    UNION ALL
    SELECT source_id, instrument, condition_id FROM position
), unmarked AS (
    SELECT condition.source, condition.source_id, opened.trade_id, opened.instrument, count(*) OVER () AS conditions
    FROM opened
    JOIN condition ON condition.source_id = opened.condition_id
    WHERE coalesce(condition.is_triggered, 0) = 0 AND condition.triggered_at IS NULL
)
SELECT source, source_id, trade_id, instrument
FROM unmarked
WHERE conditions >= :threshold
