/*
id = "activity-gap"
severity = "low"
title = """
{% if subject == "stopped" %}The bot was stopped for more than an hour while positions were open\
{% else %}The activity log has gaps far beyond the bot's rhythm{% endif %}"""
why = "In a gap of the log the bot watched nothing: it hung or, where a stop is logged, was left stopped with open positions."
description = """
{% if subject == "stopped" %}Gaps of more than an hour in the window that begin with an orderly stop and had positions open from end to \
end: {{ count }}. Nothing watched their stop-losses and take-profits.\
{% else %}Gaps in the window in which the bot wrote nothing for longer than {{ row.tolerated_seconds|span }}: {{ count }}; the longest \
lasted {{ row.longest|span }}. {% if row.knows_starts %}No stop and no start is logged around \
{{ count|plural("it", "them") }}.{% else %}This bot logs no starts, so that a stop and a start by hand look the same as a hang.\
{% endif %}{% endif %}"""
fix = """
{% if subject == "stopped" %}Close the positions before a long stop, or start the bot again at once.\
{% else %}Did the bot hang, or did its host sleep? Look at the host and the bot's output at these times; give every request a timeout.\
{% endif %}"""
threshold = 15 # minutes, at least; else what the bot's own gaps tolerate, as in bot-silent
needs = ["trade.closed_at"]
*/
WITH tolerance AS (
    SELECT max(60 * :threshold, 5 * p99_seconds, 2 * third_longest_seconds) AS tolerated_seconds
    FROM rhythm
    WHERE p99_seconds IS NOT NULL
    ORDER BY fills = 'event' DESC
    LIMIT 1
), gap AS (
    -- A stop or a start within a minute of a gap explains it.
    SELECT
        event_gap.*,
        tolerance.tolerated_seconds,
        (
            SELECT event
            FROM lifecycle
            WHERE event IN ('started', 'stopped') AND at BETWEEN from_at - 60 AND until_at + 60
            ORDER BY at, event DESC
            LIMIT 1
        ) AS life
    FROM event_gap, tolerance
    WHERE seconds > tolerated_seconds
), held AS (
    SELECT
        gap.*,
        (SELECT count(*) FROM trade WHERE opened_at <= from_at AND closed_at >= until_at)
            + (SELECT count(*) FROM position WHERE opened_at <= from_at) AS open_positions
    FROM gap
)
SELECT
    iif(life IS NULL, '', 'stopped') AS subject,
    iif(life IS NULL AND EXISTS (SELECT 1 FROM lifecycle WHERE event = 'started'), 'medium', 'low') AS severity,
    1 AS in_window,
    from_at,
    until_at,
    seconds,
    max(seconds) OVER (PARTITION BY life IS NULL) AS longest,
    tolerated_seconds,
    open_positions,
    EXISTS (SELECT 1 FROM lifecycle WHERE event = 'started') AS knows_starts
FROM held
WHERE life IS NULL OR (life = 'stopped' AND seconds > 3600 AND open_positions > 0)
ORDER BY seconds DESC
