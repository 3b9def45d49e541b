/*
id = "coin-price-stale"
severity = "low"
title = """
{% if subject == "not held" %}Single coins keep an old price while all others are updated\
{% else %}The price of {{ subject }} is no longer updated while a position in it is open{% endif %}"""
why = "A coin whose price no longer arrives keeps its last one: its position can neither win nor lose."
description = """
{% if subject == "not held" %}{{ count }} of {{ row.coins }} coins {{ count|plural("has a price that is", "have prices that are") }} more \
than {{ row.limit_seconds|span }} older than the newest, and {{ count|plural("is", "are") }} not held. \
Decisions to buy {{ count|plural("it at its old price", "them at their old prices") }}: \
{{ rows|map(attribute="proposals")|sum }}.\
{% else %}The other coins' prices are fresh, that of {{ subject }} is from {{ row.priced_at|time }}, {{ row.behind_seconds|span }} behind: \
a stop-loss that is compared with it cannot fire.\
{% if row.newest_price %} The newest price in the file is {{ row.newest_price }} of {{ row.newest_price_at|time }}, in \
{{ row.newest_price_in }}: at that price the profit so far of what is open in it is {{ row.pnl|usd }}.\
{% if row.beyond_stop %} Positions that are beyond their stop-loss at that price: {{ row.beyond_stop }}.{% endif %}{% endif %}\
{% endif %}"""
fix = """
{% if subject == "not held" %}Delete prices that an answer no longer contains, or treat them as missing by their age.\
{% elif row.newest_price_at > row.priced_at %}Why is that newer price of {{ subject }} not stored with the others? Store it, and close the position by hand until \
then.\
{% else %}Do the answers of the price source still hold {{ subject }}, or was it renamed or delisted? Close the position by hand if not.\
{% endif %}"""
threshold = 120 # minutes behind the other coins, at least 20 cycles: one request fetches all coins
needs = ["position.entry_price"]
*/
WITH known AS (
    SELECT *, count(*) OVER () AS coins, max(updated_at) OVER () AS newest_at
    FROM price
    WHERE updated_at IS NOT NULL AND instrument IS NOT NULL
), interval AS (
    SELECT seconds, sum(n) OVER (ORDER BY seconds) AS up_to, sum(n) OVER () AS intervals
    FROM (SELECT seconds, sum(n) AS n FROM cycle_time WHERE measure = 'interval' AND in_window GROUP BY seconds)
), allowed AS (
    SELECT max(
        60 * :threshold,
        20 * coalesce((SELECT min(seconds) FROM interval WHERE 2 * up_to >= intervals), run.cycle_pause_seconds, 0)
    ) AS limit_seconds
    FROM run
), old AS (
    SELECT known.*, newest_at - updated_at AS behind_seconds, limit_seconds
    FROM known, allowed, run
    WHERE newest_at - updated_at > limit_seconds
        AND coins <= 2000
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
), told AS (
    SELECT
        *,
        EXISTS (SELECT 1 FROM position WHERE lower(position.instrument) = lower(old.instrument)) AS is_held,
        count(*) OVER () AS olds
    FROM old
)
SELECT
    told.source,
    told.source_id,
    iif(is_held, 1, NULL) AS open,
    iif(is_held, instrument, 'not held') AS subject,
    CASE
        WHEN is_held THEN 'critical'
        WHEN (
            SELECT count(*) FROM decision, old
            WHERE upper(trim(decision.action)) = 'BUY' AND lower(decision.instrument) = lower(old.instrument)
                AND decision.at > old.updated_at
        ) > 0 THEN 'medium'
        ELSE 'low'
    END AS severity,
    told.instrument,
    updated_at,
    updated_at AS priced_at,
    behind_seconds,
    limit_seconds,
    coins - (SELECT count(*) FROM told WHERE is_held) AS coins,
    (
        SELECT count(*) FROM decision
        WHERE upper(trim(action)) = 'BUY' AND lower(decision.instrument) = lower(told.instrument) AND at > told.updated_at
    ) AS proposals,
    newest.price AS newest_price,
    newest.at AS newest_price_at,
    newest.source AS newest_price_in,
    result.pnl,
    result.beyond_stop
FROM told
LEFT JOIN newest ON newest.name = lower(told.instrument)
LEFT JOIN result ON result.name = lower(told.instrument)
WHERE coins - olds >= max(3, olds)
ORDER BY updated_at
