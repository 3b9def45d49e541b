/*
id = "coin-score-contradicts-trades"
severity = "high"
title = "Running totals in {{ row.source }} contradict the coins' trades"
description = "The totals of {{ count }} of {{ of }} coins are not those of their closed trades."
why = "Coins are favoured and blacklisted by their running totals; totals that the trades do not give choose the wrong coins."
fix = "Recompute the scores from the trades, as sizes and blacklists by coin may follow them, and update them in the transaction that closes the trade."
explained_by = ["closing-logged-twice"]
of = "SELECT source, count(*) FROM coin_score GROUP BY source"
*/
WITH
whole AS (
    SELECT
        instrument,
        sum(n) AS n,
        sum(wins) AS wins,
        sum(n - wins - even) AS losses,
        sum(even) AS even,
        sum(pnl) AS pnl
    FROM trade_total
    WHERE is_main AND span = 'all'
    GROUP BY instrument
),
-- What was closed in the last moments may not have reached every table; what the log tells twice may count twice.
recent AS (
    SELECT
        instrument,
        count(*) AS n,
        sum(coalesce(pnl, 0) > 0) AS wins,
        sum(coalesce(pnl, 0) < 0) AS losses,
        sum(coalesce(pnl, 0) = 0) AS even,
        total(pnl) AS pnl
    FROM trade
    JOIN run ON is_main AND closed_at_latest > now - 240
    GROUP BY instrument
),
repeated AS (
    SELECT
        instrument,
        count(*) AS n,
        sum(coalesce(pnl, 0) > 0) AS wins,
        sum(coalesce(pnl, 0) < 0) AS losses,
        sum(coalesce(pnl, 0) = 0) AS even,
        total(pnl) AS pnl
    FROM repeated_closing
    GROUP BY instrument
),
-- Each reading of what the trades give: all, without the last moments, with what the log tells again.
given AS (
    SELECT
        coin_score.instrument,
        coalesce(whole.n, 0) + coalesce(part.n, 0) AS n,
        coalesce(whole.wins, 0) + coalesce(part.wins, 0) AS wins,
        coalesce(whole.losses, 0) + coalesce(part.losses, 0) AS losses,
        coalesce(whole.even, 0) + coalesce(part.even, 0) AS even,
        coalesce(whole.pnl, 0) + coalesce(part.pnl, 0) AS pnl,
        -- Where trades were deleted, they may have counted.
        part.kind <> 'repeated' AND coalesce(first_id > 1, FALSE) AS is_least
    FROM coin_score
    JOIN run
    JOIN (
        SELECT 'whole' AS kind, NULL AS instrument, 0 AS n, 0 AS wins, 0 AS losses, 0 AS even, 0 AS pnl
        UNION ALL
        SELECT 'recent', instrument, -n, -wins, -losses, -even, -pnl FROM recent
        UNION ALL
        SELECT 'repeated', instrument, n, wins, losses, even, pnl FROM repeated
    ) AS part ON coalesce(part.instrument, coin_score.instrument) = coin_score.instrument
    LEFT JOIN whole ON whole.instrument = coin_score.instrument
    LEFT JOIN table_profile ON table_name IN (SELECT source FROM trade WHERE is_main)
),
fitting AS (
    SELECT coin_score.instrument
    FROM coin_score
    JOIN given USING (instrument)
    WHERE iif(
        is_least,
        coalesce(coin_score.total_trades >= given.n, TRUE)
            AND coalesce(coin_score.wins >= given.wins, TRUE)
            AND coalesce(coin_score.losses >= given.losses, TRUE),
        -- A trade without profit may count as either.
        coalesce(coin_score.total_trades = given.n, TRUE)
            AND coalesce(coin_score.wins BETWEEN given.wins AND given.wins + even, TRUE)
            AND coalesce(coin_score.losses BETWEEN given.losses AND given.losses + even, TRUE)
            AND coalesce(abs(coin_score.total_pnl - given.pnl) <= 0.02 + 0.01 * sqrt(given.n), TRUE)
    )
)
SELECT
    coin_score.source AS subject,
    coin_score.source,
    coin_score.source_id,
    coin_score.instrument,
    coin_score.total_trades AS stored_trades,
    coin_score.wins AS stored_wins,
    round(coin_score.total_pnl, 2) AS stored_pnl,
    coalesce(whole.n, 0) AS trades,
    coalesce(whole.wins, 0) AS wins,
    round(coalesce(whole.pnl, 0), 2) AS pnl
FROM coin_score
JOIN run
LEFT JOIN whole USING (instrument)
WHERE
    NOT is_past
    AND (SELECT count(pnl) FROM whole WHERE instrument IS NOT NULL) > 0
    AND coin_score.instrument NOT IN fitting
ORDER BY abs(coalesce(coin_score.total_trades, 0) - coalesce(whole.n, 0)) DESC
