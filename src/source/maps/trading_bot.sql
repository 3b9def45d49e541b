/*
name = "trading_bot"
currency = "USD"

# What the bot writes at one time is the first of these sets that holds a trade; an upgraded file keeps the
# other one as history. The first table of a set is that of its trades.
generations = [
    ["trade_journal", "equity_points"],
    ["closed_trades", "open_trades", "account_state"],
]

[left_behind]
trade_journal = [
    "open_trades", "closed_trades", "account_state", "trading_rules", "learnings", "market_data", "price_history",
    "coin_cooldowns",
]

# Sources: the configuration of each generation's code.
[limits.closed_trades]
starting_balance = 1_000
max_exposure_fraction = 0.20
max_trade_fraction = 0.10
cooldown_seconds = 1_800
cycle_pause_seconds = 30

[limits.trade_journal]
starting_balance = 10_000
max_exposure_fraction = 0.10
# It has no limit of its own for one trade: none can be larger than all together.
max_trade_fraction = 0.10
max_positions = 5
max_positions_per_instrument = 1
cooldown_seconds = 0
cycle_pause_seconds = 180

# Any other coin is of the tier behind the last one.
[tiers]
1 = ["bitcoin", "ethereum", "binancecoin", "ripple", "solana", "BTC", "ETH", "SOL", "BNB", "XRP"]
2 = [
    "cardano", "dogecoin", "avalanche-2", "polkadot", "chainlink", "polygon-ecosystem-token", "tron",
    "the-open-network", "shiba-inu", "litecoin", "uniswap", "bitcoin-cash", "stellar", "near", "aptos",
    "DOGE", "ADA", "AVAX", "LINK", "DOT", "MATIC", "UNI", "ATOM", "LTC", "ETC",
]
*/

-- The trading bot's two generations, alone or in one file.
--
-- A line "@source table (columns)" names a table of the bot and the columns that are read from it. Behind
-- FROM it is src_<table>, with exactly these columns: one that the file lacks is NULL, a table that the
-- file lacks has no rows. So every SELECT below is valid for every file.
--
-- A line "@table name (column: note, …)" names the table of the audit database that the SELECT behind it
-- fills; its columns are named as there. A note says which clock wrote a column's naive times (utc, local
-- for that of the bot's host, or an offset such as +09:00; utc is the default), or that numbers are percent.

-- @source open_trades (id, coin_name, entry_price, size_usd, current_price, unrealized_pnl, stop_loss_price, take_profit_price, entry_reason, opened_at, rule_ids_used)
-- @source closed_trades (id, coin_name, entry_price, exit_price, size_usd, pnl_usd, pnl_pct, entry_reason, exit_reason, opened_at, closed_at, duration_seconds, rule_ids_used)
-- @source account_state (id, balance, available_balance, in_positions, total_pnl, daily_pnl, trade_count_today, last_updated)
-- @source trading_rules (id, rule_text, rule_type, created_by, success_count, failure_count, status, created_at, last_used)
-- @source learnings (id, trade_id, learning_text, pattern_observed, confidence_level, created_at)
-- @source market_data (coin, price_usd, change_24h, last_updated)
-- @source coin_cooldowns (coin_name, expires_at)
-- @source activity_log (id, activity_type, description, details, created_at)
-- @source trade_journal (id, position_id, coin, direction, entry_time, entry_price, entry_reason, position_size_usd, stop_loss_price, take_profit_price, strategy_id, condition_id, pattern_id, exit_time, exit_price, exit_reason, pnl_usd, pnl_pct, duration_seconds, status, price_15min_after, missed_profit_usd, updated_at)
-- @source trading_patterns (pattern_id, description, entry_conditions, times_used, wins, losses, is_active, created_at, last_used)
-- @source regime_rules (rule_id, description, condition, action, times_triggered, is_active, created_at)
-- @source reflections (id, timestamp, trades_analyzed, insights)
-- @source insights (id, reflection_id, insight_type, description, discovered_at)
-- @source equity_points (id, timestamp, balance, trade_id)
-- @source runtime_state (key, value, updated_at)
-- @source price_history (id, coin, price_usd, timestamp)
-- @source coin_scores (coin, total_trades, wins, losses, total_pnl, avg_pnl, win_rate, is_blacklisted, trend, last_updated)
-- @source coin_adaptations (id, coin, timestamp, old_status, new_status, reason, trigger_stats, created_at)
-- @source adaptations (adaptation_id, timestamp, insight_type, action, target, insight_confidence, insight_evidence, effectiveness, effectiveness_measured_at)
-- @source active_conditions (id, coin, direction, trigger_price, stop_loss_pct, take_profit_pct, position_size_usd, strategy_id, created_at, valid_until, triggered, triggered_at)
-- @source profit_snapshots (id, timestamp, timeframe, total_pnl, total_trades, winning_trades, losing_trades, win_rate, starting_balance, ending_balance, created_at)

