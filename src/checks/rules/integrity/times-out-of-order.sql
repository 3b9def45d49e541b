/*
id = "times-out-of-order"
severity = "medium"
title = "{{ row.title }}"
description = "In {{ count }} of {{ of }} {{ row.what }}: a time is of another clock, or the id is of another row."
why = "What is used before it exists or happens after it expired was written with a wrong time or a wrong id."
fix = "Find where this column is written, and write both times with one clock and the id of the right row."
of = """
SELECT 'rule.last_used', count(*) FROM rule WHERE created_at IS NOT NULL AND last_used_at IS NOT NULL
UNION ALL
SELECT 'active_conditions.triggered_at', count(*) FROM condition WHERE triggered_at IS NOT NULL AND created_at IS NOT NULL
UNION ALL
SELECT 'active_conditions.valid_until', count(*) FROM condition WHERE triggered_at IS NOT NULL AND valid_until IS NOT NULL
UNION ALL
SELECT 'adaptations.effectiveness_measured_at', count(*) FROM adaptation WHERE at IS NOT NULL AND measured_at IS NOT NULL
UNION ALL
SELECT 'closed_trades.rule_ids_used', count(DISTINCT trade_rule.source || trade_rule.source_id) FROM trade_rule JOIN trade USING (source, source_id)"""
*/
WITH
-- A cycle of the bot, and an hour more where nothing shows the clock of its host.
run_tolerance AS (
    SELECT iif(host_clock_is_unknown, 3900, 300) AS tolerance
    FROM run
),
pair AS (
    SELECT
        'rule.last_used' AS subject,
        'Rules were last used before they were created' AS title,
        'rules the last use lies before the creation' AS what,
        source,
        source_id,
        created_at AS first_at,
        last_used_at_latest AS second_at,
        tolerance
    FROM rule
    JOIN run_tolerance
    UNION ALL
    SELECT
        'active_conditions.triggered_at',
        'Conditions were triggered before they were created',
        'conditions the trigger lies before the creation',
        source,
        source_id,
        created_at,
        triggered_at_latest,
        tolerance
    FROM condition
    JOIN run_tolerance
    UNION ALL
    SELECT
        'active_conditions.valid_until',
        'Conditions were triggered after they had expired',
        'conditions the trigger lies after the end of the validity',
        source,
        source_id,
        triggered_at,
        valid_until_latest,
        tolerance
    FROM condition
    JOIN run_tolerance
    UNION ALL
    SELECT
        'adaptations.effectiveness_measured_at',
        'Adaptations were measured before they were made',
        'adaptations the measurement lies before the change',
        source,
        source_id,
        at,
        measured_at,
        -- The two may be of two clocks.
        54000
    FROM adaptation
    UNION ALL
    SELECT
        'closed_trades.rule_ids_used',
        'Trades carry rules that did not exist when they were opened',
        'trades a rule is younger than the trade that carries it',
        trade.source,
        trade.source_id,
        max(rule.created_at),
        opened_at,
        tolerance
    FROM trade_rule
    CROSS JOIN trade USING (source, source_id)
    JOIN run_tolerance
    -- Patterns that the bot brings along are created again at every start.
    CROSS JOIN rule ON rule.source = rule_source AND rule.source_id = rule_id AND rule.kind = 'rule'
    GROUP BY trade.source, trade.source_id
)
SELECT
    subject,
    title,
    what,
    source,
    source_id,
    first_at,
    second_at,
    round(first_at - second_at) AS seconds
FROM pair
WHERE first_at - second_at > tolerance
ORDER BY subject, seconds DESC
