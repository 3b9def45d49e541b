/*
id = "closed-before-opened"
severity = "medium"
title = "Trades in {{ row.source }} close before they open"
description = "{{ count }} of {{ of }} trades {{ count|plural('has', 'have') }} a closing time before the opening time."
why = "A trade that closes before it opens carries a wrong time, and no order of events can be trusted."
fix = "Write both times with one clock, best UTC, and correct these rows."
needs = ["trade.opened_at", "trade.closed_at"]
of = "SELECT source, count(*) FROM trade WHERE opened_at IS NOT NULL AND closed_at IS NOT NULL GROUP BY source"
*/
SELECT
    source AS subject,
    source,
    source_id,
    instrument,
    -- Under every reading of the two times, and of a clock change that no row shows yet.
    opened_at - closed_at_latest - iif(closed_at BETWEEN host_measured_at - 3600 AND host_measured_at + 86400, 3600, 0) AS seconds
FROM trade
JOIN run
WHERE
    -- Beyond a clock that was set a little in between.
    seconds > 2
    -- A stored duration that differs by whole quarters of an hour, four at least, tells of two clocks: the durations' rule says that.
    AND NOT coalesce(
        abs(duration_seconds - wall_clock_seconds - 900 * round((duration_seconds - wall_clock_seconds) / 900)) <= 10
            AND abs(duration_seconds - wall_clock_seconds) BETWEEN 3590 AND 50410,
        FALSE
    )
ORDER BY closed_at DESC
