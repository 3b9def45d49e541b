/*
id = "exit-keeps-failing"
severity = "medium"
title = "The exit of an open position fails again and again"
description = """
Of {{ of }} open positions {{ count }} {{ count|plural("has", "have") }} an exit that was ordered {{ threshold }} times or more without a fill; \
{{ row.instrument }}: {{ row.exit_orders }} orders, the first {{ row.minutes_since_first }} minutes ago."""
why = "A position that its exit orders do not close is held against the bot's own decision, and its loss is not bounded."
fix = "Compare the orders' prices and quantities with the exchange: is the limit behind the market, the quantity more than is there, the order below the exchange's minimum?"
threshold = 3                     # exit orders without a fill since its newest fill: one or two are the course of a limit order
of = "SELECT count(*) FROM position"
*/
-- Orders that were cancelled to be replaced by another price have not failed. A stop on the exchange is
-- replaced whenever it trails.
WITH done AS (
    SELECT trade_id, instrument, max(at) AS at FROM fill WHERE quantity > 0 GROUP BY trade_id, instrument
),
attempt AS (
    SELECT
        position.source,
        position.source_id,
        position.instrument,
        position.opened_at,
        count(*) AS exit_orders,
        sum(fill.is_open IS 1) AS still_open,
        min(fill.placed_at) AS first_exit_at,
        max(fill.placed_at) AS last_exit_at,
        max(CASE WHEN fill.is_open IS NOT 1 THEN fill.reason END) AS reason
    FROM position
    JOIN fill ON fill.trade_id = position.source_id AND fill.instrument = position.instrument
    LEFT JOIN done ON done.trade_id = position.source_id AND done.instrument = position.instrument
    WHERE
        fill.purpose = 'exit'
        AND coalesce(fill.quantity, 0) = 0
        AND (fill.reason IS NULL OR fill.reason NOT LIKE '%replace%')
        AND fill.placed_at > coalesce(done.at, position.opened_at)
    GROUP BY position.source, position.source_id
)
SELECT
    attempt.*,
    1 AS open,
    round((run.now - attempt.first_exit_at) / 60) AS minutes_since_first,
    CASE WHEN attempt.exit_orders >= 2 * :threshold THEN 'high' ELSE 'medium' END AS severity
FROM attempt, run
WHERE attempt.exit_orders >= :threshold
ORDER BY attempt.exit_orders DESC
