/*
id = "rules-contradict"
severity = "medium"
title = "Rules that are followed contradict each other"
why = "Two rules of one condition, one to trade and one not to, justify whatever the bot does."
description = """
For {{ count }} of {{ of }} conditions one rule says to trade and another one not to: whatever the bot does there, it follows one rule and breaks \
another."""
fix = "Reject one of the two; look for a rule of the same condition before adding one."
of = """
SELECT count(DISTINCT substr(plain_text(text), 1, instr(plain_text(text), ' then ')))
FROM rule
WHERE plain_text(text) LIKE '%_ then _%' AND coalesce(status, '') NOT IN ('rejected', 'inactive')"""
*/
-- When <condition>, then <action>. What an upgraded file keeps of an older bot is history.
WITH
followed AS (
    SELECT source, source_id, text, plain_text(text) AS words
    FROM rule
    WHERE
        coalesce(status, '') NOT IN ('rejected', 'inactive')
        AND source NOT IN (SELECT table_name FROM table_profile WHERE is_left_behind)
),
part AS (
    SELECT
        source,
        source_id,
        text,
        CASE
            WHEN words LIKE 'when %' THEN substr(words, 6, instr(words, ' then ') - 6)
            WHEN words LIKE 'if %' THEN substr(words, 4, instr(words, ' then ') - 4)
            ELSE substr(words, 1, instr(words, ' then ') - 1)
        END AS condition,
        -- Word for word: "wait for a better price, then buy" is a trade.
        substr(words, instr(words, ' then ') + 6) IN (
            'wait', 'hold', 'skip', 'avoid', 'do nothing', 'stay out', 'no trade', 'do not buy', 'do not trade', 'do not enter',
            'don t buy', 'don t trade'
        ) AS is_no_trade
    FROM followed
    WHERE words LIKE '%_ then _%'
)
SELECT
    trades.source,
    trades.source_id,
    trades.text AS one_rule,
    waits.source_id AS other_id,
    waits.text AS other_rule
FROM part AS trades
JOIN part AS waits ON waits.condition = trades.condition AND waits.is_no_trade
WHERE NOT trades.is_no_trade AND trades.condition <> ''
GROUP BY trades.condition
ORDER BY trades.source_id
