/*
id = "columns-never-move"
severity = "low"
type = "missing_feature"
title = "Columns of {{ subject }} never leave their default"
why = "A counter, score or flag that all rows leave at the table's default is never written."
description = """
Every row looked at, {{ row.looked_at }}, has what the table's declaration gives by itself in \
{{ rows|map(attribute="shown")|join(", ") }}."""
fix = "Is there a step that should set them? Write them where the event happens, or drop them."
threshold = 50 # rows: a flag that one row in 10 sets would be unset in all of them once in 194 (0.9^50)
explained_by = ["flag-contradicted"]
*/
WITH plain AS (
    SELECT
        *,
        trim(declared_default, '()''" ') AS given
    FROM column_profile
    WHERE null_fraction = 0 AND constant IS NOT NULL
)
SELECT
    table_name AS subject,
    table_name AS source,
    column_name AS source_id,
    column_name || ' = ' || constant AS shown,
    looked_at
FROM plain
JOIN table_profile USING (table_name)
WHERE
    type = 'table'
    AND NOT is_left_behind
    AND rows_read >= :threshold
    AND (
        given = constant
        OR (lower(given) = 'false' AND constant = '0')
        OR (lower(given) = 'true' AND constant = '1')
        OR (given GLOB '[-.0-9]*' AND constant GLOB '[-.0-9]*' AND CAST(given AS REAL) = CAST(constant AS REAL))
    )
    -- Flags of events in mapped tables have rules of their own.
    AND NOT (is_mapped AND (words LIKE '% triggered ' OR words LIKE '% executed ' OR words LIKE '% filled '))
    -- Names that promise a figure that changes.
    AND EXISTS (
        SELECT 1
        FROM json_each('["count", "counter", "times", "hits", "uses", "used", "flag", "score", "confidence", "rate",
            "ratio", "validated", "verified", "confirmed", "triggered", "executed", "processed", "filled", "effective",
            "effectiveness", "success", "successes", "failures", "unrealized", "mark", "retries", "saves", "matched",
            "applied"]') AS moving
        WHERE instr(words, ' ' || moving.value || ' ')
    )
ORDER BY table_name, place
