-- The tables and indexes of a generation-1 bot, as the bot creates them.

CREATE TABLE open_trades (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    coin_name TEXT NOT NULL,
    entry_price REAL NOT NULL,
    size_usd REAL NOT NULL,
    current_price REAL,
    unrealized_pnl REAL,
    unrealized_pnl_pct REAL,
    stop_loss_price REAL NOT NULL,
    take_profit_price REAL NOT NULL,
    entry_reason TEXT NOT NULL,
    opened_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    rule_ids_used TEXT
);

CREATE TABLE closed_trades (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    coin_name TEXT NOT NULL,
    entry_price REAL NOT NULL,
    exit_price REAL NOT NULL,
    size_usd REAL NOT NULL,
    pnl_usd REAL NOT NULL,
    pnl_pct REAL NOT NULL,
    entry_reason TEXT NOT NULL,
    exit_reason TEXT NOT NULL,
    opened_at TIMESTAMP,
    closed_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    duration_seconds INTEGER,
    rule_ids_used TEXT
);

CREATE TABLE learnings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    trade_id INTEGER,
    learning_text TEXT NOT NULL,
    pattern_observed TEXT,
    success_rate REAL,
    confidence_level REAL,
    trades_analyzed INTEGER DEFAULT 1,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    validated BOOLEAN DEFAULT 0
);

CREATE TABLE trading_rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rule_text TEXT NOT NULL,
    rule_type TEXT NOT NULL,
    created_by TEXT DEFAULT 'LLM',
    success_count INTEGER DEFAULT 0,
    failure_count INTEGER DEFAULT 0,
    status TEXT DEFAULT 'testing',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    last_used TIMESTAMP
);

CREATE TABLE activity_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    activity_type TEXT NOT NULL,
    description TEXT NOT NULL,
    details TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE account_state (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    balance REAL NOT NULL DEFAULT 1000.0,
    available_balance REAL NOT NULL DEFAULT 1000.0,
    in_positions REAL NOT NULL DEFAULT 0.0,
    total_pnl REAL NOT NULL DEFAULT 0.0,
    daily_pnl REAL NOT NULL DEFAULT 0.0,
    trade_count_today INTEGER NOT NULL DEFAULT 0,
    last_updated TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE market_data (
    coin TEXT PRIMARY KEY,
    price_usd REAL NOT NULL,
    change_24h REAL,
    last_updated TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE price_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    coin TEXT NOT NULL,
    price_usd REAL NOT NULL,
    timestamp DATETIME DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE coin_cooldowns (
    coin_name TEXT PRIMARY KEY,
    expires_at TIMESTAMP NOT NULL
);

CREATE INDEX idx_open_trades_coin ON open_trades(coin_name);
CREATE INDEX idx_open_trades_opened_at ON open_trades(opened_at);
CREATE INDEX idx_closed_trades_coin ON closed_trades(coin_name);
CREATE INDEX idx_closed_trades_closed_at ON closed_trades(closed_at);
CREATE INDEX idx_learnings_created_at ON learnings(created_at);
CREATE INDEX idx_trading_rules_status ON trading_rules(status);
CREATE INDEX idx_activity_log_created_at ON activity_log(created_at);
CREATE INDEX idx_activity_log_type ON activity_log(activity_type);
CREATE INDEX idx_price_history_coin_time ON price_history(coin, timestamp DESC);
