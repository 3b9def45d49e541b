-- Alerts that nobody wants to hear of before a moment: until then they raise no exit code.
CREATE TABLE IF NOT EXISTS monitoring_snoozes (
    alert_id INTEGER PRIMARY KEY,                       -- monitoring_alerts.id
    snoozed_until TIMESTAMP NOT NULL                    -- UTC
);
