/*
id = "stop-on-winning-side"
severity = "high"
title = "Stops in {{ row.source }} are on the winning side of the entry"
description = """
{{ count }} of {{ of }} trades and positions {{ count|plural("has", "have") }} a stop where, for their direction, the price is once the trade wins. \
Nearly all of a direction have it, so that it was not moved there while the trade won."""
why = "A stop on the winning side of the entry closes a trade at once and protects against nothing."
fix = "Check how the stop is set for each direction: for a short it lies above the entry."
needs = ["position.entry_price", "trade.entry_price"]
of = """
SELECT source, count(*)
FROM (
    SELECT source, side, entry_price, coalesce(initial_stop_loss, stop_loss) AS stop_loss FROM trade
    UNION ALL
    SELECT source, side, entry_price, coalesce(initial_stop_loss, stop_loss) FROM position
)
WHERE side IS NOT NULL AND entry_price > 0 AND stop_loss > 0
GROUP BY source"""
*/
WITH
-- The stop with which it was opened: a trailing one ends beyond the entry wherever it wins.
stops AS (
    SELECT
        *,
        CASE side WHEN 'long' THEN 1 ELSE -1 END * (stop_loss / entry_price - 1) AS stop_gain,
        CASE side WHEN 'long' THEN 1 ELSE -1 END * (nullif(take_profit, 0) / entry_price - 1) AS target_gain
    FROM (
        SELECT source, source_id, instrument, side, entry_price, coalesce(initial_stop_loss, stop_loss) AS stop_loss, take_profit, opened_at
        FROM trade
        UNION ALL
        SELECT source, source_id, instrument, side, entry_price, coalesce(initial_stop_loss, stop_loss), take_profit, opened_at
        FROM position
    )
    WHERE side IS NOT NULL AND entry_price > 0 AND stop_loss > 0
),
-- Where nearly all stops of a direction are there, beyond the rounding of prices, nobody moved them.
reversed AS (
    SELECT
        source,
        side
    FROM stops
    GROUP BY source, side
    HAVING sum(stop_gain > 0.0005) >= 3 AND avg(stop_gain > 0.0005) >= 0.8
)
SELECT
    source AS subject,
    source,
    source_id,
    instrument,
    side,
    entry_price,
    stop_loss,
    take_profit
FROM stops
JOIN reversed USING (source, side)
-- With a target nearer still, both are on the wrong side, which is another rule's.
WHERE stop_gain > 0.0005 AND coalesce(target_gain > stop_gain, TRUE)
ORDER BY opened_at DESC
