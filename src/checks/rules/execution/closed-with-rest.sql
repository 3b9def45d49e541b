/*
id = "closed-with-rest"
severity = "medium"
title = "A trade was closed although its exits did not sell all of it"
description = """
{{ count }} of {{ of }} closed trades {{ count|plural("was", "were") }} closed with units left that no exit sold: in {{ row.instrument }} \
{{ row.units_exited }} of {{ row.units_entered }} were sold."""
why = "Units that are left when a trade is closed are money that no position watches and no profit contains."
fix = "Look up what became of the rest: an exit that was filled in part and then cancelled, or an exit order of the wrong quantity?"
threshold = 0.02                  # of the entered units: rounding and fees taken in units stay below
of = "SELECT count(DISTINCT trade.source_id) FROM trade JOIN fill ON fill.trade_id = trade.source_id WHERE fill.purpose = 'entry' AND fill.quantity > 0"
needs = ["trade.closed_at", "trade.exit_price"]
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
    trade.source,
    trade.source_id,
    trade.instrument,
    traded.entered AS units_entered,
    traded.left_again AS units_exited,
    (traded.entered - traded.left_again) * trade.exit_price AS money_left,
    trade.currency,
    trade.closed_at,
    trade.exit_reason
FROM trade
JOIN traded ON traded.trade_id = trade.source_id AND traded.instrument = trade.instrument
WHERE traded.left_again > 0 AND traded.left_again < traded.entered * (1 - :threshold)
ORDER BY trade.closed_at DESC
