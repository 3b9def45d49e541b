/*
id = "order-open-on-closed-trade"
severity = "high"
title = "An order is still open although its trade is closed"
description = """
{{ count }} of {{ of }} open orders {{ count|plural("belongs to a trade that is", "belong to trades that are") }} closed."""
why = "An order that fills after its trade was closed opens a position that the bot does not know."
fix = "Cancel the order at the exchange if it is still there, and look up why closing the trade left it open."
threshold = 10                    # minutes since the closing: cancelling takes seconds
of = "SELECT count(*) FROM fill WHERE is_open = 1"
needs = ["trade.closed_at"]
*/
SELECT
    fill.source,
    fill.source_id,
    fill.instrument,
    fill.side,
    fill.purpose,
    fill.ordered_quantity,
    fill.ordered_price,
    fill.trade_id,
    trade.closed_at,
    1 AS open,
    fill.placed_at
FROM fill
JOIN trade ON trade.source_id = fill.trade_id AND trade.instrument = fill.instrument
JOIN run
WHERE fill.is_open = 1 AND run.now - trade.closed_at > 60 * :threshold
ORDER BY trade.closed_at
