/*
id = "table-never-written"
severity = "low"
type = "missing_feature"
title = "The table {{ subject }} was never written"
why = "A table that refers to rows of another and stays empty while those come is a feature that never ran."
description = "{{ subject }} refers to {{ row.parent }} by {{ row.column_name }} and has never had a row, while {{ row.parent }} has {{ row.parent_rows }}."
fix = "Write {{ subject }} where rows of {{ row.parent }} are made, or remove the table and what reads it."
threshold = 10 # rows, a day old, of the table that it refers to: what each fourth of them should lead to would be missing once in 18 (0.75^10)
*/
WITH began AS (
    SELECT
        min(oldest_at) AS at,
        min(coalesce(max(iif(is_ordered, newest_at, NULL)), now), now) - 86400 AS day_ago
    FROM table_profile, run
    WHERE type = 'table'
)
SELECT
    own.table_name AS subject,
    column.column_name,
    parent.table_name AS parent,
    parent.rows AS parent_rows,
    min(column.place) AS place
FROM table_profile AS own
JOIN column_profile AS column ON column.table_name = own.table_name
JOIN table_profile AS parent ON parent.table_name = column.refers_to
JOIN began
WHERE
    own.type = 'table'
    AND own.rows = 0
    -- An id that was given and is gone means that rows come and go, as open positions do.
    AND own.last_id_given IS NULL
    AND NOT own.is_left_behind
    -- Trades without learnings are told by the checks of learning.
    AND own.table_name <> 'learnings'
    AND coalesce(parent.rows_day_old, iif(began.at <= began.day_ago, parent.rows, 0)) >= :threshold
GROUP BY own.table_name
