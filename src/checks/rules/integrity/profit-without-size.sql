/*
id = "profit-without-size"
was = ["pnl-contradicts-prices:closed_trades.size_usd", "pnl-contradicts-prices:trade_journal.position_size_usd"]
severity = "medium"
title = "Trades in {{ row.source }} have a profit or loss but no size above zero"
description = """
{{ count }} of {{ of }} trades {{ count|plural("has", "have") }} a profit or loss on a size of zero, below zero or none. It follows from no size, \
and no sum of sizes contains these trades rightly."""
why = "A profit on a size of zero follows from nothing, and no sum of sizes contains its trade."
fix = "Store the size when a trade is opened, keep it when it is closed, and complete these rows from the log."
of = "SELECT source || iif(source = 'closed_trades', '.size_usd', '.position_size_usd'), count(*) FROM trade GROUP BY source"
*/
SELECT
    source || iif(source = 'closed_trades', '.size_usd', '.position_size_usd') AS subject,
    source,
    source_id,
    instrument,
    size,
    pnl
FROM trade
WHERE
    pnl <> 0
    AND coalesce(size, 0) <= 0
    -- Where most have no size, it is a column that is not filled.
    AND source IN (SELECT source FROM trade GROUP BY source HAVING avg(coalesce(size, 0) <= 0) <= 0.5)
ORDER BY opened_at DESC
