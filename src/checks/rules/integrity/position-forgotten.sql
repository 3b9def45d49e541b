/*
id = "position-forgotten"
severity = "critical"
title = "Open positions in {{ row.source }} that the bot no longer manages"
description = """
{{ count }} of {{ of }} open positions {{ count|plural("is", "are") }} forgotten ({{ row.size_together }} {{ row.currency }}): as a rule this bot holds one \
position of a coin, yet it opened and closed at least 3 other trades of each of these coins since."""
why = "A position that the bot no longer knows has no stop and no target any more: its loss is unlimited and it binds exposure for ever."
fix = """
Were they lost at a restart? Load the open positions from the table at every start, or close these by hand: no stop or target has closed \
them so far."""
explained_by = ["open-position-was-closed"]
distrusts = ["position.status"]
needs = ["trade.closed_at"]
of = "SELECT source, count(*) FROM position GROUP BY source"
*/
WITH
-- Of twenty trades or more hardly one was opened while another one of its coin was open: one in fifty is a fault of its own.
single AS (
    SELECT source
    FROM (
        SELECT
            source,
            opened_at_latest < lag(closed_at) OVER (PARTITION BY source, instrument ORDER BY opened_at) - 5 AS overlaps
        FROM trade
    )
    GROUP BY source
    HAVING count(*) >= 20 AND total(overlaps) <= count(*) / 50
),
later AS (
    SELECT
        position.source,
        position.source_id,
        count(*) AS trades
    FROM position
    JOIN trade ON
        trade.source = position.source
        AND trade.instrument = position.instrument
        AND trade.opened_at > position.opened_at_latest
    WHERE position.source IN single
    GROUP BY position.source, position.source_id
)
SELECT
    source AS subject,
    source,
    source_id,
    instrument,
    size,
    opened_at,
    trades AS later_trades,
    printf('%.2f', total(size) OVER (PARTITION BY source)) AS size_together,
    currency
FROM later
JOIN position USING (source, source_id)
WHERE trades >= 3
ORDER BY opened_at
