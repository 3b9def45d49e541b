-- What is known of an alert beyond the specification's columns.
CREATE TABLE monitoring_sightings (
    alert_id INTEGER PRIMARY KEY,                       -- monitoring_alerts.id
    source TEXT NOT NULL,                               -- 'llm' or 'check:<id>'
    fingerprint TEXT,                                   -- a check's id and subject, NULL for the LLM's
    first_seen_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_seen_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    times_seen INTEGER NOT NULL DEFAULT 1,
    missed_runs INTEGER NOT NULL DEFAULT 0,             -- complete runs of its check in a row without it
    follows_alert_id INTEGER                            -- the fixed alert whose problem has come back
);

CREATE INDEX idx_monitoring_sightings_fingerprint ON monitoring_sightings(fingerprint);

-- The life of an alert: each change of its status, and why.
CREATE TABLE monitoring_changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id INTEGER NOT NULL,
    changed_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    status TEXT NOT NULL,
    note TEXT
);

CREATE INDEX idx_monitoring_changes_alert ON monitoring_changes(alert_id);
