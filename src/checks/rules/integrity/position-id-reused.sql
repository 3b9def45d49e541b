/*
id = "position-id-reused"
severity = "medium"
title = "Position ids in {{ row.source }} stand for more than one trade"
description = """
{{ count }} of {{ of }} position ids {{ count|plural("stands", "stand") }} for trades of another opening as well. Whatever finds a trade by this id \
(an UPDATE at its exit, a closing in the log) finds several."""
why = "Closings in the log name a trade by its position's id: one that is used again leads to the wrong trade."
fix = "Give each position an id of its own (uuid4, or the table's key), and make the column unique."
needs = ["position.entry_price", "trade.entry_price", "trade.opened_at"]
of = "SELECT source, count(DISTINCT position_id) FROM trade WHERE trim(position_id) <> '' GROUP BY source"
*/
WITH
-- Each trade beside the one before it under the same id. What was added to a position, or sold in parts, belongs to it.
named AS (
    SELECT
        *,
        lag(source_id) OVER own AS earlier_id,
        lag(instrument) OVER own AS earlier_instrument,
        lag(opened_at) OVER own AS earlier_opened_at,
        lag(closed_at_latest) OVER own AS earlier_closed_at,
        lag(entry_price) OVER own AS earlier_entry_price,
        lag(side) OVER own AS earlier_side
    FROM (
        SELECT source, source_id, position_id, instrument, side, entry_price, opened_at, closed_at_latest FROM trade
        UNION ALL
        -- A position that is known by the key of its row has an id of its own.
        SELECT source, source_id, position_id, instrument, side, entry_price, opened_at, NULL FROM position WHERE position_id <> source_id
    )
    WHERE trim(position_id) <> ''
    WINDOW own AS (PARTITION BY source, position_id ORDER BY opened_at)
)
SELECT
    source AS subject,
    source,
    source_id,
    instrument,
    position_id,
    opened_at,
    earlier_id,
    earlier_instrument,
    earlier_opened_at
FROM named
WHERE
    instrument <> earlier_instrument
    OR (
        named.opened_at > earlier_closed_at
        AND NOT coalesce(
            side IS earlier_side
                AND abs(entry_price / earlier_entry_price - 1) < 1e-9
                AND abs(named.opened_at - named.earlier_opened_at) <= 10,
            FALSE
        )
    )
GROUP BY source, position_id
ORDER BY position_id
