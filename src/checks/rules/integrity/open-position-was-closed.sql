/*
id = "open-position-was-closed"
severity = "critical"
title = "Positions are open in {{ row.source }} although they were closed"
description = """
{{ count }} of {{ of }} open positions {{ count|plural("was", "were") }} closed according to the closed trades or the log. They bind \
{{ row.size_together }} {{ row.currency }} of exposure that does not exist, and may be closed and counted a second time."""
why = "A position that is open in one place and closed in another binds money twice or hides a result."
fix = "Close these rows with the logged result; write a closing to every table in one transaction."
distrusts = ["position.status"]
needs = ["position.entry_price", "trade.closed_at", "trade.entry_price"]
of = "SELECT source, count(*) FROM position GROUP BY source"
*/
WITH
-- Closed trades with the coin, direction, entry price and second of the opening.
traded AS (
    SELECT
        position.source,
        position.source_id,
        min(trade.source_id) AS trade_id,
        count(*) AS trades,
        total(trade.size) AS size,
        max(trade.size IS position.size) AS is_whole
    FROM position
    JOIN run
    JOIN trade ON
        trade.instrument = position.instrument
        AND trade.side IS position.side
        AND abs(trade.entry_price / position.entry_price - 1) < 1e-9
        AND abs(trade.opened_at - position.opened_at) <= 10
        AND trade.closed_at <= now - 240
    GROUP BY position.source, position.source_id
),
-- How many the log or the conditions tell to have been opened then, and of what size together.
opened AS (
    SELECT
        source,
        source_id,
        count(*) AS openings,
        total(size) AS size
    FROM (
        SELECT
            traded.source,
            traded.source_id,
            logged_trade.size
        FROM traded
        JOIN position USING (source, source_id)
        JOIN logged_trade ON
            event = 'opened'
            AND lower(logged_trade.instrument) = lower(position.instrument)
            AND logged_trade.at BETWEEN position.opened_at - 60 AND position.opened_at + 60
        UNION ALL
        SELECT DISTINCT
            traded.source,
            traded.source_id,
            condition.size
        FROM traded
        JOIN position USING (source, source_id)
        JOIN trade ON trade.source_id = traded.trade_id
        JOIN condition ON condition.source_id IN (position.condition_id, trade.condition_id)
    )
    GROUP BY source, source_id
),
logged AS (
    SELECT
        position.source,
        position.source_id,
        max(logged_trade.at) AS at
    FROM position
    JOIN run
    JOIN logged_trade ON
        event = 'closed'
        AND logged_trade.trade_id = position.position_id
        AND lower(logged_trade.instrument) = lower(position.instrument)
        AND logged_trade.at <= now - 240
        -- Where nothing shows the clock of the bot's host, an opening may be read hours too late.
        AND logged_trade.at > coalesce(position.opened_at, 0) - iif(host_clock_is_unknown, 54000, 0)
    GROUP BY position.source, position.source_id
)
SELECT
    position.source AS subject,
    position.source,
    position.source_id,
    position.instrument,
    position.size,
    position.opened_at,
    iif(trade_id IS NOT NULL, 'as trade ' || trade_id, 'in the log at ' || datetime(logged.at, 'unixepoch') || ' UTC') AS closed,
    printf('%.2f', total(position.size) OVER (PARTITION BY position.source)) AS size_together,
    position.currency
FROM position
LEFT JOIN traded USING (source, source_id)
LEFT JOIN opened USING (source, source_id)
LEFT JOIN logged USING (source, source_id)
JOIN run
WHERE
    -- A trade whose exit only seems to come after the moment, because nothing shows the clock of the bot's host.
    NOT (coalesce(host_clock_is_unknown, FALSE) AND coalesce(position.status, 'open') IN ('closed', 'post_tracked'))
    AND (trade_id IS NOT NULL OR logged.at IS NOT NULL)
    -- What is left of a position after parts of it were sold.
    AND NOT (
        trade_id IS NOT NULL
        AND (
            coalesce(openings, 0) > trades
            OR CASE WHEN opened.size > 0 THEN traded.size + position.size <= 1.02 * opened.size ELSE NOT is_whole END
        )
    )
ORDER BY position.opened_at
