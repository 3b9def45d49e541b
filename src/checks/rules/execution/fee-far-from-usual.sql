/*
id = "fee-far-from-usual"
severity = "medium"
title = "Fees of a trade are many times what the bot's trades pay"
description = """
{{ count }} of {{ of }} trades {{ count|plural("has", "have") }} fees above {{ threshold|percent }} of the money moved, where {{ row.usual_fraction|percent }} \
is usual; {{ row.instrument }}: {{ row.fee_fraction|percent }}."""
why = "A fee that was read wrongly (of another coin, or a rate as an amount) makes the profit of its trade wrong."
fix = "Compare the fee with the exchange's own statement: in which coin was it paid, and is it a rate or an amount?"
threshold = 0.02                  # of the money moved at entry and exit together: exchanges take a tenth of that
of = "SELECT count(*) FROM trade WHERE fees IS NOT NULL AND size > 0"
needs = ["trade.closed_at"]
*/
-- The usual share is the median. Fees that are high everywhere are the broker's.
WITH share AS (
    SELECT
        source,
        source_id,
        instrument,
        fees,
        size,
        currency,
        pnl,
        closed_at,
        in_window,
        fees / (2 * size * coalesce(leverage, 1)) AS fee_fraction,
        row_number() OVER (ORDER BY fees / (size * coalesce(leverage, 1))) AS place,
        count(*) OVER () AS n
    FROM trade
    WHERE fees IS NOT NULL AND size > 0
),
usual AS (SELECT fee_fraction, n FROM share WHERE place = (n + 1) / 2)
SELECT
    share.source,
    share.source_id,
    share.instrument,
    share.fees,
    share.size,
    share.currency,
    share.fee_fraction,
    usual.fee_fraction AS usual_fraction,
    share.pnl,
    share.closed_at,
    share.in_window
FROM share, usual
WHERE
    usual.n >= 5
    AND abs(share.fee_fraction) > :threshold
    AND abs(share.fee_fraction) > 5 * usual.fee_fraction
ORDER BY abs(share.fee_fraction) DESC
