/*
id = "table-abandoned"
severity = "medium"
title = "The table {{ subject }} is no longer written"
why = "A table that was written regularly and is no longer, while its neighbours go on, is a broken writer."
description = """
The last row of {{ subject }} is of {{ row.newest_at|time }}. By the rate at which it grew beside {{ row.other_name }} \
until then, about {{ row.missing|digits(0) }} rows are missing since. Whatever reads {{ subject }} works with old data."""
fix = "Find out what stopped writing {{ subject }}, or remove it with what reads it."
threshold = 30 # rows that are missing by its own earlier rate: by chance once in e^30 even where rows come at random
*/
WITH silent AS (
    -- Only a table that is at most five times as busy tells: a log goes on although an event has become rare.
    SELECT
        table_name,
        other_name,
        max(1.0 * rows / other_rows_then * other_rows_since) AS missing
    FROM table_silence
    WHERE other_rows_then >= 10 AND other_rows_then <= 5 * rows
    GROUP BY table_name
)
SELECT
    silent.table_name AS subject,
    missing,
    own.newest_at,
    silent.other_name,
    other.newest_at AS other_newest_at
FROM silent
JOIN table_profile AS own ON own.table_name = silent.table_name
JOIN table_profile AS other ON other.table_name = silent.other_name
WHERE
    missing >= :threshold
    AND NOT own.is_left_behind
    -- Definitions are written in bursts and then rarely: their silence says nothing.
    AND NOT EXISTS (
        SELECT 1
        FROM json_each('["rule", "rules", "pattern", "patterns", "strategy", "strategies", "config", "settings",
            "adaptations", "state"]') AS definition
        WHERE instr(own.table_words, ' ' || definition.value || ' ')
    )
    -- A table that began where this one ended is an upgrade.
    AND NOT EXISTS (
        SELECT 1
        FROM table_profile AS successor
        WHERE
            successor.type = 'table'
            AND successor.keeps_all_rows
            AND successor.table_name <> own.table_name
            AND successor.oldest_at BETWEEN own.newest_at - 3600 AND own.newest_at + 172800
    )
ORDER BY missing DESC
