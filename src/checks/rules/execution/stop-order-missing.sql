/*
id = "stop-order-missing"
severity = "high"
title = "A position has no stop order although the bot's positions have one"
description = """
{{ count }} of {{ of }} open positions {{ count|plural("has", "have") }} no stop order at the exchange, as at least eight in ten of the newest trades had."""
why = "Without its stop order at the exchange a position is unprotected whenever the bot does not run."
fix = "Place the stop by hand, and look up why it was not placed: rejected by the exchange, or cancelled and not replaced?"
threshold = 10                    # minutes since the opening: a stop is placed within seconds of the fill
of = "SELECT count(*) FROM position"
needs = ["trade.closed_at"]
*/
-- The bot works with stop orders where eight in ten of its 20 newest trades, ten at least, have one.
WITH newest AS (
    SELECT source_id IN (SELECT trade_id FROM fill WHERE purpose = 'stop' AND trade_id IS NOT NULL) AS has_stop
    FROM trade
    ORDER BY closed_at DESC
    LIMIT 20
),
habit AS (SELECT count(*) >= 10 AND avg(has_stop) >= 0.8 AS uses_stops FROM newest)
SELECT
    position.source,
    position.source_id,
    position.instrument,
    position.side,
    position.size,
    position.currency,
    position.stop_loss,
    position.opened_at,
    1 AS open
FROM position, run, habit
WHERE
    habit.uses_stops
    AND run.now - position.opened_at > 60 * :threshold
    AND position.source_id NOT IN (
        SELECT trade_id FROM fill WHERE purpose = 'stop' AND is_open IS NOT 0 AND trade_id IS NOT NULL
    )
ORDER BY position.size DESC
