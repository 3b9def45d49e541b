/*
name = "freqtrade"
clock = "utc"

# One set of tables: the first is that of the trades.
generations = [["trades", "orders", "wallet_history"]]

[recognised_by]
trades = ["pair", "is_open", "open_rate", "open_date"]
orders = ["ft_trade_id"]
*/

-- freqtrade, any schema since 2021. It writes naive UTC times, money in the stake currency, ratios as fractions.
--
-- A line "@source table (columns)" names a table of the bot and the columns that are read from it. For each
-- of them the reader makes a view src_<table> with exactly these columns: a column that the file lacks is
-- NULL, a table that the file lacks has no rows.
--
-- A pair stays one word: BTC/USDT:USDT is another market than BTC/USDT. Of a trade without a stake currency
-- (older schemas) the currency is what follows the last : or / of its pair.
-- An order of a dry run has an id that begins with dry: such a trade is of the paper book.

-- @source trades (id, pair, stake_currency, is_open, is_short, amount, stake_amount, max_stake_amount, open_rate, close_rate, fee_open, fee_close, close_profit, close_profit_abs, realized_profit, funding_fees, leverage, stop_loss, initial_stop_loss, open_date, close_date, exit_reason, sell_reason, enter_tag, buy_tag, strategy, record_version)
-- @source orders (id, ft_trade_id, ft_order_side, ft_pair, ft_is_open, ft_amount, ft_price, ft_cancel_reason, ft_order_tag, order_id, status, side, price, average, amount, filled, stop_price, order_date, order_filled_date)
-- @source pairlocks (id, pair, side, reason, lock_time, lock_end_time, active)
-- @source wallet_history (id, timestamp, currency, quote_currency, balance, total_quote, bot_managed)
-- @source KeyValueStore (id, key, datetime_value)

-- Where a trade was closed in parts, its amount, rates and fee costs are those of the last part: the whole
-- follows from its filled orders. Fees are rate times value, as in the bot's own profit: fee_open_cost and
-- fee_close_cost may be in the coin that paid them. Before record version 2, max_stake_amount of a leveraged
-- trade is not the stake.
-- @table trade
SELECT
    'trades' AS source,
    id AS source_id,
    book,
    pair AS instrument,
    CASE WHEN is_short THEN 'short' ELSE 'long' END AS side,
    quantity,
    entry_price,
    exit_price,
    CASE
        WHEN leverage > 1 AND coalesce(record_version, 1) < 2 THEN stake_amount
        ELSE coalesce(nullif(max_stake_amount, 0), stake_amount)
    END AS size,
    close_profit_abs AS pnl,
    close_profit AS pnl_fraction,
    quantity * (entry_price * fee_open + exit_price * fee_close) AS fees,
    funding_fees AS funding,
    leverage,
    nullif(stop_loss, 0) AS stop_loss,
    nullif(initial_stop_loss, 0) AS initial_stop_loss,
    open_date AS opened_at,
    close_date AS closed_at,
    nullif(coalesce(enter_tag, buy_tag), '') AS entry_reason,
    nullif(coalesce(exit_reason, sell_reason), '') AS exit_reason,
    strategy,
    coalesce(stake_currency, substr(pair, instr(replace(pair, ':', '/'), '/') + 1)) AS currency
FROM (
    SELECT
        *,
        CASE
            WHEN stake_amount < 0.999 * max_stake_amount THEN (
                SELECT sum(filled) FROM src_orders
                WHERE
                    ft_trade_id = trade.id
                    AND ft_order_side = CASE WHEN trade.is_short THEN 'sell' ELSE 'buy' END
            )
            ELSE amount
        END AS quantity,
        CASE
            WHEN stake_amount < 0.999 * max_stake_amount THEN (
                SELECT sum(filled * coalesce(average, price)) / sum(filled) FROM src_orders
                WHERE
                    ft_trade_id = trade.id
                    AND filled > 0
                    AND ft_order_side = CASE WHEN trade.is_short THEN 'sell' ELSE 'buy' END
            )
            ELSE open_rate
        END AS entry_price,
        CASE
            WHEN stake_amount < 0.999 * max_stake_amount THEN (
                SELECT sum(filled * coalesce(average, price)) / sum(filled) FROM src_orders
                WHERE
                    ft_trade_id = trade.id
                    AND filled > 0
                    AND ft_order_side <> CASE WHEN trade.is_short THEN 'sell' ELSE 'buy' END
            )
            ELSE close_rate
        END AS exit_price,
        (
            SELECT CASE WHEN order_id LIKE 'dry%' THEN 'paper' ELSE 'live' END FROM src_orders
            WHERE ft_trade_id = trade.id
            LIMIT 1
        ) AS book
    FROM src_trades AS trade
    WHERE NOT is_open
);

