-- The shortest window, in hours, that has shown the problem: a shorter one's silence proves nothing.
-- Until this column came, only runs over a day or more closed alerts.
ALTER TABLE monitoring_sightings ADD COLUMN least_hours INTEGER NOT NULL DEFAULT 24;
