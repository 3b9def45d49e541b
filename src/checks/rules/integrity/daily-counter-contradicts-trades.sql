/*
id = "daily-counter-contradicts-trades"
severity = "medium"
title = "Daily counters in {{ row.source }} are {{ 'not kept' if row.stored == 0 else 'never set back' }}"
description = """
{% for row in rows %}{{ row.counter }} is {{ row.stored_text }}{% if row.stored == 0 %} on a day with {{ row.given }}\
{% else %}, the {{ row.of_all }} of all trades ever; the 24 hours up to the newest closing have {{ row.given }}{% endif %}\
{{ "." if loop.last else "; " }}{% endfor %}"""
why = "A daily counter that is never set back, or never set, makes every limit by day either block or pass everything."
fix = """
Set the counters to zero when the day changes, at start as well as in the cycle, and update them where a trade is closed: \
a limit per day that reads them never applies, or would soon reject every trade."""
explained_by = ["closing-logged-twice"]
*/
WITH
stored AS (
    SELECT account.*
    FROM account
    JOIN run ON is_main AND NOT is_past
    ORDER BY at DESC
    LIMIT 1
),
whole AS (
    SELECT
        total(n) AS n,
        total(pnl) AS pnl,
        max(last_at) AS newest,
        0.05 + 0.01 * sqrt(total(n)) AS rounding
    FROM trade_total
    WHERE is_main AND span = 'all'
),
-- Whatever midnight the bot keeps to, and though it may set back only at its next trade, a day's counter
-- never holds more than a day before the newest trade and what came since.
longest_day AS (
    SELECT
        total(closed_at >= newest - 86400) AS closed,
        total(opened_at >= newest - 86400) AS opened,
        total(trade.pnl) FILTER (WHERE closed_at >= newest - 86400) AS pnl,
        (SELECT count(*) FROM position WHERE is_main) AS positions
    FROM trade
    JOIN whole
    WHERE is_main
),
-- Since the later of the midnights of UTC and of the bot's host; a row of this moment may be missing.
today AS (
    SELECT
        count(*) AS closed,
        total(closed_at < now - 240) AS settled,
        total(pnl) AS pnl
    FROM trade
    JOIN run
    WHERE is_main AND closed_at >= max(now - now % 86400, now - (now + coalesce(host_offset_seconds, 0)) % 86400)
),
wrong AS (
    SELECT
        'not-set-back' AS fault,
        'trade_count_today' AS counter,
        trades_today AS stored,
        printf('%d', trades_today) AS stored_text,
        'count' AS of_all,
        printf('%d', closed) AS given
    FROM stored
    JOIN whole
    JOIN longest_day
    WHERE
        trades_today > closed + opened + positions
        AND trades_today IN (n, n + positions, n + n + positions)
    UNION ALL
    SELECT
        'not-set-back',
        'daily_pnl',
        daily_pnl,
        printf('%+.2f', daily_pnl),
        'profit',
        printf('%+.2f', longest_day.pnl)
    FROM stored
    JOIN whole
    JOIN longest_day
    WHERE
        daily_pnl <> 0
        AND abs(daily_pnl - whole.pnl) <= 0.05
        AND abs(daily_pnl - coalesce(total_pnl, daily_pnl)) <= 0.05
        AND abs(whole.pnl - longest_day.pnl) > 4 * rounding
        AND n > closed + 3
    UNION ALL
    SELECT
        'not-kept',
        'trade_count_today',
        trades_today,
        '0',
        'count',
        printf('%d closing%s', closed, iif(closed = 1, '', 's'))
    FROM stored
    JOIN whole
    JOIN today
    WHERE trades_today = 0 AND settled >= 3 AND n >= 6
    UNION ALL
    SELECT
        'not-kept',
        'daily_pnl',
        daily_pnl,
        '0',
        'profit',
        printf('%+.2f', today.pnl)
    FROM stored
    JOIN whole
    JOIN today
    WHERE daily_pnl = 0 AND abs(today.pnl) > 0.05 AND settled >= 3 AND n >= 6
)
SELECT
    source || ':' || fault AS subject,
    source,
    source_id,
    TRUE AS open,
    counter,
    stored,
    stored_text,
    of_all,
    given
FROM wrong
JOIN (SELECT source, source_id FROM stored)
-- A counter that holds all is not one that is not kept.
WHERE fault = 'not-set-back' OR NOT EXISTS (SELECT 1 FROM wrong WHERE fault = 'not-set-back')
