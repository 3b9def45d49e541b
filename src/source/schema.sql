-- The audit database: the bot's file as tables that every check, metric and query reads.
--
-- Times are seconds since 1970-01-01 00:00:00 UTC, NULL where the bot's value is missing or unreadable.
-- Money is in the row's currency, fractions are 0 to 1, prices are per unit of the instrument.
-- source is the bot's table, source_id the row's primary key there as text (several columns joined by |, else its rowid).
-- in_window is 1 for rows of the analysis window, else 0.
-- is_main is 1 for rows of the generation of the bot that writes the file now, 0 for those of an older one.
-- A local time that the clock showed twice has two readings: the column is the earlier one, *_latest the later one.

-- One row: the moment that is audited, the window, how far back capped tables reach, and the limits in force.
CREATE TABLE run (
    now REAL NOT NULL,                  -- the audited moment
    window_start REAL NOT NULL,         -- rows later than this, up to now, are of the window
    previous_start REAL NOT NULL,       -- start of the window of the same length before it
    hours REAL NOT NULL,                -- length of the window
    is_past INTEGER NOT NULL,           -- 1 where the bot has written after now: what it overwrites is of a later moment
    trades_from REAL,                   -- closing time of the oldest row of trade, NULL where it holds all closed trades
    events_from REAL,                   -- time of the oldest row of event, NULL where it holds the whole window
    decisions_from REAL,                -- time of the oldest row of decision, NULL where it holds the whole window
    bot TEXT NOT NULL,                  -- the kind of bot, by the name of its map
    main_source TEXT,                   -- the table of trades that the bot writes now
    currency TEXT,                      -- the main currency of the file
    has_positions INTEGER,              -- 1 where the file has a table of open positions
    starting_balance REAL,              -- balance before the first trade
    max_exposure_fraction REAL,         -- most money in open positions, of the balance
    max_trade_fraction REAL,            -- largest size of one trade, of the balance
    max_positions REAL,                 -- most positions open at once, NULL without a limit
    max_positions_per_instrument REAL,  -- most positions open at once in one instrument, NULL without a limit
    cooldown_seconds REAL,              -- pause before an instrument is opened again, 0 or NULL without one
    cooldown_is_configured INTEGER,     -- 1 where the config file sets that pause
    host_offset_seconds REAL,           -- how far the clock of the bot's host is ahead of UTC at now, NULL where nothing shows it
    host_clock_is_unknown INTEGER,      -- 1 where the file holds times of that clock, and nothing shows it
    host_measured_at REAL,              -- newest row that shows it: a change of the clock after it would put local times an hour off
    cycle_pause_seconds REAL            -- pause between two cycles of the bot
) STRICT;

-- A closed trade (round trip): all of them up to 2,000, else the newest 2,000 (run.trades_from).
CREATE TABLE trade (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    in_window INTEGER NOT NULL,
    is_main INTEGER NOT NULL DEFAULT 1,
    book TEXT,                          -- live, paper or backtest, NULL where the file does not say
    instrument TEXT,                    -- coin, pair or symbol as the bot names it
    tier INTEGER,                       -- the instrument's tier, 1 is the best
    side TEXT,                          -- long, short, NULL for any other word
    quantity REAL,                      -- units of the instrument
    entry_price REAL,                   -- as stored, also zero and below
    exit_price REAL,                    -- as stored, also zero and below
    size REAL,                          -- money put in
    pnl REAL,                           -- profit or loss, after fees where the bot subtracts them
    pnl_fraction REAL,                  -- profit or loss by size
    fees REAL,                          -- money paid for entry and exit
    funding REAL,                       -- money that holding it brought (funding, interest), negative where paid; pnl contains it
    leverage REAL,
    stop_loss REAL,                     -- price, the last one where the stop trails
    initial_stop_loss REAL,             -- price of the stop at the opening, NULL where the bot keeps one price only
    take_profit REAL,                   -- price
    opened_at REAL,
    opened_at_latest REAL,
    closed_at REAL,
    closed_at_latest REAL,
    duration_seconds REAL,              -- as the bot stored it
    wall_clock_seconds REAL,            -- closing minus opening as the two times are written, whatever a clock change did between them
    entry_reason TEXT,
    exit_reason TEXT,
    exit_kind TEXT,                     -- exit_reason up to its first colon
    strategy TEXT,
    rule_ids TEXT,                      -- as the bot stored them
    status TEXT,                        -- the bot's word
    position_id TEXT,                   -- id of the position that was closed, where the bot keeps one
    condition_id TEXT,                  -- id of the condition (waiting order) that opened it
    price_after_exit REAL,              -- a price after the exit, where the bot notes one
    missed_profit REAL,                 -- what the bot believes to have missed by the exit
    updated_at REAL,                    -- when the row was changed last, where the bot notes it
    currency TEXT,
    notional REAL AS (coalesce(quantity * entry_price, size * coalesce(leverage, 1))) VIRTUAL, -- what the position was worth at its entry
    gain_fraction REAL AS (CASE WHEN entry_price > 0 AND exit_price > 0 THEN CASE side WHEN 'long' THEN 1.0 WHEN 'short' THEN -1.0 END * (exit_price / entry_price - 1) END) VIRTUAL -- the price's move in the trade's favour, by the entry price
) STRICT;
CREATE INDEX trade_opened ON trade (instrument, opened_at);
CREATE INDEX trade_closed ON trade (instrument, closed_at);

