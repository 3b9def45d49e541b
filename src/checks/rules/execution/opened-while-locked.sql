/*
id = "opened-while-locked"
severity = "medium"
title = "Trades were opened while their instrument was locked"
description = """
{{ count }} of {{ of }} trades and positions {{ count|plural("was", "were") }} opened while a lock was in force."""
why = "A lock that does not keep the bot from opening protects against nothing."
fix = "Which path opens trades without asking for locks? Was the lock written by another process than the one that trades?"
threshold = 5                     # seconds after the lock began: an order may be under way
of = "SELECT (SELECT count(*) FROM trade) + (SELECT count(*) FROM position)"
*/
-- What somebody opened by hand is not the bot's.
SELECT
    opened.source,
    opened.source_id,
    opened.instrument,
    opened.side,
    opened.opened_at,
    cooldown.starts_at AS locked_at,
    cooldown.expires_at,
    cooldown.reason,
    opened.opened_at > run.window_start AS in_window
FROM (
    SELECT source, source_id, instrument, side, opened_at, entry_reason FROM trade
    UNION ALL
    SELECT source, source_id, instrument, side, opened_at, entry_reason FROM position
) AS opened
JOIN cooldown
    ON
        cooldown.instrument IN (opened.instrument, '*')
        AND (cooldown.side IS NULL OR cooldown.side = opened.side)
        AND cooldown.starts_at < opened.opened_at - :threshold
        AND cooldown.expires_at > opened.opened_at
JOIN run
WHERE opened.entry_reason IS NULL OR opened.entry_reason NOT LIKE 'force%'
GROUP BY opened.source, opened.source_id
ORDER BY opened.opened_at DESC
