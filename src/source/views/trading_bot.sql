-- The trading bot's two generations as canonical views.
--
-- A line "@source table (columns)" names a table of the bot and the columns that are read from it.
-- For each of them the reader makes a view src_<table> with exactly these columns: a column that the
-- file lacks is NULL, a table that the file lacks has no rows. So every statement below is valid for
-- every file, and this page alone says what is read.
--
-- An arm of a UNION whose tables hold no row is left out; so a view of several arms names its columns
-- in its head.
--
-- Each view says for its naive times which clock wrote them: 'utc' or 'local' (the bot host's).
-- Money is in US dollars, percent columns are percent. generation is 1 or 2.

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

-- A closed trade. Both 'closed' and 'post_tracked' mean closed in the journal; another status does where
-- the row has an exit.
CREATE TEMP VIEW trade (
    generation,
    clock,
    id,
    coin,
    direction,
    entry_price,
    exit_price,
    size_usd,
    pnl_usd,
    pnl_percent,
    entry_reason,
    exit_reason,
    opened_at,
    closed_at,
    duration_seconds,
    rule_ids,
    stop_loss_price,
    take_profit_price,
    position_id,
    status,
    strategy
) AS
SELECT
    1,
    'utc',
    id,
    coin_name,
    'LONG',
    entry_price,
    exit_price,
    size_usd,
    pnl_usd,
    pnl_pct,
    entry_reason,
    exit_reason,
    opened_at,
    closed_at,
    duration_seconds,
    rule_ids_used,
    NULL,
    NULL,
    NULL,
    'closed',
    NULL
FROM src_closed_trades
UNION ALL
SELECT
    2,
    'local',
    id,
    coin,
    direction,
    entry_price,
    exit_price,
    position_size_usd,
    pnl_usd,
    pnl_pct,
    entry_reason,
    exit_reason,
    entry_time,
    exit_time,
    duration_seconds,
    pattern_id,
    stop_loss_price,
    take_profit_price,
    position_id,
    status,
    strategy_id
FROM src_trade_journal
WHERE status IN ('closed', 'post_tracked') OR (status IS NOT 'open' AND exit_time IS NOT NULL);

-- An open position. A bot may have a word of its own for it.
CREATE TEMP VIEW position (
    generation,
    clock,
    id,
    coin,
    direction,
    entry_price,
    current_price,
    size_usd,
    unrealized_pnl_usd,
    stop_loss_price,
    take_profit_price,
    opened_at,
    rule_ids,
    position_id
) AS
SELECT
    1,
    'utc',
    id,
    coin_name,
    'LONG',
    entry_price,
    current_price,
    size_usd,
    unrealized_pnl,
    stop_loss_price,
    take_profit_price,
    opened_at,
    rule_ids_used,
    id
FROM src_open_trades
UNION ALL
SELECT
    2,
    'local',
    id,
    coin,
    direction,
    entry_price,
    NULL,
    position_size_usd,
    NULL,
    stop_loss_price,
    take_profit_price,
    entry_time,
    pattern_id,
    position_id
FROM src_trade_journal
WHERE
    status IS 'open'
    OR (status IN ('OPEN', 'Open', 'active', 'ACTIVE', 'Active') AND exit_time IS NULL);

-- What guides the bot's decisions. A regime rule restrains trades: it is triggered, it does not win.
CREATE TEMP VIEW rule (
    generation,
    clock,
    kind,
    id,
    text,
    created_by,
    success_count,
    failure_count,
    use_count,
    status,
    created_at,
    last_used_at
) AS
SELECT
    1,
    'utc',
    'rule',
    id,
    rule_text,
    created_by,
    success_count,
    failure_count,
    coalesce(success_count, 0) + coalesce(failure_count, 0),
    status,
    created_at,
    last_used
FROM src_trading_rules
UNION ALL
SELECT
    2,
    'local',
    'pattern',
    pattern_id,
    description,
    NULL,
    wins,
    losses,
    times_used,
    CASE WHEN is_active THEN 'active' ELSE 'inactive' END,
    created_at,
    last_used
FROM src_trading_patterns
UNION ALL
SELECT
    2,
    'local',
    'regime_rule',
    rule_id,
    description,
    action,
    NULL,
    NULL,
    times_triggered,
    CASE WHEN is_active THEN 'active' ELSE 'inactive' END,
    created_at,
    NULL
FROM src_regime_rules;

-- What the bot believes to have learned. Generation 2's are the insights inside its reflections.
CREATE TEMP VIEW learning (
    generation,
    clock,
    id,
    trade_id,
    text,
    story,
    pattern,
    confidence,
    created_at
) AS
SELECT
    1,
    'utc',
    id,
    trade_id,
    coalesce(
        CASE WHEN json_valid(learning_text) THEN json_extract(learning_text, '$.lesson') END,
        learning_text
    ),
    CASE WHEN json_valid(learning_text) THEN json_extract(learning_text, '$.what_happened') END,
    pattern_observed,
    confidence_level,
    created_at
FROM src_learnings
UNION ALL
SELECT
    2,
    'utc',
    reflection.id,
    NULL,
    CASE
        WHEN item.type = 'object' THEN json_extract(item.value, '$.description')
        ELSE item.value
    END,
    NULL,
    CASE WHEN item.type = 'object' THEN json_extract(item.value, '$.suggested_action') END,
    CASE WHEN item.type = 'object' THEN json_extract(item.value, '$.confidence') END,
    reflection.timestamp
FROM
    src_reflections AS reflection,
    json_each(CASE WHEN json_valid(reflection.insights) THEN reflection.insights ELSE '[]' END) AS item
UNION ALL
SELECT
    2,
    'utc',
    id,
    NULL,
    description,
    NULL,
    insight_type,
    NULL,
    discovered_at
FROM src_insights;

-- The balance as the bot stores it: one row that is overwritten, or a point after each trade.
CREATE TEMP VIEW account (
    generation,
    clock,
    id,
    balance,
    available_balance,
    in_positions,
    total_pnl,
    daily_pnl,
    trade_count_today,
    updated_at
) AS
SELECT
    1,
    'utc',
    id,
    balance,
    available_balance,
    in_positions,
    total_pnl,
    daily_pnl,
    trade_count_today,
    last_updated
FROM src_account_state
UNION ALL
SELECT
    2,
    'local',
    id,
    balance,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    timestamp
FROM src_equity_points;

-- The balance over time, and the trade whose closing led to it.
CREATE TEMP VIEW equity_point AS
SELECT
    'local' AS clock,
    id,
    timestamp AS at,
    balance,
    trade_id
FROM src_equity_points;

-- What the bot did, in order.
CREATE TEMP VIEW activity AS
SELECT
    'utc' AS clock,
    id,
    activity_type,
    description,
    details,
    created_at
FROM src_activity_log;

-- Starts and clean stops. Generation 2 logs none, but writes its state at a clean stop.
CREATE TEMP VIEW lifecycle (
    clock,
    at,
    event
) AS
SELECT
    'utc',
    created_at,
    CASE activity_type WHEN 'bot_started' THEN 'started' ELSE 'stopped' END
FROM src_activity_log
WHERE activity_type IN ('bot_started', 'bot_stopped')
UNION ALL
SELECT
    'utc',
    updated_at,
    'stopped'
FROM src_runtime_state;

-- The newest price of each coin.
CREATE TEMP VIEW price AS
SELECT
    'utc' AS clock,
    coin,
    price_usd,
    change_24h AS change_24h_percent,
    last_updated AS updated_at
FROM src_market_data;

-- Coins that may not be bought before a time.
CREATE TEMP VIEW cooldown AS
SELECT
    'utc' AS clock,
    coin_name AS coin,
    expires_at
FROM src_coin_cooldowns;

-- Every price that was stored, if the bot keeps a history.
CREATE TEMP VIEW price_point AS
SELECT
    'utc' AS clock,
    id,
    coin,
    price_usd,
    timestamp AS at
FROM src_price_history;

-- The bot's own running total of each coin.
CREATE TEMP VIEW coin_score AS
SELECT
    'local' AS clock,
    coin,
    total_trades,
    wins,
    losses,
    total_pnl,
    win_rate AS win_rate_fraction,
    is_blacklisted,
    trend,
    last_updated AS updated_at
FROM src_coin_scores;

-- A coin's change of status: 'blacklisted', 'reduced', 'normal', 'favored' or 'unknown'.
CREATE TEMP VIEW coin_status_change AS
SELECT
    'local' AS clock,
    id,
    coin,
    timestamp AS at,
    old_status,
    new_status,
    reason,
    trigger_stats
FROM src_coin_adaptations;

-- A change that the bot made to itself after a reflection.
CREATE TEMP VIEW adaptation AS
SELECT
    'utc' AS clock,
    adaptation_id AS id,
    timestamp AS at,
    insight_type,
    action,
    target,
    insight_confidence AS confidence,
    insight_evidence AS evidence,
    effectiveness,
    effectiveness_measured_at AS measured_at,
    'local' AS measured_clock
FROM src_adaptations;

-- An order that waits for its price; it is valid for some minutes.
CREATE TEMP VIEW condition AS
SELECT
    'local' AS clock,
    id,
    coin,
    direction,
    trigger_price,
    stop_loss_pct AS stop_loss_percent,
    take_profit_pct AS take_profit_percent,
    position_size_usd AS size_usd,
    strategy_id AS strategy,
    created_at,
    valid_until,
    triggered,
    triggered_at
FROM src_active_conditions;

-- What the bot has computed about a span of its own trades. win_rate_percent is 0 to 100.
CREATE TEMP VIEW snapshot AS
SELECT
    'local' AS clock,
    id,
    timestamp AS at,
    timeframe,
    total_pnl,
    total_trades,
    winning_trades,
    losing_trades,
    win_rate AS win_rate_percent,
    starting_balance,
    ending_balance
FROM src_profit_snapshots;

-- A look back at trades, with the insights that it led to as JSON.
CREATE TEMP VIEW reflection AS
SELECT
    'utc' AS clock,
    id,
    timestamp AS at,
    trades_analyzed,
    insights
FROM src_reflections;

-- Which condition a trade or open position of the journal came from.
CREATE TEMP VIEW trade_condition AS
SELECT
    id AS trade_id,
    coin,
    condition_id
FROM src_trade_journal
WHERE condition_id IS NOT NULL;

-- What the price did after a trade was closed, and what the bot believes to have missed by closing.
CREATE TEMP VIEW post_exit AS
SELECT
    'local' AS clock,
    id,
    coin,
    direction,
    position_size_usd AS size_usd,
    exit_price,
    price_15min_after,
    missed_profit_usd,
    exit_time AS closed_at
FROM src_trade_journal
WHERE missed_profit_usd IS NOT NULL;