-- A row of a table of trades that says neither open nor closed, and has no result.
CREATE TABLE unfinished_trade (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    in_window INTEGER NOT NULL,         -- opened in the window
    instrument TEXT,
    size REAL,
    status TEXT,
    opened_at REAL,
    opened_at_latest REAL,
    updated_at REAL,
    updated_at_latest REAL
) STRICT;

-- The rules and patterns that trades and positions carry: one a row.
CREATE TABLE trade_rule (
    source TEXT NOT NULL,               -- source and source_id of the trade or position
    source_id TEXT NOT NULL,
    rule_source TEXT NOT NULL,          -- the table of rules that the id is of
    rule_id TEXT NOT NULL
) STRICT;

-- Exact sums over the closed trades of a span: the window, the one before (previous), all of them where those could
-- be read in time, and the newest 500 where the window holds none.
CREATE TABLE trade_total (
    span TEXT NOT NULL,                 -- window, previous, all or newest
    source TEXT NOT NULL,
    is_main INTEGER NOT NULL DEFAULT 1,
    book TEXT,
    currency TEXT,
    instrument TEXT,
    side TEXT,
    exit_kind TEXT,
    hour INTEGER,                       -- hour of the closing, 0 to 23 UTC, NULL where the time is unknown
    n INTEGER NOT NULL,                 -- trades
    wins INTEGER NOT NULL,              -- trades with pnl above zero
    losses INTEGER NOT NULL,            -- trades with pnl of zero or below
    even INTEGER NOT NULL,              -- trades with a pnl of zero or none
    pnl REAL,                           -- sum, NULL where no trade has one
    profit REAL,                        -- sum of pnl above zero
    loss REAL,                          -- sum of pnl below zero
    fees REAL,
    size REAL,
    sized INTEGER NOT NULL,             -- trades with a size
    duration_seconds REAL,              -- as stored, else from opening to closing
    timed INTEGER NOT NULL,             -- trades with a duration
    first_at REAL,                      -- first closing
    last_at REAL                        -- last closing
) STRICT;

-- A position that is open at run.now.
CREATE TABLE position (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    in_window INTEGER NOT NULL,         -- opened in the window
    is_main INTEGER NOT NULL DEFAULT 1,
    book TEXT,
    instrument TEXT,
    tier INTEGER,
    side TEXT,
    quantity REAL,
    entry_price REAL,
    size REAL,
    fees REAL,
    realized_pnl REAL,                  -- profit or loss of the parts that are closed already
    leverage REAL,
    stop_loss REAL,
    initial_stop_loss REAL,
    take_profit REAL,
    opened_at REAL,
    opened_at_latest REAL,
    entry_reason TEXT,
    strategy TEXT,
    rule_ids TEXT,
    status TEXT,
    position_id TEXT,
    condition_id TEXT,
    current_price REAL,                 -- as the bot stored it last
    unrealized_pnl REAL,                -- as the bot stored it last
    priced_at REAL,
    currency TEXT
) STRICT;

