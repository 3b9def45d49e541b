/*
id = "strategist-answer-dropped"
severity = "medium"
title = "The strategist sets no condition although the model's answer proposes some"
why = "An answer that is paid for and dropped without a word hides the rule that drops it."
description = """
Of the newest {{ of }} strategist runs that set no condition and whose answer can be read, {{ count }} had an answer with conditions: \
{{ rows|map(attribute="conditions")|sum }} in all. No row of the log says why they were dropped."""
fix = """
Which rule drops them: the coin's name, a size, a price that is text, a position that is open, a blacklist? Log the reason, and put what \
the rule knows into the prompt."""
min_rows = 10
was = ["strategist-plans-nothing:answer dropped"]
of = """
SELECT count(*)
FROM (SELECT text, kind, lag(details) OVER (ORDER BY at, rowid) AS request, lag(kind) OVER (ORDER BY at, rowid) AS before FROM event)
WHERE kind = 'strategist' AND before = 'llm_query' AND text LIKE 'Generated 0 %' AND json_valid(request)
    AND json_extract(request, '$.response') LIKE '%{%}%'"""
*/
WITH run_after_request AS (
    SELECT
        source,
        source_id,
        at,
        kind,
        text,
        lag(details) OVER places AS request,
        lag(source_id) OVER places AS answer_id,
        lag(kind) OVER places AS before
    FROM event
    WHERE EXISTS (SELECT 1 FROM event_pattern WHERE kind = 'strategist' AND pattern LIKE 'Generated 0 %')
    WINDOW places AS (ORDER BY at, rowid)
), answer AS (
    SELECT *, json_extract(request, '$.response') AS answer
    FROM run_after_request
    WHERE kind = 'strategist' AND before = 'llm_query' AND text LIKE 'Generated 0 %' AND json_valid(request)
), plan AS (
    SELECT *, substr(rtrim(answer, replace(answer, '}', '')), instr(answer, '{')) AS plan
    FROM answer
    WHERE typeof(answer) = 'text' AND answer LIKE '%{%}%'
)
SELECT source, source_id, 1 AS in_window, at, text, json_array_length(plan, '$.conditions') AS conditions, answer_id
FROM plan
WHERE json_valid(plan) AND json_array_length(plan, '$.conditions') > 0
ORDER BY at DESC
