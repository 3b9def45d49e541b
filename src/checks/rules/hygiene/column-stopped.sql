/*
id = "column-stopped"
severity = "medium"
title = "{{ row.column_name }} of {{ row.table_name }} is no longer filled"
why = "A column that was filled and is no longer means that a part of the bot has silently broken."
description = """
Until {{ row.filled_at|time }} rows of {{ row.table_name }} had {{ row.column_name }}; those of the \
{{ row.days|digits(1) }} days since have none."""
fix = "Compare what was changed around {{ row.filled_at|time }}."
threshold = 3 # days without a value: some columns are filled only when a later event is known
*/
SELECT
    table_name || '.' || column_name AS subject,
    table_name,
    column_name,
    filled_until AS filled_at,
    newest_at,
    (newest_at - filled_until) / 86400 AS days
FROM column_profile
JOIN table_profile USING (table_name)
WHERE type = 'table' AND newest_at - filled_until >= :threshold * 86400