-- An execution, or an order where the bot stores orders.
CREATE TABLE fill (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    in_window INTEGER NOT NULL,
    book TEXT,
    instrument TEXT,
    side TEXT,                          -- buy or sell
    quantity REAL,                      -- filled units
    ordered_quantity REAL,              -- units that were asked for
    price REAL,                         -- average price of the fill
    ordered_price REAL,                 -- limit or requested price
    stop_price REAL,
    fees REAL,
    at REAL,                            -- when it was filled, else when it was placed
    placed_at REAL,
    status TEXT,                        -- the bot's word
    is_open INTEGER,                    -- 1 while the order waits
    purpose TEXT,                       -- entry, exit or stop, where the bot says
    reason TEXT,                        -- why it was cancelled, or its tag
    order_id TEXT,
    trade_id TEXT,                      -- source_id of the trade or position that it belongs to
    currency TEXT
) STRICT;

-- An opening or closing as the bot's log tells it: a second account beside the trades.
CREATE TABLE logged_trade (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    in_window INTEGER NOT NULL,
    trade_source TEXT,                  -- the table of trades that it speaks of
    event TEXT NOT NULL,                -- opened, closed, or not_learned: nobody learns from the trade on purpose
    trade_id TEXT,                      -- the id that it names
    instrument TEXT,
    size REAL,
    stop_loss REAL,
    pnl REAL,
    at REAL NOT NULL
) STRICT;

-- Closings that the log tells again later for a position that was closed: what counters count twice.
CREATE VIEW repeated_closing AS
WITH
named AS (
    SELECT
        trade_source,
        trade_id,
        instrument,
        count(*) AS closings,
        max(at) AS last_at
    FROM logged_trade
    WHERE event = 'closed' AND trade_id IS NOT NULL
    GROUP BY trade_source, trade_id, instrument
    HAVING count(*) > 1
),
closing AS MATERIALIZED (
    SELECT
        logged_trade.*,
        closings,
        last_at,
        row_number() OVER (PARTITION BY trade_source, trade_id, instrument ORDER BY at) AS number
    FROM logged_trade
    JOIN named USING (trade_source, trade_id, instrument)
    WHERE event = 'closed'
),
-- The rows of their position: parts of it, or trades under one id, have a closing each.
own AS (
    SELECT
        trade_source,
        trade_id,
        instrument,
        max(row_id) AS row_id,
        count(*) AS own_rows
    FROM (
        SELECT DISTINCT
            closing.trade_source,
            closing.trade_id,
            closing.instrument,
            trade.source_id AS row_id
        FROM closing
        CROSS JOIN trade ON
            trade.closed_at BETWEEN closing.at - 60 AND closing.at + 60
            AND +trade.source = closing.trade_source
            AND coalesce(nullif(trade.position_id, ''), closing.trade_id) = closing.trade_id
            AND lower(trade.instrument) = lower(closing.instrument)
    )
    GROUP BY trade_source, trade_id, instrument
)
SELECT
    first.*,
    last.pnl AS last_pnl,
    own.row_id
FROM closing AS first
JOIN closing AS last USING (trade_source, trade_id, instrument)
LEFT JOIN own USING (trade_source, trade_id, instrument)
WHERE last.number = last.closings AND first.number <= first.closings - max(coalesce(own.own_rows, 0), 1);

-- The balance as the bot stores it: one row that is overwritten, or a row for each change.
CREATE TABLE account (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    in_window INTEGER NOT NULL,
    is_main INTEGER NOT NULL DEFAULT 1,
    at REAL,
    at_latest REAL,
    balance REAL,
    equity REAL,                        -- balance with open positions at their prices
    available REAL,                     -- balance that is not in positions
    in_positions REAL,
    total_pnl REAL,
    daily_pnl REAL,
    trades_today REAL,
    trade_id TEXT,                      -- the trade whose closing led to it
    currency TEXT
) STRICT;

-- Money paid in or out, as the file tells it: rows of the log that name a payment, and steps of the balance without a trade.
CREATE TABLE payment (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    in_window INTEGER NOT NULL,
    at REAL NOT NULL,
    amount REAL NOT NULL,               -- below zero for money paid out
    numbers TEXT NOT NULL               -- JSON array of all numbers of the row, of which another one may be the amount
) STRICT;

