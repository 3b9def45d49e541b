/*
id = "profit-from-one-trade"
severity = "low"
type = "pattern"
title = "One trade in {{ row.instrument }} made most of the profit"
why = "A profit that one lucky trade made says nothing about the others."
description = "Trade {{ row.source_id }} in {{ row.instrument }} earned {{ row.pnl|usd }}; all {{ row.trades }} newest trades together earned {{ row.total_pnl|usd }}. The median win is {{ row.median_win|usd }}: without this one trade the profit is {{ (row.total_pnl - row.pnl)|usd }}."
fix = "See how this trade came about: a position that was forgotten or a wrong price is luck or an error, not skill."
threshold = 10              # multiple of the median win: far outside of what an exit at a fixed profit can give
of = "SELECT count(pnl) FROM trade WHERE is_main"
needs = ["trade.entry_price", "trade.exit_price"]
*/
WITH result AS (
    SELECT sum(pnl) AS total, count(pnl) AS n FROM trade WHERE is_main
),
win AS (
    SELECT pnl, row_number() OVER (ORDER BY pnl) AS number, count(*) OVER () AS n FROM trade WHERE is_main AND pnl > 0
),
usual AS (
    SELECT avg(pnl) AS median FROM win WHERE number IN ((n + 1) / 2, n / 2 + 1)
)
SELECT source, source_id, source_id AS subject, in_window, instrument, entry_price, exit_price, pnl, usual.median AS median_win, result.total AS total_pnl, result.n AS trades
FROM trade, result, usual
WHERE
    is_main
    AND result.n >= 100 AND result.total > 0
    AND pnl >= :threshold * usual.median
    AND pnl >= 0.5 * result.total
ORDER BY pnl DESC
LIMIT 1
