/*
id = "coin-win-rate-contradicts-wins"
was = ["coin-score-contradicts-trades:coin_scores.win_rate"]
severity = "medium"
title = "{{ subject }} is not wins by trades as a fraction"
description = """
In {{ count }} of {{ of }} coins the win rate is not the share of wins from 0 to 1 that its own counters give. A threshold that reads it as a \
fraction compares with the wrong number."""
why = "A win rate in another unit than its thresholds chooses the wrong coins."
fix = "Store wins / total_trades, and compare thresholds in the same unit."
of = "SELECT source || '.win_rate', count(*) FROM coin_score WHERE win_rate IS NOT NULL AND wins IS NOT NULL AND total_trades > 0 GROUP BY source"
*/
SELECT
    source || '.win_rate' AS subject,
    source,
    source_id,
    instrument,
    wins,
    total_trades,
    round(wins / total_trades, 3) AS expected,
    round(win_rate, 3) AS stored
FROM coin_score
JOIN run ON NOT is_past
WHERE total_trades > 0 AND abs(win_rate - wins / total_trades) > 0.0051
ORDER BY abs(win_rate - wins / total_trades) DESC
