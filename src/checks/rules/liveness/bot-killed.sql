/*
id = "bot-killed"
severity = "low"
title = """
{% if row.severity == "high" %}The bot crashes again and again soon after its start\
{% elif row.severity == "medium" %}The bot died and stayed down: a start without a stop before it\
{% else %}The bot was killed and started again without an orderly stop{% endif %}"""
why = "A start without a stop before it means that the process was killed or crashed, with positions unwatched."
description = """
{% if of == 1 %}The only start{% else %}{{ count }} of {{ of }} starts{% endif %} in the window followed another one without a stop \
between; the longest silence before such a start lasted {{ rows|map(attribute="down_seconds")|max|span }}."""
fix = """
What ended the process: no memory, a reboot, an exception, a kill by hand? Let a supervisor such as systemd restart it at once; no \
stop-loss or take-profit is watched meanwhile."""
threshold = 4 # starts within an hour that make a crash loop: nobody restarts by hand that often without a stop
of = "SELECT count(*) FROM lifecycle, run WHERE event = 'started' AND at > window_start AND at <= now"
*/
-- Before the first start of all the log may have been emptied: that one is a start, and no kill.
WITH life AS (
    SELECT
        source,
        source_id,
        at,
        event,
        last_row_at,
        lag(event) OVER (ORDER BY at, event DESC) AS before
    FROM lifecycle, run
    WHERE event IN ('started', 'stopped') AND at <= run.now
), kill AS (
    SELECT
        life.source,
        life.source_id,
        life.at,
        life.last_row_at,
        coalesce(life.at - life.last_row_at, 0) AS down_seconds,
        count(*) OVER (ORDER BY life.at RANGE BETWEEN CURRENT ROW AND 3600 FOLLOWING) AS within_an_hour
    FROM life, run
    WHERE life.event = 'started' AND life.before = 'started' AND life.at > run.window_start
)
SELECT
    source,
    source_id,
    1 AS in_window,
    at,
    last_row_at,
    down_seconds,
    CASE
        WHEN max(within_an_hour) OVER () >= :threshold THEN 'high'
        WHEN max(down_seconds) OVER () > 900 THEN 'medium'
        ELSE 'low'
    END AS severity
FROM kill
ORDER BY down_seconds DESC