-- What guides the bot's decisions.
CREATE TABLE rule (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    kind TEXT NOT NULL,                 -- rule, pattern or regime_rule
    text TEXT,
    created_by TEXT,
    success_count REAL,
    failure_count REAL,
    use_count REAL,
    status TEXT,
    condition TEXT,                     -- when it applies, where the bot keeps that apart from the text
    action TEXT,                        -- what it does then
    created_at REAL,
    last_used_at REAL,
    last_used_at_latest REAL
) STRICT;

-- What the bot believes to have learned.
CREATE TABLE learning (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    in_window INTEGER NOT NULL,
    trade_id TEXT,
    text TEXT,
    story TEXT,                         -- what happened
    pattern TEXT,
    confidence REAL,
    created_at REAL
) STRICT;

-- Instruments that may not be opened before a time.
CREATE TABLE cooldown (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    instrument TEXT,                    -- * is every instrument
    side TEXT,                          -- long or short, NULL for both
    reason TEXT,
    starts_at REAL,
    expires_at REAL
) STRICT;

-- The newest price of each instrument.
CREATE TABLE price (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    instrument TEXT,
    price REAL,
    change_24h_fraction REAL,
    updated_at REAL
) STRICT;

-- Prices over time: of the window, and around each trade and position.
CREATE TABLE price_point (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    instrument TEXT,
    price REAL,
    at REAL
) STRICT;
CREATE INDEX price_point_of ON price_point (instrument, at);

-- The bot's own running total of each instrument.
CREATE TABLE coin_score (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    instrument TEXT,
    total_trades REAL,
    wins REAL,
    losses REAL,
    total_pnl REAL,
    win_rate REAL,                      -- fraction
    is_blacklisted INTEGER,
    trend TEXT,
    updated_at REAL
) STRICT;

-- A change of an instrument's standing: blacklisted, reduced, normal, favored, unknown.
CREATE TABLE coin_status_change (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    instrument TEXT,
    at REAL,
    at_latest REAL,
    old_status TEXT,
    new_status TEXT,
    reason TEXT,
    trigger_stats TEXT
) STRICT;

-- An order of the bot's model that waits for its price.
CREATE TABLE condition (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    in_window INTEGER NOT NULL,
    instrument TEXT,
    side TEXT,
    trigger_price REAL,
    stop_loss_fraction REAL,
    take_profit_fraction REAL,
    size REAL,
    strategy TEXT,
    created_at REAL,
    created_at_latest REAL,
    valid_until REAL,
    valid_until_latest REAL,
    is_triggered INTEGER,
    triggered_at REAL,
    triggered_at_latest REAL
) STRICT;

-- A change that the bot made to itself.
CREATE TABLE adaptation (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    at REAL,
    insight_type TEXT,
    action TEXT,
    target TEXT,
    confidence REAL,
    evidence TEXT,
    effectiveness TEXT,
    measured_at REAL
) STRICT;

-- What the bot has computed about a span of its own trades.
CREATE TABLE snapshot (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    in_window INTEGER NOT NULL,
    at REAL,
    at_latest REAL,
    timeframe TEXT,
    total_pnl REAL,
    total_trades REAL,
    winning_trades REAL,
    losing_trades REAL,
    win_rate REAL,                      -- fraction
    starting_balance REAL,
    ending_balance REAL
) STRICT;

-- A look back of the bot's model at trades.
CREATE TABLE reflection (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    in_window INTEGER NOT NULL,
    at REAL,
    trades_analyzed REAL,
    insights TEXT                       -- JSON
) STRICT;

-- Starts and stops of the bot.
CREATE TABLE lifecycle (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    at REAL,
    event TEXT NOT NULL,                -- started, stopped, initialized (it has read its settings), resumed (first row of the log behind the last stop, where no start is logged)
    cycle_pause_seconds REAL,           -- the pause between two cycles that it names
    last_row_at REAL                    -- newest row of the log at least ten seconds before it
) STRICT;

