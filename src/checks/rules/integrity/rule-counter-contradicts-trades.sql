/*
id = "rule-counter-contradicts-trades"
severity = "high"
title = "Success counters in {{ row.source }} contradict the trades that carry the rules"
description = """
{{ count }} of {{ of }} rules {{ count|plural("counts", "count") }} successes and failures that the closed trades which name them do not give. \
Rules are promoted, rejected and shown to the LLM by these counters."""
why = "Rules are promoted and rejected by their counters; counters that the trades do not give keep bad rules and drop good ones."
fix = "Recompute the counters from the trades, and count each rule once where a trade is closed."
explained_by = ["closing-logged-twice"]
of = """
SELECT source, count(*)
FROM rule
WHERE kind <> 'regime_rule' AND success_count IS NOT NULL AND failure_count IS NOT NULL
    AND source IN (SELECT rule_source FROM trade_rule JOIN trade USING (source, source_id))
GROUP BY source"""
*/
WITH
carried AS MATERIALIZED (
    SELECT DISTINCT
        rule_source,
        rule_id,
        trade.source,
        trade.source_id,
        coalesce(pnl, 0) AS pnl,
        closed_at,
        -- What was closed in the last moments may not have been counted yet.
        coalesce(closed_at_latest <= now - 240, TRUE) AS is_settled
    FROM trade_rule
    JOIN trade USING (source, source_id)
    JOIN run
),
given AS (
    SELECT
        rule_source,
        rule_id,
        sum(pnl > 0) AS wins,
        sum(pnl < 0) AS losses,
        sum(pnl = 0) AS even,
        sum(pnl > 0 AND is_settled) AS least_wins,
        sum(pnl < 0 AND is_settled) AS least_losses
    FROM carried
    GROUP BY rule_source, rule_id
),
-- Trades from before the first that names a rule: the column is younger than they are, and they may have counted.
unnamed AS (
    SELECT
        first.rule_source,
        total(pnl > 0) AS wins,
        total(pnl < 0) AS losses,
        total(trade.source_id IS NOT NULL AND coalesce(pnl, 0) = 0) AS even,
        -- Where trades were deleted or not read, they may have counted as well.
        coalesce(max(trades_from), max(first_id) > 1, FALSE) AS more
    FROM (SELECT rule_source, source, min(closed_at) AS at FROM carried GROUP BY rule_source, source) AS first
    JOIN run
    LEFT JOIN table_profile ON table_name = first.source
    LEFT JOIN trade ON
        trade.source = first.source
        AND coalesce(closed_at < first.at, TRUE)
        AND (trade.source, trade.source_id) NOT IN (SELECT source, source_id FROM trade_rule)
    GROUP BY first.rule_source
)
SELECT
    rule.source AS subject,
    rule.source,
    rule.source_id,
    text AS rule,
    success_count AS stored_successes,
    failure_count AS stored_failures,
    coalesce(given.wins, 0) AS successes,
    coalesce(given.losses + given.even, 0) AS failures
FROM rule
JOIN run
JOIN unnamed ON unnamed.rule_source = rule.source
LEFT JOIN given ON given.rule_source = rule.source AND given.rule_id = rule.source_id
WHERE
    NOT is_past
    AND kind <> 'regime_rule'
    AND NOT coalesce(
        -- Trades that close after a rule was rejected may not count for it any more.
        success_count >= iif(coalesce(status, 'active') IN ('active', 'testing'), coalesce(least_wins, 0), 0)
            AND failure_count >= iif(coalesce(status, 'active') IN ('active', 'testing'), coalesce(least_losses, 0), 0)
            AND (
                more
                OR (
                    success_count <= coalesce(given.wins + given.even, 0) + unnamed.wins + unnamed.even
                    AND failure_count <= coalesce(given.losses + given.even, 0) + unnamed.losses + unnamed.even
                )
            ),
        TRUE
    )
ORDER BY rule.source_id
