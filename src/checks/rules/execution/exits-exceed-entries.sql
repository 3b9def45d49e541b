/*
id = "exits-exceed-entries"
severity = "high"
title = "More was closed than had been opened"
description = """
{{ count }} of {{ of }} trades and positions with orders {{ count|plural("has", "have") }} filled exits of more units than \
{{ count|plural("its", "their") }} entries; {{ row.instrument }}: {{ row.units_exited }} of {{ row.units_entered }}."""
why = "An exit that is filled twice opens an unwatched position the other way, or sells units of another trade, and its profit is counted twice."
fix = "Look up why two exits were sent: a retry without asking the exchange what became of the first, or two processes on one account?"
threshold = 0.01                  # of the entered units: rounding and fees taken in units stay below
of = "SELECT count(DISTINCT trade_id) FROM fill WHERE purpose = 'entry' AND quantity > 0 AND trade_id IS NOT NULL"
*/
WITH traded AS (
    SELECT
        trade_id,
        instrument,
        sum(CASE WHEN purpose = 'entry' THEN quantity ELSE 0 END) AS entered,
        sum(CASE WHEN purpose IN ('exit', 'stop') THEN quantity ELSE 0 END) AS left_again,
        sum(purpose IN ('exit', 'stop')) AS exit_orders,
        max(CASE WHEN purpose IN ('exit', 'stop') THEN at END) AS last_exit_at
    FROM fill
    WHERE quantity > 0 AND trade_id IS NOT NULL
    GROUP BY trade_id, instrument
)
SELECT
    owner.source,
    owner.source_id,
    owner.instrument,
    traded.entered AS units_entered,
    traded.left_again AS units_exited,
    traded.exit_orders AS filled_exit_orders,
    owner.in_window,
    owner.open,
    traded.last_exit_at,
    owner.pnl
FROM traded
JOIN (
    SELECT source, source_id, instrument, in_window, pnl, 0 AS open FROM trade
    UNION ALL
    SELECT source, source_id, instrument, in_window, NULL, 1 FROM position
) AS owner ON owner.source_id = traded.trade_id AND owner.instrument = traded.instrument
WHERE traded.entered > 0 AND traded.left_again > traded.entered * (1 + :threshold)
ORDER BY traded.last_exit_at DESC
