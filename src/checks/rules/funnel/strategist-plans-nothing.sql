/*
id = "strategist-plans-nothing"
severity = "low"
type = "inefficiency"
title = "The strategist plans nothing in nearly every run"
why = "A strategist that plans nothing run after run costs a request each time and never trades."
description = "{{ row.n }} of {{ row.of }} runs of the window ({{ (row.n / row.of)|percent }}) set no condition."
fix = "Read some of its answers: is the prompt too strict, or is the answer not understood?"
threshold = 0.95 # share of at least 200 runs (ten hours)
*/
WITH counted AS (
    SELECT sum(n) FILTER (WHERE pattern LIKE 'Generated 0 %') AS empty, sum(n) AS runs, max(last_at) AS newest_at
    FROM event_pattern
    WHERE kind = 'strategist'
)
SELECT empty AS n, runs AS of, newest_at
FROM counted
WHERE runs >= 200 AND empty >= :threshold * runs
