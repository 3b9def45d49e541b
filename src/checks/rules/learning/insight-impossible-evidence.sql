/*
id = "insight-impossible-evidence"
severity = "medium"
title = "Insights count trades that never happened"
why = "An insight that counts more trades, wins or losses than the instrument ever had is made up."
description = "{{ count }} of {{ of }} insights about a coin in the last {{ row.days|digits(0) }} days claim more trades, wins or losses than the coin had by then. {% if row.changes_on_such == 0 %}No change of the bot to itself rests on them yet.{% else %}{{ row.changes_on_such }} of {{ row.changes }} changes that the bot made to itself {{ row.changes_on_such|plural('rests', 'rest') }} on such figures.{% endif %}"
fix = "Compute an insight's figures from the trades before it is stored or acted on; drop those that differ."
threshold = 1               # trades: one that is made while the reflection is written may be on either side
min_rows = 3
of = """
SELECT count(*)
FROM reflection
JOIN run
JOIN json_each(iif(json_valid(insights), insights, '[]')) AS insight
WHERE
    reflection.at > run.now - max(3600 * run.hours, 604800)
    AND json_type(iif(insight.type = 'object', insight.value, '{}'), '$.evidence.coin') = 'text'
    AND json_extract(iif(insight.type = 'object', insight.value, '{}'), '$.evidence.trades') >= 1"""
*/
WITH
told AS (
    SELECT
        reflection.source,
        reflection.source_id,
        reflection.in_window,
        reflection.at,
        json_extract(iif(insight.type = 'object', insight.value, '{}'), '$.evidence') AS evidence,
        0 AS is_change
    FROM reflection
    JOIN json_each(iif(json_valid(reflection.insights), reflection.insights, '[]')) AS insight
    UNION ALL
    SELECT source, source_id, NULL, at, evidence, 1
    FROM adaptation
),
told_in_time AS (
    SELECT told.*, iif(json_valid(evidence), evidence, '{}') AS json
    FROM told
    JOIN run
    WHERE at > run.now - max(3600 * run.hours, 604800)
),
claim AS MATERIALIZED (
    SELECT
        row_number() OVER () AS number,
        source,
        source_id,
        in_window,
        at,
        is_change,
        json_extract(json, '$.coin') AS instrument,
        json_extract(json, '$.trades') AS trades,
        -- A win rate as fraction or percent.
        json_extract(json, '$.win_rate') / iif(json_extract(json, '$.win_rate') > 1, 100.0, 1.0) AS win_rate
    FROM told_in_time
    WHERE
        json_type(json, '$.coin') = 'text'
        AND json_type(json, '$.trades') IN ('integer', 'real')
        AND json_extract(json, '$.trades') >= 1
),
-- Trades that were opened by then, and claims.
moment AS (
    SELECT upper(instrument) AS key, opened_at AS at, 1 AS n, coalesce(pnl > 0, 0) AS won, NULL AS claim
    FROM trade
    WHERE opened_at IS NOT NULL
    UNION ALL
    SELECT upper(instrument), at + 60, 0, 0, number
    FROM claim
),
known AS (
    SELECT claim, sum(n) OVER so_far AS made, sum(won) OVER so_far AS wins
    FROM moment
    WINDOW so_far AS (PARTITION BY key ORDER BY at)
),
judged AS (
    SELECT claim.*, known.made, known.wins, iif(win_rate BETWEEN 0 AND 1, round(win_rate * trades), NULL) AS claimed_wins
    FROM claim
    JOIN known ON known.claim = claim.number
),
impossible AS MATERIALIZED (
    SELECT *
    FROM judged
    WHERE
        trades > made + :threshold
        OR claimed_wins > wins + :threshold
        OR trades - claimed_wins > made - wins + :threshold
)
SELECT
    source,
    source_id,
    in_window,
    iif(EXISTS (SELECT 1 FROM impossible WHERE is_change), 'high', 'medium') AS severity,
    instrument,
    at,
    trades AS claimed_trades,
    claimed_wins,
    made AS trades_by_then,
    wins AS wins_by_then,
    (SELECT count(*) FROM impossible WHERE is_change) AS changes_on_such,
    (SELECT count(*) FROM claim WHERE is_change) AS changes,
    (SELECT max(hours / 24, 7) FROM run) AS days
FROM impossible
-- Where older trades are not here, nobody can say how many there were.
WHERE NOT is_change AND (SELECT trades_from FROM run) IS NULL
ORDER BY at DESC
