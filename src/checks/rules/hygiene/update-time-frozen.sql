/*
id = "update-time-frozen"
severity = "medium"
title = "{{ row.column_name }} of {{ row.table_name }} stays at the creation"
why = "A time of the last change that stays at the creation makes changed rows look untouched."
description = """
{{ row.column_name }} equals {{ row.created }} in {{ row.looked_at }}, although {{ row.event }} shows that \
{{ row.changed }} of them changed later."""
fix = "Set {{ row.column_name }} in every UPDATE of {{ row.table_name }}, or by a trigger."
threshold = 20 # rows that another time shows to have changed
*/
SELECT
    updated.table_name || '.' || updated.column_name AS subject,
    updated.table_name,
    updated.column_name,
    frozen.other_name AS created,
    event.column_name AS event,
    max(event.rows_later) AS changed,
    looked_at
FROM column_profile AS updated
JOIN table_profile AS own ON own.table_name = updated.table_name
JOIN time_pair AS frozen ON frozen.table_name = updated.table_name AND frozen.column_name = updated.column_name
JOIN column_profile AS created ON created.table_name = updated.table_name AND created.column_name = frozen.other_name
JOIN time_pair AS event ON event.table_name = updated.table_name AND event.other_name = frozen.other_name
JOIN column_profile AS later ON later.table_name = updated.table_name AND later.column_name = event.column_name
WHERE
    own.type = 'table'
    AND NOT (SELECT is_past FROM run)
    AND updated.tells = 'change'
    AND (instr(created.words, ' created ') OR instr(created.words, ' inserted '))
    AND frozen.rows_equal = frozen.rows
    AND later.tells NOT IN ('expiry', 'plan')
    AND event.rows_later >= :threshold
GROUP BY updated.table_name, updated.column_name