-- An entry order that has not been filled is no position: its trade has no amount, or in older schemas an
-- amount but no filled order. After a part was closed, amount and stake_amount are what is left.
-- @table position
SELECT
    'trades' AS source,
    id AS source_id,
    (
        SELECT CASE WHEN order_id LIKE 'dry%' THEN 'paper' ELSE 'live' END FROM src_orders
        WHERE ft_trade_id = trade.id
        LIMIT 1
    ) AS book,
    pair AS instrument,
    CASE WHEN is_short THEN 'short' ELSE 'long' END AS side,
    amount AS quantity,
    open_rate AS entry_price,
    stake_amount AS size,
    amount * open_rate * fee_open AS fees,
    realized_profit AS realized_pnl,
    leverage,
    nullif(stop_loss, 0) AS stop_loss,
    nullif(initial_stop_loss, 0) AS initial_stop_loss,
    open_date AS opened_at,
    nullif(coalesce(enter_tag, buy_tag), '') AS entry_reason,
    strategy,
    coalesce(stake_currency, substr(pair, instr(replace(pair, ':', '/'), '/') + 1)) AS currency
FROM src_trades AS trade
WHERE
    is_open
    AND amount > 0
    AND (
        EXISTS (SELECT 1 FROM src_orders WHERE ft_trade_id = trade.id AND (filled > 0 OR status = 'closed'))
        OR NOT EXISTS (SELECT 1 FROM src_orders WHERE ft_trade_id = trade.id)
    );

-- An order of side stoploss is a stop on the exchange; it sells a long and buys a short back.
-- @table fill
SELECT
    'orders' AS source,
    orders.id AS source_id,
    CASE WHEN order_id LIKE 'dry%' THEN 'paper' ELSE 'live' END AS book,
    ft_pair AS instrument,
    CASE
        WHEN ft_order_side <> 'stoploss' THEN ft_order_side
        WHEN is_short THEN 'buy'
        ELSE coalesce(side, 'sell')
    END AS side,
    coalesce(filled, CASE WHEN status = 'closed' THEN orders.amount END) AS quantity,
    coalesce(orders.amount, ft_amount) AS ordered_quantity,
    CASE WHEN filled > 0 OR status = 'closed' THEN coalesce(average, price) END AS price,
    coalesce(ft_price, price) AS ordered_price,
    nullif(stop_price, 0) AS stop_price,
    coalesce(order_filled_date, order_date) AS at,
    order_date AS placed_at,
    status,
    ft_is_open AS is_open,
    CASE
        WHEN ft_order_side = 'stoploss' THEN 'stop'
        WHEN trades.id IS NULL THEN NULL
        WHEN ft_order_side = CASE WHEN is_short THEN 'sell' ELSE 'buy' END THEN 'entry'
        ELSE 'exit'
    END AS purpose,
    coalesce(ft_cancel_reason, ft_order_tag) AS reason,
    order_id,
    ft_trade_id AS trade_id,
    coalesce(stake_currency, substr(ft_pair, instr(replace(ft_pair, ':', '/'), '/') + 1)) AS currency
FROM src_orders AS orders
LEFT JOIN src_trades AS trades ON trades.id = orders.ft_trade_id;

-- One row a day and currency, written at midnight. total_quote is what a currency is worth in the main one, with
-- unrealized profit; the main currency's own balance is what is not in positions. What positions cost is not
-- stored: neither balance nor in_positions.
-- @table account
SELECT
    'wallet_history' AS source,
    min(id) AS source_id,
    timestamp AS at,
    CASE WHEN count(*) = count(total_quote) THEN sum(total_quote) END AS equity,
    max(CASE WHEN currency = quote_currency THEN balance END) AS available,
    quote_currency AS currency
FROM src_wallet_history
WHERE bot_managed IS NOT 0
GROUP BY timestamp, quote_currency;

-- The bot locks a pair (* is every pair) until the next candle after each exit, and longer by its protections.
-- An expired lock stays active; one that somebody lifted is not.
-- @table cooldown
SELECT
    'pairlocks' AS source,
    id AS source_id,
    pair AS instrument,
    nullif(side, '*') AS side,
    reason,
    lock_time AS starts_at,
    lock_end_time AS expires_at
FROM src_pairlocks
WHERE active
ORDER BY id DESC;

-- Only the first and the newest start are kept.
-- @table lifecycle
SELECT
    'KeyValueStore' AS source,
    id AS source_id,
    datetime_value AS at,
    'started' AS event
FROM src_KeyValueStore
WHERE key IN ('bot_start_time', 'startup_time');