-- What the bot's model decided in the window: the newest 20,000 (run.decisions_from).
CREATE TABLE decision (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    in_window INTEGER NOT NULL,
    at REAL,
    action TEXT,                        -- as the model wrote it
    instrument TEXT,
    size REAL,
    confidence REAL,
    reason TEXT,
    is_failure INTEGER NOT NULL,        -- 1 where the reason is the text of a failure
    rule_ids TEXT,                      -- JSON array
    has_error_nearby INTEGER NOT NULL,  -- 1 where the log's row before or behind it reports an error
    is_over INTEGER NOT NULL,           -- 1 where the log goes on to the next cycle, decision or stop: what has no outcome by then has none
    outcome TEXT,                       -- kind of the log's row that tells what became of it
    outcome_reason TEXT,                -- that row's text
    outcome_id TEXT,                    -- its source_id
    outcome_pattern_id INTEGER          -- its pattern (event_pattern)
) STRICT;

-- The newest rows of the bot's log, at most 20,000 (run.events_from).
CREATE TABLE event (
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    in_window INTEGER NOT NULL,
    at REAL,
    kind TEXT,                          -- the bot's word for the kind of row
    level TEXT,                         -- error, warning or NULL
    error TEXT,                         -- the kind of error that it reports, NULL where it reports none
    rejection TEXT,                     -- the limit at which it tells that a trade was rejected
    text TEXT,
    details TEXT,                       -- up to 4,000 bytes; of the newest 100 rows that have more also longer ones
    pattern_id INTEGER NOT NULL         -- the pattern of its text (event_pattern)
) STRICT;

CREATE INDEX event_rejected ON event (rejection, at) WHERE rejection IS NOT NULL;
CREATE INDEX event_of ON event (kind, at);

-- Texts of the log without their numbers, names and ids, counted over the whole window and the one before: exact.
CREATE TABLE event_pattern (
    pattern_id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    kind TEXT,
    level TEXT,
    error TEXT,
    rejection TEXT,
    pattern TEXT NOT NULL,              -- (other) where there are more than 5,000
    n INTEGER NOT NULL,                 -- rows of the window
    n_previous INTEGER NOT NULL,        -- rows of the window before
    n_of_decisions INTEGER NOT NULL,    -- rows of the window that tell what became of a decision
    first_at REAL,                      -- first and last row of the two windows
    last_at REAL,
    example_id TEXT,                    -- source_id of the newest row
    example TEXT                        -- its text
) STRICT;

-- The same by hour: several rows of one hour and pattern are added up.
CREATE TABLE event_hour (
    hour REAL NOT NULL,                 -- its beginning
    in_window INTEGER NOT NULL,
    kind TEXT,
    pattern_id INTEGER NOT NULL,
    n INTEGER NOT NULL
) STRICT;

-- The 200 longest times without a row of the log that ended in the window.
CREATE TABLE event_gap (
    from_at REAL NOT NULL,
    until_at REAL NOT NULL,
    seconds REAL NOT NULL,
    kind_before TEXT,                   -- kind of the last row before it
    kind_after TEXT                     -- kind of the first row after it
) STRICT;

-- Which kind of row follows which in the log, counted over both windows: exact.
CREATE TABLE event_next (
    kind TEXT NOT NULL,
    next_kind TEXT NOT NULL,            -- kind of the row right behind it
    n INTEGER NOT NULL,                 -- pairs whose second row is of the window
    n_previous INTEGER NOT NULL         -- pairs of the window before
) STRICT;

-- Episodes of errors: rows of one kind of error of which each follows the one before within ten minutes.
CREATE TABLE error_episode (
    error TEXT NOT NULL,
    in_window INTEGER NOT NULL,
    from_at REAL NOT NULL,
    until_at REAL NOT NULL,
    n INTEGER NOT NULL                  -- rows
) STRICT;

-- Cycles of the bot by hour, over both windows: exact.
CREATE TABLE cycle_hour (
    hour REAL NOT NULL,                 -- its beginning
    in_window INTEGER NOT NULL,
    n INTEGER NOT NULL,                 -- cycles that began
    with_errors INTEGER NOT NULL,       -- those with an error
    failed_fetches INTEGER NOT NULL     -- failures to fetch prices, so that no cycle began
) STRICT;

