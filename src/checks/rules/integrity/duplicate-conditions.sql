/*
id = "duplicate-conditions"
severity = "medium"
title = "Equal conditions wait at the same time in {{ row.source }}"
description = """
{{ count }} of {{ of }} conditions {{ count|plural("has", "have") }} the coin, direction, price and size of another one that is valid at the same \
time. Each may open its own trade."""
why = "Two equal conditions that wait at the same time open two trades for one reason."
fix = "Replace a waiting condition of the same coin and direction instead of adding one."
min_rows = 2
of = "SELECT source, count(*) FROM condition WHERE created_at IS NOT NULL AND valid_until IS NOT NULL GROUP BY source"
*/
SELECT
    source AS subject,
    source,
    source_id,
    instrument,
    side,
    trigger_price,
    size,
    created_at,
    waits_with
FROM (
    SELECT
        *,
        max(valid_until) OVER earlier AS others_wait_until,
        first_value(source_id) OVER (PARTITION BY source, instrument, side, trigger_price, size ORDER BY created_at DESC ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
            AS waits_with
    FROM condition
    WHERE created_at IS NOT NULL AND valid_until IS NOT NULL
    WINDOW earlier AS (
        PARTITION BY source, instrument, side, trigger_price, size
        ORDER BY created_at
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
) AS waiting
-- Under every reading of the times.
WHERE created_at_latest < others_wait_until
ORDER BY waiting.created_at DESC
