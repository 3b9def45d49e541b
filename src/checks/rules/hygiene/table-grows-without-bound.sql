/*
id = "table-grows-without-bound"
severity = "low"
type = "inefficiency"
title = "Nothing is ever deleted from {{ subject }}"
why = "A table from which nothing is ever removed makes the file, its backups and its queries grow for ever."
description = """
{{ subject }} has {{ row.about }}{{ row.rows }} rows, none was ever deleted, and it gains {{ row.rows_a_day|digits(0) }} a day: \
{{ row.million_rows_a_year|digits(1) }} million rows and about {{ row.gigabytes_a_year|digits(1) }} GB a year, with \
{{ row.bytes_a_row|digits(0) }} bytes a row and {{ row.index_bytes_a_row|digits(0) }} in its indexes. \
{{ row.largest_share|percent }} of a row's bytes are the column {{ row.largest }}."""
fix = "Delete rows of {{ subject }} after some days, or keep {{ row.largest }} in a file that is rotated; then VACUUM."
threshold = 1 # GB a year at the present rate: the disks of small hosts have ten to twenty
*/
WITH grown AS (
    -- Beside its values a row has a header, a cell pointer and its rowid, which an INTEGER PRIMARY KEY is.
    SELECT
        own.*,
        86400.0 * rows / (newest_at - oldest_at) AS rows_a_day,
        index_bytes_per_row AS index_bytes_a_row,
        bytes_per_row + 12 - coalesce((
            SELECT max(bytes)
            FROM column_profile AS key
            WHERE key.table_name = own.table_name AND key.is_key AND upper(key.declared_type) = 'INTEGER'
            GROUP BY key.table_name
            HAVING count(*) = 1
        ), 0) AS bytes_a_row
    FROM table_profile AS own
    WHERE type = 'table' AND keeps_all_rows AND rows >= 1000 AND newest_at - oldest_at >= 2 * 86400
)
SELECT
    table_name AS subject,
    iif(rows_are = 'counted', '', 'about ') AS about,
    rows,
    rows_a_day,
    bytes_a_row,
    index_bytes_a_row,
    365 * rows_a_day / 1e6 AS million_rows_a_year,
    365 * rows_a_day * (bytes_a_row + index_bytes_a_row) / 1e9 AS gigabytes_a_year,
    column_name AS largest,
    max(bytes) / max(bytes_per_row, 1) AS largest_share
FROM grown
JOIN column_profile USING (table_name)
WHERE 365 * rows_a_day * (bytes_a_row + index_bytes_a_row) / 1e9 >= :threshold
GROUP BY table_name
