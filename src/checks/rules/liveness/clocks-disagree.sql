/*
id = "clocks-disagree"
severity = "low"
type = "pattern"
title = "Two clocks in one row: local time beside UTC, in {{ subject }}"
why = "Two times of one moment that differ by whole quarters of an hour are local time beside UTC."
description = """
{{ count }} {{ count|plural("pair", "pairs") }} of columns that say when their row was written \
{{ count|plural("differs", "differ") }} by a constant offset. Whoever joins or compares them is wrong by so much."""
fix = "Write all times in UTC (datetime.now(timezone.utc)), as SQLite's CURRENT_TIMESTAMP does."
threshold = 10 # rows, 95 % of which show the same offset to two minutes
*/
SELECT
    iif(is_same_form, 'one form', 'two forms') AS subject,
    iif(is_same_form, 'medium', 'low') AS severity,
    pair.table_name || '.' || pair.column_name || ' minus ' || pair.other_name AS columns,
    pair.offset_seconds / 3600.0 AS hours,
    pair.offset_rows AS rows
FROM time_pair AS pair
JOIN table_profile AS own ON own.table_name = pair.table_name
JOIN column_profile AS one ON one.table_name = pair.table_name AND one.column_name = pair.column_name
JOIN column_profile AS other ON other.table_name = pair.table_name AND other.column_name = pair.other_name
WHERE
    own.type = 'table'
    AND pair.offset_rows >= :threshold
    AND pair.offset_rows >= 0.95 * pair.rows
    AND (
        (one.tells = other.tells AND one.tells IN ('creation', 'change') AND pair.column_name < pair.other_name)
        -- A change may rightly follow a row's creation by any time; it cannot precede it.
        OR (one.tells = 'creation' AND other.tells = 'change' AND pair.offset_seconds > 0)
    )
