/*
id = "concentration"
severity = "low"
type = "pattern"
title = "Most of the risk is in one coin: {{ subject }}"
why = "A bot that should spread its risk and puts most of it into one instrument depends on that instrument."
description = "{% for row in rows %}{% if not loop.first %}; {% endif %}{{ row.instrument }} has {{ row.trades }} of the newest {{ row.of_trades }} trades and {{ row.lost|usd }} of the {{ row.of_lost|usd }} that losing trades among them cost{% endfor %}. The bot trades {{ row.instruments }} coins."
fix = "Limit how often or how large {{ subject }} is traded."
threshold = 0.5             # share of the trades or of the lost money, where at least five instruments are traded
*/
WITH spans AS (
    SELECT 'newest' AS span, instrument, pnl FROM trade WHERE is_main AND instrument IS NOT NULL
    UNION ALL
    SELECT 'window', instrument, pnl FROM trade WHERE is_main AND instrument IS NOT NULL AND in_window
),
every AS (
    SELECT span, count(*) AS n, sum(pnl < 0) AS losing, -total(min(pnl, 0)) AS lost FROM spans GROUP BY span
),
own AS (
    SELECT span, instrument, count(*) AS n, -total(min(pnl, 0)) AS lost FROM spans GROUP BY span, instrument
),
-- Its part of the trades or of what was lost, the larger one. One loss would be all of what was lost.
share AS (
    SELECT
        own.*,
        every.n AS of_trades,
        every.lost AS of_lost,
        max(
            own.n * 1.0 / every.n,
            iif(every.losing >= 10, coalesce(own.lost / nullif(every.lost, 0), 0), 0)
        ) AS fraction
    FROM own
    JOIN every USING (span)
    WHERE every.n >= 50
),
largest AS (
    SELECT *, row_number() OVER (PARTITION BY span ORDER BY fraction DESC, instrument) AS number FROM share
)
SELECT
    substr(instrument, 1, 40) AS subject,
    instrument,
    span,
    iif(span = 'window', 1, NULL) AS in_window,
    (SELECT count(DISTINCT instrument) FROM spans) AS instruments,
    n AS trades,
    of_trades,
    lost,
    of_lost
FROM largest
WHERE
    number = 1
    AND fraction >= :threshold
    AND (SELECT count(DISTINCT instrument) FROM spans) >= 5
    -- Where all trades are of the window, both spans are one.
    AND (span = 'newest' OR of_trades < (SELECT max(of_trades) FROM share))
ORDER BY span
