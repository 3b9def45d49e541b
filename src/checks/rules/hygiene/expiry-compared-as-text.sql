/*
id = "expiry-compared-as-text"
severity = "low"
title = "Expired rows of {{ subject }} stay until midnight"
why = "A time with T compared as text with one without it is later all day: rows expire at midnight only."
description = """
{{ row.expired }} of {{ row.of }} rows of {{ subject }} have expired and are still there, {{ row.n }} of them for more than \
two hours. The oldest expired just after midnight; no row that expired before is left. {{ row.column_name }} is written with \
T between day and time."""
fix = """
Does the clean-up compare {{ row.column_name }} as text with datetime('now'), which has a space where {{ row.column_name }} \
has T? Then a row is greater until midnight: compare datetime({{ row.column_name }}), or write both sides in one format."""
threshold = 20 # rows that expired more than two hours ago, today
*/
WITH alive AS (
    SELECT
        min(coalesce(max(iif(is_ordered, newest_at, NULL)), now), now) AS at,
        min(oldest_at) AS began_at
    FROM table_profile, run
    WHERE type = 'table'
), day AS (
    SELECT
        *,
        CAST(at / 86400 AS INTEGER) * 86400 AS midnight
    FROM alive
)
SELECT
    expiry.table_name AS subject,
    expiry.table_name AS source,
    expiry.column_name AS source_id,
    expiry.column_name,
    expiry.rows_two_hours_past AS n,
    expiry.filled AS of,
    expiry.rows_past AS expired,
    expiry.earliest_at
FROM column_profile AS expiry
JOIN table_profile AS own USING (table_name)
JOIN time_pair AS life
    ON life.table_name = own.table_name AND life.column_name = expiry.column_name AND life.other_name = own.time_column
JOIN day
WHERE
    own.type = 'table'
    AND own.is_whole
    AND NOT (SELECT is_past FROM run)
    -- Early in the day nothing tells midnight from a rule that keeps rows for some hours.
    AND day.at - day.midnight >= 6 * 3600
    AND day.at - day.began_at > 2 * 86400
    AND expiry.tells = 'expiry'
    AND NOT EXISTS (
        SELECT 1 FROM json_each(expiry.time_forms) AS form WHERE form.key NOT IN ('iso_text', 'iso_fraction_text')
    )
    -- As the text has it, whatever its clock: that is what was compared.
    AND expiry.earliest_written_at >= day.midnight
    AND expiry.earliest_written_at < day.midnight + 2 * 3600
    AND life.longest_seconds <= 3600
    AND expiry.rows_two_hours_past >= :threshold
