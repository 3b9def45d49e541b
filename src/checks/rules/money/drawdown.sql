/*
id = "drawdown"
severity = "medium"
type = "pattern"
title = "The balance is far below its peak"
why = "A balance far below its peak needs a larger gain to recover than it has lost."
description = "The peak was {{ row.peak|usd }} ({% if row.peak_at is none %}{{ row.before }}{% else %}{{ row.peak_at|time }}{% endif %}), the balance is {{ row.balance|usd }}. {% if row.needed_percent is none %}Everything is lost: no gain on what is left can bring it back{% else %}It has fallen by {{ row.fallen_percent|digits(1) }} % and needs {{ row.needed_percent|digits(1) }} % to recover{% endif %}. The start was {{ row.starting_balance|usd }}."
fix = "Reduce size or stop until it is clear which trades lose and why."
threshold = 10              # percent of the peak: half of the exposure that a careful bot allows itself; high at 2.5 times
needs = ["trade.closed_at"]
*/
-- The balance before and after each result, going back from the one that all results give.
WITH
now AS MATERIALIZED (
    SELECT
        run.starting_balance + (SELECT total(pnl) FROM trade_total WHERE span = 'all' AND is_main) AS balance,
        run.starting_balance
    FROM run
    WHERE run.trades_from IS NULL OR EXISTS (SELECT 1 FROM trade_total WHERE span = 'all')
),
equity AS (
    SELECT
        closed_at,
        now.balance - sum(coalesce(pnl, 0)) OVER (ORDER BY closed_at DESC, source_id DESC) + coalesce(pnl, 0) AS balance
    FROM trade, now
    WHERE is_main AND closed_at IS NOT NULL
    UNION ALL
    SELECT NULL, now.balance - (SELECT total(pnl) FROM trade WHERE is_main AND closed_at IS NOT NULL)
    FROM now
),
peak AS (
    SELECT balance, closed_at AS at FROM equity ORDER BY balance DESC, closed_at LIMIT 1
)
SELECT
    CASE WHEN 100 * (peak.balance - now.balance) / peak.balance > 2.5 * :threshold THEN 'high' ELSE 'medium' END AS severity,
    1 AS in_window,
    peak.balance AS peak,
    peak.at AS peak_at,
    now.balance,
    100 * (peak.balance - now.balance) / peak.balance AS fallen_percent,
    CASE WHEN now.balance > 0 THEN 100 * (peak.balance / now.balance - 1) END AS needed_percent,
    now.starting_balance,
    CASE WHEN run.trades_from IS NULL THEN 'the start' ELSE 'before the newest trades that were read' END AS before
FROM peak, now, run
WHERE peak.balance > 0 AND 100 * (peak.balance - now.balance) / peak.balance > :threshold
