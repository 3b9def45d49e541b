/*
id = "learning-missing"
severity = "medium"
title = "Most closed trades never become a learning"
why = "A bot that learns from its trades has stopped to learn where most trades leave no learning."
description = """
{{ count }} of {{ of }} trades that were closed in the last {{ row.days|digits(0) }} days, up to 12 hours ago,\
{% if row.log_from_at is not none %} since the log's oldest row ({{ row.log_from_at|time }}),{% endif %} \
{{ count|plural("has", "have") }} no learning; {% if row.skipped == 0 %}the log tells of none that was skipped on purpose{% else %}trades that the log \
says were skipped on purpose: {{ row.skipped }}{% endif %}."""
fix = """
Find out why learnings are not made: is there a limit per cycle, a backlog that is lost at a restart, an answer that cannot be parsed?"""
threshold = 0.5             # share of the trades: below half, what is learned is no picture of what is traded
min_share = 0.3             # what is left where another check explains the rest
explained_by = ["learning-of-an-older-trade"]
needs = ["trade.closed_at"]
of = """
SELECT count(*)
FROM trade
JOIN run
WHERE
    is_main
    AND closed_at <= now - 43200
    AND closed_at > max(
        now - 3600 * max(168, min(hours, 720)),
        coalesce(
            (
                SELECT min(oldest_at)
                FROM table_profile
                WHERE table_name IN (SELECT source FROM logged_trade WHERE event = 'not_learned')
            ),
            0
        )
    )"""
*/
WITH
skipped AS MATERIALIZED (
    SELECT count(*) AS n
    FROM logged_trade
    JOIN run
    WHERE event = 'not_learned' AND at > now - 3600 * max(168, min(hours, 720)) AND at <= now - 43200
),
-- What the log no longer tells may have been skipped as well.
period AS MATERIALIZED (
    SELECT
        now - 3600 * max(168, min(hours, 720)) AS from_at,
        (
            SELECT min(oldest_at)
            FROM table_profile
            WHERE table_name IN (SELECT source FROM logged_trade WHERE event = 'not_learned')
        ) AS log_from_at,
        now - 43200 AS until_at,
        max(168, min(hours, 720)) / 24 AS days
    FROM run
),
closed AS (
    SELECT
        trade.source,
        trade.source_id,
        trade.in_window,
        trade.instrument,
        trade.closed_at,
        period.days,
        iif(log_from_at > from_at, log_from_at, NULL) AS log_from_at,
        trade.source_id NOT IN (SELECT trim(trade_id) FROM learning WHERE trade_id IS NOT NULL) AS is_missing
    FROM trade
    JOIN period
    WHERE is_main AND closed_at > max(from_at, coalesce(log_from_at, from_at)) AND closed_at <= until_at
),
counted AS (
    SELECT *, count(*) OVER () AS trades, total(is_missing) OVER () AS missing FROM closed
)
SELECT counted.source, counted.source_id, counted.in_window, instrument, closed_at, log_from_at, days, skipped.n AS skipped
FROM counted
JOIN skipped
WHERE
    is_missing
    AND trades >= 20
    AND missing - skipped.n > :threshold * trades
    -- A bot that never names a trade in what it learns does not learn from single ones.
    AND EXISTS (SELECT 1 FROM learning JOIN period WHERE trade_id IS NOT NULL AND created_at > from_at)
ORDER BY closed_at DESC
