/*
id = "order-filled-before-placed"
severity = "medium"
title = "Orders were filled before they were placed"
description = """
{{ count }} of {{ of }} filled orders {{ count|plural("has", "have") }} a fill that is earlier than \
{{ count|plural("its", "their") }} placing, by {{ row.seconds_too_early }} s in the newest."""
why = "Two clocks that disagree make every age, timeout and pause that compares them wrong."
fix = "Which clock is wrong: the host's (synchronise it by NTP), or one of the two columns, written in local time beside UTC?"
threshold = 60                    # seconds: more than exchange and host differ, and than rounding takes
of = "SELECT count(*) FROM fill WHERE quantity > 0 AND at IS NOT NULL AND placed_at IS NOT NULL"
*/
SELECT
    source,
    source_id,
    instrument,
    side,
    placed_at,
    at AS filled_at,
    round(placed_at - at) AS seconds_too_early,
    in_window
FROM fill
WHERE quantity > 0 AND placed_at - at > :threshold
ORDER BY placed_at DESC
