/*
id = "proposals-refused"
severity = "low"
type = "inefficiency"
title = "Most proposals to buy are rejected for one reason: {{ subject }}"
why = "A model whose proposals are nearly all rejected for one reason does not know a limit that it could know."
description = """
{{ row.rejected }} of {{ row.proposals }} proposals to buy ({{ (row.rejected / row.proposals)|percent }}) were rejected for the reason \
"{{ subject }}"; executed: {{ row.executed }}.\
{% if row.without_decision %} {{ row.without_decision }} of these proposals are known by their outcome only: no decision stands \
before it.{% endif %}"""
fix = """
Test the limit before the model is asked (skip the request, or offer only what is allowed), and put what is left of the limit into the \
prompt."""
threshold = 0.5 # share of at least 100 proposals in the window: more are then rejected for this than for all else
*/
-- A proposal is a decision to buy whose end the log has, or an outcome that no decision precedes.
WITH reason AS (
    SELECT
        pattern_id,
        coalesce(rejection, 'other') = 'other' AS is_in_words,
        CASE
            WHEN rejection IS NOT NULL AND rejection <> 'other' THEN replace(rejection, '_', ' ')
            WHEN kind = 'decision_rejected' AND pattern LIKE 'HOLD%' THEN NULL
            WHEN kind <> 'trade_opened' THEN
                rtrim(substr(pattern, instr(pattern, ': ') + 2, instr(pattern || ' (', ' (') - instr(pattern, ': ') - 2), ' .#')
        END AS reason,
        source,
        kind,
        n - n_of_decisions AS alone,
        last_at,
        example_id,
        example
    FROM event_pattern
    WHERE kind IN ('trade_opened', 'trade_rejected', 'decision_rejected') AND pattern NOT LIKE 'SELL%' AND n > 0
), proposal AS (
    SELECT
        decision.source,
        decision.outcome_id AS source_id,
        decision.at,
        decision.outcome,
        decision.outcome_reason AS text,
        reason.reason,
        reason.is_in_words,
        1 AS n,
        0 AS alone
    FROM decision LEFT JOIN reason ON reason.pattern_id = decision.outcome_pattern_id
    WHERE upper(trim(decision.action)) = 'BUY' AND decision.is_over
    UNION ALL
    SELECT source, example_id, last_at, kind, example, reason, is_in_words, alone, alone
    FROM reason
    WHERE alone > 0 AND (kind = 'trade_opened' OR reason IS NOT NULL)
), counted AS (
    SELECT
        *,
        sum(n) OVER () AS proposals,
        sum(alone) OVER () AS without_decision,
        coalesce(sum(n) FILTER (WHERE outcome = 'trade_opened') OVER (), 0) AS executed,
        sum(n) OVER (PARTITION BY reason) AS rejected
    FROM proposal
)
SELECT
    source,
    source_id,
    1 AS in_window,
    reason AS subject,
    iif(rejected >= 0.2 * (SELECT count(*) FROM decision), 'medium', 'low') AS severity,
    n,
    at,
    iif(is_in_words, quotable(text), text) AS text,
    proposals,
    rejected,
    executed,
    without_decision
FROM counted
WHERE reason IS NOT NULL AND proposals >= 100 AND rejected > :threshold * proposals
ORDER BY at DESC
