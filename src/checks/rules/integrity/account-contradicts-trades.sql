/*
id = "account-contradicts-trades"
severity = "critical"
title = "The account in {{ row.source }} contradicts trades and open positions"
description = """
{% for row in rows %}{{ row.amount }} is {{ row.stored|digits(2) }}, {{ row.given_by }} {{ row.expected|digits(2) }} ({{ row.difference }})\
{{ "" if loop.last else "; " }}{% endfor %}. Sizes and limits follow the stored account, so they are wrong now.\
{% for row in rows %}{% if row.amount == "balance" %} {% if row.paid == 0 %}No row of the log tells of money paid in or out.\
{% else %}Payments of {{ row.payments }} in all, which the file tells of, are counted in.{% endif %}{% endif %}{% endfor %}"""
why = "The bot sizes its trades by the stored balance; one that its trades and positions do not give is money that is not there."
fix = """
Find which write is missing or doubled (an exception between two commits, a restart), then set the account to the recomputed amounts. \
If the bot began with another balance, or money was paid in or out, set limits.starting_balance_usd in the config file."""
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
-- What was closed in the last moments may not have reached every table: a closing is finished within a cycle.
recent AS (
    SELECT
        count(*) AS n,
        total(pnl) AS pnl
    FROM trade
    JOIN run ON is_main AND closed_at_latest > now - 240
),
-- Of a history without its beginning the stored sum is what there is. Rounding to cents adds up as the root of the trades.
trades AS (
    SELECT
        coalesce(sum(n), 0) AS n,
        0.05 + 0.01 * sqrt(coalesce(sum(n), 0)) AS rounding,
        CASE
            WHEN EXISTS (SELECT 1 FROM table_profile WHERE first_id > 1 AND table_name IN (SELECT source FROM trade WHERE is_main))
                THEN NULL
            -- Too many to be added up.
            WHEN total(n) = 0 AND EXISTS (SELECT 1 FROM trade WHERE is_main) THEN NULL
            -- Rows that could not be read.
            WHEN total(n) = 0 AND EXISTS (SELECT 1 FROM table_profile JOIN run ON table_name = main_source WHERE rows > 0 OR error IS NOT NULL)
                THEN NULL
            WHEN total(n) = 0 OR sum(pnl) IS NOT NULL THEN total(pnl)
        END AS pnl
    FROM trade_total
    WHERE is_main AND span = 'all'
),
open AS (
    SELECT
        count(*) AS n,
        CASE WHEN count(*) = count(size) AND has_positions THEN total(size) END AS size,
        coalesce(max(coalesce(opened_at_latest, now) > now - 240), FALSE) AS moves
    FROM run
    LEFT JOIN position ON position.is_main
),
-- What was stated before the first trade: by a point of the balance that belongs to none, by the log, by a snapshot.
stated AS (
    SELECT balance
    FROM (
        SELECT iif(is_main, 1, 2) AS place, at, balance
        FROM account
        WHERE balance IS NOT NULL AND total_pnl IS NULL AND available IS NULL AND coalesce(trim(trade_id), '') = ''
        UNION ALL
        SELECT 3, at, starting_balance FROM snapshot WHERE starting_balance IS NOT NULL
    )
    WHERE at <= coalesce((SELECT min(first_at) FROM trade_total WHERE is_main AND span = 'all'), (SELECT now FROM run))
    ORDER BY place, at
    LIMIT 1
),
paid AS (
    SELECT total(amount) AS amount
    FROM payment
    JOIN run ON at <= now
),
known AS (
    SELECT
        stored.*,
        trades.n AS trades,
        trades.rounding,
        trades.pnl,
        recent.pnl AS recent_pnl,
        open.n AS positions,
        iif(open.moves OR recent.n > 0, NULL, open.size) AS open_size,
        coalesce(trades.pnl, total_pnl) AS made,
        iif(trades.pnl IS NULL, 'total_pnl', 'its trades') AS made_by,
        coalesce((SELECT balance FROM stated), starting_balance) AS start,
        paid.amount AS paid
    FROM stored
    JOIN run
    JOIN trades
    JOIN recent
    JOIN open
    JOIN paid
),
-- Each stored amount beside the ones that would be right.
compared AS (
    SELECT
        *,
        'total_pnl' AS amount,
        total_pnl AS stored,
        'its rows give' AS given_by,
        pnl AS expected,
        pnl - recent_pnl AS also
    FROM known
    UNION ALL
    SELECT
        *,
        'balance',
        balance,
        printf('the start of %.2f and %s give', start, made_by),
        start + paid + made,
        CASE
            -- Payments that are no payments, and the balance that the bot is known to begin with.
            WHEN abs(balance - start - made) <= rounding THEN balance
            WHEN abs(balance - start - made + recent_pnl) <= rounding THEN balance
            WHEN abs(balance - (SELECT starting_balance FROM run) - made) <= rounding THEN balance
            WHEN abs(balance - (SELECT starting_balance FROM run) - made + recent_pnl) <= rounding THEN balance
            -- Only people know which number of a payment's row is the amount, or which two it lies between.
            WHEN EXISTS (
                SELECT 1
                FROM payment
                JOIN json_each('[0,' || substr(numbers, 2)) AS one
                JOIN json_each(numbers) AS other
                WHERE
                    abs(balance - start - paid - made + payment.amount) > 0.01
                    AND (
                        abs(abs(other.value - one.value) - abs(balance - start - paid - made + payment.amount)) < 0.01
                        OR abs(abs(other.value - one.value) - abs(balance - start - paid - made + recent_pnl + payment.amount)) < 0.01
                    )
            ) THEN balance
            ELSE start + paid + made - recent_pnl
        END
    FROM known
    UNION ALL
    SELECT *, 'in_positions', in_positions, 'its rows give', open_size, open_size FROM known
    UNION ALL
    SELECT *, 'available_balance', available, 'balance and in_positions give', balance - in_positions, balance FROM known
),
wrong AS (
    SELECT *
    FROM compared
    WHERE abs(stored - expected) > rounding AND abs(stored - also) > rounding
)
SELECT
    source AS subject,
    source,
    source_id,
    TRUE AS open,
    amount,
    round(stored, 2) AS stored,
    given_by,
    round(expected, 2) AS expected,
    printf('%+.2f', stored - expected) AS difference,
    trades,
    positions,
    paid,
    printf('%+.2f', paid) AS payments
FROM wrong
