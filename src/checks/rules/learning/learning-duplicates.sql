/*
id = "learning-duplicates"
severity = "low"
type = "inefficiency"
title = "Many learnings repeat an earlier one word for word"
why = "The same words again and again fill the bot's memory without teaching it anything."
description = "{{ count }} of {{ of }} learnings from {{ row.from_at|time }} on ({{ (100 * count / of)|digits(0) }} %) say what an earlier one of them has said, but for case and punctuation."
fix = "Look for the text before storing it, and count its confirmations instead."
threshold = 0.15            # share of the learnings: a few repetitions are chance, every seventh is a habit
of = "SELECT iif(sum(in_window) > 0, sum(in_window), min(count(*), 500)) FROM learning WHERE created_at IS NOT NULL"
*/
-- The learnings of the window or, where it holds none, the newest 500.
WITH read AS (
    SELECT *, row_number() OVER (ORDER BY created_at DESC, rowid DESC) AS number
    FROM learning
    WHERE created_at IS NOT NULL AND (in_window OR NOT EXISTS (SELECT 1 FROM learning WHERE in_window))
),
repeated AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY plain_text(text) ORDER BY created_at, number DESC) AS occurrence,
        min(created_at) OVER () AS from_at,
        count(*) OVER () AS n
    FROM read
    WHERE in_window OR number <= 500
),
again AS (
    SELECT *, count(*) OVER () AS repetitions FROM repeated WHERE occurrence > 1 AND plain_text(text) <> ''
)
SELECT source, source_id, text, created_at, from_at
FROM again
WHERE n >= 20 AND repetitions >= :threshold * n
ORDER BY created_at DESC
