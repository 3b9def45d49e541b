-- A bot of the first generation that has traded for as long as :trades trades take, one every :trade_seconds
-- seconds, up to :now. Every figure follows from the row's number, so that a file can be made again.

CREATE TEMP TABLE coin AS
WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < 43)
SELECT n, printf('coin-%02d', n) AS name, 0.5 + n * 3.7 AS price FROM number;

WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 12)
INSERT INTO trading_rules (rule_text, rule_type, success_count, failure_count, status, created_at, last_used)
SELECT
    printf('When the price of a coin falls by more than %d%% within an hour, wait for the next one', n),
    'momentum',
    6,
    4,
    'active',
    datetime(:now, '-1 day'),
    datetime(:now, '-1 hour')
FROM number;

WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :trades),
drawn(n, coin_n, closed_at, duration, size, gain) AS (
    SELECT
        n,
        (n * 7919) % 44,
        strftime('%s', :now) - (:trades - n) * :trade_seconds - 60,
        300 + (n * 104729) % 3000,
        20 + (n * 31) % 60,
        ((n * 2654435761) % 1000 - 440) / 10000.0
    FROM number
)
INSERT INTO closed_trades (
    coin_name, entry_price, exit_price, size_usd, pnl_usd, pnl_pct, entry_reason, exit_reason, opened_at,
    closed_at, duration_seconds, rule_ids_used
)
SELECT
    coin.name,
    coin.price,
    coin.price * (1 + drawn.gain),
    drawn.size,
    drawn.size * drawn.gain,
    drawn.gain * 100,
    '24h change shows strong momentum',
    CASE WHEN drawn.gain > 0 THEN 'take_profit' ELSE 'stop_loss' END,
    datetime(drawn.closed_at - drawn.duration, 'unixepoch'),
    datetime(drawn.closed_at, 'unixepoch'),
    drawn.duration,
    CAST(1 + drawn.n % 12 AS TEXT)
FROM drawn JOIN coin ON coin.n = drawn.coin_n
ORDER BY drawn.n;

INSERT INTO learnings (trade_id, learning_text, pattern_observed, confidence_level, created_at)
SELECT
    id,
    printf('Trade #%d: do not enter again within 30 minutes of an exit', id),
    'buying the dip',
    0.5,
    datetime(closed_at, '+5 seconds')
FROM closed_trades
WHERE id % 5 = 0;

-- Cycles of four rows, evenly over the whole time; every tenth decision is refused.
WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < :activity_rows - 1),
timed(n, created_at) AS (
    SELECT
        n,
        strftime('%s', :now) - 30
        - CAST((:activity_rows - 1 - n) / 4 * (:trades * :trade_seconds * 1.0 / (:activity_rows / 4)) AS INTEGER)
        + n % 4
    FROM number
)
INSERT INTO activity_log (activity_type, description, details, created_at)
SELECT
    CASE n % 4
        WHEN 0 THEN 'market_data'
        WHEN 1 THEN 'llm_query'
        WHEN 2 THEN 'llm_decision'
        ELSE CASE WHEN n % 40 = 3 THEN 'error' ELSE 'trade_rejected' END
    END,
    CASE n % 4
        WHEN 0 THEN 'Batch fetched 44 coins with volume'
        WHEN 1 THEN 'Prompt: which of these coins'
        WHEN 2 THEN printf('BUY (confidence: 0.%d)', 50 + n % 40)
        ELSE
            CASE
                WHEN n % 40 = 3 THEN 'LLM connection failed'
                ELSE printf('BUY coin-%02d $50.00: Coin coin-%02d in cooldown (870s remaining)', n % 44, n % 44)
            END
    END,
    CASE n % 4
        WHEN 0 THEN 'coins=44'
        WHEN 1 THEN json_object('prompt', printf('%.*c', :prompt_chars, 'p'), 'response', '4')
        WHEN 2
            THEN json_object(
                'action', 'BUY', 'coin', printf('coin-%02d', n % 44), 'size_usd', 50, 'reason',
                'Strong upward movement', 'confidence', 0.5 + n % 40 / 100.0, 'rules_applied', json('[1]')
            )
    END,
    datetime(created_at, 'unixepoch')
FROM timed
ORDER BY n;

INSERT INTO market_data (coin, price_usd, change_24h, last_updated)
SELECT name, price, 1.5, datetime(:now, '-40 seconds') FROM coin;

INSERT INTO account_state (balance, available_balance, total_pnl, last_updated)
SELECT 1000 + total(pnl_usd), 1000 + total(pnl_usd), total(pnl_usd), datetime(:now, '-60 seconds')
FROM closed_trades;
