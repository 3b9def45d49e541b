/*
id = "state-never-left"
severity = "medium"
title = "No row of {{ row.table_name }} ever leaves its first {{ row.column_name }}"
why = "Rows that all wait in their first state are work that nobody does."
description = "{{ row.column_name }} is \"{{ row.state }}\" in {{ row.looked_at }}, {{ row.day_old }} of them older than a day."
fix = "Find out what should move {{ row.column_name }} on and why it does not run."
threshold = 100 # rows, all older than a day
*/
SELECT
    table_name || '.' || column_name AS subject,
    table_name,
    column_name,
    constant AS state,
    rows_read_day_old AS day_old,
    looked_at
FROM column_profile
JOIN table_profile USING (table_name)
WHERE
    type = 'table'
    AND kind = 'text'
    AND (words LIKE '% status ' OR words LIKE '% state ')
    AND lower(constant) IN (
        'pending', 'new', 'created', 'queued', 'waiting', 'unprocessed', 'submitted', 'scheduled', 'in_progress'
    )
    AND rows_read_day_old >= :threshold
