/*
id = "position-unprotected"
severity = "high"
title = "Open positions in {{ subject }} have no stop or no target"
why = "A position without a stop-loss has no bound to its loss, and one without a take-profit never takes its profit."
description = "{{ count }} of {{ of }} open positions have a stop or target of zero, below zero or none, or a stop more than 90 % below the entry price. {% if row.no_stop %}Of them {{ rows|map(attribute='no_stop')|sum }} ({{ rows|map(attribute='unbounded')|sum|usd }}) have no stop: no price ends their loss.{% else %}No price takes their profit.{% endif %}"
fix = "Set stop and target of these positions by hand, and refuse to open a position without them."
threshold = 0.8             # share of the bot's own positions and trades that have one: then one without is no choice
of = "SELECT source, count(*) FROM position WHERE entry_price > 0 GROUP BY source"
explained_by = ["price-impossible"]
needs = ["trade.entry_price", "position.entry_price"]
*/
-- A stop-loss further away than nine tenths of the price ends no loss.
WITH held AS (
    SELECT source, iif(stop_loss > 0.1 * coalesce(entry_price, 0), 1, 0) AS has_stop, iif(take_profit > 0, 1, 0) AS has_target FROM position
    UNION ALL
    SELECT source, iif(stop_loss > 0.1 * coalesce(entry_price, 0), 1, 0), iif(take_profit > 0, 1, 0) FROM trade
),
-- Where the closed trades are of a table without them, the log tells the stop-losses of the openings.
usage AS (
    SELECT
        source,
        (sum(has_stop) + told.n) * 1.0 / (count(*) + told.n) AS stops,
        avg(has_target) AS targets
    FROM held
    JOIN (
        SELECT position.source, iif(position.source IN (SELECT source FROM trade), 0, logged.n) AS n
        FROM (SELECT DISTINCT source FROM position) AS position
        JOIN (SELECT count(*) AS n FROM logged_trade WHERE event = 'opened' AND stop_loss > 0) AS logged
    ) AS told USING (source)
    GROUP BY source
),
lack AS (
    SELECT
        position.source,
        position.source_id,
        position.instrument,
        position.size,
        position.entry_price,
        position.stop_loss,
        position.take_profit,
        CASE
            WHEN stop_loss > 0.1 * entry_price THEN 0
            WHEN stop_loss <= 0 THEN 1
            ELSE usage.stops >= :threshold
        END AS no_stop,
        CASE
            WHEN take_profit > 0 THEN 0
            WHEN take_profit < 0 THEN 1
            -- A bot that never sets a take-profit may write zero for none.
            WHEN take_profit = 0 AND usage.targets = 0 AND stop_loss > 0.1 * entry_price THEN 0
            WHEN take_profit = 0 THEN 1
            ELSE usage.targets >= :threshold
        END AS no_target
    FROM position
    JOIN usage USING (source)
    WHERE entry_price > 0
)
SELECT
    source,
    source_id,
    source AS subject,
    CASE WHEN no_stop THEN 'high' ELSE 'medium' END AS severity,
    1 AS open,
    instrument,
    size,
    entry_price,
    stop_loss,
    take_profit,
    no_stop,
    no_target,
    no_stop * coalesce(size, 0) AS unbounded
FROM lack
WHERE no_stop OR no_target
ORDER BY no_stop DESC, size DESC
