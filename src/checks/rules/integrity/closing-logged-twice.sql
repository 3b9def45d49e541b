/*
id = "closing-logged-twice"
severity = "high"
title = "Closings of the same position were processed twice"
description = """
{{ count }} of {{ of }} logged closings {{ count|plural("was", "were") }} logged a second time for a position that had been closed ({{ row.instruments }}).\
{% if row.counted %} Running totals by coin count them twice: those of {{ row.counted }} are the totals of the trades and of these closings \
once more ({{ row.counted_pnl }}).{% endif %}"""
why = "A closing that is processed twice counts its result twice in whatever the bot keeps running: scores, streaks, rules."
fix = """
What happened at these moments: a restart that loads positions which are closed already, two loops that see one exit? \
Make processing a closing depend on the row's change from open to closed."""
distrusts = ["trade.closed_at", "trade.exit_price"]
of = "SELECT count(*) FROM logged_trade WHERE event = 'closed'"
*/
WITH
repeated AS MATERIALIZED (
    SELECT *
    FROM repeated_closing
),
twice AS (
    SELECT
        instrument,
        count(*) AS n,
        total(pnl) AS pnl
    FROM repeated
    GROUP BY instrument
),
-- Running totals that are those of the trades and of these closings once more.
counted AS (
    SELECT
        group_concat(instrument, ', ') AS instruments,
        total(twice.pnl) AS pnl
    FROM twice
    JOIN coin_score USING (instrument)
    JOIN (
        SELECT
            instrument,
            sum(n) AS n
        FROM trade_total
        WHERE is_main AND span = 'all'
        GROUP BY instrument
    ) AS whole USING (instrument)
    WHERE total_trades = whole.n + twice.n
)
SELECT
    'activity_log' AS subject,
    coalesce(trade.source, repeated.source) AS source,
    coalesce(trade.source_id, repeated.source_id) AS source_id,
    repeated.instrument,
    repeated.trade_id AS position,
    repeated.at,
    round(repeated.pnl, 2) AS pnl,
    last_at AS again_at,
    round(last_pnl, 2) AS again_pnl,
    last_at > window_start AS in_window,
    (SELECT group_concat(instrument, ', ') FROM twice) AS instruments,
    counted.instruments AS counted,
    printf('%+.2f', counted.pnl) AS counted_pnl
FROM repeated
LEFT JOIN trade ON trade.source = trade_source AND trade.source_id = row_id
JOIN counted
JOIN run
ORDER BY repeated.at
