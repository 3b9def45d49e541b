/*
id = "decision-names-unknown-rules"
severity = "low"
title = """
{% if subject == "absent" %}Decisions claim to follow rules that do not exist\
{% else %}Decisions name rules in words instead of their ids{% endif %}"""
why = "A decision that names a rule in a way the bot cannot resolve is never credited to the rule."
description = """
Of the {{ of }} decisions that name rules, {{ count }} {{ count|plural("names", "name") }} \
{% if subject == "absent" %}a number that no rule has.{% else %}a rule in words that are no id of the table of rules.{% endif %}"""
fix = """
{% if subject == "absent" %}Does the model read another number, as a trade's or a learning's, as a rule's?\
{% else %}Does the bot resolve such a name, or does the rule get no credit for the trade?{% endif %} \
Resolve each name against the table of rules when a decision is read; drop and log what does not resolve."""
threshold = 5 # decisions in the window, and one in a hundred of those that name rules
min_share = 0.01
of = "SELECT count(*) FROM decision WHERE rule_ids IS NOT NULL"
*/
WITH named AS (
    SELECT
        decision.source,
        decision.source_id,
        decision.at,
        iif(trim(item.value) GLOB '*[^0-9]*', 'words', 'absent') AS subject,
        substr(quotable(CAST(item.value AS TEXT)), 1, 40) AS names
    FROM decision, json_each(decision.rule_ids) AS item
    WHERE NOT EXISTS (SELECT 1 FROM rule WHERE rule.source_id = trim(item.value))
), decisions AS (
    SELECT source, source_id, subject, at, names, count(*) OVER (PARTITION BY subject) AS same
    FROM named
    GROUP BY source, source_id, subject
)
SELECT source, source_id, 1 AS in_window, subject, at, names
FROM decisions
WHERE same >= :threshold
ORDER BY at DESC
