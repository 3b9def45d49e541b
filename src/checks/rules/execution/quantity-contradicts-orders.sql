/*
id = "quantity-contradicts-orders"
severity = "medium"
title = "The quantity of a position or trade is not what its orders filled"
description = """
{{ count }} of {{ of }} trades and positions with orders {{ count|plural("has", "have") }} another quantity than \
{{ count|plural("its", "their") }} orders filled; {{ row.instrument }}: stored {{ row.units_stored }}, filled {{ row.units_by_orders }}."""
why = "A quantity that the orders do not give makes profit, exposure and the size of the exit order wrong."
fix = "Take the filled quantity from the exchange: did a partial fill, or a fill after a cancelled order, not reach the row?"
threshold = 0.02                  # of the entered units: rounding and fees taken in units stay below
explained_by = ["exits-exceed-entries", "closed-with-rest"]
of = "SELECT count(DISTINCT trade_id) FROM fill WHERE purpose = 'entry' AND quantity > 0 AND trade_id IS NOT NULL"
*/
WITH traded AS (
    SELECT
        trade_id,
        instrument,
        sum(CASE WHEN purpose = 'entry' THEN quantity ELSE 0 END) AS entered,
        sum(CASE WHEN purpose IN ('exit', 'stop') THEN quantity ELSE 0 END) AS left_again
    FROM fill
    WHERE quantity > 0 AND trade_id IS NOT NULL
    GROUP BY trade_id, instrument
)
SELECT
    owner.source,
    owner.source_id,
    owner.instrument,
    owner.quantity AS units_stored,
    owner.expected AS units_by_orders,
    owner.open,
    owner.in_window
FROM (
    SELECT trade.source, trade.source_id, trade.instrument, quantity, entered AS expected, entered, 0 AS open, in_window
    FROM trade
    JOIN traded ON traded.trade_id = trade.source_id AND traded.instrument = trade.instrument
    UNION ALL
    SELECT position.source, position.source_id, position.instrument, quantity, entered - left_again, entered, 1, in_window
    FROM position
    JOIN traded ON traded.trade_id = position.source_id AND traded.instrument = position.instrument
) AS owner
WHERE owner.entered > 0 AND abs(owner.quantity - owner.expected) > :threshold * owner.entered
ORDER BY abs(owner.quantity - owner.expected) / owner.entered DESC
