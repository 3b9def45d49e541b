/*
id = "level-ignored"
severity = "medium"
title = "Positions stay open although the price has passed their stop or target"
why = "A position that stays open beyond its stop-loss or take-profit is managed by nobody."
description = "Positions that stayed open for more than {{ threshold }} minutes beyond their stop or target, by prices in the same file: {{ count }}; {% set open = rows|map(attribute='open')|sum %}{% if open == 0 %}none of them is open any more{% else %}{{ open }} of them ({{ rows|map(attribute='open_size')|sum|usd }}) {{ open|plural('is', 'are') }} still open{% endif %}."
fix = "Was the bot restarted in that time without loading its open positions, or were there no prices? Load them at the start and check every one of them in each cycle, and close by hand what is still open."
threshold = 30              # minutes beyond the stop-loss or take-profit: a bot looks at prices every minute or two
of = "SELECT (SELECT count(*) FROM trade WHERE is_main) + (SELECT count(*) FROM position WHERE is_main)"
explained_by = ["position-forgotten", "open-position-was-closed"]
needs = ["trade.closed_at", "trade.entry_price", "trade.exit_price", "position.entry_price"]
*/
WITH held AS (
    SELECT source, source_id, in_window, 0 AS open, instrument, CASE side WHEN 'long' THEN 1 ELSE -1 END AS sign, entry_price, size, stop_loss, take_profit, coalesce(opened_at_latest, opened_at) AS opened_by, closed_at AS until_at
    FROM trade
    WHERE is_main AND side IS NOT NULL AND entry_price > 0 AND instrument IS NOT NULL AND closed_at IS NOT NULL
    UNION ALL
    SELECT source, source_id, 1, 1, instrument, CASE side WHEN 'long' THEN 1 ELSE -1 END, entry_price, size, stop_loss, take_profit, coalesce(opened_at_latest, opened_at), run.now
    FROM position, run
    WHERE is_main AND side IS NOT NULL AND entry_price > 0 AND instrument IS NOT NULL
),
-- Passed where the price is beyond by 0.5 % of the entry: spread and rounding. A stop-loss in profit is a trailing one:
-- the price was beyond it before it was set.
level AS MATERIALIZED (
    SELECT *, 'stop' AS kind, stop_loss AS level, -sign AS direction
    FROM held
    WHERE stop_loss > 0 AND sign * (entry_price - stop_loss) / entry_price > 0.005 AND until_at - opened_by >= 60 * :threshold
    UNION ALL
    SELECT *, 'target', take_profit, sign
    FROM held
    WHERE take_profit > 0 AND until_at - opened_by >= 60 * :threshold
),
-- The prices of that time: at which the bot opened and closed trades, and those that it stores. Where a change of the
-- clock gives a time two readings, nobody knows when the price was that.
point AS (
    SELECT level.*, trade.opened_at AS at, trade.entry_price AS price
    FROM level
    CROSS JOIN trade ON
        trade.instrument = level.instrument AND trade.opened_at > level.opened_by AND trade.opened_at < level.until_at
    WHERE trade.entry_price > 0 AND trade.opened_at = coalesce(trade.opened_at_latest, trade.opened_at)
    UNION ALL
    SELECT level.*, trade.closed_at, trade.exit_price
    FROM level
    CROSS JOIN trade ON
        trade.instrument = level.instrument AND trade.closed_at > level.opened_by AND trade.closed_at < level.until_at
    WHERE trade.exit_price > 0 AND trade.closed_at = coalesce(trade.closed_at_latest, trade.closed_at)
    UNION ALL
    SELECT level.*, price_point.at, price_point.price
    FROM level
    CROSS JOIN price_point ON
        price_point.instrument = level.instrument AND price_point.at > level.opened_by AND price_point.at < level.until_at
    WHERE level.open AND price_point.price > 0
),
judged AS (
    SELECT *, direction * (price - level) / entry_price > 0.005 AS is_beyond FROM point
),
numbered AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY source, source_id, kind ORDER BY at)
            - row_number() OVER (PARTITION BY source, source_id, kind, is_beyond ORDER BY at) AS stretch
    FROM judged
),
begun AS (
    SELECT *, first_value(price) OVER (PARTITION BY source, source_id, kind, stretch ORDER BY at) AS first_price
    FROM numbered
    WHERE is_beyond
),
-- One strange price is a spike, two in a row are the market.
stretch AS (
    SELECT source, source_id, kind, level, min(at) AS since_at, max(first_price) AS price
    FROM begun
    GROUP BY source, source_id, kind, stretch
    HAVING count(*) >= 2 AND max(at) - min(at) >= 60 * :threshold
),
first AS (
    SELECT *, row_number() OVER (PARTITION BY source, source_id ORDER BY kind, since_at) AS number FROM stretch
)
SELECT
    first.source,
    first.source_id,
    held.in_window,
    held.open,
    CASE WHEN held.open THEN 'high' ELSE 'medium' END AS severity,
    held.instrument,
    held.open * coalesce(held.size, 0) AS open_size,
    first.kind,
    first.level,
    first.since_at,
    first.price,
    CASE WHEN NOT held.open THEN held.until_at END AS closed_at
FROM first
JOIN held USING (source, source_id)
WHERE first.number = 1
ORDER BY held.open DESC, first.since_at
