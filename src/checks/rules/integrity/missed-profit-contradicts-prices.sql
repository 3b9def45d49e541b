/*
id = "missed-profit-contradicts-prices"
severity = "medium"
title = "missed_profit_usd holds percent, not US dollars"
description = """
In {{ count }} of {{ of }} trades missed_profit_usd equals the price's move in percent, whatever the size of the trade: right only for a size of 100."""
why = "What a trade missed by closing teaches when to close; in another unit or for another size it teaches something false."
fix = "Multiply the move by the position's size, or rename the column; recompute the stored rows."
min_rows = 10
min_share = 0.8
needs = ["trade.exit_price"]
of = """
SELECT source || '.missed_profit_usd', count(*)
FROM trade
WHERE
    missed_profit IS NOT NULL AND side IS NOT NULL AND size > 0 AND exit_price > 0 AND price_after_exit > 0
    AND abs(size - 100) > 5 AND abs(price_after_exit / exit_price - 1) > 0.0002
GROUP BY source"""
*/
WITH compared AS (
    SELECT
        source,
        source_id,
        instrument,
        size,
        missed_profit,
        opened_at,
        100 * CASE side WHEN 'long' THEN 1 ELSE -1 END * (price_after_exit / exit_price - 1) AS percent
    FROM trade
    WHERE
        missed_profit IS NOT NULL AND side IS NOT NULL AND size > 0 AND exit_price > 0 AND price_after_exit > 0
        -- Near a size of 100 both units are the same number, near zero every unit is.
        AND abs(size - 100) > 5 AND abs(price_after_exit / exit_price - 1) > 0.0002
)
SELECT
    source || '.missed_profit_usd' AS subject,
    source,
    source_id,
    instrument,
    size,
    missed_profit AS stored,
    round(percent, 4) AS moved_percent,
    round(percent / 100 * size, 4) AS missed
FROM compared
WHERE abs(missed_profit - percent) <= max(0.001, 0.01 * abs(percent))
ORDER BY opened_at DESC
