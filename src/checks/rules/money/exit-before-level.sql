/*
id = "exit-before-level"
severity = "medium"
title = "Exits name a stop or target that the price had not reached"
why = "An exit that names a stop-loss or take-profit which the price had not reached was decided by something else."
description = "{{ count }} of {{ of }} exits by a stop or target {{ count|plural('was', 'were') }} made at a price that had not come to it: the reason, the level or the price is wrong, and so is what the bot learns from it."
fix = "Decide and store the exit from the same price and the same stop-loss and take-profit."
threshold = 0.002           # share of the entry price: spread and rounding
min_rows = 3
of = """
SELECT count(*)
FROM trade
WHERE
    is_main
    AND entry_price > 0
    AND exit_price > 0
    AND side IS NOT NULL
    AND iif(exit_kind LIKE '%stop%', stop_loss > 0, exit_kind LIKE '%take_profit%' AND take_profit > 0)"""
needs = ["trade.closed_at", "trade.entry_price", "trade.exit_price"]
*/
WITH exit AS (
    SELECT
        source,
        source_id,
        instrument,
        side,
        exit_kind,
        entry_price,
        exit_price,
        closed_at,
        CASE WHEN exit_kind LIKE '%stop%' THEN stop_loss ELSE take_profit END AS level,
        -- Above zero where the exit price falls short of the level.
        CASE WHEN exit_kind LIKE '%stop%' THEN 1 ELSE -1 END * CASE side WHEN 'long' THEN 1 ELSE -1 END AS sign
    FROM trade
    WHERE
        is_main
        AND entry_price > 0 AND exit_price > 0 AND side IS NOT NULL
        AND (exit_kind LIKE '%stop%' OR exit_kind LIKE '%take_profit%')
)
SELECT source, source_id, instrument, side, exit_kind, entry_price, exit_price, level
FROM exit
WHERE level > 0 AND sign * (exit_price - level) / entry_price > :threshold
ORDER BY closed_at DESC
