/*
id = "entries-locked"
severity = "medium"
title = "A lock keeps the bot from opening any trade for a long time"
description = """
{{ count }} {{ count|plural("lock keeps", "locks keep") }} the bot from opening trades, for {{ row.hours_left }} hours more."""
why = "A bot whose instruments are all locked goes on running and does not trade: nothing else shows it."
fix = "Read the lock's reason: if a protection set it, wait or loosen it; if somebody set it by hand, lift it."
threshold = 24                    # hours that are left: pauses after losses are shorter
needs = ["trade.closed_at"]
*/
-- Either one lock of every instrument (*), or locks of every instrument of the 20 newest trades, five at least.
WITH lasting AS (
    SELECT cooldown.*, round((expires_at - run.now) / 3600) AS hours_left
    FROM cooldown, run
    WHERE starts_at <= run.now AND expires_at > run.now + 3600 * :threshold
),
traded AS (SELECT DISTINCT instrument FROM (SELECT instrument FROM trade ORDER BY closed_at DESC LIMIT 20))
SELECT source, source_id, instrument, side, reason, starts_at, expires_at, hours_left
FROM lasting
WHERE
    instrument = '*'
    OR (
        (SELECT count(*) FROM traded) >= 5
        AND NOT EXISTS (SELECT 1 FROM traded WHERE instrument NOT IN (SELECT instrument FROM lasting))
    )
ORDER BY expires_at DESC