-- @table trade (pnl_fraction: percent)
SELECT
    'closed_trades' AS source,
    id AS source_id,
    coin_name AS instrument,
    'long' AS side,
    entry_price,
    exit_price,
    size_usd AS size,
    pnl_usd AS pnl,
    pnl_pct AS pnl_fraction,
    opened_at,
    closed_at,
    duration_seconds,
    entry_reason,
    exit_reason,
    rule_ids_used AS rule_ids,
    'closed' AS status
FROM src_closed_trades

-- Both 'closed' and 'post_tracked' mean closed in the journal; another status does where the row has an exit.
-- @table trade (opened_at: local, closed_at: local, updated_at: local, pnl_fraction: percent)
SELECT
    'trade_journal' AS source,
    id AS source_id,
    coin AS instrument,
    direction AS side,
    entry_price,
    exit_price,
    position_size_usd AS size,
    pnl_usd AS pnl,
    pnl_pct AS pnl_fraction,
    stop_loss_price AS stop_loss,
    take_profit_price AS take_profit,
    entry_time AS opened_at,
    exit_time AS closed_at,
    duration_seconds,
    entry_reason,
    exit_reason,
    strategy_id AS strategy,
    pattern_id AS rule_ids,
    status,
    position_id,
    condition_id,
    price_15min_after AS price_after_exit,
    missed_profit_usd AS missed_profit,
    updated_at
FROM src_trade_journal
WHERE status IN ('closed', 'post_tracked') OR (status IS NOT 'open' AND exit_time IS NOT NULL)

-- @table position
SELECT
    'open_trades' AS source,
    id AS source_id,
    coin_name AS instrument,
    'long' AS side,
    entry_price,
    size_usd AS size,
    stop_loss_price AS stop_loss,
    take_profit_price AS take_profit,
    opened_at,
    entry_reason,
    rule_ids_used AS rule_ids,
    id AS position_id,
    current_price,
    unrealized_pnl
FROM src_open_trades

-- A bot may have a word of its own for it.
-- @table position (opened_at: local)
SELECT
    'trade_journal' AS source,
    id AS source_id,
    coin AS instrument,
    direction AS side,
    entry_price,
    position_size_usd AS size,
    stop_loss_price AS stop_loss,
    take_profit_price AS take_profit,
    entry_time AS opened_at,
    entry_reason,
    strategy_id AS strategy,
    pattern_id AS rule_ids,
    status,
    position_id,
    condition_id
FROM src_trade_journal
WHERE
    status IS 'open'
    OR (status IN ('OPEN', 'Open', 'active', 'ACTIVE', 'Active') AND exit_time IS NULL)

-- @table account
SELECT
    'account_state' AS source,
    id AS source_id,
    last_updated AS at,
    balance,
    available_balance AS available,
    in_positions,
    total_pnl,
    daily_pnl,
    trade_count_today AS trades_today
FROM src_account_state

-- @table account (at: local)
SELECT
    'equity_points' AS source,
    id AS source_id,
    timestamp AS at,
    balance,
    trade_id
FROM src_equity_points

-- @table rule
SELECT
    'trading_rules' AS source,
    id AS source_id,
    'rule' AS kind,
    rule_text AS text,
    created_by,
    success_count,
    failure_count,
    coalesce(success_count, 0) + coalesce(failure_count, 0) AS use_count,
    status,
    created_at,
    last_used AS last_used_at
FROM src_trading_rules

-- @table rule (created_at: local, last_used_at: local)
SELECT
    'trading_patterns' AS source,
    pattern_id AS source_id,
    'pattern' AS kind,
    description AS text,
    entry_conditions AS condition,
    wins AS success_count,
    losses AS failure_count,
    times_used AS use_count,
    CASE WHEN is_active THEN 'active' ELSE 'inactive' END AS status,
    created_at,
    last_used AS last_used_at
