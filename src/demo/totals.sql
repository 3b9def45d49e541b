-- What a generation-1 bot keeps beside its trades, worked out from the trades.

UPDATE open_trades
SET current_price = (SELECT price_usd FROM market_data WHERE coin = coin_name);

UPDATE open_trades
SET unrealized_pnl = size_usd * (current_price - entry_price) / entry_price,
    unrealized_pnl_pct = 100 * (current_price - entry_price) / entry_price;

INSERT INTO account_state (id, balance, available_balance, in_positions, total_pnl, daily_pnl, trade_count_today, last_updated)
SELECT
    1,
    1000 + closed.pnl_usd,
    1000 + closed.pnl_usd - positions.size_usd,
    positions.size_usd,
    closed.pnl_usd,
    closed.pnl_today_usd,
    closed.trades_today,
    clock.last_cycle_at
FROM
    (SELECT max(last_updated) AS last_cycle_at FROM market_data) AS clock,
    (SELECT coalesce(sum(size_usd), 0.0) AS size_usd FROM open_trades) AS positions,
    (
        SELECT
            coalesce(sum(pnl_usd), 0.0) AS pnl_usd,
            coalesce(sum(pnl_usd) FILTER (WHERE date(closed_at) = today), 0.0) AS pnl_today_usd,
            count(*) FILTER (WHERE date(closed_at) = today) AS trades_today
        FROM closed_trades, (SELECT date(max(last_updated)) AS today FROM market_data)
    ) AS closed;

UPDATE trading_rules
SET (success_count, failure_count, last_used) = (
    SELECT count(*) FILTER (WHERE pnl_usd > 0), count(*) FILTER (WHERE pnl_usd <= 0), max(closed_at)
    FROM closed_trades
    WHERE ',' || rule_ids_used || ',' LIKE '%,' || trading_rules.id || ',%'
);

INSERT INTO coin_cooldowns (coin_name, expires_at)
SELECT coin_name, datetime(max(opened_at), '+30 minutes')
FROM (SELECT coin_name, opened_at FROM closed_trades UNION ALL SELECT coin_name, opened_at FROM open_trades)
GROUP BY coin_name;
