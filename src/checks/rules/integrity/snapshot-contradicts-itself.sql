/*
id = "snapshot-contradicts-itself"
was = ["snapshot-contradicts-trades:profit_snapshots:own"]
severity = "medium"
title = "Snapshots in {{ row.source }} contradict themselves"
description = """
{{ count }} of {{ of }} snapshots {{ count|plural("holds", "hold") }} a win rate (0 to 100), counts or balances that its own columns do not give."""
why = "A snapshot whose columns contradict each other makes every curve and report drawn from it wrong."
fix = "Compute every column of a snapshot from one list of trades."
explained_by = ["closing-logged-twice"]
of = "SELECT source || ':own', count(*) FROM (SELECT source FROM snapshot ORDER BY at DESC LIMIT 150) GROUP BY source"
*/
SELECT
    source || ':own' AS subject,
    source,
    source_id,
    timeframe,
    at,
    CASE
        WHEN winning_trades + losing_trades > total_trades
            THEN printf('%g wins and %g losses of %g trades', winning_trades, losing_trades, total_trades)
        WHEN abs(win_rate - winning_trades / total_trades) > 0.006
            THEN printf(
                'win rate %g of %g win%s in %g trade%s, which is %.1f %%',
                100 * win_rate,
                winning_trades,
                iif(winning_trades = 1, '', 's'),
                total_trades,
                iif(total_trades = 1, '', 's'),
                100 * winning_trades / total_trades
            )
        WHEN
            starting_balance <> 0
            AND abs(ending_balance - starting_balance - total_pnl) > 0.02 + 1e-6 * abs(starting_balance)
            -- A snapshot of all time starts from the initial balance and ends with all profit so far.
            AND abs(
                ending_balance - starting_balance - (
                    SELECT total(pnl)
                    FROM trade
                    WHERE is_main AND closed_at <= snapshot.at
                )
            ) > 0.02 + 1e-6 * abs(starting_balance)
            THEN printf('%.2f and %+.2f end at %.2f', starting_balance, total_pnl, ending_balance)
    END AS what
FROM (SELECT * FROM snapshot ORDER BY at DESC LIMIT 150) AS snapshot
WHERE total_trades > 0 AND what IS NOT NULL
ORDER BY snapshot.at DESC
