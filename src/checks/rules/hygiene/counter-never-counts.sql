/*
id = "counter-never-counts"
severity = "medium"
title = "No use of {{ subject }} is ever counted"
why = "Rules or patterns that are active and never used are a feature that the decisions do not reach."
description = """
{{ row.column_name }} is 0 in {{ row.looked_at }} of {{ subject }}, although {{ row.trades }} trades were opened since its first \
row was made.{{ " At the opening of " ~ row.held ~ " of them the condition of a row held, and it was not counted." if row.held >= 20 else "" }}"""
fix = """
Do decisions look {{ subject }} up at all? If they do, raise {{ row.column_name }} there; if they should not, remove it."""
threshold = 100 # trades opened since the first of them was made: time enough for one use
*/
WITH counter AS (
    SELECT
        own.table_name,
        column_name,
        words,
        looked_at,
        max(oldest_at, now - 60 * 86400) AS since_at,
        min(place) AS place
    FROM column_profile
    JOIN table_profile AS own USING (table_name)
    JOIN run
    WHERE
        own.type = 'table'
        AND own.is_whole
        AND NOT own.is_left_behind
        AND NOT run.is_past
        -- Younger rules may be waiting for their first case.
        AND own.oldest_at <= run.now - 2 * 86400
        AND kind = 'number'
        AND minimum = 0
        AND maximum = 0
        AND (
            lower(column_name) IN ('uses', 'hits', 'usage', 'triggers', 'executions')
            OR (
                EXISTS (
                    SELECT 1 FROM json_each('["times", "count", "counter", "total"]') AS counted
                    WHERE instr(words, ' ' || counted.value || ' ')
                )
                AND EXISTS (
                    SELECT 1 FROM json_each('["used", "use", "uses", "triggered", "trigger", "applied", "hit", "hits"]') AS used
                    WHERE instr(words, ' ' || used.value || ' ')
                )
            )
        )
    GROUP BY own.table_name
), opened AS MATERIALIZED (
    SELECT
        opened_at,
        CAST((opened_at + host_offset_seconds) / 3600 AS INTEGER) % 24 AS hour
    FROM (SELECT opened_at FROM trade UNION ALL SELECT opened_at FROM position), run
    WHERE opened_at IS NOT NULL
), hours (hour) AS (
    SELECT 0
    UNION ALL
    SELECT hour + 1 FROM hours WHERE hour < 23
), holding AS MATERIALIZED (
    -- Hours in which the condition of a rule holds that speaks of the hour alone:
    -- {"hour_of_day": {"op": "in", "value": [1, 11]}}
    SELECT
        source,
        created_at,
        hour
    FROM (SELECT *, CASE WHEN json_valid(condition) THEN condition ELSE '{}' END AS fields FROM rule), hours
    WHERE
        json_extract(fields, '$.hour_of_day.op') IS NOT NULL
        AND NOT EXISTS (
            SELECT 1
            FROM json_each(fields) AS field
            WHERE
                field.key <> 'hour_of_day'
                OR NOT CASE json_extract(field.value, '$.op')
                    WHEN 'in' THEN EXISTS (SELECT 1 FROM json_each(field.value, '$.value') AS one WHERE one.value = hour)
                    WHEN 'eq' THEN hour = json_extract(field.value, '$.value')
                    WHEN 'gt' THEN hour > json_extract(field.value, '$.value')
                    WHEN 'gte' THEN hour >= json_extract(field.value, '$.value')
                    WHEN 'lt' THEN hour < json_extract(field.value, '$.value')
                    WHEN 'lte' THEN hour <= json_extract(field.value, '$.value')
                    ELSE 0
                END
        )
), used AS (
    SELECT
        counter.*,
        (SELECT count(*) FROM opened WHERE opened_at > since_at) AS trades,
        (
            SELECT count(*)
            FROM opened
            WHERE EXISTS (
                SELECT 1
                FROM holding
                WHERE
                    holding.source = counter.table_name
                    AND holding.hour = opened.hour
                    AND holding.created_at < opened.opened_at
            )
        ) AS held
    FROM counter
)
SELECT
    table_name AS subject,
    -- A restraint whose case may never have come up is worth knowing, not more.
    iif(words LIKE '% trigger%' AND held < 20, 'low', 'medium') AS severity,
    column_name,
    looked_at,
    trades,
    held
FROM used
WHERE trades >= :threshold
