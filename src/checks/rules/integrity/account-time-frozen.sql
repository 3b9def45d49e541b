/*
id = "account-time-frozen"
severity = "low"
title = "The time of update in {{ row.source }} stands still while trades are closed"
description = """
{{ row.source }} says that it was last updated at {{ row.updated_at|time }}, {{ row.hours }} hours before the newest closing: {{ row.trades }} trades were \
closed since. {% if row.is_own %}Its amounts contain these trades.{% else %}It says balance {{ row.balance|digits(2) }} and total_pnl \
{{ row.total_pnl|digits(2) }}; those trades made {{ row.made }}: nobody writes it.{% endif %}"""
why = "An account whose time of update stands still hides how old its amounts are, or that nobody writes them."
fix = "Set the time of update with every change of the account. Does nothing read the table any more? Then drop it."
explained_by = ["closing-logged-twice"]
*/
WITH
-- A table of one row, which is overwritten.
stored AS (
    SELECT *
    FROM account
    GROUP BY source
    HAVING count(*) = 1 AND total_pnl IS NOT NULL
),
whole AS (
    SELECT
        total(pnl) AS pnl,
        0.05 + 0.01 * sqrt(total(n)) AS rounding
    FROM trade_total
    WHERE is_main AND span = 'all'
),
later AS (
    SELECT
        stored.source,
        stored.source_id,
        stored.is_main AS is_own,
        stored.at_latest AS updated_at,
        stored.balance,
        stored.total_pnl,
        abs(stored.total_pnl - whole.pnl) <= rounding AS contains,
        rounding,
        count(*) AS trades,
        total(trade.pnl) AS made,
        max(closed_at) AS newest
    FROM run
    JOIN stored
    JOIN whole
    JOIN trade ON trade.is_main AND closed_at > stored.at_latest + 240
    WHERE NOT is_past
    GROUP BY stored.source
)
SELECT
    source AS subject,
    source,
    source_id,
    TRUE AS open,
    updated_at,
    newest AS newest_closing_at,
    round((newest - updated_at) / 3600, 1) AS hours,
    trades,
    printf('%+.2f', made) AS made,
    balance,
    total_pnl,
    is_own
FROM later
WHERE
    -- Where the amounts stand still as well, they contradict the trades.
    (is_own AND contains AND trades >= 3 AND abs(made) > 2 * rounding)
    -- Another version's account, in a file in which that version has never traded: fewer may come before its first update.
    OR (NOT is_own AND trades >= 50 AND abs(total_pnl - made) >= 1 AND NOT EXISTS (SELECT 1 FROM trade WHERE NOT is_main))
