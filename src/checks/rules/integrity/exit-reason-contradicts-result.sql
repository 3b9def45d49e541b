/*
id = "exit-reason-contradicts-result"
severity = "high"
title = "Exit reasons in {{ row.source }} contradict the results"
description = """
{{ count }} of {{ of }} exits by stop-loss or take-profit {{ count|plural("has", "have") }} the other result: a take-profit that lost or a stop-loss \
that won. Stop and target are exchanged, act on a wrong price, or are labelled wrongly."""
why = "A take-profit that loses or a stop-loss that wins closed the trade on the wrong side, or is mislabelled."
fix = "Check the comparison of the price with stop and target for each direction, and where the reason is set."
needs = ["trade.closed_at", "trade.entry_price", "trade.exit_price"]
of = "SELECT source, count(*) FROM trade WHERE exit_kind IN ('stop_loss', 'take_profit') GROUP BY source"
*/
WITH
-- A result beyond rounding and fees, about whose sign profit and prices agree.
exits AS (
    SELECT
        *,
        abs(pnl) > 0.01 + 0.006 * abs(coalesce(size, 0)) AND coalesce(gain_fraction * pnl > 0, TRUE) AS is_certain,
        -- A stop on the losing side of the entry can only be reached by a loss.
        CASE side WHEN 'long' THEN 1 WHEN 'short' THEN -1 END * (stop_loss / entry_price - 1) < -0.001 AND stop_loss > 0 AS is_losing_stop
    FROM trade
    WHERE exit_kind IN ('stop_loss', 'take_profit')
),
-- Stops that win are trailing stops where they are usual: only a rare one among many is wrong.
rare AS (
    SELECT source
    FROM exits
    WHERE exit_kind = 'stop_loss'
    GROUP BY source
    HAVING count(*) >= 10 AND avg(is_certain AND pnl > 0) <= 0.1
)
SELECT
    source AS subject,
    iif(count(*) OVER (PARTITION BY source) >= 3, 'high', 'medium') AS severity,
    source,
    source_id,
    instrument,
    exit_kind,
    pnl
FROM exits
WHERE
    is_certain
    AND CASE exit_kind
        WHEN 'take_profit' THEN pnl < 0
        ELSE pnl > 0 AND (is_losing_stop OR source IN rare)
    END
ORDER BY closed_at DESC
