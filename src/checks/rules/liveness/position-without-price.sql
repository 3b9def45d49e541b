/*
id = "position-without-price"
severity = "critical"
title = "Open positions in coins that have no price at all"
why = "Without a price a position's stop-loss and take-profit can never be reached."
description = """
{{ count }} of {{ of }} open positions {{ count|plural("is", "are") }} in a coin of which no current price is stored: a stop-loss or \
take-profit that is compared with it cannot fire.\
{% if row.newest_price %} The newest price of {{ row.coin }} in the file is {{ row.newest_price }} of {{ row.newest_price_at|time }}, in \
{{ row.newest_price_in }}: at that price the profit so far of what is open in {{ row.coin }} is {{ row.pnl|usd }}.\
{% if row.beyond_stop %} Positions that are beyond their stop-loss at that price: {{ row.beyond_stop }}.{% endif %}{% endif %}"""
fix = "Fetch the prices of every coin that is held, also of one that left the watch list."
needs = ["position.entry_price"]
of = "SELECT count(*) FROM position"
*/
-- The bot opens no trade without a price, and each cycle writes them all: the next one is proof enough.
WITH prices AS (
    SELECT count(*) AS coins, max(updated_at) AS newest_at
    FROM price
    WHERE updated_at IS NOT NULL
), interval AS (
    SELECT seconds, sum(n) OVER (ORDER BY seconds) AS up_to, sum(n) OVER () AS intervals
    FROM (SELECT seconds, sum(n) AS n FROM cycle_time WHERE measure = 'interval' AND in_window GROUP BY seconds)
), settled AS (
    SELECT
        prices.newest_at
            - 2 * coalesce((SELECT min(seconds) FROM interval WHERE 2 * up_to >= intervals), run.cycle_pause_seconds, 0) AS at
    FROM prices, run
    WHERE coins BETWEEN 3 AND 2000
        AND newest_at <= run.now
        AND coalesce((SELECT max(last_at) FROM event_pattern WHERE kind = 'strategist'), 0) <= newest_at
), seen AS (
    SELECT instrument, price, updated_at AS at, source FROM price WHERE price > 0
    UNION ALL
    SELECT instrument, price, at, source FROM price_point WHERE price > 0
), newest AS (
    SELECT lower(seen.instrument) AS name, max(seen.at) AS at, seen.price, seen.source
    FROM seen, run
    WHERE seen.at <= run.now AND lower(seen.instrument) IN (SELECT lower(instrument) FROM position)
    GROUP BY name
), result AS (
    -- What the positions in an instrument have made at its newest price, and how many are beyond their stop-loss.
    SELECT
        newest.name,
        sum(position.size * iif(position.side = 'short', -1, 1) * (newest.price / position.entry_price - 1)) AS pnl,
        sum(coalesce(iif(position.side = 'short', newest.price >= stop_loss, newest.price <= stop_loss), 0)) AS beyond_stop
    FROM newest
    JOIN position ON lower(position.instrument) = newest.name
    GROUP BY newest.name
)
SELECT
    position.source,
    position.source_id,
    1 AS open,
    position.instrument,
    position.instrument AS coin,
    position.opened_at,
    position.size,
    newest.price AS newest_price,
    newest.at AS newest_price_at,
    newest.source AS newest_price_in,
    result.pnl,
    result.beyond_stop
FROM position
CROSS JOIN settled
LEFT JOIN newest ON newest.name = lower(position.instrument)
LEFT JOIN result ON result.name = newest.name
WHERE position.is_main
    AND trim(position.instrument) <> ''
    AND coalesce(position.opened_at_latest, position.opened_at) < settled.at
    AND NOT EXISTS (SELECT 1 FROM price WHERE lower(price.instrument) = lower(position.instrument))
ORDER BY position.opened_at
