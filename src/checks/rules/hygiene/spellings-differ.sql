/*
id = "spellings-differ"
severity = "low"
title = "{{ row.column_name }} of {{ row.table_name }} has several spellings of one value"
why = "One thing under two spellings is counted, limited and compared as two."
description = """
In {{ row.looked_at }}, {{ row.column_name }} holds {{ rows|map(attribute="spellings")|join("; ") }}. Comparisons and limits \
by {{ row.column_name }} treat them as different."""
fix = "Write {{ row.column_name }} in one spelling, check it where it is written, and correct the rows."
threshold = 50 # rows: in fewer, two spellings may be two things
*/
WITH named AS (
    -- Columns of a few names, whole and again and again: free texts differ as they please.
    SELECT
        column_profile.*,
        words LIKE '% direction ' OR words LIKE '% side ' AS is_direction
    FROM column_profile
    WHERE
        kind = 'text'
        AND filled >= :threshold
        AND distinct_values = json_array_length(common)
        AND distinct_values * 3 <= filled
        AND NOT EXISTS (SELECT 1 FROM json_each(common) WHERE json_extract(value, '$[0]') LIKE '%…')
), spelled AS (
    -- Values that differ in case, blanks and punctuation only, and both words of a direction.
    SELECT
        named.table_name,
        named.column_name,
        json_extract(item.value, '$[0]') AS said,
        json_extract(item.value, '$[1]') AS rows,
        CASE
            WHEN is_direction AND lower(json_extract(item.value, '$[0]')) = 'buy' THEN 'long'
            WHEN is_direction AND lower(json_extract(item.value, '$[0]')) = 'sell' THEN 'short'
            ELSE replace(replace(replace(replace(plain_text(json_extract(item.value, '$[0]')), ' ', ''), '-', ''), '+', ''), '.', '')
        END AS plain
    FROM named, json_each(named.common) AS item
)
SELECT
    table_name || '.' || column_name AS subject,
    iif(EXISTS (
        SELECT 1
        FROM json_each('["direction", "side", "coin", "symbol", "status", "action", "reason"]') AS deciding
        WHERE instr(words, ' ' || deciding.value || ' ')
    ), 'medium', 'low') AS severity,
    table_name,
    column_name,
    group_concat('"' || said || '" ' || spelled.rows, ' and ') AS spellings,
    looked_at
FROM spelled
JOIN column_profile USING (table_name, column_name)
JOIN table_profile USING (table_name)
WHERE type = 'table' AND plain GLOB '*[^0-9]*'
GROUP BY table_name, column_name, plain
HAVING count(*) > 1
