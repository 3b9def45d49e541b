/*
id = "learning-of-an-older-trade"
severity = "medium"
title = "Learnings are made of another trade than the one that has just closed"
why = "A learning that is made of another trade than the one that has just closed tells nothing of the trade that was to be learned from."
description = """
{{ row.by_logged_id|digits(0) }} of {{ row.learnings }} learnings of trades that were closed in the last {{ row.days|digits(0) }} days, up to 12 hours \
ago, were written within a minute of a logged closing whose trade id they carry. In {{ row.source }} that id is another trade in \
{{ row.of_another|digits(0) }} of them, closed earlier: the log names the open trade's id, and {{ row.source }} has ids of its own. Of {{ of }} closings \
{{ count }} were to be looked up by another id than their row's: {{ rows|map(attribute="is_learned")|sum }} of these led to a learning, of another \
trade, and the rest to none."""
fix = "Learn from the row that the closing has just written: pass on its own id."
needs = ["trade.closed_at"]
was = ["learning-late:"]
of = """
SELECT count(*)
FROM trade
JOIN run
WHERE is_main AND closed_at > now - 3600 * max(168, min(hours, 720)) AND closed_at <= now - 43200"""
*/
-- What is older than a month is history; a learning may still come for a younger trade than half a day.
WITH
closed AS MATERIALIZED (
    SELECT trade.source, trade.source_id, trade.in_window, trade.instrument, trade.closed_at
    FROM trade
    JOIN run
    WHERE is_main AND closed_at > now - 3600 * max(168, min(hours, 720)) AND closed_at <= now - 43200
),
learned AS MATERIALIZED (
    SELECT trim(trade_id) AS trade_id, min(created_at) AS at
    FROM learning
    JOIN run
    WHERE trade_id IS NOT NULL AND created_at > now - 3600 * max(168, min(hours, 720))
    GROUP BY 1
),
logged AS MATERIALIZED (
    SELECT trade_id, lower(instrument) AS instrument, at
    FROM logged_trade
    JOIN run
    WHERE event = 'closed' AND trade_source = main_source AND at > now - 3600 * max(168, min(hours, 720)) - 60
),
-- A learning is written within a minute of what has caused it.
followed AS (
    SELECT learned.at - closed.closed_at > 60 AS is_of_another, max(logged.at) IS NOT NULL AS follows_logged
    FROM closed
    JOIN learned ON learned.trade_id = closed.source_id
    LEFT JOIN logged ON logged.trade_id = learned.trade_id AND learned.at BETWEEN logged.at AND logged.at + 60
    GROUP BY closed.source_id
),
counted AS MATERIALIZED (
    SELECT
        count(*) AS learnings,
        total(follows_logged) AS by_logged_id,
        total(follows_logged AND is_of_another) AS of_another
    FROM followed
),
looked_up AS (
    SELECT closed.*, logged.trade_id AS logged_id, logged.at AS logged_at
    FROM closed
    JOIN logged ON logged.instrument = lower(closed.instrument) AND abs(logged.at - closed.closed_at) <= 60
    WHERE logged.trade_id <> closed.source_id
    GROUP BY closed.source_id
)
SELECT
    looked_up.source,
    looked_up.source_id,
    looked_up.in_window,
    looked_up.instrument,
    looked_up.closed_at,
    logged_id,
    learned.at AS learned_at,
    learned.at IS NOT NULL AS is_learned,
    counted.*,
    (SELECT max(168, min(hours, 720)) / 24 FROM run) AS days
FROM looked_up
JOIN counted
LEFT JOIN learned ON learned.trade_id = looked_up.logged_id AND learned.at BETWEEN logged_at AND logged_at + 60
WHERE learnings >= 10 AND by_logged_id >= 0.9 * learnings AND of_another >= 0.5 * learnings
ORDER BY looked_up.closed_at DESC
