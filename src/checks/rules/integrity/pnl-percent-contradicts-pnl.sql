/*
id = "pnl-percent-contradicts-pnl"
severity = "medium"
title = "{{ subject }} contradicts the profit and size of its trade"
description = """
{{ count }} of {{ of }} trades {{ count|plural("stores", "store") }} a percentage that profit and size do not give. {{ row.cause }}"""
why = "A percentage that does not follow from profit and size (or has the other sign or unit) misleads whatever reads it."
fix = "Correct the calculation, recompute the stored rows, and check who reads this column."
of = "SELECT source || '.pnl_pct', count(*) FROM trade WHERE size > 0 AND pnl IS NOT NULL AND pnl_fraction IS NOT NULL GROUP BY source"
*/
WITH
-- It may mean the profit by the size or the price's move, before fees or after them.
compared AS (
    SELECT
        source,
        source_id,
        instrument,
        opened_at,
        size,
        pnl,
        pnl_fraction,
        pnl / size AS by_size,
        coalesce(gain_fraction * notional / size, pnl / size) AS by_price,
        0.00006 + 0.01 / size AS rounding
    FROM trade
    WHERE size > 0 AND pnl IS NOT NULL AND pnl_fraction IS NOT NULL
),
-- One factor that nearly all have: another unit, or the leverage where it is a whole number.
unit AS (
    SELECT
        source,
        factor
    FROM (
        SELECT
            source,
            median(pnl_fraction / by_size) AS factor
        FROM compared
        WHERE abs(by_size) > 0.002
        GROUP BY source
    )
    JOIN compared USING (source)
    WHERE abs(by_size) > 0.002
    GROUP BY source
    HAVING count(*) >= 3 AND avg(abs(pnl_fraction / by_size / factor - 1) < 0.1 OR abs(pnl_fraction / by_price / factor - 1) < 0.1) >= 0.8
),
wrong AS (
    SELECT
        *,
        factor BETWEEN 0.009 AND 0.011 AS is_fraction,
        factor BETWEEN 90 AND 110 AS is_hundredfold,
        abs(by_size) > 0.002 AND abs(pnl_fraction / by_size + 1) < 0.1 AS is_reversed
    FROM compared
    LEFT JOIN unit USING (source)
    WHERE
        NOT coalesce(factor BETWEEN 1.8 AND 51, FALSE)
        AND (
            pnl_fraction NOT BETWEEN min(by_size, by_price) - 0.006 - rounding AND max(by_size, by_price) + rounding
            OR coalesce(factor BETWEEN 0.009 AND 0.011 OR factor BETWEEN 90 AND 110, FALSE)
        )
)
SELECT
    source || '.pnl_pct' AS subject,
    source,
    source_id,
    instrument,
    size,
    pnl,
    round(100 * by_size, 4) AS percent,
    100 * pnl_fraction AS stored_percent,
    CASE
        WHEN is_fraction THEN 'It holds the fraction where percent is meant: every value is a hundredth.'
        WHEN is_hundredfold THEN 'Every value is a hundred times too large.'
        WHEN min(is_reversed) OVER (PARTITION BY source) THEN 'Its sign is reversed.'
        ELSE ''
    END AS cause
FROM wrong
ORDER BY opened_at DESC
