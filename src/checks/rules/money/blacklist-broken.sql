/*
id = "blacklist-broken"
severity = "medium"
title = "Trades were opened in coins that the bot had blacklisted"
why = "A coin that the bot has banned and still trades keeps losing the money that the ban should save."
description = "{{ count }} {{ count|plural('trade was opened in a coin', 'trades were opened in coins') }} that the bot had blacklisted and not released, {{ rows|map(attribute='size')|sum|usd }} of size with a result of {{ rows|map(attribute='pnl')|sum|usd }}."
fix = "Read the blacklist where a trade is opened, and keep no copy of it in memory that a reflection does not refresh."
threshold = 30              # minutes after the ban: orders that were waiting then have long expired
of = """
SELECT
    (SELECT count(*) FROM trade WHERE is_main AND opened_at IS NOT NULL AND instrument IS NOT NULL)
    + (SELECT count(*) FROM position WHERE is_main AND opened_at IS NOT NULL AND instrument IS NOT NULL)"""
*/
WITH opening AS (
    SELECT source, source_id, in_window, 0 AS open, instrument, opened_at, coalesce(opened_at_latest, opened_at) AS opened_by, size, pnl
    FROM trade
    WHERE is_main AND instrument IS NOT NULL AND opened_at IS NOT NULL
    UNION ALL
    SELECT source, source_id, in_window, 1, instrument, opened_at, coalesce(opened_at_latest, opened_at), size, NULL
    FROM position
    WHERE is_main AND instrument IS NOT NULL AND opened_at IS NOT NULL
),
-- Bans until the next change of the coin's status. A release that may have come before an opening counts, a ban that
-- certainly did.
change AS (
    SELECT
        instrument,
        at,
        coalesce(at_latest, at) AS banned_at,
        lead(at) OVER (PARTITION BY instrument ORDER BY at, rowid) AS until_at,
        lower(trim(new_status)) AS status
    FROM coin_status_change
),
-- A ban that followed from a reflection and that still stands.
ban AS (
    SELECT target AS instrument, min(at) AS banned_at
    FROM adaptation
    WHERE action = 'blacklist' AND effectiveness IS NULL AND target IN (SELECT instrument FROM coin_score WHERE is_blacklisted = 1)
    GROUP BY target
),
banned AS (
    SELECT opening.*, coalesce(change.banned_at, ban.banned_at) AS banned_at
    FROM opening
    LEFT JOIN change ON
        change.instrument = opening.instrument
        AND change.status = 'blacklisted'
        AND change.at <= opening.opened_by
        AND (change.until_at IS NULL OR change.until_at > opening.opened_by)
    LEFT JOIN ban ON ban.instrument = opening.instrument
)
SELECT source, source_id, in_window, open, instrument, banned_at, opened_at, coalesce(size, 0) AS size, coalesce(pnl, 0) AS pnl
FROM banned
WHERE banned_at + 60.0 * :threshold < opened_at
ORDER BY opened_at DESC
