/*
id = "dangling-reference"
severity = "medium"
title = "{{ subject }} names rows that {{ row.target }} does not have"
description = """
{{ row.n }} of {{ row.of }} ids in {{ subject }} {{ row.n|plural("points", "point") }} to no row of {{ row.target }}. An inner join of the two \
leaves these out."""
why = "An id that points to no row loses what it should join: a learning without its trade, an insight without its reflection."
fix = "Check the ids against {{ row.target }} before they are stored; an LLM that names them may invent some."
*/
SELECT
    table_name || '.' || column_name AS subject,
    n,
    of,
    refers_to AS target,
    (
        SELECT group_concat('row ' || key.value || ' names ' || name.value, ', ')
        FROM json_each(keys) AS key
        JOIN json_each(examples) AS name USING (key)
        WHERE key.key < 5
    ) AS ids
FROM column_fault
JOIN column_profile USING (table_name, column_name)
WHERE fault = 'dangling_reference'
ORDER BY subject
