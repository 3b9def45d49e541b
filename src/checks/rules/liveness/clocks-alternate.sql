/*
id = "clocks-alternate"
severity = "medium"
title = "{{ row.subject }}{{ ' and other columns are' if row.others else ' is' }} written by two clocks in turn"
why = "Rows that jump back and forth by the same whole quarters of an hour are written in local time and UTC in turn."
description = """
Row by row the times of {{ row.subject }} jump back and forth by {{ row.hours|digits(2) }} hours: some rows are in local time, \
others in UTC.{{ " So do " ~ row.more ~ " more columns: " ~ row.others ~ "." if row.others else "" }} Windows, durations and the \
order of rows are wrong by so much."""
fix = "Let one function write all times, in UTC."
threshold = 5 # jumps back in the newest rows, four in five of them by the same offset: a clock change makes one
*/
WITH turns AS (
    -- One clock that is wrong writes to many tables: the first column speaks for all.
    SELECT
        table_name || '.' || column_name AS title,
        column_fault.*,
        worst / 3600 AS hours,
        row_number() OVER (ORDER BY table_name, column_name) AS place
    FROM column_fault
    JOIN column_profile USING (table_name, column_name)
    WHERE fault = 'clock_turn' AND n >= :threshold AND tells = 'creation'
)
SELECT
    title AS subject,
    n,
    of,
    hours,
    (SELECT count(*) FROM turns WHERE place > 1) AS more,
    (SELECT group_concat(title || printf(' by %.2f hours', hours), ', ') FROM turns WHERE place BETWEEN 2 AND 10) AS others,
    examples,
    keys
FROM turns
WHERE place = 1
