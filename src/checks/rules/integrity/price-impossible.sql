/*
id = "price-impossible"
severity = "critical"
title = "{{ row.rows }} have a price of zero, below zero or none"
description = """
{{ count }} of {{ of }} {{ row.rows|lower }} {{ count|plural("has", "have") }} no valid price. \
{% if subject == row.source %}Such profits ({{ row.pnl_together }} {{ row.currency }} together) follow from no price, and every sum over the \
trades contains them.{% elif subject != "stored" %}The profit so far, and each exit that depends on it, follow from no price.\
{% elif row.held %}Positions are open in {{ row.held }}: at such a price a stop is reached, and a loss is total.\
{% else %}No position is open in them.{% endif %}"""
why = "A price of zero or below is no price: the profit, the percentage and the exits that follow from it are made up."
fix = "Drop a price that is not above zero where an answer of the price source is read, refuse to open or close a trade without one, and correct these rows."
distrusts = ["trade.entry_price", "trade.exit_price", "position.entry_price", "position.current_price"]
of = """
SELECT source, count(*) FROM trade GROUP BY source
UNION ALL
SELECT source || ':open', count(*) FROM position GROUP BY source
UNION ALL
SELECT 'stored', (SELECT count(*) FROM price) + (SELECT count(*) FROM price_point)"""
*/
WITH
-- Where most rows have no entry price, it is a column that is not filled.
kept AS (
    SELECT source FROM trade GROUP BY source HAVING avg(entry_price IS NULL) <= 0.5
    UNION
    SELECT source FROM position GROUP BY source HAVING avg(entry_price IS NULL) <= 0.5
),
stored AS MATERIALIZED (
    SELECT source, source_id, instrument, price, updated_at AS at
    FROM price
    -- A column that the bot's table does not have is no price of zero.
    WHERE price <= 0 OR (price IS NULL AND EXISTS (SELECT 1 FROM price WHERE price IS NOT NULL))
    UNION ALL
    SELECT source, source_id, instrument, price, at
    FROM price_point
    WHERE price <= 0
),
held AS (
    SELECT DISTINCT position.instrument
    FROM position
    JOIN stored ON lower(stored.instrument) = lower(position.instrument)
)
SELECT
    source AS subject,
    iif(in_window, 'critical', 'high') AS severity,
    'Trades in ' || source AS rows,
    printf('%+.2f', total(pnl) OVER (PARTITION BY source)) AS pnl_together,
    currency,
    NULL AS held,
    source,
    source_id,
    instrument,
    entry_price,
    exit_price,
    NULL AS current_price,
    pnl,
    opened_at AS at
FROM trade
WHERE entry_price <= 0 OR exit_price <= 0 OR (entry_price IS NULL AND source IN kept)
UNION ALL
SELECT
    source || ':open',
    'critical',
    'Open positions in ' || source,
    NULL,
    NULL,
    NULL,
    source,
    source_id,
    instrument,
    entry_price,
    NULL,
    current_price,
    unrealized_pnl,
    opened_at
FROM position
JOIN run
WHERE
    entry_price <= 0
    OR (entry_price IS NULL AND source IN kept)
    -- A new position gets its current price in the next cycle; one of zero in the table of prices is that one's fault.
    OR (current_price <= 0 AND opened_at_latest <= now - 240 AND instrument NOT IN held)
UNION ALL
SELECT
    'stored',
    iif(EXISTS (SELECT 1 FROM held), 'critical', 'medium'),
    'Stored prices',
    NULL,
    NULL,
    (SELECT group_concat(instrument, ', ') FROM held),
    source,
    source_id,
    instrument,
    NULL,
    NULL,
    price,
    NULL,
    at
FROM stored
ORDER BY subject, at DESC
