/*
id = "failure-logged-as-decision"
severity = "low"
title = "A failure is logged as a decision ({{ row.action }}): {{ row.failure }}"
why = "A failure that is logged as a decision appears in no count of errors and looks like caution."
description = """
{{ count }} of {{ of }} decisions {{ count|plural("is no decision: its reason is", "are no decisions: their reason is") }} the text \
of a failure, and no error is logged beside {{ count|plural("it", "them") }}."""
fix = "Log such a failure as an error, and ask for structured output. Does the request right before hold the answer? Then see there what could not be read."
threshold = 5 # decisions of one text in the window
of = "SELECT count(*) FROM decision"
*/
WITH failed AS (
    SELECT
        source,
        source_id,
        at,
        substr(action, 1, 20) AS action,
        substr(quotable(reason), 1, 80) AS failure
    FROM decision
    WHERE is_failure AND NOT has_error_nearby
), counted AS (
    SELECT
        *,
        count(*) OVER (PARTITION BY action, failure) AS same,
        (SELECT count(*) FROM decision) AS decisions
    FROM failed
)
SELECT
    source,
    source_id,
    1 AS in_window,
    action || ' ' || failure AS subject,
    CASE
        WHEN same >= 0.3 * decisions THEN 'high'
        WHEN same >= 0.01 * decisions THEN 'medium'
        ELSE 'low'
    END AS severity,
    at,
    action,
    failure
FROM counted
WHERE same >= :threshold
ORDER BY at DESC
