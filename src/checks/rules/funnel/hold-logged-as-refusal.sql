/*
id = "hold-logged-as-refusal"
severity = "low"
type = "inefficiency"
title = "Decisions to do nothing are logged as rejected decisions"
why = "Nothing is rejected when the model decides to do nothing: such rows inflate every count of rejections."
description = """
{{ row.holds }} of {{ row.rejected }} rows of rejected decisions {{ row.holds|plural("is a HOLD", "are a HOLD") }}: there was nothing to reject. Counts of \
rejections contain them."""
fix = "Test the confidence only of decisions to trade."
threshold = 50 # rows in the window
*/
-- What stands for an answer that could not be read is a failure, which failure-logged-as-decision tells.
WITH hold AS (
    SELECT decision.source, decision.outcome_id AS source_id, decision.at, decision.outcome_reason AS text, 1 AS n
    FROM decision
    WHERE decision.outcome = 'decision_rejected' AND decision.outcome_reason LIKE 'HOLD%' AND NOT decision.is_failure
    UNION ALL
    -- Rows before which no decision stands.
    SELECT source, example_id, last_at, example, n - n_of_decisions
    FROM event_pattern
    WHERE kind = 'decision_rejected' AND pattern LIKE 'HOLD%' AND n > n_of_decisions
), counted AS (
    SELECT
        *,
        sum(n) OVER () AS holds,
        (SELECT sum(event_pattern.n) FROM event_pattern WHERE kind = 'decision_rejected') AS rejected
    FROM hold
)
SELECT source, source_id, 1 AS in_window, n, at, quotable(text) AS text, holds, rejected
FROM counted
WHERE holds >= :threshold
ORDER BY at DESC
