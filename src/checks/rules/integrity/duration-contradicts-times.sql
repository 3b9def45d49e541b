/*
id = "duration-contradicts-times"
severity = "medium"
title = "Durations in {{ row.source }} contradict the times of opening and closing"
description = """
{{ count }} of {{ of }} trades {{ count|plural("stores", "store") }} a duration that opening and closing do not give. {{ row.cause }} \
The first was closed at {{ row.first_at|time }}. Average durations and whatever is learned from them are wrong."""
why = "A stored duration that the times of opening and closing do not give is wrong in every average; whole hours betray a mixed time zone."
fix = "Compute the duration from two times of the same clock, and recompute the stored rows."
explained_by = ["closed-before-opened"]
needs = ["trade.opened_at", "trade.closed_at"]
of = """
SELECT source, count(*)
FROM trade
WHERE duration_seconds IS NOT NULL AND opened_at IS NOT NULL AND closed_at IS NOT NULL
GROUP BY source"""
*/
WITH
-- What the stored duration has too much, by each reading of the times and of a clock change that no row shows yet.
compared AS (
    SELECT
        source,
        source_id,
        instrument,
        closed_at,
        duration_seconds,
        closed_at - opened_at AS elapsed,
        duration_seconds - coalesce(wall_clock_seconds, closed_at - opened_at) AS excess,
        min(
            abs(duration_seconds - closed_at + opened_at),
            abs(duration_seconds - closed_at_latest + opened_at),
            abs(duration_seconds - closed_at + opened_at_latest),
            abs(duration_seconds - closed_at_latest + opened_at_latest),
            abs(duration_seconds - coalesce(wall_clock_seconds, closed_at - opened_at)),
            iif(
                closed_at BETWEEN host_measured_at - 3600 AND host_measured_at + 86400,
                abs(abs(duration_seconds - closed_at + opened_at) - 3600),
                1e9
            )
        ) AS least
    FROM trade
    JOIN run
    WHERE duration_seconds IS NOT NULL AND opened_at IS NOT NULL AND closed_at IS NOT NULL
),
-- Between computing a duration and writing the row; a bot may measure it from its own memory of the opening.
wrong AS MATERIALIZED (
    SELECT
        *,
        iif(abs(excess - 900 * round(excess / 900)) <= 10 AND abs(excess) BETWEEN 890 AND 50410, round(excess / 900) / 4, NULL) AS hours
    FROM compared
    WHERE least > max(10, 0.02 * abs(elapsed))
),
cause AS (
    SELECT
        source,
        min(closed_at) AS first_at,
        CASE
            -- Two offsets are summer and winter time; a single row proves no zone.
            WHEN count(*) >= 2 AND count(DISTINCT hours) <= 2 AND count(hours) >= 0.8 * count(*)
                THEN printf(
                    'They are off by %s hours: one of the two times is of another time zone.',
                    iif(min(hours) = max(hours), printf('%+g', min(hours)), printf('%+g or %+g', min(hours), max(hours)))
                )
            WHEN avg(abs(duration_seconds - 1000 * elapsed) <= max(1, 0.02 * abs(duration_seconds)) AND duration_seconds <> 0) >= 0.8
                THEN 'They are stored in milliseconds, not in seconds.'
            WHEN avg(abs(duration_seconds - elapsed / 60) <= max(1, 0.02 * abs(duration_seconds)) AND duration_seconds <> 0) >= 0.8
                THEN 'They are stored in minutes, not in seconds.'
            WHEN avg(abs(duration_seconds - elapsed / 3600) <= max(1, 0.02 * abs(duration_seconds)) AND duration_seconds <> 0) >= 0.8
                THEN 'They are stored in hours, not in seconds.'
            WHEN max(abs(duration_seconds)) = 0 THEN 'They are stored as zero.'
            ELSE 'No constant offset explains them.'
        END AS cause
    FROM wrong
    GROUP BY source
)
SELECT
    source AS subject,
    source,
    source_id,
    instrument,
    round(elapsed) AS elapsed_seconds,
    duration_seconds AS stored_seconds,
    cause,
    first_at
FROM wrong
JOIN cause USING (source)
ORDER BY closed_at DESC
