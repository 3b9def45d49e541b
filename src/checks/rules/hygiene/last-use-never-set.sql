/*
id = "last-use-never-set"
severity = "medium"
title = "{{ row.column_name }} of {{ row.table_name }} is never set"
why = "Who counts uses and never notes the last one cannot tell a living rule from a dead one."
description = """
{{ row.column_name }} is NULL in {{ row.looked_at }} of {{ row.table_name }}, while {{ row.counters }} count \
{{ row.uses|digits(0) }} in all."""
fix = "Set {{ row.column_name }} where {{ row.counters }} are raised: whatever sorts or retires by it takes every row for unused."
threshold = 10 # counted uses in all rows
*/
SELECT
    last.table_name || '.' || last.column_name AS subject,
    last.table_name,
    last.column_name,
    looked_at,
    group_concat(counter.column_name, ', ') AS counters,
    sum(counter.total) AS uses
FROM column_profile AS last
JOIN table_profile AS own ON own.table_name = last.table_name
JOIN column_profile AS counter ON counter.table_name = last.table_name
WHERE
    own.type = 'table'
    AND own.is_whole
    AND own.rows > 0
    AND NOT (SELECT is_past FROM run)
    AND last.filled = 0
    AND last.words LIKE '% last %'
    AND EXISTS (
        SELECT 1
        FROM json_each('["used", "triggered", "hit", "applied"]') AS used
        WHERE instr(last.words, ' ' || used.value || ' ')
    )
    AND counter.kind = 'number'
    AND counter.maximum > 0
    AND EXISTS (
        SELECT 1
        FROM json_each('["used", "uses", "count", "wins", "losses", "triggered", "hits", "executions"]') AS counted
        WHERE instr(counter.words, ' ' || counted.value || ' ')
    )
GROUP BY last.table_name, last.column_name
HAVING uses >= :threshold
