/*
id = "adaptation-small-sample"
severity = "low"
type = "pattern"
title = "The bot changes itself on a handful of trades"
why = "A change that rests on a handful of trades follows chance, not a pattern."
description = "{{ count }} of {{ of }} changes rest on fewer than {{ threshold }} trades. So few seldom tell a pattern from luck."
fix = "Ask for a minimum of trades, or an interval that excludes chance, before acting on an insight."
threshold = 10              # trades: five wins in a row happen to every thirtieth coin that wins every other time (0.5^5)
min_rows = 5
of = "SELECT count(*) FROM adaptation WHERE json_type(iif(json_valid(evidence), evidence, '{}'), '$.trades') IN ('integer', 'real')"
*/
WITH counted AS (
    SELECT *, json_extract(iif(json_valid(evidence), evidence, '{}'), '$.trades') AS trades FROM adaptation
)
SELECT source, source_id, at, action, target, trades
FROM counted
WHERE typeof(trades) IN ('integer', 'real') AND trades < :threshold
ORDER BY at DESC
