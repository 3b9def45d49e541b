/*
id = "unrealized-pnl-contradicts-prices"
severity = "high"
title = "Unrealized profits of open positions contradict their prices"
description = """
{{ count }} of {{ of }} open positions {{ count|plural("stores", "store") }} a profit so far that entry price, current price and size do not give."""
why = "The profit so far of an open position decides about its exit; one that its prices do not give decides wrongly."
fix = "Compute it from the position's own size and from the price of the same cycle: exits by profit and prompts may use it."
needs = ["position.current_price", "position.entry_price"]
of = """
SELECT source, count(*)
FROM position
WHERE unrealized_pnl IS NOT NULL AND side IS NOT NULL AND entry_price > 0 AND current_price > 0 AND size > 0
GROUP BY source"""
*/
WITH compared AS (
    SELECT
        source,
        source_id,
        instrument,
        side,
        entry_price,
        current_price,
        size,
        unrealized_pnl,
        coalesce(quantity * entry_price, size * coalesce(leverage, 1)) AS notional,
        CASE side WHEN 'long' THEN 1 ELSE -1 END * (current_price / entry_price - 1) AS gain_fraction
    FROM position
    WHERE unrealized_pnl IS NOT NULL AND side IS NOT NULL AND entry_price > 0 AND current_price > 0 AND size > 0
)
SELECT
    source AS subject,
    source,
    source_id,
    instrument,
    side,
    entry_price,
    current_price,
    size,
    round(notional * gain_fraction, 2) AS expected,
    unrealized_pnl AS stored
FROM compared
-- Rounding, and what both sides of a trade cost at most.
WHERE abs(unrealized_pnl - notional * gain_fraction) > 0.01 + 0.006 * notional + 0.01 * abs(notional * gain_fraction)
ORDER BY abs(unrealized_pnl - notional * gain_fraction) DESC
