/*
id = "placeholder-values"
severity = "low"
title = "Placeholders are stored in {{ row.column_name }} of {{ row.table_name }}"
why = "A placeholder stored as a value is taken for one: it groups what does not belong together."
description = """
{{ row.n }} of {{ row.of }} rows of {{ row.table_name }} hold a placeholder in {{ row.column_name }} instead of a value or \
NULL: {{ row.values }}.{{ " Also in " ~ row.others ~ "." if row.others else "" }}"""
fix = "Reject placeholders where the value is read, and store NULL for nothing."
threshold = 3 # rows: one may be a test, three are a habit
*/
WITH stored AS (
    -- What one table hands on to the next is one fault: the table with most of it speaks for all.
    SELECT
        *,
        row_number() OVER (PARTITION BY column_name ORDER BY n DESC, table_name) AS place,
        group_concat(table_name, ', ') OVER (
            PARTITION BY column_name ORDER BY n DESC, table_name
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW
        ) AS others
    FROM column_fault
    WHERE fault = 'placeholder' AND n >= :threshold
)
SELECT
    table_name || '.' || column_name AS subject,
    -- Last words of columns by which rows are found and grouped.
    iif(EXISTS (
        SELECT 1
        FROM json_each('["id", "ids", "name", "coin", "symbol", "pattern", "category", "strategy", "type", "direction",
            "side", "observed"]') AS grouping
        WHERE words LIKE '% ' || grouping.value || ' '
    ), 'medium', 'low') AS severity,
    table_name,
    column_name,
    n,
    of,
    (SELECT group_concat(value, ', ') FROM json_each(examples)) AS "values",
    others,
    keys
FROM stored
JOIN column_profile USING (table_name, column_name)
WHERE stored.place = 1
ORDER BY n DESC
