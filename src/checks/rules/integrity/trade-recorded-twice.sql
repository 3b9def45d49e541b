/*
id = "trade-recorded-twice"
severity = "critical"
title = """
{% if row.is_question %}Rows in {{ row.source }} are equal, and nothing tells whether each is a position\
{% else %}{{ "Open positions" if row.is_open else "Positions" }} stand more than once in {{ row.source }}{% endif %}"""
description = """
Positions with more than one row: {{ row.positions }}. Their rows have one coin, direction and entry price, were opened within 10 seconds of \
each other{{ "" if row.is_open else " and closed at one price and moment, or are larger than what was opened" }}. \
{% if row.is_open %}The repetitions bind {{ row.size_together }} {{ row.currency }} of the exposure and may be closed as well.\
{% else %}The repetitions add {{ row.pnl_together }} {{ row.currency }} to every sum over the trades.{% endif %}\
{% if row.is_question %} Nothing in the file tells how many were opened: equal orders would look the same.{% endif %}"""
why = "One position that stands twice among the closed trades counts its result twice in the balance and in every rate."
fix = """
{% if row.is_question %}Ask the exchange how many orders there were. If there was one: look{% else %}Look{% endif %} at what wrote the second \
row (a retry, a restart, two processes); write opening and closing each in one transaction, remove the repeated rows and recompute the balance."""
needs = ["position.entry_price", "trade.closed_at", "trade.entry_price", "trade.exit_price"]
of = """
SELECT source || suffix, count(*) FROM trade JOIN (SELECT '' AS suffix UNION SELECT ':question') GROUP BY 1
UNION ALL
SELECT source || ':open' || suffix, count(*) FROM position JOIN (SELECT '' AS suffix UNION SELECT ':question') GROUP BY 1"""
*/
WITH
-- Rows of one opening beside each other, and among them those of one exit.
sorted AS (
    SELECT
        *,
        row_number() OVER place AS place,
        instrument = lag(instrument) OVER place
            AND side IS lag(side) OVER place
            AND opened_at - lag(opened_at) OVER place <= 10
            AND (abs(entry_price / lag(entry_price) OVER place - 1) < 1e-9 OR entry_price IS lag(entry_price) OVER place) AS is_same,
        coalesce(closed_at - lag(closed_at) OVER place <= 10, closed_at IS lag(closed_at) OVER place)
            AND coalesce(abs(exit_price / lag(exit_price) OVER place - 1) < 1e-9, exit_price IS lag(exit_price) OVER place) AS is_same_exit
    FROM (
        SELECT
            source,
            source_id,
            FALSE AS is_open,
            is_main,
            instrument,
            side,
            entry_price,
            opened_at,
            exit_price,
            closed_at,
            closed_at_latest,
            size,
            pnl,
            position_id,
            condition_id,
            currency
        FROM trade
        UNION ALL
        SELECT source, source_id, TRUE, is_main, instrument, side, entry_price, opened_at, NULL, NULL, NULL, size, NULL, position_id, condition_id, currency
        FROM position
    )
    WINDOW place AS (PARTITION BY source, is_open ORDER BY instrument, entry_price, opened_at, closed_at)
),
numbered AS MATERIALIZED (
    SELECT
        *,
        total(NOT coalesce(is_same, FALSE)) OVER own AS opening,
        total(NOT coalesce(is_same AND is_same_exit, FALSE)) OVER own AS part
    FROM sorted
    WINDOW own AS (PARTITION BY source, is_open ORDER BY place)
),
-- All rows of one opening, and those of one exit among them.
member AS MATERIALIZED (
    SELECT
        source || is_open || ' ' || opening AS of_opening,
        source || is_open || ' ' || opening || iif(column1 = 'part', ' ' || part, '') AS set_id,
        column1 AS level,
        numbered.*
    FROM numbered
    JOIN (VALUES ('opening'), ('part'))
    WHERE (source, is_open, opening) IN (SELECT source, is_open, opening FROM numbered GROUP BY source, is_open, opening HAVING count(*) > 1)
),
-- What is told elsewhere about these rows: openings of the log, or conditions, and their sizes.
told AS (
    SELECT
        set_id,
        count(*) AS openings,
        iif(count(size) = count(*) AND total(size) > 0, total(size), NULL) AS size
    FROM (
        SELECT
            set_id,
            'log ' || logged_trade.source_id,
            logged_trade.size
        FROM member
        JOIN logged_trade ON
            event = 'opened'
            AND at BETWEEN member.opened_at - 60 AND member.opened_at + 60
            AND lower(logged_trade.instrument) = lower(member.instrument)
        UNION
        SELECT
            set_id,
            'condition ' || condition.source_id,
            condition.size
        FROM member
        JOIN condition ON condition.source_id = member.condition_id
    )
    GROUP BY set_id
),
closing AS MATERIALIZED (
    SELECT DISTINCT
        set_id,
        logged_trade.source_id AS log_id,
        logged_trade.trade_id,
        logged_trade.pnl
    FROM member
    JOIN logged_trade ON
        event = 'closed'
        AND trade_source = member.source
        AND logged_trade.trade_id IS NOT NULL
        AND (logged_trade.trade_id = member.position_id OR (member.position_id IS NULL AND NOT is_open))
        AND lower(logged_trade.instrument) = lower(member.instrument)
        AND (
            at BETWEEN member.closed_at - 60 AND member.closed_at + 60
            OR at BETWEEN member.closed_at_latest - 60 AND member.closed_at_latest + 60
        )
),
-- The log rounds to cents: the sum of the rows' profits is that of parts, one row's that of a row that stands twice.
profit AS (
    SELECT
        set_id,
        count(*) AS closings,
        count(DISTINCT trade_id) AS ids,
        count(pnl) = count(*) AS is_known,
        total(pnl) AS pnl,
        max(pnl) - min(pnl) > 0.006 AS differ,
        min(EXISTS (SELECT 1 FROM member WHERE member.set_id = closing.set_id AND abs(member.pnl - closing.pnl) <= 0.006)) AS are_rows
    FROM closing
    GROUP BY set_id
),
judged AS MATERIALIZED (
    SELECT
        member.set_id,
        of_opening,
        level,
        count(*) AS n,
        CASE
            WHEN max(coalesce(openings, 0), coalesce(profit.ids, 0)) >= count(*) THEN 'own'
            WHEN count(member.size) = count(*) AND told.size IS NOT NULL
                THEN iif(total(member.size) <= 1.02 * told.size, 'own', 'again')
            WHEN count(DISTINCT part) > 1 THEN 'own'
            WHEN closings > 0 THEN CASE
                WHEN NOT is_known OR count(member.pnl) < count(*) THEN 'again'
                WHEN abs(total(member.pnl) - profit.pnl) > 0.006 * (count(*) + closings) THEN 'again'
                WHEN are_rows AND NOT differ THEN 'unknown'
                ELSE 'own'
            END
            -- Positions of their own, or parts that were sold at once.
            WHEN
                min(coalesce(position_id, '') <> '')
                AND (count(DISTINCT position_id) = count(*) OR (count(DISTINCT position_id) = 1 AND count(DISTINCT member.size) > 1))
                THEN 'own'
            ELSE 'unknown'
        END AS verdict
    FROM member
    LEFT JOIN told USING (set_id)
    LEFT JOIN profit USING (set_id)
    GROUP BY member.set_id
    HAVING count(*) > 1
),
-- Of several exits of one opening some may be one exit again.
verdict AS (
    SELECT
        set_id,
        verdict
    FROM judged
    WHERE
        verdict <> 'own'
        AND (
            level = 'opening'
            OR EXISTS (
                SELECT 1
                FROM judged AS whole
                WHERE whole.set_id = judged.of_opening AND whole.verdict = 'own' AND whole.n > 2 AND whole.n > judged.n
            )
        )
),
-- A bot that holds several positions of a coin at a time may fill equal orders, repetitions apart.
first_of_opening AS (
    SELECT *
    FROM numbered
    GROUP BY source, is_open, opening
    HAVING place = min(place)
),
several AS (
    SELECT is_main
    FROM (
        SELECT
            is_main,
            CASE
                WHEN is_open THEN lag(instrument) OVER own IS NOT NULL
                ELSE opened_at < lag(closed_at) OVER own - 5
            END AS overlaps
        FROM first_of_opening
        WINDOW own AS (PARTITION BY is_main, is_open, instrument ORDER BY opened_at)
    )
    GROUP BY is_main
    HAVING total(overlaps) > count(*) / 50
),
repeated AS (
    SELECT
        member.*,
        verdict = 'unknown' AS is_question,
        row_number() OVER (PARTITION BY set_id ORDER BY place) AS number,
        first_value(source_id) OVER (PARTITION BY set_id ORDER BY place) AS repeats
    FROM verdict
    JOIN member USING (set_id)
),
-- Where rows that look like one position again are usual, and nothing tells how many were opened, the bot buys in equal parts.
usual AS (
    SELECT
        source,
        is_open
    FROM repeated
    WHERE is_question
    GROUP BY source, is_open
    HAVING
        count(DISTINCT set_id) >= 3
        AND count(*) > 0.05 * (SELECT count(*) FROM numbered WHERE numbered.source = repeated.source AND numbered.is_open = repeated.is_open)
)
SELECT
    source || iif(is_open, ':open', '') || iif(is_question, ':question', '') AS subject,
    iif(is_question, 'medium', 'critical') AS severity,
    source,
    source_id,
    instrument,
    opened_at,
    repeats,
    size,
    pnl,
    is_open,
    is_question,
    total(number = 2) OVER own AS positions,
    printf('%+.2f', total(pnl) OVER own) AS pnl_together,
    printf('%.2f', total(size) OVER own) AS size_together,
    currency
FROM repeated
WHERE
    number > 1
    AND NOT (is_question AND ((source, is_open) IN usual OR is_main IN several))
WINDOW own AS (PARTITION BY source, is_open, is_question)
ORDER BY is_question, repeated.opened_at DESC
