/*
id = "expired-rows-pile-up"
severity = "low"
type = "missing_feature"
title = "{{ 'Expired rows of ' ~ subject ~ ' are never removed' if row.day_past >= threshold else 'Nearly all rows of ' ~ subject ~ ' have expired' }}"
why = "Expired rows that nobody removes slow every look at the valid ones and may be taken for them."
description = """
{{ row.n }} of {{ row.looked_at }} have expired by {{ row.column_name }} and are still there: {{ row.two_hours_past }} more \
than two hours ago, {{ row.day_past }} more than a day ago."""
fix = "Delete rows of {{ subject }} some time after {{ row.column_name }}, or mark them as expired."
threshold = 20 # rows that expired more than a day ago, or more than two hours ago where nine in ten rows have expired
explained_by = ["expiry-compared-as-text"]
*/
SELECT
    table_name AS subject,
    table_name AS source,
    column_name AS source_id,
    column_name,
    rows_past AS n,
    rows_read AS of,
    rows_two_hours_past AS two_hours_past,
    rows_day_past AS day_past,
    looked_at,
    min(place) AS place
FROM column_profile
JOIN table_profile USING (table_name)
WHERE
    type = 'table'
    AND tells = 'expiry'
    AND NOT is_left_behind
    AND NOT (SELECT is_past FROM run)
    -- A table with one row a coin or symbol replaces its rows.
    AND NOT EXISTS (
        SELECT 1
        FROM column_profile AS key, json_each('["coin", "symbol", "asset", "pair", "market", "key"]') AS entity
        WHERE
            key.table_name = column_profile.table_name
            AND key.is_key
            AND instr(key.words, ' ' || entity.value || ' ')
    )
GROUP BY table_name
HAVING
    rows_day_past >= :threshold
    OR (rows_two_hours_past >= :threshold AND rows_past >= 0.9 * filled)
