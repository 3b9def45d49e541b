/*
id = "profit-deduction-high"
severity = "medium"
title = "Profits in {{ row.source }} are lower than their prices give by one share of the size"
description = """
{{ count }} of {{ of }} trades store a profit that is lower than entry price, exit price and size give, by about {{ row.rate }} % of the size each: \
{{ row.lower_together }} {{ row.currency }} together."""
why = "More taken off each profit than an exchange takes turns trades that win into trades that lose."
fix = """
If these are fees, compare the rate with what your exchange takes for opening and closing together: are they taken off twice, or off prices \
that contain them already? If the rate is right, raise this check's threshold."""
threshold = 0.3 # percent of the size for both sides together: large exchanges take 0.2 from small customers
min_rows = 10
explained_by = ["pnl-contradicts-prices"]
needs = ["trade.closed_at", "trade.entry_price", "trade.exit_price"]
of = "SELECT source, count(*) FROM trade WHERE size > 0 AND gain_fraction IS NOT NULL AND pnl IS NOT NULL GROUP BY source"
*/
WITH
-- What is taken off beyond the fees that the file tells.
compared AS (
    SELECT
        *,
        notional * gain_fraction + coalesce(funding, 0) - coalesce(fees, 0) - pnl AS lower,
        (notional * gain_fraction + coalesce(funding, 0) - coalesce(fees, 0) - pnl) / notional AS rate,
        -- Rounding of money to cents and of prices to eight decimals.
        0.01 / notional + 1e-8 / min(entry_price, exit_price) + 0.00005 AS rounding
    FROM trade
    WHERE size > 0 AND gain_fraction IS NOT NULL AND pnl IS NOT NULL
),
lower AS (
    SELECT *
    FROM compared
    WHERE rate > max(:threshold / 100, 1.5 * rounding)
),
-- One rate for nearly all: fees on the exit follow the price's move.
typical AS (
    SELECT
        source,
        typical_rate
    FROM lower
    JOIN (SELECT source, median(rate) AS typical_rate FROM lower GROUP BY source) USING (source)
    GROUP BY source
    -- A rate beyond any fee is a profit that prices do not give.
    HAVING avg(abs(rate - typical_rate) <= 0.1 * typical_rate + rounding) >= 0.8 AND typical_rate <= 0.006
)
SELECT
    source AS subject,
    source,
    source_id,
    instrument,
    entry_price,
    exit_price,
    size,
    pnl AS stored,
    round(pnl + lower, 2) AS expected,
    round(100 * rate, 2) AS percent_lower,
    printf('%.2f', 100 * typical_rate) AS rate,
    printf('%.2f', sum(lower) OVER (PARTITION BY source)) AS lower_together,
    currency
FROM lower
JOIN typical USING (source)
WHERE abs(lower.rate - typical_rate) <= 0.1 * typical_rate + rounding
ORDER BY closed_at DESC
