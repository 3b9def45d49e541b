/*
id = "opening-contradicts-log"
severity = "critical"
title = "Openings in the log are missing in {{ subject }} and among the closed trades"
description = """
{{ count }} of {{ of }} openings that the bot logged {{ count|plural("is", "are") }} neither open nor closed ({{ row.size_together }}): no table \
holds them, and the log tells no closing. No stop and no target watches these positions, and no sum contains them."""
why = "An opening that the log tells and no table holds is money in a position that nobody watches and no sum contains."
fix = """
Look at what happened right after these moments (an exception, a crash, a rollback); write the position and the log in one transaction, and \
settle these by hand."""
needs = ["trade.closed_at", "trade.opened_at"]
of = """
SELECT iif(trade_source = 'closed_trades', 'open_trades', trade_source), count(DISTINCT coalesce(trade_id, source_id))
FROM logged_trade
WHERE event = 'opened'
GROUP BY trade_source"""
*/
WITH
row_of_trade AS MATERIALIZED (
    SELECT source || ' ' || source_id AS id, coalesce(lower(trim(instrument)), '') AS coin, size, opened_at FROM trade
    UNION ALL
    SELECT source || ' ' || source_id, coalesce(lower(trim(instrument)), ''), size, opened_at FROM position
),
-- Older openings may be of trades that are no longer kept, newer ones may not have reached the table yet.
logged AS MATERIALIZED (
    SELECT
        logged_trade.*,
        lower(instrument) AS coin
    FROM logged_trade
    JOIN run ON at < now - 240
    WHERE
        event = 'opened'
        AND has_positions
        AND NOT is_past
        AND at > coalesce((SELECT min(closed_at) FROM trade WHERE is_main) + 240, 0)
        -- Tables that were emptied tell nothing.
        AND (EXISTS (SELECT 1 FROM row_of_trade) OR NOT EXISTS (SELECT 1 FROM logged_trade WHERE event = 'closed'))
    -- The first of several lines about one opening.
    GROUP BY coalesce(trade_id, source_id), instrument
    HAVING at = min(at)
),
found AS MATERIALIZED (
    SELECT
        logged.source_id,
        row_of_trade.id
    FROM logged
    JOIN row_of_trade ON row_of_trade.coin = logged.coin AND row_of_trade.opened_at BETWEEN logged.at - 60 AND logged.at + 60
),
lost AS MATERIALIZED (
    SELECT *
    FROM logged
    WHERE
        source_id NOT IN (SELECT source_id FROM found)
        -- A closing that has no row is another rule's.
        AND (coalesce(trade_id, ''), instrument) NOT IN (
            SELECT trade_id, instrument FROM logged_trade WHERE event = 'closed' AND trade_id IS NOT NULL
        )
        AND (coalesce(trade_id, ''), coin) NOT IN (
            SELECT position_id, lower(instrument) FROM position WHERE position_id IS NOT NULL AND instrument IS NOT NULL
        )
        -- A row without a coin, without a readable time, or of another clock, may be it where it is no other opening's.
        AND NOT EXISTS (
            SELECT 1
            FROM row_of_trade
            WHERE
                row_of_trade.coin IN ('', logged.coin)
                AND (
                    opened_at IS NULL
                    OR (abs(opened_at - at) <= 50400 AND abs(opened_at - at - 900 * round((opened_at - at) / 900)) <= 2)
                )
                AND row_of_trade.id NOT IN (SELECT id FROM found)
        )
)
SELECT
    iif(trade_source = 'closed_trades', 'open_trades', trade_source) AS subject,
    source,
    source_id,
    instrument,
    at,
    size,
    trade_id,
    printf('%.2f', total(size) OVER ()) AS size_together
FROM lost
-- Where most have a row of their time and size, the log only names coins in another way.
WHERE (
    SELECT 2 * total(
        EXISTS (
            SELECT 1
            FROM row_of_trade
            WHERE abs(row_of_trade.opened_at - lost.at) <= 60 AND abs(row_of_trade.size - lost.size) <= 0.01
        )
    ) <= count(*)
    FROM lost
)
ORDER BY lost.at DESC
