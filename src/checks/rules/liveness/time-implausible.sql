/*
id = "time-implausible"
severity = "low"
title = "{{ subject }} holds times that cannot be"
why = "A time that cannot be, or cannot be read, hides its row from every report and from every clean-up."
description = """
{{ row.n }} of {{ row.of }} values that were read {{ row.n|plural("is", "are") }} older than any coin or no time at all. Such a \
row is in no window of any report, and every duration computed from it is wrong."""
fix = "Correct these rows, and find the code that writes a default or a broken time."
was = ["times-unreadable:*"]
*/
SELECT
    table_name || '.' || column_name AS subject,
    -- Times that every row should have.
    iif(tells IN ('creation', 'change') OR column_name LIKE '%\_time' ESCAPE '\' OR column_name LIKE '%ed\_at' ESCAPE '\', 'medium', 'low') AS severity,
    sum(n) AS n,
    max(of) AS of,
    group_concat(examples, ' ') AS examples,
    group_concat(keys, ' ') AS keys
FROM column_fault
JOIN column_profile USING (table_name, column_name)
WHERE fault IN ('unreadable_time', 'impossible_time')
GROUP BY table_name, column_name
ORDER BY severity DESC
