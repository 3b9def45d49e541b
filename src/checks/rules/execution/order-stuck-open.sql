/*
id = "order-stuck-open"
severity = "medium"
title = "Orders stay open far too long"
description = """
{{ count }} of {{ of }} open orders {{ count|plural("waits", "wait") }} without a fill: the oldest, of {{ row.instrument }}, \
for {{ row.minutes_open }} minutes."""
why = "An order that neither fills nor ends binds its money, and a position whose exit waits is not closed."
fix = "Look the order up at the exchange: is it still there, is its price out of reach, has the bot lost track of it?"
threshold = 60                    # minutes, and three times the longest wait of a filled order: a bot that lets orders wait shows it
explained_by = ["order-open-on-closed-trade"]
of = "SELECT count(*) FROM fill WHERE is_open = 1"
*/
-- A stop waits until it is hit. With fewer than ten filled orders to compare with, a day is long. Where the newest
-- row is days old, the bot is dead or the file a copy, and the order tells nothing beside that.
WITH patience AS (
    SELECT
        CASE
            WHEN count(*) < 10 THEN 86400
            ELSE max(60.0 * :threshold, 3 * max(at - placed_at))
        END AS seconds
    FROM fill
    WHERE quantity > 0 AND at >= placed_at AND purpose IS NOT 'stop'
)
SELECT
    fill.source,
    fill.source_id,
    fill.instrument,
    fill.side,
    fill.purpose,
    fill.ordered_price,
    fill.trade_id,
    fill.placed_at,
    round((run.now - fill.placed_at) / 60) AS minutes_open,
    1 AS open,
    CASE WHEN fill.purpose = 'exit' THEN 'high' ELSE 'medium' END AS severity
FROM fill, run, patience
WHERE
    fill.is_open = 1
    AND fill.purpose IS NOT 'stop'
    AND run.now - fill.placed_at > patience.seconds
    AND coalesce(run.now - (SELECT max(newest_at) FROM table_profile WHERE newest_at <= run.now) < 3 * 86400, TRUE)
ORDER BY fill.placed_at
