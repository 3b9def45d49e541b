/*
id = "waiting-rule-traded"
severity = "medium"
title = "Trades are credited to rules that say not to trade"
why = "A rule that says not to trade and is rated by trades is rated by the opposite of its advice."
description = """
{{ count }} of {{ of }} rules {{ count|plural("says to do nothing and is cited", "say to do nothing and are cited") }} by {{ threshold }} trades or more. \
Their wins and losses rate the opposite of what was advised."""
fix = "Do not let a trade cite such a rule; rate it by what was avoided."
threshold = 5               # trades: fewer may cite a rule by mistake
of = """
SELECT count(*)
FROM rule
WHERE
    plain_text(text) LIKE '%_ then _%'
    AND coalesce(status, '') NOT IN ('rejected', 'inactive')
    AND source NOT IN (SELECT table_name FROM table_profile WHERE is_left_behind)"""
*/
-- The bot overwrites its counters: of an earlier moment only the trades tell which rules they cite.
WITH cited AS (
    SELECT
        rule.*,
        iif(
            run.is_past,
            (SELECT count(*) FROM trade_rule WHERE rule_source = rule.source AND rule_id = rule.source_id),
            use_count
        ) AS trades
    FROM rule
    JOIN run
    WHERE
        coalesce(status, '') NOT IN ('rejected', 'inactive')
        AND source NOT IN (SELECT table_name FROM table_profile WHERE is_left_behind)
        AND success_count IS NOT NULL
)
SELECT source, source_id, text, CAST(trades AS INTEGER) AS trades
FROM cited
WHERE
    trades >= :threshold
    AND plain_text(text) LIKE '%_ then _%'
    -- Word for word: "wait for a better price, then buy" is a trade.
    AND substr(plain_text(text), instr(plain_text(text), ' then ') + 6) IN (
        'wait', 'hold', 'skip', 'avoid', 'do nothing', 'stay out', 'no trade', 'do not buy', 'do not trade', 'do not enter',
        'don t buy', 'don t trade'
    )
ORDER BY trades DESC
