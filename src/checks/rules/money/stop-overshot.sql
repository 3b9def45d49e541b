/*
id = "stop-overshot"
severity = "low"
title = "Some stops are executed far beyond their price"
why = "Stop-losses that are executed far beyond their price do not bound the loss."
description = "{{ count }} of {{ of }} stops closed more than {{ threshold }} % of the entry price beyond the stop, {{ row.beyond_percent|digits(1) }} % at worst: {{ rows|map(attribute='extra_loss')|sum|usd }} more than at the stop itself."
fix = "Look at prices and cycles before these exits: did the price jump, or did the bot or its price source pause? A second price source or an order at the exchange would guard the stops."
threshold = 1.0             # percent of the entry price beyond the stop: more than spread and a cycle's delay explain
of = "SELECT count(*) FROM trade WHERE is_main AND exit_kind LIKE '%stop%' AND entry_price > 0 AND exit_price > 0 AND side IS NOT NULL"
needs = ["trade.entry_price", "trade.exit_price"]
*/
WITH executed AS (
    SELECT
        source,
        source_id,
        in_window,
        instrument,
        size,
        entry_price,
        stop_loss,
        opened_at,
        CASE side WHEN 'long' THEN 1 ELSE -1 END AS sign,
        100 * CASE side WHEN 'long' THEN 1 ELSE -1 END * (1 - exit_price / entry_price) AS loss_percent
    FROM trade
    WHERE is_main AND exit_kind LIKE '%stop%' AND entry_price > 0 AND exit_price > 0 AND side IS NOT NULL
),
loss AS (
    SELECT loss_percent, row_number() OVER (ORDER BY loss_percent) AS number, count(*) OVER () AS n FROM executed
),
-- The stop-loss that all trades share where the file does not store it: no stop is executed before its price, so it is
-- the mildest, if most of the others lie close to it.
common AS (
    SELECT CASE
        WHEN min(loss_percent) > 0 AND max(n) >= 10
            AND (SELECT avg(loss_percent) FROM loss WHERE number IN ((n + 1) / 2, n / 2 + 1)) - min(loss_percent) <= 0.5
            THEN min(loss_percent)
    END AS percent
    FROM loss
),
-- The stop-loss that the log tells of the opening, in whole cents: of no use where half a cent is much of the price.
told AS (
    SELECT
        executed.source,
        executed.source_id,
        min(100 * executed.sign * (1 - logged_trade.stop_loss / executed.entry_price)) AS percent
    FROM executed
    JOIN logged_trade ON
        logged_trade.event = 'opened'
        AND logged_trade.instrument = executed.instrument
        AND abs(logged_trade.at - executed.opened_at) <= 60
    WHERE executed.stop_loss IS NULL AND logged_trade.stop_loss > 0 AND 0.5 / executed.entry_price <= 0.2
    GROUP BY executed.source, executed.source_id
),
stopped AS (
    SELECT
        executed.*,
        coalesce(
            100 * sign * (1 - nullif(max(executed.stop_loss, 0), 0) / entry_price),
            CASE WHEN common.percent IS NULL OR abs(told.percent - common.percent) > 0.75 / entry_price THEN told.percent END,
            common.percent
        ) AS stop_percent
    FROM executed, common
    LEFT JOIN told ON told.source = executed.source AND told.source_id = executed.source_id
),
beyond AS (
    SELECT *, loss_percent - stop_percent AS beyond_percent FROM stopped WHERE loss_percent - stop_percent > :threshold
),
scale AS (
    SELECT
        max(beyond_percent) >= 10 * :threshold AS is_far,
        count(*) >= 0.1 * (SELECT count(*) FROM stopped WHERE stop_percent IS NOT NULL) AS are_many,
        count(*) AS n
    FROM beyond
)
SELECT
    source,
    source_id,
    in_window,
    CASE WHEN is_far OR are_many THEN 'medium' ELSE 'low' END AS severity,
    instrument,
    -stop_percent AS stop_percent,
    -loss_percent AS executed_percent,
    beyond_percent,
    beyond_percent / 100 * coalesce(size, 0) AS extra_loss
FROM beyond, scale
-- A single one is told where it is far beyond.
WHERE is_far OR scale.n >= 3
ORDER BY beyond_percent DESC
