/*
id = "coin-spelling-splits"
severity = "medium"
title = "Coins are stored under several spellings"
description = """
{{ count }} of {{ of }} coins {{ count|plural("has", "have") }} a name that differs from another one's in case or spaces only. Cooldowns, scores \
and limits by coin do not meet."""
why = "A coin under two spellings escapes its cooldown, its blacklist and its running totals."
fix = "Bring the coin's name into one spelling where it enters (the LLM's answer), and merge the stored rows."
of = """
SELECT count(DISTINCT lower(trim(instrument)))
FROM (
    SELECT instrument FROM trade
    UNION
    SELECT instrument FROM position
    UNION
    SELECT instrument FROM price
    UNION
    SELECT instrument FROM cooldown
    UNION
    SELECT instrument FROM coin_score
    UNION
    SELECT instrument FROM condition
)
WHERE trim(instrument) <> ''"""
*/
WITH
-- A generation of the bot that was replaced had names of its own: what it left behind is not compared.
first AS (
    SELECT coalesce(min(opened_at), 0) AS at
    FROM trade
    WHERE is_main
),
named AS (
    SELECT instrument, 'trade' AS place FROM trade WHERE is_main
    UNION
    SELECT instrument, 'position' FROM position WHERE is_main
    UNION
    SELECT instrument, 'price' FROM price JOIN first ON updated_at >= first.at
    UNION
    SELECT instrument, 'cooldown' FROM cooldown JOIN first ON expires_at >= first.at
    UNION
    SELECT instrument, 'coin_score' FROM coin_score
    UNION
    SELECT instrument, 'condition' FROM condition
    UNION
    SELECT instrument, 'coin_status_change' FROM coin_status_change
),
spelling AS (
    SELECT
        lower(trim(instrument)) AS coin,
        instrument,
        max(place) AS place
    FROM named
    WHERE trim(instrument) <> ''
    GROUP BY instrument
)
SELECT
    'coin' AS subject,
    coin,
    group_concat('"' || instrument || '" (' || place || ')', ' and ') AS spellings
FROM (SELECT * FROM spelling ORDER BY coin, instrument)
GROUP BY coin
HAVING count(*) > 1
ORDER BY coin
