CREATE TABLE IF NOT EXISTS monitoring_alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_type TEXT NOT NULL,           -- 'bug', 'inefficiency', 'pattern', 'performance', 'missing_feature'
    severity TEXT NOT NULL,             -- 'critical', 'high', 'medium', 'low', 'info'
    title TEXT NOT NULL,                -- Short description
    description TEXT NOT NULL,          -- Full explanation
    evidence TEXT,                      -- Supporting data/queries
    recommendation TEXT,                -- Suggested fix
    status TEXT DEFAULT 'open',         -- 'open', 'acknowledged', 'fixed', 'wontfix'
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    acknowledged_at TIMESTAMP,
    fixed_at TIMESTAMP
);

CREATE INDEX IF NOT EXISTS idx_alerts_severity ON monitoring_alerts(severity);
CREATE INDEX IF NOT EXISTS idx_alerts_status ON monitoring_alerts(status);
CREATE INDEX IF NOT EXISTS idx_alerts_created ON monitoring_alerts(created_at);
