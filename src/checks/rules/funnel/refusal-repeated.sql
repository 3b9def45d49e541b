/*
id = "refusal-repeated"
severity = "low"
type = "inefficiency"
title = "The same proposal is rejected again and again for the same reason"
why = "The same proposal rejected many times in a row shows that a rejection never reaches the model."
description = """
{{ count }} rejections stand in series of at least {{ threshold }} for one coin and one reason, with no other proposal between them; \
the longest series has {{ rows|map(attribute="in_a_row")|max }}."""
fix = "Does the next prompt say what was rejected and why? If not, put it there."
threshold = 10 # rejections in a row for one coin and one reason, with nothing else decided in between
explained_by = ["proposals-refused"]
*/
WITH told AS (
    SELECT
        event.source,
        event.source_id,
        event.at,
        event.kind,
        event.rejection,
        event.pattern_id,
        trim(substr(text, 1, instr(replace(text, ':', '$') || '$', '$') - 1)) AS proposal,
        event.rowid AS place
    FROM event
    WHERE kind IN ('trade_rejected', 'trade_opened', 'trade_closed', 'decision_rejected')
), compared AS (
    SELECT
        *,
        kind = 'trade_rejected' AND lag(kind) OVER places = kind AND lag(proposal) OVER places = proposal
            AND lag(rejection) OVER places = rejection
            AND (rejection <> 'other' OR lag(pattern_id) OVER places = pattern_id) AS goes_on
    FROM told
    WINDOW places AS (ORDER BY at, place)
), series AS (
    SELECT *, sum(NOT coalesce(goes_on, 0)) OVER (ORDER BY at, place) AS number
    FROM compared
), counted AS (
    SELECT *, count(*) OVER (PARTITION BY number) AS in_a_row
    FROM series
    WHERE kind = 'trade_rejected'
)
SELECT source, source_id, 1 AS in_window, at, proposal, rejection AS reason, in_a_row
FROM counted
WHERE in_a_row >= :threshold
ORDER BY in_a_row DESC, at
