/*
id = "learning-duplicates"
severity = "low"
type = "inefficiency"
title = "Many learnings repeat an earlier one word for word"
why = "The same words again and again fill the bot's memory without teaching it anything."
description = """
{{ count }} of {{ of }} learnings from {{ row.first_at|time }} on ({{ (100 * count / of)|digits(0) }} %) say what an earlier one of them has said, \
but for case and punctuation."""
fix = "Look for the text before storing it, and count its confirmations instead."
threshold = 0.15            # share of the learnings: a few repetitions are chance, every seventh is a habit
of = """
SELECT coalesce(nullif(total(in_window), 0), min(count(*), 500))
FROM learning
WHERE created_at IS NOT NULL"""
*/
-- Those of the window, else the newest 500.
WITH newest AS (
    SELECT rowid AS number, source, source_id, text, created_at
    FROM learning
    WHERE created_at IS NOT NULL AND (in_window OR NOT EXISTS (SELECT 1 FROM learning WHERE in_window))
    ORDER BY in_window DESC, created_at DESC
    LIMIT (SELECT max(500, coalesce(sum(in_window), 0)) FROM learning)
),
compared AS (
    SELECT
        source,
        source_id,
        text,
        created_at,
        min(created_at) OVER () AS first_at,
        count(*) OVER () AS learnings,
        trim(plain_text(text)) <> '' AND row_number() OVER (PARTITION BY plain_text(text) ORDER BY created_at, number) > 1 AS is_repeated
    FROM newest
),
counted AS (
    SELECT *, total(is_repeated) OVER () AS repeated FROM compared
)
SELECT source, source_id, text, created_at, first_at
FROM counted
WHERE is_repeated AND learnings >= 20 AND repeated >= :threshold * learnings
ORDER BY created_at DESC
