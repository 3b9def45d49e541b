/*
id = "decisions-never-differ"
severity = "low"
type = "pattern"
title = "Every decision of the bot's model has the same {{ subject }}"
why = "A decision that is always the same carries no information: its filter or its prompt has no effect."
description = """
All {{ row.n }} decisions that name one have the {{ subject }} {{ row.value }}. \
{% if subject == "action" %}Decisions that are always the same carry no information.\
{% elif subject == "confidence" %}No filter by confidence can tell two of them apart.\
{% else %}No other coin was proposed.{% endif %}"""
fix = "Read a few of the model's answers beside their prompts; vary the prompt or the model."
threshold = 500 # decisions in the window, half of it for coins: five hours in which a market moves
*/
WITH real AS (
    SELECT action, round(confidence, 4) AS confidence, instrument
    FROM decision
    WHERE NOT is_failure
)
SELECT 'action' AS subject, min(action) AS value, count(action) AS n, count(action) AS of
FROM real
HAVING count(DISTINCT action) = 1 AND n >= :threshold
UNION ALL
SELECT 'confidence', min(confidence), count(confidence), count(confidence)
FROM real
HAVING count(DISTINCT confidence) = 1 AND count(confidence) >= :threshold
UNION ALL
SELECT 'coin', min(instrument), count(instrument), count(instrument)
FROM real
WHERE upper(trim(action)) = 'BUY'
HAVING count(DISTINCT instrument) = 1 AND count(instrument) >= :threshold / 2
