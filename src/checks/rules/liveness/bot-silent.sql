/*
id = "bot-silent"
severity = "critical"
title = """
{% if subject == "dead" %}The bot is dead: it writes nothing any more and was not stopped\
{% else %}The bot was stopped and has not been started again{% endif %}"""
why = "A bot that writes nothing does not watch its positions: no stop-loss will close them."
description = """
{% if subject == "dead" %}The bot has written nothing since {{ row.newest_at|time }}, for {{ row.silence_seconds|span }}, and no stop is \
logged.{% else %}The bot was stopped at {{ row.stopped_at|time }}, {{ row.silence_seconds|span }} ago, in an orderly way.{% endif %} \
{% if row.open_positions %}Open positions: {{ row.open_positions }}. While the bot stands still no stop-loss or take-profit of it closes \
them.{% else %}No position is open.{% endif %} Its rhythm tolerates {{ row.tolerated_seconds|span }}."""
fix = """
{% if subject == "dead" %}Was it killed, or does it hang? Look whether the process runs, read its last output, and start it again.\
{% else %}Start it again, or close its positions if it is to stay stopped.{% endif %}"""
threshold = 15 # minutes, at least; else five times the bot's own 99th percentile gap or twice its third-longest: a bot writes every few minutes, also through three timeouts of its model in a row
*/
WITH rhythmic AS (
    SELECT
        source,
        newest_at,
        p99_seconds,
        max(60 * :threshold, 5 * p99_seconds, 2 * third_longest_seconds) AS tolerated_seconds
    FROM rhythm
    WHERE p99_seconds IS NOT NULL
    ORDER BY fills = 'event' DESC
    LIMIT 1
), sign AS (
    SELECT max(signs.at) AS newest_at
    FROM run,
        (
            SELECT newest_at AS at FROM rhythmic
            UNION ALL SELECT updated_at FROM price
            UNION ALL SELECT opened_at FROM position
            UNION ALL SELECT at FROM account WHERE is_main
        ) AS signs
    WHERE signs.at <= run.now
), life AS (
    SELECT max(at) AS at, event
    FROM lifecycle, run
    WHERE event IN ('started', 'stopped') AND at <= run.now
), measured AS (
    SELECT
        run.now - sign.newest_at AS silence_seconds,
        sign.newest_at,
        rhythmic.tolerated_seconds,
        rhythmic.p99_seconds,
        -- A stop may be logged a minute before the last row of another thread.
        iif(life.event = 'stopped' AND life.at >= sign.newest_at - 60, life.at, NULL) AS stopped_at,
        (SELECT count(*) FROM position) AS open_positions,
        -- Naive times with a T are Python's, of the host's clock: read as such they may be recent.
        EXISTS (
            SELECT 1
            FROM column_profile
            WHERE table_name = rhythmic.source AND kind = 'time' AND time_forms LIKE '%DDTHH:MM:SS%'
        )
        AND abs(run.now - rhythmic.newest_at + run.host_offset_seconds) <= rhythmic.tolerated_seconds AS is_local
    FROM run, rhythmic, sign, life
)
SELECT
    iif(stopped_at IS NULL, 'dead', 'stopped') AS subject,
    CASE
        WHEN stopped_at IS NULL THEN 'critical'
        WHEN open_positions > 0 AND silence_seconds > 3600 THEN 'medium'
        ELSE 'low'
    END AS severity,
    newest_at,
    stopped_at,
    silence_seconds,
    p99_seconds,
    tolerated_seconds,
    open_positions
FROM measured
WHERE silence_seconds > tolerated_seconds AND NOT coalesce(is_local, 0)
