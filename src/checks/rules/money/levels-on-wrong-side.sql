/*
id = "levels-on-wrong-side"
severity = "high"
title = "Stops or targets lie on the wrong side of the entry"
why = "A stop-loss above the entry of a long trade, or a take-profit below it, closes the trade at once or never."
description = "{{ count }} of {{ of }} trades with levels {{ count|plural('has', 'have') }} a target where the trade loses, or a stop beyond the target, which closes at once or bounds no loss."
fix = "Compute stop-loss and take-profit from side and entry price in one place, and reject orders whose two prices do not enclose the entry."
threshold = 0.005           # share of the entry price: spread and rounding
of = """
SELECT count(*)
FROM (
    SELECT is_main, side, entry_price, stop_loss, take_profit FROM trade
    UNION ALL
    SELECT is_main, side, entry_price, stop_loss, take_profit FROM position
)
WHERE is_main AND side IS NOT NULL AND entry_price > 0 AND (stop_loss > 0 OR take_profit > 0)"""
needs = ["trade.entry_price", "position.entry_price"]
*/
-- A stop-loss in profit is a trailing one where the take-profit lies further still; a take-profit on the losing side has no such reading.
WITH held AS (
    SELECT source, source_id, in_window, 0 AS open, instrument, side, entry_price, stop_loss, take_profit, opened_at
    FROM trade
    WHERE is_main
    UNION ALL
    SELECT source, source_id, in_window, 1, instrument, side, entry_price, stop_loss, take_profit, opened_at
    FROM position
    WHERE is_main
),
gain AS (
    SELECT
        *,
        CASE side WHEN 'long' THEN 1 ELSE -1 END * (stop_loss / entry_price - 1) AS at_stop,
        CASE side WHEN 'long' THEN 1 ELSE -1 END * (take_profit / entry_price - 1) AS at_target
    FROM held
    WHERE entry_price > 0 AND side IS NOT NULL
)
SELECT source, source_id, in_window, open, instrument, side, entry_price, stop_loss, take_profit
FROM gain
WHERE
    (take_profit > 0 AND at_target < -:threshold)
    OR (take_profit > 0 AND stop_loss > 0 AND at_stop > :threshold AND at_stop >= at_target)
ORDER BY open DESC, opened_at DESC
