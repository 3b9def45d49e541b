/*
id = "time-in-future"
severity = "medium"
title = "{{ subject }} holds times in the future"
why = "A row from the future was written by another clock: windows, cooldowns and durations are wrong."
description = """
{{ row.n }} of {{ row.of }} times that were read {{ row.n|plural("is", "are") }} later than now, by up to \
{{ row.hours_ahead|digits(1) }} hours. Another clock or time zone wrote them; whatever compares them with the present is wrong."""
fix = "Write all times in UTC, and set the host's clock by NTP."
threshold = 5 # minutes: more than two machines' clocks differ; local text gets an hour more for a clock change
*/
SELECT
    table_name || '.' || column_name AS subject,
    n,
    of,
    worst / 3600 AS hours_ahead,
    examples,
    keys
FROM column_fault
WHERE fault = 'future_time' AND worst > 60 * :threshold
