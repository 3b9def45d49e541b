/*
id = "price-contradicts-market"
severity = "critical"
title = "Prices of trades in {{ row.source }} are {{ 'not those that their coins had at that time' if row.certain else 'far from those of the trades before and after' }}"
description = """
{{ count }} of {{ row.compared }} trades that can be compared were opened or closed at a price \
{{ "that the coin did not have then" if row.certain else "far from those of the same coin's trades before and after; no stored price tells whether the coin had it for a moment" }}. \
Their profits, {{ row.pnl_together }} {{ row.currency }} together, follow from it."""
why = "A trade at a price that the coin did not have at that time has a profit that nobody could have made."
fix = """
Look at where the price at these moments came from: another coin, another unit, an old or a broken answer? \
Refuse a price that is far from the last one, and recompute these trades."""
explained_by = ["price-impossible"]
distrusts = ["trade.entry_price", "trade.exit_price", "position.entry_price"]
needs = ["trade.closed_at"]
*/
WITH
-- Entry and exit of each trade and position.
ends AS MATERIALIZED (
    SELECT
        source,
        source_id,
        instrument,
        'entry' AS what,
        opened_at AS at,
        entry_price AS price,
        in_window OR abs(gain_fraction) > 0.5 AS is_compared,
        gain_fraction,
        NULL AS price_after,
        FALSE AS is_open,
        in_window,
        pnl,
        currency
    FROM trade
    WHERE opened_at IS NOT NULL AND entry_price > 0 AND trim(instrument) <> ''
    UNION ALL
    SELECT
        source,
        source_id,
        instrument,
        'exit',
        closed_at,
        exit_price,
        in_window OR abs(gain_fraction) > 0.5,
        gain_fraction,
        price_after_exit,
        FALSE,
        in_window,
        pnl,
        currency
    FROM trade
    WHERE closed_at IS NOT NULL AND exit_price > 0 AND trim(instrument) <> ''
    UNION ALL
    SELECT source, source_id, instrument, 'entry', opened_at, entry_price, TRUE, NULL, NULL, TRUE, in_window, NULL, currency
    FROM position
    WHERE opened_at IS NOT NULL AND entry_price > 0 AND trim(instrument) <> ''
),
-- Most have nearly the stored price of the moment before, and need no closer look.
compared AS MATERIALIZED (
    SELECT
        row_number() OVER () AS number,
        *,
        (
            SELECT price_point.price
            FROM price_point
            WHERE price_point.instrument = ends.instrument AND price_point.at BETWEEN ends.at - 300 AND ends.at
            ORDER BY price_point.at DESC
            LIMIT 1
        ) AS price_before
    FROM ends
    WHERE is_compared
    ORDER BY is_open DESC, at DESC
    LIMIT 500
),
-- The coin's stored prices within five minutes: three at least, one of them within three minutes.
history AS (
    SELECT
        number,
        min(price) AS low,
        max(price) AS high,
        -- Three times the coin's largest step; another source of prices differs by less than a twentieth.
        min(max(3 * coalesce(max(step), 0), 0.05), 0.5) AS slack
    FROM (
        SELECT
            number,
            price_point.price,
            abs(price_point.at - compared.at) AS distance,
            max(
                price_point.price / lag(price_point.price) OVER (PARTITION BY number ORDER BY price_point.at),
                lag(price_point.price) OVER (PARTITION BY number ORDER BY price_point.at) / price_point.price
            ) - 1 AS step
        FROM compared
        JOIN price_point ON price_point.instrument = compared.instrument
            AND price_point.at BETWEEN compared.at - 300 AND compared.at + 300
            AND price_point.price > 0
        WHERE NOT coalesce(compared.price BETWEEN price_before / 1.05 AND price_before * 1.05, FALSE)
    )
    GROUP BY number
    HAVING count(*) >= 3 AND min(distance) <= 180
),
-- Prices of the coin's other trades right before and after, hours apart: only a factor of two, which both deny, is telling.
neighbour AS (
    SELECT
        source,
        source_id,
        what,
        min(before, after) AS low,
        max(before, after) AS high
    FROM (
        SELECT
            source,
            source_id,
            what,
            at,
            iif(lag(source_id) OVER own = source_id, lag(price, 2) OVER own, lag(price) OVER own) AS before,
            iif(lag(source_id) OVER own = source_id, lag(at, 2) OVER own, lag(at) OVER own) AS before_at,
            iif(lead(source_id) OVER own = source_id, lead(price, 2) OVER own, lead(price) OVER own) AS after,
            iif(lead(source_id) OVER own = source_id, lead(at, 2) OVER own, lead(at) OVER own) AS after_at
        FROM ends
        WINDOW own AS (PARTITION BY instrument ORDER BY at, what)
    )
    WHERE at - before_at <= 86400 AND after_at - at <= 86400 AND max(before, after) <= 1.5 * min(before, after)
),
known AS MATERIALIZED (
    SELECT
        *,
        max(price / high, low / price) AS factor,
        price NOT BETWEEN low / (1 + slack) AND high * (1 + slack) AS is_wrong
    FROM (
        SELECT
            compared.*,
            CASE
                WHEN compared.price BETWEEN price_before / 1.05 AND price_before * 1.05 THEN 'price_history'
                WHEN history.number IS NOT NULL THEN 'price_history'
                WHEN neighbour.low IS NOT NULL THEN 'neighbours'
                WHEN price_after > 0 AND abs(gain_fraction) > 0.5 THEN 'price_after'
            END AS known_by,
            coalesce(history.low, iif(compared.price BETWEEN price_before / 1.05 AND price_before * 1.05, price_before, NULL), neighbour.low, price_after) AS low,
            coalesce(history.high, iif(compared.price BETWEEN price_before / 1.05 AND price_before * 1.05, price_before, NULL), neighbour.high, price_after) AS high,
            CASE
                WHEN history.number IS NOT NULL THEN history.slack
                WHEN compared.price BETWEEN price_before / 1.05 AND price_before * 1.05 THEN 0.05
                ELSE 1
            END AS slack
        FROM compared
        LEFT JOIN history USING (number)
        LEFT JOIN neighbour USING (source, source_id, what)
    )
    WHERE known_by IS NOT NULL
),
-- Where the stored prices deny more than a few of the trades that they tell of, they are in another currency or unit:
-- then they prove only what is far off, and nothing where they deny all by one factor.
trust AS (
    SELECT
        count(DISTINCT source || source_id) FILTER (WHERE is_wrong) > 0.1 * count(DISTINCT source || source_id) AS is_doubtful,
        count(DISTINCT source || source_id) FILTER (WHERE is_wrong) = count(DISTINCT source || source_id) AS denies_all,
        count(DISTINCT source || source_id) FILTER (WHERE is_wrong) AS denied,
        max(price / low) FILTER (WHERE is_wrong) <= 1.1 * min(price / low) FILTER (WHERE is_wrong) AS is_one_factor
    FROM known
    WHERE known_by = 'price_history'
),
trusted AS MATERIALIZED (
    SELECT *
    FROM known
    JOIN trust
    WHERE
        is_wrong
        AND CASE
            WHEN known_by <> 'price_history' OR NOT is_doubtful OR (denied < 2 AND NOT denies_all) THEN TRUE
            WHEN denies_all AND denied > 1 AND is_one_factor THEN FALSE
            ELSE factor >= 1.5
        END
),
total AS (
    SELECT
        count(DISTINCT source || source_id) AS trades,
        (SELECT count(*) FROM trusted) AS wrong
    FROM known
),
wrong AS (
    SELECT
        trusted.*,
        known_by <> 'neighbours' OR factor > 10 AS is_certain,
        (SELECT count(DISTINCT source_id) FROM known WHERE known.source = trusted.source) AS compared_trades
    FROM trusted
    JOIN total
    WHERE total.wrong <= 0.1 * trades OR factor >= 1.5
    GROUP BY source, source_id
    HAVING factor = max(factor)
)
SELECT
    source AS subject,
    CASE
        WHEN NOT max(is_certain) OVER own THEN 'medium'
        WHEN is_open OR in_window THEN 'critical'
        ELSE 'high'
    END AS severity,
    source,
    source_id,
    instrument,
    what,
    at,
    price,
    low,
    high,
    round(factor, 1) AS factor,
    CASE known_by
        WHEN 'price_history' THEN 'price_history within five minutes'
        WHEN 'neighbours' THEN 'the trades before and after'
        ELSE 'the price after the exit'
    END AS known_by,
    max(is_certain) OVER own AS certain,
    compared_trades AS compared,
    printf('%+.2f', total(pnl) OVER own) AS pnl_together,
    currency
FROM wrong
WINDOW own AS (PARTITION BY source)
ORDER BY wrong.at DESC
