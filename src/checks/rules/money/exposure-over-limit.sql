/*
id = "exposure-over-limit"
severity = "high"
title = "More money is in open positions than the exposure limit allows"
why = "More money in open positions than the limit allows shows that the limit does not hold."
description = "At {{ count }} of {{ of }} openings the open positions together passed {{ row.allowed_fraction|percent }} of the balance, up to {{ rows|map(attribute='fraction')|max|percent }}: the exposure limit does not hold."
fix = "Count all open positions, also those from before a restart, right before an order; if the limit is another one, set limits.max_exposure_fraction in the config file."
threshold = 1.02            # multiple of the limit: the bot may have used the balance of a moment earlier
of = """
SELECT
    (SELECT count(*) FROM trade WHERE is_main AND opened_at IS NOT NULL)
    + (SELECT count(*) FROM position WHERE is_main AND opened_at IS NOT NULL)"""
needs = ["trade.closed_at", "position.status"]
*/
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
-- Rejections name the limit that is in force: would exceed max ($200.00, 20.0% of balance).
told AS (
    SELECT CAST(substr(text, instr(text, ', ') + 2) AS REAL) / 100 AS fraction
    FROM (
        SELECT at, substr(text, instr(text, 'exceed max (')) AS text
        FROM event
        WHERE rejection = 'exposure' AND text LIKE '%exceed max (%, %\% of balance%' ESCAPE '\'
    )
    ORDER BY at DESC
    LIMIT 1
),
in_force AS MATERIALIZED (
    SELECT coalesce((SELECT fraction FROM told WHERE fraction > 0 AND fraction <= 1), run.max_exposure_fraction) AS fraction FROM run
),
-- Where a stored duration is shorter than its times say, one of the three is wrong: a few rows, or the whole column.
timed AS (
    SELECT
        source,
        source_id,
        in_window,
        instrument,
        size,
        pnl,
        status,
        opened_at,
        coalesce(opened_at_latest, opened_at) AS opened_by,
        closed_at,
        closed_at_latest,
        coalesce(
            duration_seconds
                < 0.98 * min(closed_at - coalesce(opened_at_latest, opened_at), coalesce(wall_clock_seconds, 1e12)) - 10,
            0
        ) AS is_doubtful
    FROM trade
    WHERE is_main AND opened_at IS NOT NULL AND (closed_at IS NULL OR coalesce(closed_at_latest, closed_at) >= opened_at)
),
-- Open until a minute before the closing: what closes within a minute of another opening closes in the same cycle. Around a
-- change of the clock it counts as open only in the time that all readings share.
held AS MATERIALIZED (
    SELECT
        source,
        source_id,
        in_window,
        0 AS open,
        instrument,
        size,
        status,
        opened_at,
        opened_by,
        2 * closed_at - coalesce(closed_at_latest, closed_at) - 60 AS until_at,
        closed_at,
        pnl
    FROM timed
    WHERE NOT is_doubtful OR (SELECT avg(is_doubtful) FROM timed) > 0.5
    UNION ALL
    SELECT source, source_id, in_window, 1, instrument, size, status, opened_at, coalesce(opened_at_latest, opened_at), NULL, NULL, NULL
    FROM position
    WHERE is_main AND opened_at IS NOT NULL
),
change AS (
    SELECT opened_at AS at, 1 AS step, 0 AS more, 0 AS result, held.* FROM held
    UNION ALL
    SELECT opened_by, 2, 1, 0, held.* FROM held WHERE until_at IS NULL OR until_at > opened_by
    UNION ALL
    SELECT until_at, 0, -1, 0, held.* FROM held WHERE until_at > opened_by
    UNION ALL
    SELECT closed_at, 0, 0, pnl, held.* FROM held WHERE closed_at IS NOT NULL
),
-- At each opening: the position itself and what is open beside it, and the balance.
counted AS (
    SELECT
        *,
        1 + sum(more) OVER moment AS positions,
        coalesce(size, 0) + total(more * size) OVER moment AS open_size,
        known.start + total(result) OVER moment AS balance
    FROM change
    JOIN known
    WINDOW moment AS (ORDER BY at, step = 0 DESC, source, source_id, step ROWS UNBOUNDED PRECEDING)
)
SELECT
    source,
    source_id,
    in_window,
    open,
    instrument,
    at,
    positions,
    open_size,
    balance,
    in_force.fraction AS allowed_fraction,
    open_size / balance AS fraction
FROM counted
JOIN in_force
-- One trade that is too large by itself is another rule's.
WHERE step = 1 AND positions > 1 AND balance > 0 AND open_size > :threshold * in_force.fraction * balance
ORDER BY at DESC
