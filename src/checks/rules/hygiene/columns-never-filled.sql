/*
id = "columns-never-filled"
severity = "low"
type = "missing_feature"
title = "Columns of {{ subject }} are never filled"
why = "A column that no row fills is a feature that was planned and is not there: nothing can learn from it."
description = """
{{ count }} of {{ of }} columns of {{ subject }} hold nothing in any row looked at, {{ row.looked_at }}: \
{{ rows|map(attribute="column_name")|join(", ") }}."""
fix = "Fill them where the rows are written, or drop them."
threshold = 200 # rows: a value that one row in 50 has would be missing in all of them once in 57 (0.98^200)
of = "SELECT table_name, count(*) FROM column_profile GROUP BY table_name"
*/
SELECT
    table_name AS subject,
    column_name,
    looked_at
FROM column_profile
JOIN table_profile USING (table_name)
WHERE
    type = 'table'
    AND NOT is_left_behind
    AND rows_read >= :threshold
    AND null_fraction + blank_fraction >= 1
    AND NOT was_filled
ORDER BY table_name, place
