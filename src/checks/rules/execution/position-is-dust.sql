/*
id = "position-is-dust"
severity = "medium"
title = "An open position is what a sale left over"
description = """
{{ count }} of {{ of }} open positions {{ count|plural("is", "are") }} less than {{ threshold|percent }} of what was entered."""
why = "A rest below the exchange's minimum cannot be sold: it stays open, and takes the place of a trade where the bot limits how many are open."
fix = "Close the row by hand, and let the exit sell all that is there (fees are often taken in units)."
threshold = 0.01                  # of the units that were entered
of = "SELECT count(*) FROM position"
needs = ["position.entry_price"]
*/
SELECT
    position.source,
    position.source_id,
    position.instrument,
    position.quantity,
    sum(fill.quantity) AS units_entered,
    position.quantity * position.entry_price AS money_left,
    position.currency,
    position.opened_at,
    1 AS open
FROM position
JOIN fill ON fill.trade_id = position.source_id AND fill.instrument = position.instrument
WHERE fill.purpose = 'entry' AND fill.quantity > 0
GROUP BY position.source, position.source_id
HAVING position.quantity < :threshold * sum(fill.quantity)
ORDER BY position.opened_at
