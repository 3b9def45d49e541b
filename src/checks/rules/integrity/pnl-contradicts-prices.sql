/*
id = "pnl-contradicts-prices"
severity = "critical"
title = "Profit and loss in {{ row.source }} contradict the trades' own prices"
description = """
{{ count }} of {{ of }} trades {{ count|plural("stores", "store") }} a profit that entry price, exit price, size and direction do not give, \
{{ row.off_together }} {{ row.currency }} off in all. {{ row.cause }}"""
why = "A profit that does not follow from entry, exit, size and direction makes every figure built on it wrong."
fix = "Correct the calculation where a trade is closed, then recompute the stored rows from their prices."
explained_by = ["exits-exceed-entries"]
needs = ["trade.closed_at", "trade.entry_price", "trade.exit_price"]
of = "SELECT source, count(*) FROM trade WHERE size > 0 AND gain_fraction IS NOT NULL AND pnl IS NOT NULL GROUP BY source"
*/
WITH
-- Both sides of a trade cost 0.6 % at most, beyond the highest standard fee of the large exchanges; prices have eight decimals.
compared AS (
    SELECT
        *,
        notional * gain_fraction + coalesce(funding, 0) AS expected,
        0.01 + size * (0.0005 + 2e-8 / min(entry_price, exit_price)) AS rounding,
        max(coalesce(fees, 0), 0.006 * notional * (1 + abs(gain_fraction))) AS most_fees
    FROM trade
    WHERE size > 0 AND gain_fraction IS NOT NULL AND pnl IS NOT NULL
),
-- Where nearly all profits, as money and as fractions, are the price's move times one factor, the size is the margin.
margin AS (
    SELECT source
    FROM compared
    JOIN (SELECT source, median(pnl / expected) AS factor FROM compared WHERE abs(expected) > 0.1 GROUP BY source) USING (source)
    WHERE abs(expected) > 0.1 AND factor BETWEEN 1.8 AND 51
    GROUP BY source
    HAVING
        count(*) >= 5
        AND avg(abs(pnl / expected / factor - 1) < 0.25) >= 0.8
        AND coalesce(avg(abs(pnl_fraction / gain_fraction / factor - 1) < 0.25), 1) >= 0.8
),
wrong AS MATERIALIZED (
    SELECT
        *,
        expected - pnl AS lower,
        (expected - pnl) / size AS rate
    FROM compared
    WHERE pnl - expected NOT BETWEEN -rounding - most_fees AND rounding AND source NOT IN margin
),
-- What four of five of the wrong profits have in common.
factor AS (
    SELECT
        source,
        number,
        what,
        count(*) AS trades,
        avg(abs(pnl - profit) <= min(rounding, max(0.01, 0.05 * abs(profit))) AND abs(pnl / profit - 1) < 0.2) AS share
    FROM (
        SELECT
            wrong.*,
            column1 AS number,
            column2 AS what,
            CASE column1
                WHEN 1 THEN iif(side = 'short', -expected, 0)
                WHEN 2 THEN -expected
                WHEN 3 THEN 100 * expected / size
                WHEN 4 THEN expected / size
                WHEN 5 THEN expected / size * entry_price
                WHEN 6 THEN 100 * expected
                ELSE expected / 100
            END AS profit
        FROM wrong
        JOIN (
            VALUES
                (1, 'SHORT trades are calculated as if they were LONG.'),
                (2, 'Their sign is reversed.'),
                (3, 'They hold the percentage, not the money.'),
                (4, 'They hold the fraction, not the money.'),
                (5, 'They hold the difference of the prices, without the size.'),
                (6, 'They are off by a factor of 100.'),
                (7, 'They are off by a factor of 100.')
        )
        WHERE abs(expected) > 0.1
    )
    GROUP BY source, number
),
-- A part of the size, or an amount, that nearly each is lower by.
typical AS (
    SELECT
        source,
        median(rate) FILTER (WHERE rate > 0.006) AS typical_rate,
        median(lower) AS typical_lower
    FROM wrong
    GROUP BY source
),
deduction AS (
    SELECT
        source,
        CASE
            WHEN count(*) >= 10 AND avg(abs(rate / typical_rate - 1) <= 0.1) >= 0.8
                THEN printf('Nearly each is lower by about %.2f %% of its size.', 100 * typical_rate)
            WHEN count(*) >= 5 AND avg(abs(lower - typical_lower) <= min(rounding, max(0.01, 0.05 * abs(typical_lower)))) >= 0.8
                THEN printf(
                    'Nearly each is %s by about %.2f %s, whatever its size.',
                    iif(typical_lower > 0, 'lower', 'higher'),
                    abs(typical_lower),
                    currency
                )
            ELSE 'No single factor explains them.'
        END AS what
    FROM wrong
    JOIN typical USING (source)
    GROUP BY source
),
cause AS MATERIALIZED (
    SELECT
        deduction.source,
        coalesce(factor.what, deduction.what) AS cause,
        min(factor.number)
    FROM deduction
    LEFT JOIN factor ON factor.source = deduction.source AND factor.share >= 0.8
    GROUP BY deduction.source
)
SELECT
    source AS subject,
    iif(in_window, 'critical', 'high') AS severity,
    source,
    source_id,
    instrument,
    entry_price,
    exit_price,
    size,
    round(expected, 2) AS expected,
    pnl AS stored,
    currency,
    printf('%+.2f', sum(pnl - expected) OVER (PARTITION BY source)) AS off_together,
    cause
FROM wrong
JOIN cause USING (source)
ORDER BY closed_at DESC
