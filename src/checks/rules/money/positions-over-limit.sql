/*
id = "positions-over-limit"
severity = "high"
title = "More positions are open at once than the bot allows itself"
why = "More positions than the bot allows itself mean that it does not know of some of them."
description = "At {{ count }} of {{ of }} openings there were more positions than allowed ({% if row.max_positions is not none %}{{ row.max_positions }} at once{% endif %}{% if row.max_positions_per_instrument is not none %}{% if row.max_positions is not none %}, {% endif %}{{ row.max_positions_per_instrument }} in one coin{% endif %}): up to {{ rows|map(attribute='positions')|max }} at once and {{ rows|map(attribute='positions_in_instrument')|max }} in one coin."
fix = "Load the open positions from the file at the start, and count them there before an order; if the limits are others, set limits.max_positions and limits.max_positions_per_coin in the config file."
of = """
SELECT
    (SELECT count(*) FROM trade WHERE is_main AND opened_at IS NOT NULL)
    + (SELECT count(*) FROM position WHERE is_main AND opened_at IS NOT NULL)"""
needs = ["trade.closed_at", "position.status"]
*/
WITH
-- Where a stored duration is shorter than its times say, one of the three is wrong: a few rows, or the whole column.
timed AS (
    SELECT
        source,
        source_id,
        in_window,
        instrument,
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
        status,
        opened_at,
        opened_by,
        2 * closed_at - coalesce(closed_at_latest, closed_at) - 60 AS until_at
    FROM timed
    WHERE NOT is_doubtful OR (SELECT avg(is_doubtful) FROM timed) > 0.5
    UNION ALL
    SELECT source, source_id, in_window, 1, instrument, status, opened_at, coalesce(opened_at_latest, opened_at), NULL
    FROM position
    WHERE is_main AND opened_at IS NOT NULL
),
change AS (
    SELECT opened_at AS at, 1 AS step, 0 AS more, held.* FROM held
    UNION ALL
    SELECT opened_by, 2, 1, held.* FROM held WHERE until_at IS NULL OR until_at > opened_by
    UNION ALL
    SELECT until_at, 0, -1, held.* FROM held WHERE until_at > opened_by
),
-- At each opening, the position itself and those that are open beside it.
counted AS (
    SELECT
        *,
        1 + sum(more) OVER (moment ROWS UNBOUNDED PRECEDING) AS positions,
        1 + sum(more) OVER (PARTITION BY instrument ORDER BY at, step = 0 DESC, source, source_id, step ROWS UNBOUNDED PRECEDING)
            AS in_instrument
    FROM change
    WINDOW moment AS (ORDER BY at, step = 0 DESC, source, source_id, step)
)
SELECT
    source,
    source_id,
    in_window,
    open,
    instrument,
    at,
    positions,
    iif(instrument IS NULL, 1, in_instrument) AS positions_in_instrument,
    run.max_positions,
    run.max_positions_per_instrument
FROM counted
JOIN run
WHERE
    step = 1
    AND (positions > run.max_positions OR (instrument IS NOT NULL AND in_instrument > run.max_positions_per_instrument))
ORDER BY at DESC
