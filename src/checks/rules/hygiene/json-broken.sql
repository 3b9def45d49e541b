/*
id = "json-broken"
severity = "low"
title = "{{ row.column_name }} of {{ row.table_name }} holds JSON that does not parse"
why = "JSON that does not parse is lost to whoever reads it back."
description = "{{ row.n }} of {{ row.of }} rows of {{ row.table_name }} begin like JSON in {{ row.column_name }} and do not parse."
fix = """
Was it cut off, or written by print instead of a JSON encoder? Encode {{ row.column_name }} as JSON, whole, and store NULL where \
that fails."""
threshold = 3 # rows
*/
SELECT
    table_name || '.' || column_name AS subject,
    -- Where nothing parses, the bot may read another notation back on purpose.
    iif(kind = 'json', 'medium', 'low') AS severity,
    table_name,
    column_name,
    n,
    of,
    examples,
    keys
FROM column_fault
JOIN column_profile USING (table_name, column_name)
WHERE fault = 'broken_json' AND n >= :threshold