-- How long the parts of cycles took, over both windows: every measurement, those of one length and hour in one row.
CREATE TABLE cycle_time (
    hour REAL NOT NULL,                 -- its beginning
    in_window INTEGER NOT NULL,
    measure TEXT NOT NULL,              -- cycle (first row to last), interval (from beginning to beginning), pause (last row before it to its beginning), response (of the bot's model)
    seconds REAL NOT NULL,              -- to a tenth
    n INTEGER NOT NULL                  -- measurements
) STRICT;

-- How often the bot writes rows of a table that it writes all the time, by the newest 10,000 up to run.now.
CREATE TABLE rhythm (
    source TEXT PRIMARY KEY,
    fills TEXT NOT NULL,                -- the table here that holds its rows: event or price_point
    newest_at REAL NOT NULL,
    gaps INTEGER NOT NULL,              -- times between two rows
    p99_seconds REAL,                   -- 99 of 100 gaps are at most so long, NULL for fewer than 30 gaps
    third_longest_seconds REAL          -- two longer ones may be stops, NULL for fewer than 30 gaps
) STRICT;

-- Every table of the file.
CREATE TABLE table_profile (
    table_name TEXT PRIMARY KEY,
    table_words TEXT,                   -- the name's words in lower case, a space before and after each
    type TEXT NOT NULL DEFAULT 'table', -- table; own for a table of this program; view for a view or a virtual table, of which nothing else is known
    rows INTEGER,                       -- NULL where they could not be read
    rows_are TEXT,                      -- counted, estimated or at_least
    rows_read INTEGER NOT NULL DEFAULT 0, -- rows that the columns' profiles rest on: the newest
    rows_in_window INTEGER,             -- NULL where that cannot be told cheaply
    rows_in_previous INTEGER,
    rows_day_old INTEGER,               -- rows older than a day at the bot's last sign of life, NULL where that cannot be told cheaply
    rows_read_day_old INTEGER NOT NULL DEFAULT 0, -- those of them that were read
    time_column TEXT,                   -- the column that tells when a row was written
    is_ordered INTEGER NOT NULL DEFAULT 0, -- 1 where that time grows from row to row
    oldest_at REAL,
    newest_at REAL,
    bytes_per_row REAL,                 -- mean size of a row's values
    index_bytes_per_row REAL,           -- what its indexes hold of a row
    keeps_all_rows INTEGER NOT NULL DEFAULT 0, -- 1 where no row was ever deleted
    first_id INTEGER,                   -- the smallest rowid: above 1 where the oldest rows were deleted
    last_id_given INTEGER,              -- the largest id that AUTOINCREMENT has ever given
    is_mapped INTEGER NOT NULL DEFAULT 0, -- 1 where the map reads it
    is_left_behind INTEGER NOT NULL DEFAULT 0, -- 1 where the bot's present program has no use for it
    holds_later_rows INTEGER NOT NULL DEFAULT 0, -- 1 where it holds rows later than the audited moment, and does not tell which
    error TEXT,                         -- why it could not be read
    is_whole INTEGER AS (rows_are = 'counted' AND rows_read = rows), -- 1 where all rows were read
    looked_at TEXT AS (iif(rows_are = 'counted' AND rows_read = rows, rows || iif(rows = 1, ' row', ' rows'), 'the newest ' || rows_read || ' of ' || rows || ' rows')) -- the rows that were read, in words
) STRICT;

-- Every column of them, by the rows that were read.
CREATE TABLE column_profile (
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    words TEXT,                         -- the name's words in lower case, a space before and after each
    place INTEGER,                      -- 0 for the first column of the table
    declared_type TEXT NOT NULL DEFAULT '',
    declared_default TEXT,
    is_key INTEGER NOT NULL DEFAULT 0,  -- 1 for a column of the primary key
    refers_to TEXT,                     -- the table whose rows it names, by a foreign key or by its name
    refers_to_rows INTEGER,             -- rows looked at that name a row of it
    kind TEXT NOT NULL,                 -- empty, time, number, text, json, long (texts too long to be read, bytes), mixed
    filled INTEGER NOT NULL DEFAULT 0,  -- rows with a value
    newest_nulls INTEGER NOT NULL DEFAULT 0, -- newest rows without one, one after the other
    filled_until REAL,                  -- time of the last row with a value, where the rows since lack it and not by chance
    was_filled INTEGER NOT NULL DEFAULT 0, -- 1 where an older row has a value, though none of those read: all are looked at where they are counted, else 5,000
    null_fraction REAL,
    blank_fraction REAL,                -- empty or blank texts
    distinct_values INTEGER,
    repeated_fraction REAL,             -- texts that another row has already
    constant TEXT,                      -- the one value of all rows that have one
    minimum REAL,
    maximum REAL,
    total REAL,                         -- sum of the numbers
    tells TEXT,                         -- what its times tell: creation, change, expiry, plan or event, NULL for other values
    time_forms TEXT,                    -- JSON object: form of time, rows
    form_changes INTEGER,               -- how often the form of the times changes from row to row
    clock TEXT,                         -- clock of its naive times: utc, local, or ahead where offset_hours is measured
    offset_hours REAL,                  -- how far its naive times are ahead of UTC, by other times of the same rows
    earliest_at REAL,
    latest_at REAL,
    earliest_written_at REAL,           -- the earliest as it is written, whatever its clock
    rows_past INTEGER,                  -- times before the bot's last sign of life
    rows_two_hours_past INTEGER,
    rows_day_past INTEGER,
    numeric_texts INTEGER,              -- texts that are a number
    common TEXT,                        -- JSON array of the 60 commonest texts, at most 40 characters each: [text, rows]
    bytes REAL,                         -- mean size of a value
    PRIMARY KEY (table_name, column_name)
) STRICT;

-- Values that do not fit to the rest of their column, counted with up to 20 keys each.
CREATE TABLE column_fault (
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    fault TEXT NOT NULL,                -- unreadable_time, impossible_time, future_time, clock_turn, broken_json, text_in_number, placeholder, dangling_reference
    n INTEGER NOT NULL,
    of INTEGER NOT NULL,                -- values that were looked at
    worst REAL,                         -- future_time: most seconds ahead; clock_turn: seconds by which the times jump
    keys TEXT NOT NULL,                 -- JSON array of primary keys
    examples TEXT NOT NULL              -- JSON array of the values with these keys; of placeholder each value with its rows
) STRICT;

-- Two columns of times of one table, in the rows read: each pair stands twice, once from either side.
CREATE TABLE time_pair (
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    other_name TEXT NOT NULL,
    rows INTEGER NOT NULL,              -- rows that have both
    rows_equal INTEGER NOT NULL,        -- rows in which they are within two seconds of each other
    rows_later INTEGER NOT NULL,        -- rows in which column_name is more than a minute later than other_name
    longest_seconds REAL,               -- the most that column_name is later than other_name
    offset_seconds REAL,                -- by how much column_name is ahead as both are written: whole quarters of an hour, NULL for none
    offset_rows INTEGER,                -- rows that show this offset to two minutes
    is_same_form INTEGER NOT NULL       -- 1 where both are written in one form
) STRICT;

-- A table that was written regularly and fell silent, beside a table that went on.
CREATE TABLE table_silence (
    table_name TEXT NOT NULL,           -- the silent table
    other_name TEXT NOT NULL,           -- the table that went on
    from_at REAL NOT NULL,              -- time of the first row of the silent one's newest half
    rows INTEGER NOT NULL,              -- its rows since
    usual_silence_seconds REAL NOT NULL,-- three times its longest pause, a day at least
    other_rows_then INTEGER NOT NULL,   -- the other table's rows from from_at to the silent one's newest row
    other_rows_since INTEGER NOT NULL   -- and since then
) STRICT;

-- An index of the file that does not hold what its table holds.
CREATE TABLE damaged_index (
    table_name TEXT NOT NULL,
    index_name TEXT NOT NULL,
    what TEXT NOT NULL                  -- how it differs
) STRICT;

-- What rules look rows up by.
CREATE INDEX trade_by_key ON trade (source_id, source);
CREATE INDEX trade_rule_of ON trade_rule (source_id, source);
CREATE INDEX rule_by_key ON rule (source_id, source);
CREATE INDEX trade_by_closing ON trade (closed_at);
