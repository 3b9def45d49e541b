/*
id = "trade-size-over-limit"
severity = "high"
title = "Trades are larger than the limit for one trade"
why = "A trade larger than the limit shows that the limit does not hold."
description = "{{ count }} of {{ of }} trades {{ count|plural('was', 'were') }} opened with more than {{ row.allowed_fraction|percent }} of the balance of that moment: the limit for one trade does not hold."
fix = "Check the size again right before the order, against the balance that is stored; if the limit is another one, set limits.max_trade_fraction in the config file."
threshold = 1.02            # multiple of the limit: the bot may have used the balance of a moment earlier
of = """
SELECT
    (SELECT count(*) FROM trade WHERE is_main AND opened_at IS NOT NULL)
    + (SELECT count(*) FROM position WHERE is_main AND opened_at IS NOT NULL)"""
needs = ["trade.closed_at"]
*/
-- The balance before the oldest trade, where the stored balance and the one that follows from all results agree within 2 %.
WITH
result AS MATERIALIZED (
    SELECT run.starting_balance + (SELECT total(pnl) FROM trade_total WHERE span = 'all' AND is_main) AS balance
    FROM run
    WHERE run.trades_from IS NULL OR EXISTS (SELECT 1 FROM trade_total WHERE span = 'all')
),
stored AS (
    SELECT balance FROM account WHERE is_main AND balance IS NOT NULL ORDER BY at DESC LIMIT 1
),
known AS MATERIALIZED (
    SELECT result.balance - (SELECT total(pnl) FROM trade WHERE is_main) AS start
    FROM result
    LEFT JOIN stored
    WHERE abs(coalesce(stored.balance, result.balance) - result.balance) <= 0.02 * abs(result.balance)
),
-- Rejections name the limit that is in force: exceeds max per trade ($98.59, 10.0% of balance).
told AS (
    SELECT CAST(substr(text, instr(text, ', ') + 2) AS REAL) / 100 AS fraction
    FROM (
        SELECT at, substr(text, instr(text, 'max per trade (')) AS text
        FROM event
        WHERE rejection = 'trade_size' AND text LIKE '%max per trade (%, %\% of balance%' ESCAPE '\'
    )
    ORDER BY at DESC
    LIMIT 1
),
in_force AS MATERIALIZED (
    SELECT coalesce((SELECT fraction FROM told WHERE fraction > 0 AND fraction <= 1), run.max_trade_fraction) AS fraction FROM run
),
step AS (
    SELECT closed_at AS at, 0 AS rank, pnl, NULL AS source, NULL AS source_id, NULL AS in_window, NULL AS open, NULL AS instrument, NULL AS size
    FROM trade
    WHERE is_main AND closed_at IS NOT NULL
    UNION ALL
    SELECT opened_at, 1, NULL, source, source_id, in_window, 0, instrument, size
    FROM trade
    WHERE is_main AND opened_at IS NOT NULL
    UNION ALL
    SELECT opened_at, 1, NULL, source, source_id, in_window, 1, instrument, size
    FROM position
    WHERE is_main AND opened_at IS NOT NULL
),
opening AS (
    SELECT step.*, known.start + coalesce(sum(pnl) OVER (ORDER BY step.at, rank), 0) AS balance
    FROM step, known
)
SELECT source, source_id, in_window, open, instrument, at, size, balance, in_force.fraction * max(balance, 0) AS allowed, in_force.fraction AS allowed_fraction
FROM opening, in_force
WHERE rank = 1 AND size > :threshold * in_force.fraction * max(balance, 0)
ORDER BY at DESC
