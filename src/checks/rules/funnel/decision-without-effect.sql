/*
id = "decision-without-effect"
severity = "medium"
title = """
{% if subject == "no coin" %}Decisions to trade that name no coin vanish without a trace\
{% elif subject == "not held" %}The model decides to sell coins that are not held, and nothing says so\
{% elif subject == "sell ignored" %}Decisions to sell a coin that is held do not close the position\
{% elif subject == "buy ignored" %}Decisions to buy lead to no opening and no rejection\
{% else %}Decisions spelled "{{ row.action }}" have no effect{% endif %}"""
why = "A decision to trade that is not executed, and not rejected with a reason, is lost without anybody being told."
description = """
{{ count }} of {{ of }} decisions to {{ row.kind }} ({{ (count / of)|percent }}) led to nothing. \
{% if subject == "no coin" %}They name no coin, and no row behind them says what became of them.\
{% elif subject == "not held" %}No position was open in the coin at that time, and no row behind them says what became of them.\
{% elif subject == "sell ignored" %}A position was open in the coin, and no closing and no rejection was logged.\
{% elif subject == "buy ignored" %}They name a coin, and yet no opening and no rejection was logged.\
{% else %}In this spelling no decision was executed or rejected; in another spelling of the word some were.{% endif %}"""
fix = """
{% if subject == "no coin" %}Reject such a decision with a logged reason, and demand a coin in the prompt's schema.\
{% elif subject == "not held" %}List the open positions in the prompt, reject such a decision, and log it.\
{% elif subject == "sell ignored" %}Follow one of these decisions through the code that closes positions.\
{% elif subject == "buy ignored" %}Follow one of these decisions through the code, and log each way out of it.\
{% else %}Does the bot compare the action letter by letter? Normalise it (upper case, trimmed) first, and log an unknown one.{% endif %}"""
threshold = 5 # decisions without effect of one kind in the window: fewer may be cut off by a stop or an error
needs = ["trade.closed_at"]
of = """
WITH decided AS (
    SELECT action, upper(trim(action)) AS word
    FROM decision
    WHERE is_over AND upper(trim(action)) IN ('BUY', 'SELL')
), n AS (
    SELECT count(*) FILTER (WHERE word = 'BUY') AS buys, count(*) FILTER (WHERE word = 'SELL') AS sells
    FROM decided
)
SELECT 'buy ignored', buys FROM n
UNION SELECT 'no coin', buys + sells FROM n
UNION SELECT 'not held', sells FROM n
UNION SELECT 'sell ignored', sells FROM n
UNION SELECT 'spelling ' || action, iif(word = 'BUY', buys, sells) FROM decided, n"""
*/
-- Where no decision of this log ever shows an outcome, outcomes are logged elsewhere.
WITH lost AS (
    SELECT *, upper(trim(action)) AS word
    FROM decision
    WHERE is_over
        AND outcome IS NULL
        AND upper(trim(action)) IN ('BUY', 'SELL')
        AND EXISTS (SELECT 1 FROM event_pattern WHERE kind GLOB 'trade_*' AND n > 0)
), effective AS (
    SELECT DISTINCT action, upper(trim(action)) AS word
    FROM decision
    WHERE outcome GLOB 'trade_*' OR outcome GLOB '*_rejected'
), misspelt AS (
    SELECT DISTINCT lost.action
    FROM lost JOIN effective USING (word)
    WHERE lost.action NOT IN (SELECT action FROM effective)
), span AS MATERIALIZED (
    SELECT lower(instrument) AS name, opened_at, closed_at FROM trade
    UNION ALL
    SELECT lower(instrument), opened_at, NULL FROM position
), held AS (
    -- Within 30 seconds of an opening or a closing nobody can tell.
    SELECT
        lost.source_id,
        max(coalesce(abs(opened_at - at) <= 30, 0) OR coalesce(abs(closed_at - at) <= 30, 0)) AS is_near,
        max(coalesce(opened_at, 0) < at AND (closed_at IS NULL OR at < closed_at)) AS is_held
    FROM lost JOIN span ON span.name = lower(lost.instrument)
    GROUP BY lost.source_id
), caused AS (
    SELECT
        lost.*,
        CASE
            WHEN action IN (SELECT action FROM misspelt) AND (word = 'BUY' OR (is_held AND NOT is_near))
                THEN 'spelling ' || action
            WHEN instrument IS NULL THEN 'no coin'
            WHEN word = 'BUY' THEN 'buy ignored'
            WHEN is_near THEN NULL
            WHEN is_held THEN 'sell ignored'
            ELSE 'not held'
        END AS subject
    FROM lost LEFT JOIN held USING (source_id)
), counted AS (
    SELECT *, count(*) OVER (PARTITION BY subject) AS same
    FROM caused
)
SELECT
    source,
    source_id,
    1 AS in_window,
    subject,
    CASE
        WHEN subject = 'sell ignored' THEN 'high'
        WHEN subject = 'not held'
            AND same <= 0.5 * (SELECT count(*) FROM decision WHERE is_over AND upper(trim(action)) = 'SELL')
            THEN 'low'
        ELSE 'medium'
    END AS severity,
    at,
    action,
    instrument,
    CASE WHEN subject = 'no coin' THEN 'buy or sell' ELSE lower(word) END AS kind
FROM counted
-- Where the usual spelling nearly always has an effect, two without one are no accident.
WHERE subject IS NOT NULL AND same >= iif(subject LIKE 'spelling %', 2, :threshold)
ORDER BY at DESC
