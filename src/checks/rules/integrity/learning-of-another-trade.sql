/*
id = "learning-of-another-trade"
severity = "high"
title = "Learnings are attached to the wrong trades"
description = "In {{ count }} of {{ row.looked_at }} {{ row.learnings }} {{ row.what }}."
why = "A learning that is attached to another trade joins its lesson with the wrong coin and the wrong result."
fix = "Is the open trade's id stored, or the newest one's? Store the id of the closed trade's row, and correct the stored ids."
needs = ["trade.closed_at"]
*/
WITH
attached AS MATERIALIZED (
    SELECT
        learning.source,
        learning.source_id,
        learning.trade_id,
        learning.created_at,
        trade.instrument,
        trade.closed_at,
        instr(lower(words), lower(trade.instrument)) > 0 AS names_own,
        words
    FROM (
        SELECT
            *,
            ' ' || coalesce(text, '') || ' ' || coalesce(story, '') || ' ' || coalesce(pattern, '') || ' ' AS words
        FROM learning
        WHERE trade_id IS NOT NULL
        ORDER BY created_at DESC
        LIMIT 1000
    ) AS learning
    JOIN trade ON trade.source_id = trim(learning.trade_id)
),
-- A coin in capitals; words in lower case may be plain English (near, gala).
coin AS (
    SELECT DISTINCT
        instrument,
        '*[^A-Za-z0-9-]' || upper(instrument) || '[^A-Za-z0-9-]*' AS pattern
    FROM trade
    WHERE length(instrument) > 2
),
judged AS (
    SELECT
        *,
        iif(names_own, NULL, (SELECT min(coin.instrument) FROM coin WHERE words GLOB coin.pattern)) AS other,
        coalesce(closed_at - created_at > 60, FALSE) AS is_early
    FROM attached
),
counted AS (
    SELECT
        count(*) AS learnings,
        total(is_early) AS early,
        count(other) AS others,
        total(names_own OR other IS NOT NULL) AS naming
    FROM judged
)
SELECT
    'learnings.trade_id' AS subject,
    source,
    source_id,
    trade_id,
    instrument AS coin_of_trade,
    other AS coin_of_learning,
    created_at,
    closed_at,
    iif(others >= 3 AND others >= 0.1 * naming, naming, counted.learnings) AS looked_at,
    iif(others >= 3 AND others >= 0.1 * naming, 'learnings that name a coin', 'learnings with a trade') AS learnings,
    iif(
        others >= 3 AND others >= 0.1 * naming,
        'only another coin than that of the trade is named',
        'the words were written before the trade closed'
    ) AS what
FROM judged
JOIN counted
-- Texts may mention another coin: several that name only others show wrong ids.
WHERE iif(others >= 3 AND others >= 0.1 * naming, other IS NOT NULL, is_early)
ORDER BY judged.created_at DESC
