-- What a generation-2 bot counts beside its journal, worked out from the journal.

INSERT INTO coin_scores (coin, total_trades, wins, losses, total_pnl, avg_pnl, win_rate, avg_winner, avg_loser, trend, last_updated)
SELECT
    coin,
    count(*),
    count(*) FILTER (WHERE pnl_usd > 0),
    count(*) FILTER (WHERE pnl_usd <= 0),
    sum(pnl_usd),
    avg(pnl_usd),
    avg(pnl_usd > 0),
    coalesce(avg(pnl_usd) FILTER (WHERE pnl_usd > 0), 0.0),
    coalesce(avg(pnl_usd) FILTER (WHERE pnl_usd <= 0), 0.0),
    CASE WHEN avg(pnl_usd > 0) >= 0.6 THEN 'improving' WHEN avg(pnl_usd > 0) < 0.4 THEN 'degrading' ELSE 'stable' END,
    max(exit_time)
FROM trade_journal
WHERE exit_time IS NOT NULL
GROUP BY coin;

UPDATE coin_scores
SET is_blacklisted = 1,
    blacklist_reason = (SELECT reason FROM coin_adaptations WHERE coin_adaptations.coin = coin_scores.coin AND new_status = 'blacklisted')
WHERE coin IN (SELECT coin FROM coin_adaptations WHERE new_status = 'blacklisted');

UPDATE trading_patterns
SET (times_used, wins, losses, total_pnl, last_used) = (
    SELECT
        count(*),
        count(*) FILTER (WHERE pnl_usd > 0),
        count(*) FILTER (WHERE pnl_usd <= 0),
        coalesce(sum(pnl_usd), 0.0),
        max(exit_time)
    FROM trade_journal
    WHERE trade_journal.pattern_id = trading_patterns.pattern_id AND exit_time IS NOT NULL
);

UPDATE trading_patterns
SET confidence = round((wins + 5.0) / (times_used + 10.0), 3);