FROM src_trading_patterns

-- A regime rule restrains trades: it is triggered, it does not win.
-- @table rule (created_at: local)
SELECT
    'regime_rules' AS source,
    rule_id AS source_id,
    'regime_rule' AS kind,
    description AS text,
    condition,
    action,
    times_triggered AS use_count,
    CASE WHEN is_active THEN 'active' ELSE 'inactive' END AS status,
    created_at
FROM src_regime_rules

-- @table learning
SELECT
    'learnings' AS source,
    id AS source_id,
    trade_id,
    coalesce(
        CASE WHEN json_valid(learning_text) THEN json_extract(learning_text, '$.lesson') END,
        learning_text
    ) AS text,
    CASE WHEN json_valid(learning_text) THEN json_extract(learning_text, '$.what_happened') END AS story,
    pattern_observed AS pattern,
    confidence_level AS confidence,
    created_at
FROM src_learnings

-- @table learning
SELECT
    'reflections' AS source,
    reflection.id AS source_id,
    CASE
        WHEN item.type = 'object' THEN json_extract(item.value, '$.description')
        ELSE item.value
    END AS text,
    CASE WHEN item.type = 'object' THEN json_extract(item.value, '$.suggested_action') END AS pattern,
    CASE WHEN item.type = 'object' THEN json_extract(item.value, '$.confidence') END AS confidence,
    reflection.timestamp AS created_at
FROM
    src_reflections AS reflection,
    json_each(CASE WHEN json_valid(reflection.insights) THEN reflection.insights ELSE '[]' END) AS item

-- @table learning
SELECT
    'insights' AS source,
    id AS source_id,
    description AS text,
    insight_type AS pattern,
    discovered_at AS created_at
FROM src_insights

-- @table cooldown
SELECT
    'coin_cooldowns' AS source,
    coin_name AS source_id,
    coin_name AS instrument,
    expires_at
FROM src_coin_cooldowns

-- @table price (change_24h_fraction: percent)
SELECT
    'market_data' AS source,
    coin AS source_id,
    coin AS instrument,
    price_usd AS price,
    change_24h AS change_24h_fraction,
    last_updated AS updated_at
FROM src_market_data

-- @table price_point
SELECT
    'price_history' AS source,
    id AS source_id,
    coin AS instrument,
    price_usd AS price,
    timestamp AS at
FROM src_price_history

-- @table coin_score (updated_at: local)
SELECT
    'coin_scores' AS source,
    coin AS source_id,
    coin AS instrument,
    total_trades,
    wins,
    losses,
    total_pnl,
    win_rate,
    is_blacklisted,
    trend,
    last_updated AS updated_at
FROM src_coin_scores

-- @table coin_status_change (at: local)
SELECT
    'coin_adaptations' AS source,
    id AS source_id,
    coin AS instrument,
    timestamp AS at,
    old_status,
    new_status,
    reason,
    trigger_stats
FROM src_coin_adaptations

-- @table adaptation (measured_at: local)
SELECT
    'adaptations' AS source,
    adaptation_id AS source_id,
    timestamp AS at,
    insight_type,
    action,
    target,
    insight_confidence AS confidence,
    insight_evidence AS evidence,
    effectiveness,
    effectiveness_measured_at AS measured_at
FROM src_adaptations

-- @table condition (created_at: local, valid_until: local, triggered_at: local, stop_loss_fraction: percent, take_profit_fraction: percent)
SELECT
    'active_conditions' AS source,
    id AS source_id,
    coin AS instrument,
    direction AS side,
    trigger_price,
    stop_loss_pct AS stop_loss_fraction,
    take_profit_pct AS take_profit_fraction,
    position_size_usd AS size,
    strategy_id AS strategy,
    created_at,
    valid_until,
    triggered AS is_triggered,
    triggered_at
FROM src_active_conditions

-- @table snapshot (at: local, win_rate: percent)
SELECT
    'profit_snapshots' AS source,
    id AS source_id,
    timestamp AS at,
    timeframe,
    total_pnl,
    total_trades,
    winning_trades,
    losing_trades,
    win_rate,
    starting_balance,
    ending_balance
FROM src_profit_snapshots

-- @table reflection
SELECT
    'reflections' AS source,
    id AS source_id,
    timestamp AS at,
    trades_analyzed,
    insights
