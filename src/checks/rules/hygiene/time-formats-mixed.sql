/*
id = "time-formats-mixed"
severity = "medium"
title = "{{ row.column_name }} of {{ row.table_name }} mixes formats of time"
why = "Times of one column in several formats sort and compare wrongly: SQLite compares them as text."
description = """
In {{ row.looked_at }}, {{ row.column_name }} is written as {{ row.forms }}. \
{{ "The format changed once." if row.form_changes == 1 else "The formats alternate." }} SQLite compares them as text (or numbers \
before all text): order, windows and clean-ups by {{ row.column_name }} are wrong, and often the clocks differ as well."""
fix = "Write {{ row.column_name }} in one format and one clock, best UTC, and convert the rest."
threshold = 20 # rows with a time
was = ["time-forms-mixed:*"]
*/
WITH forms AS (
    SELECT
        table_name,
        column_name,
        CASE form.key
            WHEN 'space_text' THEN 'YYYY-MM-DD HH:MM:SS'
            WHEN 'iso_text' THEN 'YYYY-MM-DDTHH:MM:SS'
            -- Python leaves out a fraction of zero.
            WHEN 'iso_fraction_text' THEN 'YYYY-MM-DDTHH:MM:SS'
            WHEN 'zoned_text' THEN 'with Z or an offset'
            WHEN 'day_text' THEN 'YYYY-MM-DD'
            WHEN 'epoch_seconds' THEN 'epoch seconds'
            WHEN 'epoch_milliseconds' THEN 'epoch milliseconds'
            WHEN 'slash_text' THEN 'YYYY/MM/DD HH:MM:SS'
            WHEN 'twelve_hour_text' THEN 'with AM or PM'
            WHEN 'digits' THEN 'YYYYMMDDHHMMSS'
            ELSE 'Julian days'
        END AS form,
        sum(form.value) AS rows
    FROM column_profile, json_each(time_forms) AS form
    GROUP BY 1, 2, 3
), columns AS (
    SELECT
        table_name,
        column_name,
        group_concat(rows || ' ' || form, ', ') AS forms,
        sum(rows) AS rows,
        max(rows) AS most
    FROM (SELECT * FROM forms ORDER BY rows DESC)
    GROUP BY table_name, column_name
)
SELECT
    table_name || '.' || column_name AS subject,
    -- A format that changed once did so with the program: what remains is a seam in the history.
    iif(form_changes = 1, 'low', 'medium') AS severity,
    table_name,
    column_name,
    forms,
    form_changes,
    looked_at
FROM columns
JOIN column_profile USING (table_name, column_name)
JOIN table_profile USING (table_name)
-- One odd row may have been written by hand.
WHERE type = 'table' AND columns.rows >= :threshold AND columns.rows - columns.most >= 2
