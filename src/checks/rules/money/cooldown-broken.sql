/*
id = "cooldown-broken"
severity = "medium"
title = "Coins are opened again within their cooldown"
why = "An instrument that is opened again within its own pause shows that the pause does not work."
description = "{{ count }} times an instrument was opened again sooner than {{ row.cooldown_seconds|digits(0) }} s after it was opened, {{ row.told_by }}: the cooldown that should spread the trades does not hold."
fix = "Check the cooldown when the order is executed, by the time of the instrument's last opening in the file; if the cooldown is shorter by intention, or switched off, set limits.cooldown_seconds in the config file."
threshold = 60              # seconds: tolerance
min_rows = 2
of = """
SELECT
    (SELECT count(*) FROM trade WHERE is_main AND opened_at IS NOT NULL AND instrument IS NOT NULL)
    + (SELECT count(*) FROM position WHERE is_main AND opened_at IS NOT NULL AND instrument IS NOT NULL)"""
*/
WITH opening AS (
    SELECT source, source_id, in_window, 0 AS open, instrument, opened_at, coalesce(opened_at_latest, opened_at) AS opened_by
    FROM trade
    WHERE is_main AND opened_at IS NOT NULL AND instrument IS NOT NULL
    UNION ALL
    SELECT source, source_id, in_window, 1, instrument, opened_at, coalesce(opened_at_latest, opened_at)
    FROM position
    WHERE is_main AND opened_at IS NOT NULL AND instrument IS NOT NULL
),
-- By how much the cooldowns expire after the last opening of their instrument before that.
pause AS (
    SELECT cooldown.expires_at - max(opening.opened_at) AS seconds
    FROM cooldown
    JOIN opening ON opening.instrument = cooldown.instrument AND opening.opened_at < cooldown.expires_at
    GROUP BY cooldown.rowid
),
ordered AS (
    SELECT seconds, row_number() OVER (ORDER BY seconds) AS number, count(*) OVER () AS n FROM pause
),
usual AS (
    SELECT avg(seconds) AS seconds FROM ordered WHERE number IN ((n + 1) / 2, n / 2 + 1)
),
-- The longest rest that the bot names where it rejects an order: in cooldown (360s remaining).
named AS (
    SELECT max(CAST(substr(text, instr(text, 'in cooldown (') + 13) AS REAL)) AS seconds
    FROM event
    WHERE rejection = 'cooldown' AND text LIKE '%in cooldown (%s remaining%'
),
-- The rows' own pause holds where they agree; the bot's where they show none, or one that is longer by a time zone's offset.
in_force AS MATERIALIZED (
    SELECT CASE
        WHEN run.cooldown_is_configured OR usual.seconds IS NULL OR abs(usual.seconds - run.cooldown_seconds) <= 5
            THEN run.cooldown_seconds
        WHEN abs(usual.seconds - run.cooldown_seconds - 900 * round((usual.seconds - run.cooldown_seconds) / 900)) <= 5
            AND abs(round((usual.seconds - run.cooldown_seconds) / 900)) BETWEEN 4 AND 56
            AND coalesce(named.seconds, 0) <= run.cooldown_seconds
            THEN run.cooldown_seconds
        WHEN (SELECT count(*) FROM pause) >= 3
            AND (SELECT count(*) FROM pause WHERE abs(seconds - usual.seconds) <= 5) >= 0.8 * (SELECT count(*) FROM pause)
            THEN usual.seconds
    END AS seconds,
    CASE
        WHEN run.cooldown_is_configured THEN 'as the config file sets the cooldown'
        WHEN abs(coalesce(usual.seconds, run.cooldown_seconds) - run.cooldown_seconds) > 5 THEN 'as long as the stored cooldowns last'
        ELSE 'the bot''s default'
    END AS told_by
    FROM run, usual, named
),
repeated AS (
    SELECT *, lag(opened_at) OVER (PARTITION BY instrument ORDER BY opened_at) AS before_at FROM opening
)
SELECT
    source,
    source_id,
    in_window,
    open,
    instrument,
    before_at,
    opened_at,
    opened_by - before_at AS seconds,
    in_force.seconds AS cooldown_seconds,
    in_force.told_by
FROM repeated, in_force
-- Openings in the same second are two rows of one decision.
WHERE opened_by - before_at >= 1 AND opened_by - before_at < in_force.seconds - :threshold
ORDER BY opened_at DESC
