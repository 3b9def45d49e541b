/*
id = "lock-written-twice"
severity = "medium"
title = "The same lock is written twice at the same moment"
description = """
{{ count }} of {{ of }} locks {{ count|plural("repeats", "repeat") }} another one within {{ threshold }} s: same instrument, reason and end."""
why = "A bot that writes a lock twice has handled the event behind it twice: two processes, or one step that runs twice."
fix = "Do two processes work on this file? If not, look up what handles a closing twice."
threshold = 5                     # seconds between the two: less than any cycle
min_rows = 2                      # one may be a retry
of = "SELECT count(*) FROM cooldown WHERE starts_at IS NOT NULL"
*/
SELECT
    first.source,
    second.source_id,
    first.source_id AS first_id,
    first.instrument,
    first.side,
    first.reason,
    second.starts_at,
    second.starts_at - first.starts_at AS seconds_apart,
    second.starts_at > run.window_start AS in_window
FROM cooldown AS first
JOIN cooldown AS second
    ON
        second.instrument = first.instrument
        AND second.expires_at = first.expires_at
        AND second.reason IS first.reason
        AND second.side IS first.side
        AND second.source_id > first.source_id
JOIN run
WHERE abs(second.starts_at - first.starts_at) <= :threshold AND second.starts_at <= run.now
GROUP BY second.source, second.source_id
ORDER BY second.starts_at DESC
