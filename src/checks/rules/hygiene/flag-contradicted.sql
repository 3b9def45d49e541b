/*
id = "flag-contradicted"
severity = "medium"
title = "{{ row.column_name }} of {{ row.source }} is never set although it happens"
why = "A flag that stays unset although other rows show that the event happened misleads whoever reads it."
description = """
{{ row.naming }} rows of {{ row.other }} name by {{ row.other_column }} the row of {{ row.source }} that they come from, \
and each of those still has {{ row.column_name }} = 0."""
fix = "Set {{ row.column_name }} in {{ row.source }} where the row of {{ row.other }} is written, in one transaction."
threshold = 20 # rows that show the event: one or two may be written just before the flag
*/
SELECT
    flag.table_name || '.' || flag.column_name AS subject,
    flag.table_name AS source,
    flag.column_name AS source_id,
    flag.column_name,
    own.looked_at,
    other.table_name AS other,
    reference.column_name AS other_column,
    max(reference.refers_to_rows) AS naming
FROM column_profile AS flag
JOIN table_profile AS own ON own.table_name = flag.table_name
JOIN column_profile AS reference ON reference.refers_to = own.table_name
JOIN table_profile AS other ON other.table_name = reference.table_name
WHERE
    own.type = 'table'
    AND own.is_whole
    -- Of mapped tables other rules tell it.
    AND NOT own.is_mapped
    AND NOT (SELECT is_past FROM run)
    AND flag.kind = 'number'
    AND flag.minimum = 0
    AND flag.maximum = 0
    -- Last words that say that a row has led to something.
    AND EXISTS (
        SELECT 1
        FROM json_each('["triggered", "executed", "used", "filled", "opened", "activated", "fulfilled", "consumed",
            "traded"]') AS event
        WHERE flag.words LIKE '% ' || event.value || ' '
    )
    -- Tables whose rows are what such a flag announces.
    AND EXISTS (
        SELECT 1
        FROM json_each('["trade", "trades", "journal", "order", "orders", "position", "positions", "fills", "execution",
            "executions"]') AS result
        WHERE instr(other.table_words, ' ' || result.value || ' ')
    )
    AND reference.refers_to_rows >= :threshold
GROUP BY flag.table_name, flag.column_name
