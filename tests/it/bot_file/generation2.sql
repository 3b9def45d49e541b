-- The tables and indexes that a generation-2 bot adds, as the bot creates them.

CREATE TABLE trade_journal (
    id TEXT PRIMARY KEY,
    position_id TEXT NOT NULL,
    entry_time TIMESTAMP NOT NULL,
    entry_price REAL NOT NULL,
    entry_reason TEXT,
    coin TEXT NOT NULL,
    direction TEXT NOT NULL,
    position_size_usd REAL NOT NULL,
    stop_loss_price REAL,
    take_profit_price REAL,
    strategy_id TEXT,
    condition_id TEXT,
    pattern_id TEXT,
    market_regime TEXT,
    volatility REAL,
    funding_rate REAL,
    cvd REAL,
    btc_trend TEXT,
    btc_price REAL,
    hour_of_day INTEGER,
    day_of_week INTEGER,
    exit_time TIMESTAMP,
    exit_price REAL,
    exit_reason TEXT,
    pnl_usd REAL,
    pnl_pct REAL,
    duration_seconds INTEGER,
    price_1min_after REAL,
    price_5min_after REAL,
    price_15min_after REAL,
    missed_profit_usd REAL,
    status TEXT DEFAULT 'open',
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE active_conditions (
    id TEXT PRIMARY KEY,
    coin TEXT NOT NULL,
    direction TEXT NOT NULL,
    trigger_price REAL NOT NULL,
    trigger_condition TEXT NOT NULL,
    stop_loss_pct REAL NOT NULL,
    take_profit_pct REAL NOT NULL,
    position_size_usd REAL NOT NULL,
    strategy_id TEXT,
    reasoning TEXT,
    created_at TIMESTAMP NOT NULL,
    valid_until TIMESTAMP NOT NULL,
    triggered BOOLEAN DEFAULT FALSE,
    triggered_at TIMESTAMP,
    additional_filters TEXT
);

CREATE TABLE coin_scores (
    coin TEXT PRIMARY KEY,
    total_trades INTEGER DEFAULT 0,
    wins INTEGER DEFAULT 0,
    losses INTEGER DEFAULT 0,
    total_pnl REAL DEFAULT 0,
    avg_pnl REAL DEFAULT 0,
    win_rate REAL DEFAULT 0,
    avg_winner REAL DEFAULT 0,
    avg_loser REAL DEFAULT 0,
    is_blacklisted BOOLEAN DEFAULT FALSE,
    blacklist_reason TEXT,
    trend TEXT DEFAULT 'stable',
    last_updated TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE trading_patterns (
    pattern_id TEXT PRIMARY KEY,
    description TEXT NOT NULL,
    entry_conditions TEXT NOT NULL,
    exit_conditions TEXT NOT NULL,
    times_used INTEGER DEFAULT 0,
    wins INTEGER DEFAULT 0,
    losses INTEGER DEFAULT 0,
    total_pnl REAL DEFAULT 0,
    confidence REAL DEFAULT 0.5,
    is_active BOOLEAN DEFAULT TRUE,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    last_used TIMESTAMP
);

CREATE TABLE regime_rules (
    rule_id TEXT PRIMARY KEY,
    description TEXT NOT NULL,
    condition TEXT NOT NULL,
    action TEXT NOT NULL,
    times_triggered INTEGER DEFAULT 0,
    estimated_saves REAL DEFAULT 0,
    is_active BOOLEAN DEFAULT TRUE,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE coin_adaptations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    coin TEXT NOT NULL,
    timestamp TIMESTAMP NOT NULL,
    old_status TEXT NOT NULL,
    new_status TEXT NOT NULL,
    reason TEXT NOT NULL,
    trigger_stats TEXT,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE reflections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    timestamp TIMESTAMP NOT NULL,
    trades_analyzed INTEGER NOT NULL,
    period_hours REAL,
    insights TEXT NOT NULL,
    summary TEXT,
    total_time_ms REAL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE insights (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reflection_id INTEGER,
    insight_type TEXT NOT NULL,
    description TEXT NOT NULL,
    discovered_at TIMESTAMP NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (reflection_id) REFERENCES reflections(id)
);

CREATE TABLE adaptations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    adaptation_id TEXT NOT NULL UNIQUE,
    timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    insight_type TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    description TEXT NOT NULL,
    pre_metrics TEXT,
    insight_confidence REAL,
    insight_evidence TEXT,
    post_metrics TEXT,
    effectiveness TEXT,
    effectiveness_measured_at TIMESTAMP,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE runtime_state (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    value TEXT NOT NULL,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE profit_snapshots (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    timestamp TIMESTAMP NOT NULL,
    timeframe TEXT NOT NULL,
    total_pnl REAL NOT NULL,
    realized_pnl REAL NOT NULL,
    unrealized_pnl REAL DEFAULT 0,
    total_trades INTEGER NOT NULL,
    winning_trades INTEGER NOT NULL,
    losing_trades INTEGER NOT NULL,
    win_rate REAL NOT NULL,
    avg_win REAL,
    avg_loss REAL,
    profit_factor REAL,
    max_drawdown REAL,
    max_drawdown_pct REAL,
    sharpe_ratio REAL,
    starting_balance REAL,
    ending_balance REAL,
    return_pct REAL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE equity_points (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    timestamp TIMESTAMP NOT NULL,
    balance REAL NOT NULL,
    trade_id TEXT,
    is_high_water_mark BOOLEAN DEFAULT FALSE,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_journal_coin ON trade_journal(coin);
CREATE INDEX idx_journal_strategy ON trade_journal(strategy_id);
CREATE INDEX idx_journal_status ON trade_journal(status);
CREATE INDEX idx_journal_entry_time ON trade_journal(entry_time);
CREATE INDEX idx_journal_exit_reason ON trade_journal(exit_reason);
CREATE INDEX idx_journal_pnl ON trade_journal(pnl_usd);
CREATE INDEX idx_journal_hour ON trade_journal(hour_of_day);
CREATE INDEX idx_journal_day ON trade_journal(day_of_week);
CREATE INDEX idx_conditions_coin ON active_conditions(coin);
CREATE INDEX idx_conditions_valid_until ON active_conditions(valid_until);
CREATE INDEX idx_conditions_triggered ON active_conditions(triggered);
CREATE INDEX idx_coin_scores_blacklisted ON coin_scores(is_blacklisted);
CREATE INDEX idx_coin_scores_win_rate ON coin_scores(win_rate);
CREATE INDEX idx_patterns_active ON trading_patterns(is_active);
CREATE INDEX idx_patterns_confidence ON trading_patterns(confidence);
CREATE INDEX idx_rules_active ON regime_rules(is_active);
CREATE INDEX idx_adaptations_coin ON coin_adaptations(coin);
CREATE INDEX idx_adaptations_timestamp ON coin_adaptations(timestamp);
CREATE INDEX idx_reflections_timestamp ON reflections(timestamp);
CREATE INDEX idx_adaptations_target ON adaptations(target);
CREATE INDEX idx_adaptations_action ON adaptations(action);
CREATE INDEX idx_snapshots_timeframe ON profit_snapshots(timeframe, timestamp);
CREATE INDEX idx_snapshots_timestamp ON profit_snapshots(timestamp);
CREATE INDEX idx_equity_timestamp ON equity_points(timestamp);
CREATE INDEX idx_equity_hwm ON equity_points(is_high_water_mark);
