/*
id = "duplicate-rules"
severity = "medium"
type = "inefficiency"
title = "The same rule exists more than once in {{ subject }}"
why = "The same rule twice splits its evidence, counts double where it is applied, and crowds out others."
description = "{{ count }} of {{ of }} rules in force in {{ subject }} {{ count|plural('says', 'say') }} what an older one says, word for word."
fix = "Look for an equal rule before one is created, and merge these."
of = """
SELECT source, count(*)
FROM rule
WHERE status IS NULL OR status NOT IN ('rejected', 'inactive')
GROUP BY source"""
*/
WITH said AS (
    SELECT
        source,
        source_id,
        text,
        -- What it says: condition and action where the bot keeps them apart, else the text.
        plain_text(
            CASE
                WHEN condition IS NOT NULL AND action IS NOT NULL THEN condition || ' then ' || action
                ELSE coalesce(condition, '') || ' ' || coalesce(text, '')
            END
        ) AS words,
        created_at
    FROM rule
    WHERE status IS NULL OR status NOT IN ('rejected', 'inactive')
), ranked AS (
    SELECT
        *,
        row_number() OVER same AS place,
        first_value(source_id) OVER same AS first_id
    FROM said
    WHERE length(words) > 5
    WINDOW same AS (PARTITION BY source, words ORDER BY created_at, source_id)
)
SELECT
    source AS subject,
    source,
    source_id,
    first_id AS same_as,
    text
FROM ranked
WHERE place > 1
ORDER BY created_at DESC
