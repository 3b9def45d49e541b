/*
id = "text-in-numbers"
severity = "medium"
title = "{{ row.column_name }} of {{ row.table_name }} holds text where numbers belong"
why = "SQLite keeps text in a column of numbers, compares it as greater than every number and sums it as zero."
description = """
{{ row.n }} of {{ row.of }} rows of {{ row.table_name }} hold text in {{ row.column_name }}, which is declared \
{{ row.declared_type }}. SQLite sums it as 0 and sorts it after every number."""
fix = "Convert {{ row.column_name }} to a number where it is written, and correct these rows."
threshold = 3 # rows
*/
SELECT
    table_name || '.' || column_name AS subject,
    table_name,
    column_name,
    declared_type,
    n,
    of,
    examples
FROM column_fault
JOIN column_profile USING (table_name, column_name)
WHERE fault = 'text_in_number' AND n >= :threshold
