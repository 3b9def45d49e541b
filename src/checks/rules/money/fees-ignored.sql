/*
id = "fees-ignored"
severity = "low"
type = "inefficiency"
title = "The profit is smaller than the fees that it leaves out"
why = "A paper profit that an exchange's fees would exceed is a loss in real trading."
description = "The newest {{ row.of }} trades earned {{ row.pnl|usd }} without fees. At {{ threshold }} % a side their {{ row.size|usd }} of size would have cost {{ row.fees|usd }}: a loss of {{ (row.fees - row.pnl)|usd }}."
fix = "Take fees into the stored results before judging strategies, rules and instruments by them."
threshold = 0.1             # percent of the size for entry and exit each: what large exchanges take from small customers
needs = ["trade.entry_price", "trade.exit_price"]
*/
-- Without fees a result is what the price's change alone gives, but for a tenth of the smallest fee of any exchange.
WITH priced AS (
    SELECT source, book, currency, pnl, size, size * iif(side = 'long', 1, -1) * (exit_price / entry_price - 1) AS gross
    FROM trade
    WHERE
        is_main
        AND pnl IS NOT NULL
        AND size IS NOT NULL
        AND side IS NOT NULL
        AND entry_price > 0
        AND exit_price > 0
        AND coalesce(fees, 0) = 0
),
summed AS (
    SELECT
        source,
        total(abs(pnl - gross) <= 1e-4 * abs(size)) AS n,
        count(*) AS of,
        sum(pnl) AS pnl,
        sum(size) AS size,
        2 * :threshold / 100.0 * sum(size) AS fees
    FROM priced
    GROUP BY source, book, currency
)
SELECT *
FROM summed
WHERE of >= 100 AND n >= 0.95 * of AND pnl > 0 AND pnl < fees
