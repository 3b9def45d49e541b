/*
id = "price-frozen"
severity = "medium"
title = "{% if subject == 'all' %}All prices stand still although they are stored again and again{% else %}Single coins' prices stand still while the others move{% endif %}"
why = "A price that is stored again and again without a change comes from a cache, not from a market."
description = "{{ count }} of {{ row.instruments }} coins {{ count|plural('has had', 'have had') }} exactly the same price for more than an hour of updates. {% if rows|map(attribute='open')|sum > 0 %}A position is open in one of them.{% else %}No position is open in them.{% endif %}"
fix = "Compare with the source: look for a cache, a default value, or a delisted coin."
threshold = 120             # equal prices in a row, over an hour at least, while four in five other coins moved ten times
*/
-- At 45 instruments two hours and a half of a cycle every 30 seconds.
WITH newest AS (
    SELECT source, source_id, instrument, price, at FROM price_point WHERE price > 0 ORDER BY at DESC, rowid DESC LIMIT 12000
),
stepped AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY instrument ORDER BY at DESC, source_id DESC) AS number,
        price <> lag(price) OVER (PARTITION BY instrument ORDER BY at DESC, source_id DESC) AS has_changed
    FROM newest
),
counted AS (
    SELECT *, sum(coalesce(has_changed, 0)) OVER (PARTITION BY instrument ORDER BY number) AS changes FROM stepped
),
-- Prices near one belong to instruments that are meant to stand still: they say nothing about the others.
run_of AS (
    SELECT
        instrument,
        max(iif(number = 1, price, NULL)) AS price,
        max(iif(number = 1, source, NULL)) AS source,
        max(iif(number = 1, source_id, NULL)) AS source_id,
        max(changes) AS changes,
        sum(changes = 0) AS equal_prices,
        max(at) - min(iif(changes = 0, at, NULL)) AS seconds,
        min(iif(changes = 0, at, NULL)) AS since_at
    FROM counted
    GROUP BY instrument
    HAVING max(iif(number = 1, price, NULL)) NOT BETWEEN 0.97 AND 1.03
),
scale AS (
    SELECT
        count(*) AS instruments,
        sum(equal_prices >= :threshold AND seconds >= 3600) AS still,
        sum(changes >= 10) AS moving
    FROM run_of
)
SELECT
    run_of.source,
    run_of.source_id,
    CASE WHEN scale.still = scale.instruments THEN 'all' ELSE 'some' END AS subject,
    CASE WHEN EXISTS (SELECT 1 FROM position WHERE lower(position.instrument) = lower(run_of.instrument)) THEN 'high' ELSE 'medium' END AS severity,
    EXISTS (SELECT 1 FROM position WHERE lower(position.instrument) = lower(run_of.instrument)) AS open,
    run_of.instrument,
    run_of.price,
    run_of.equal_prices,
    run_of.since_at,
    scale.instruments
FROM run_of, scale
WHERE
    run_of.equal_prices >= :threshold
    AND run_of.seconds >= 3600
    AND (
        (scale.still = scale.instruments AND scale.instruments > 3)
        -- Fewer are no others.
        OR (scale.instruments - scale.still >= 3 AND 5 * scale.moving >= 4 * (scale.instruments - scale.still))
    )
ORDER BY run_of.instrument