FROM src_reflections

-- The second generation writes its state at a clean stop.
-- @table lifecycle
SELECT
    'runtime_state' AS source,
    key AS source_id,
    updated_at AS at,
    'stopped' AS event
FROM src_runtime_state

-- Money paid in or out: a row that names a payment. What the model writes proves none, nor what
-- the bot writes all the time.
-- @table payment
SELECT
    'activity_log' AS source,
    id AS source_id,
    created_at AS at,
    iif(
        words LIKE '%withdraw%' OR words LIKE '%paid out%' OR words LIKE '%transfer out%' OR words LIKE '%transferred out%',
        -1,
        1
    ) * coalesce(
        json_extract(numbers(substr(words, instr(words || '$', '$'))), '$[0]'),
        json_extract(numbers(words), '$[0]'),
        json_extract(numbers(substr(details, instr(details || '$', '$'))), '$[0]'),
        json_extract(numbers(details), '$[0]')
    ) AS amount,
    numbers(words || ' ' || coalesce(details, '')) AS numbers
FROM (
    SELECT
        *,
        activity_type || ' ' || description AS words
    FROM src_activity_log
    WHERE activity_type IN (
        SELECT DISTINCT activity_type
        FROM src_activity_log
        WHERE
            activity_type NOT LIKE 'llm%'
            -- What failed has paid nothing, and there may be many such rows.
            AND activity_type NOT LIKE '%error'
            AND activity_type NOT LIKE '%failed'
            AND activity_type <> 'warning'
            AND activity_type NOT IN ('market_data', 'trade_rejected', 'decision_rejected', 'strategist', 'quick_update', 'trade_opened', 'trade_closed')
    )
)
WHERE
    (
        words LIKE '%deposit%'
        OR words LIKE '%withdraw%'
        OR words LIKE '%paid in%'
        OR words LIKE '%paid out%'
        OR words LIKE '%top_up%'
        OR words LIKE '%topped up%'
        OR words LIKE '%added funds%'
        OR words LIKE '%funds added%'
        OR words LIKE '%transfer in%'
        OR words LIKE '%transfer out%'
        OR words LIKE '%transferred%'
        OR words LIKE '%balance set%'
    )
    AND amount IS NOT NULL

-- A point of the balance that belongs to no trade, and since whose predecessor none was closed, states another balance.
-- @table payment (at: local)
SELECT
    'equity_points' AS source,
    id AS source_id,
    timestamp AS at,
    balance - before AS amount,
    '[]' AS numbers
FROM (
    SELECT
        *,
        lag(balance) OVER (ORDER BY id) AS before,
        lag(timestamp) OVER (ORDER BY id) AS since
    FROM src_equity_points
)
WHERE
    coalesce(trim(trade_id), '') = ''
    AND balance <> before
    AND NOT EXISTS (
        SELECT 1
        FROM src_trade_journal
        WHERE julianday(exit_time) > julianday(since) AND julianday(exit_time) <= julianday(timestamp)
    )

-- The balance that the bot logged at its first start.
-- @table account
SELECT
    'activity_log' AS source,
    id AS source_id,
    created_at AS at,
    json_extract(numbers(substr(description, instr(description || '$', '$'))), '$[0]') AS balance
FROM (SELECT * FROM src_activity_log WHERE activity_type = 'bot_started' ORDER BY id LIMIT 1)
WHERE numbers(description) <> '[]'

-- Trades that some step left neither open nor closed.
-- @table unfinished_trade (opened_at: local, updated_at: local)
SELECT
    'trade_journal' AS source,
    id AS source_id,
    coin AS instrument,
    position_size_usd AS size,
    status,
    entry_time AS opened_at,
    updated_at
FROM src_trade_journal
WHERE
    (status IS NULL OR status NOT IN ('open', 'closed', 'post_tracked'))
    AND (exit_time IS NULL OR pnl_usd IS NULL)
    -- A word of its own for open.
    AND NOT (
        lower(status) IN ('open', 'active') AND NOT EXISTS (SELECT 1 FROM src_trade_journal AS other WHERE other.status = 'open')
    )

-- Longer details are prompts and answers: they stand on pages of their own, which are most of the file.
-- @table event
SELECT
    'activity_log' AS source,
    id AS source_id,
    created_at AS at,
    activity_type AS kind,
    description AS text,
    details
FROM src_activity_log
