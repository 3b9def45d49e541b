/*
id = "rule-never-succeeded"
severity = "medium"
type = "pattern"
title = "Rule {{ subject }} has never succeeded"
why = "A rule with many uses and no success costs money each time it is followed."
description = "The {{ row.kind|replace('_', ' ') }} {{ subject }} (\"{{ row.text }}\") has {{ row.failure_count }} {{ row.failure_count|plural('failure', 'failures') }} and no success."
fix = "Reject the rule, or find out why it is still followed."
threshold = 10              # uses: a rule that wins every other time fails ten times in a row once in 1,024 (0.5^10)
of = "SELECT count(*) FROM rule WHERE coalesce(status, '') NOT IN ('rejected', 'inactive')"
*/
SELECT
    source,
    source_id,
    CASE WHEN source_id GLOB '*[^0-9]*' THEN substr(source_id, 1, 40) ELSE '#' || source_id END AS subject,
    kind,
    text,
    success_count,
    failure_count
FROM rule
WHERE
    coalesce(status, '') NOT IN ('rejected', 'inactive')
    AND success_count = 0
    AND failure_count >= :threshold
ORDER BY failure_count DESC
