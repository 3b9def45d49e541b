//! A healthy file has nothing in it that a check could complain about.

use std::time::{Duration, Instant};

use crate::bot_file::BotFile;
use crate::healthy::{Generation, Healthy, Pace};

/// Each counts rows of any generation that contradict others.
const CONTRADICTIONS: &[&str] = &[
    "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    "SELECT count(*) FROM activity_log WHERE created_at > :now OR description IS NULL OR created_at IS NULL",
    "SELECT count(*) FROM (SELECT created_at, lag(created_at) OVER (ORDER BY id) AS before FROM activity_log)
        WHERE created_at < before",
    "SELECT count(*) FROM activity_log WHERE activity_type = 'llm_query' AND NOT json_valid(details)",
];

/// Each counts rows of the first generation that contradict others.
const CONTRADICTIONS_1: &[&str] = &[
    "SELECT count(*) <> 1 FROM account_state",
    "SELECT count(*) FROM account_state
        WHERE abs(balance - 1000 - (SELECT total(pnl_usd) FROM closed_trades)) > 0.001
        OR abs(in_positions - (SELECT total(size_usd) FROM open_trades)) > 0.001
        OR abs(available_balance - balance + in_positions) > 0.001
        OR abs(total_pnl - balance + 1000) > 0.001 OR in_positions > 0.2 * balance
        OR abs(daily_pnl - (SELECT total(pnl_usd) FROM closed_trades WHERE closed_at >= date(last_updated))) > 0.001
        OR last_updated NOT BETWEEN datetime(:now, '-75 seconds') AND :now",
    "SELECT count(*) FROM closed_trades
        WHERE abs(pnl_usd - size_usd * (exit_price - entry_price) / entry_price) > 0.000001
        OR abs(pnl_pct - 100 * pnl_usd / size_usd) > 0.000001
        OR duration_seconds <> unixepoch(closed_at) - unixepoch(opened_at) OR duration_seconds <= 0
        OR size_usd NOT BETWEEN 20 AND 90 OR closed_at > :now
        OR (exit_reason = 'take_profit' AND pnl_usd NOT BETWEEN 1 AND 1.3)
        OR (exit_reason = 'stop_loss' AND pnl_pct NOT BETWEEN -10.5 AND -10)
        OR (exit_reason LIKE 'llm_sell: _%' AND pnl_pct NOT BETWEEN -10 AND 5)
        OR exit_reason NOT IN ('take_profit', 'stop_loss') AND exit_reason NOT LIKE 'llm_sell: _%'",
    "SELECT count(*) FROM open_trades
        WHERE abs(stop_loss_price / entry_price - 0.9) > 0.000001
        OR abs(take_profit_price / entry_price - 1 - 1 / size_usd) > 0.000001
        OR current_price IS NULL OR current_price NOT BETWEEN stop_loss_price AND take_profit_price
        OR abs(unrealized_pnl - size_usd * (current_price / entry_price - 1)) > 0.000001
        OR opened_at NOT BETWEEN datetime(:now, '-2 hours') AND :now",
    "SELECT count(*) FROM closed_trades AS trade, (SELECT min(created_at) AS start FROM activity_log)
        WHERE closed_at > start AND NOT EXISTS (SELECT 1 FROM activity_log
            WHERE activity_type = 'trade_closed' AND created_at = closed_at
            AND description LIKE 'CLOSED ' || coin_name || ' @%' AND details LIKE '%duration=' || duration_seconds || 's')",
    "SELECT count(*) FROM (SELECT coin_name, opened_at FROM open_trades UNION ALL SELECT coin_name, opened_at
            FROM closed_trades) AS trade, (SELECT min(created_at) AS start FROM activity_log)
        WHERE opened_at > start AND NOT EXISTS (SELECT 1 FROM activity_log
            WHERE activity_type = 'trade_opened' AND created_at = opened_at
            AND description LIKE 'BUY ' || coin_name || ' $%')",
    "SELECT count(*) FROM trading_rules
        WHERE success_count <> (SELECT count(*) FROM closed_trades
            WHERE ',' || rule_ids_used || ',' LIKE '%,' || trading_rules.id || ',%' AND pnl_usd > 0)
        OR failure_count <> (SELECT count(*) FROM closed_trades
            WHERE ',' || rule_ids_used || ',' LIKE '%,' || trading_rules.id || ',%' AND pnl_usd <= 0)
        OR (last_used IS NULL) <> (success_count + failure_count = 0)
        OR last_used <= created_at
        OR (status = 'active' AND success_count < 0.35 * (success_count + failure_count))
        OR (status = 'rejected' AND success_count >= failure_count)",
    "SELECT count(*) FROM closed_trades JOIN trading_rules AS rule ON ',' || rule_ids_used || ',' LIKE '%,' || rule.id || ',%'
        WHERE opened_at < created_at",
    "SELECT count(*) FROM (SELECT opened_at, lag(closed_at) OVER (PARTITION BY coin_name ORDER BY opened_at) AS before
            FROM (SELECT coin_name, opened_at, closed_at FROM closed_trades
                UNION ALL SELECT coin_name, opened_at, NULL FROM open_trades))
        WHERE opened_at < datetime(before, '+30 minutes')",
    "SELECT count(*) FROM (SELECT created_at, lag(created_at) OVER (ORDER BY id) AS before FROM activity_log)
        WHERE unixepoch(created_at) - unixepoch(before) > 60",
    "SELECT count(*) FROM learnings LEFT JOIN closed_trades AS trade ON trade.id = trade_id
        WHERE trade.id IS NULL OR created_at NOT BETWEEN closed_at AND datetime(closed_at, '+2 minutes')",
    "SELECT abs((SELECT count(*) FROM closed_trades) - (SELECT count(*) FROM learnings)) > 3",
    "SELECT count(*) - count(DISTINCT pattern_observed) FROM learnings",
    "SELECT count(*) - count(DISTINCT learning_text ->> 'lesson') FROM (SELECT * FROM learnings
        ORDER BY id DESC LIMIT 500)",
    "SELECT count(*) FROM market_data WHERE last_updated < datetime(:now, '-75 seconds') OR last_updated > :now
        OR price_usd IS NOT (SELECT price_usd FROM price_history
            WHERE price_history.coin = market_data.coin ORDER BY timestamp DESC LIMIT 1)",
    "SELECT 15 - count(*) FROM market_data",
];

/// Each counts rows of the second generation that contradict others; times are the host's.
const CONTRADICTIONS_2: &[&str] = &[
    "SELECT count(*) FROM trade_journal
        WHERE exit_time IS NOT NULL AND (
            abs(pnl_usd - position_size_usd * (exit_price / entry_price - 1)
                * CASE direction WHEN 'SHORT' THEN -1 ELSE 1 END) > 0.000001
            OR abs(pnl_pct - 100 * pnl_usd / position_size_usd) > 0.000001
            OR duration_seconds <> unixepoch(exit_time) - unixepoch(entry_time) OR duration_seconds <= 0
            OR (exit_reason = 'take_profit') AND pnl_usd <= 0 OR (exit_reason = 'stop_loss') AND pnl_usd >= 0
            OR exit_time > :local OR status NOT IN ('closed', 'post_tracked')
            OR (status = 'post_tracked') <> (missed_profit_usd IS NOT NULL)
            OR (status = 'closed') AND exit_time < strftime('%Y-%m-%dT%H:%M:%S', :local, '-17 minutes'))",
    "SELECT count(*) FROM trade_journal WHERE (status = 'open') <> (exit_time IS NULL)
        OR status = 'open' AND entry_time < strftime('%Y-%m-%dT%H:%M:%S', :local, '-3 hours')
        OR hour_of_day <> strftime('%H', entry_time) OR day_of_week <> (strftime('%w', entry_time) + 6) % 7
        OR market_regime IS NULL OR volatility IS NULL OR funding_rate IS NULL OR cvd IS NULL OR btc_trend IS NULL
        OR btc_price IS NULL OR position_size_usd NOT BETWEEN 20 AND 100",
    "SELECT max(0, count(*) - 5) FROM trade_journal WHERE status = 'open'",
    "SELECT count(*) FROM (SELECT entry_time, lag(exit_time) OVER (PARTITION BY coin ORDER BY entry_time) AS before
            FROM trade_journal) WHERE entry_time < before",
    "SELECT count(*) FROM (SELECT coin, count(*) AS trades, total(pnl_usd > 0) AS wins, total(pnl_usd) AS pnl
            FROM trade_journal WHERE exit_time IS NOT NULL GROUP BY coin) AS journal
        FULL JOIN coin_scores AS score USING (coin)
        WHERE score.total_trades IS NOT journal.trades OR score.wins <> journal.wins
        OR score.losses <> journal.trades - journal.wins OR abs(score.total_pnl - journal.pnl) > 0.000001
        OR abs(score.win_rate - journal.wins / journal.trades) > 0.000001",
    "SELECT count(*) FROM coin_scores WHERE is_blacklisted AND (blacklist_reason IS NULL OR win_rate >= 0.3)
        OR NOT is_blacklisted AND total_trades >= 5 AND win_rate < 0.3 AND total_pnl < 0",
    "SELECT count(*) FROM trade_journal JOIN coin_adaptations USING (coin)
        WHERE new_status = 'blacklisted' AND entry_time > timestamp",
    "SELECT count(*) FROM trading_patterns WHERE times_used <> (SELECT count(*) FROM trade_journal
            WHERE trade_journal.pattern_id = trading_patterns.pattern_id AND exit_time IS NOT NULL)
        OR wins + losses <> times_used OR (last_used IS NULL) <> (times_used = 0)",
    "SELECT count(*) FROM active_conditions WHERE valid_until < :local AND NOT triggered
        OR triggered AND (triggered_at NOT BETWEEN created_at AND valid_until
            OR id NOT IN (SELECT condition_id FROM trade_journal))
        OR round(86400 * (julianday(valid_until) - julianday(created_at))) <> 300",
    "SELECT count(*) FROM trade_journal WHERE entry_time > strftime('%Y-%m-%dT%H:%M:%S', :local, '-23 hours')
        AND condition_id NOT IN (SELECT id FROM active_conditions WHERE triggered)",
    "SELECT count(*) FROM profit_snapshots WHERE abs(total_pnl - (SELECT total(pnl_usd) FROM trade_journal
            WHERE unixepoch(exit_time) < unixepoch(profit_snapshots.timestamp) AND unixepoch(exit_time)
                >= unixepoch(profit_snapshots.timestamp) - CASE timeframe WHEN 'day' THEN 86400 ELSE 3600 END))
            > 0.000001
        OR abs(starting_balance + total_pnl - ending_balance) > 0.000001
        OR abs(win_rate - 100.0 * winning_trades / max(1, total_trades)) > 0.000001
        OR abs(unixepoch(timestamp) - unixepoch(created_at) - :offset) > 1",
    "SELECT count(*) FROM (SELECT starting_balance, lag(ending_balance) OVER (ORDER BY created_at) AS before
        FROM profit_snapshots WHERE timeframe = 'hour') WHERE abs(starting_balance - before) > 0.000001",
    "SELECT count(*) FROM trade_journal, (SELECT min(created_at) AS start FROM activity_log)
        WHERE unixepoch(exit_time) - :offset > unixepoch(start) AND position_id NOT IN (SELECT details ->> 'trade_id'
            FROM activity_log WHERE activity_type = 'quick_update')",
    "SELECT count(*) FROM (SELECT created_at, lag(created_at) OVER (ORDER BY id) AS before FROM activity_log
            WHERE activity_type = 'strategist') WHERE unixepoch(created_at) - unixepoch(before) > 650",
    "SELECT count(*) FROM reflections WHERE NOT json_valid(insights) OR json_array_length(insights) = 0",
    "SELECT count(*) - count(DISTINCT insight.value ->> 'title') FROM reflections, json_each(insights) AS insight",
    "SELECT count(*) FROM adaptations WHERE (effectiveness IS NULL) <> (effectiveness_measured_at IS NULL)
        OR effectiveness IS NULL AND timestamp < datetime(:now, '-2 days')",
    "SELECT count(*) FROM account_state WHERE balance <> 1000 OR in_positions <> 0",
];

/// Fails for every query that finds a contradiction.
fn assert_adds_up(healthy: &Healthy, bot: &BotFile) {
    let own = match healthy.generation {
        Generation::First => CONTRADICTIONS_1,
        Generation::Second => CONTRADICTIONS_2,
    };
    let local = bot.local(healthy.now);
    for sql in CONTRADICTIONS.iter().chain(own) {
        let mut statement = bot.connection().prepare(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
        for (name, value) in [(":now", healthy.now), (":local", &local)] {
            if let Some(index) = statement.parameter_index(name).unwrap() {
                statement.raw_bind_parameter(index, value).unwrap();
            }
        }
        if let Some(index) = statement.parameter_index(":offset").unwrap() {
            statement.raw_bind_parameter(index, healthy.host_offset_seconds).unwrap();
        }
        let mut rows = statement.raw_query();
        let count: i64 = rows.next().unwrap().unwrap().get(0).unwrap();
        assert_eq!(count, 0, "{healthy:?}: {sql}");
    }
}

#[test]
fn a_healthy_file_of_the_first_generation_adds_up() {
    for seed in 1..=4 {
        for (days, pace) in
            [(0, Pace::Busy), (1, Pace::Quiet), (1, Pace::Busy), (7, Pace::Busy), (30, Pace::Quiet)]
        {
            let healthy = Healthy { seed, days, pace, log_hours: 33, ..Healthy::generation1() };
            assert_adds_up(&healthy, &healthy.write());
        }
    }
}

#[test]
fn a_healthy_file_of_the_second_generation_adds_up() {
    let hosts = [-25_200, 0, 3600, 19_800];
    for (seed, host_offset_seconds) in (1..).zip(hosts) {
        for (days, pace) in
            [(0, Pace::Busy), (1, Pace::Quiet), (1, Pace::Busy), (7, Pace::Busy), (30, Pace::Quiet)]
        {
            let healthy = Healthy { seed, days, pace, host_offset_seconds, ..Healthy::generation2() };
            assert_adds_up(&healthy, &healthy.write());
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bot_and_another_seed_another() {
    let trades = |seed| {
        let bot = Healthy { seed, days: 1, ..Healthy::generation1() }.write();
        bot.rows("SELECT coin_name || pnl_usd || closed_at FROM closed_trades", [], |row| {
            row.get::<_, String>(0)
        })
    };
    assert_eq!(trades(1), trades(1));
    assert_ne!(trades(1), trades(2));
}

#[test]
fn a_fresh_install_has_not_traded() {
    let bot = Healthy { days: 0, ..Healthy::generation1() }.write();
    assert_eq!(bot.value::<i64>("SELECT count(*) FROM closed_trades"), 0);
    assert_eq!(bot.value::<f64>("SELECT balance FROM account_state"), 1000.0);
    assert_eq!(bot.value::<i64>("SELECT count(*) FROM activity_log WHERE activity_type = 'bot_started'"), 1);
}

#[test]
fn every_status_and_flag_occurs() {
    let first = Healthy { days: 30, log_hours: 4, ..Healthy::generation1() }.write();
    assert_eq!(first.value::<i64>("SELECT count(DISTINCT status) FROM trading_rules"), 3);
    let second: Vec<BotFile> = (1..=4)
        .map(|seed| Healthy { seed, days: 20, log_hours: 4, ..Healthy::generation2() }.write())
        .collect();
    for (expected, sql) in [
        (2, "SELECT count(DISTINCT is_active) FROM trading_patterns"),
        (2, "SELECT count(DISTINCT is_blacklisted) FROM coin_scores"),
        (4, "SELECT count(DISTINCT new_status) FROM coin_adaptations"),
        (2, "SELECT count(DISTINCT direction) FROM trade_journal"),
    ] {
        assert!(second.iter().any(|bot| bot.value::<i64>(sql) == expected), "{sql}");
    }
}

#[test]
fn a_long_history_is_unremarkable() {
    let bot = Healthy { days: 90, log_hours: 1, ..Healthy::generation1() }.write();
    let rate = |filter: &str| {
        bot.value::<f64>(&format!("SELECT avg(pnl_usd > 0) FROM closed_trades WHERE {filter}"))
    };
    let night = rate("strftime('%H', opened_at) NOT BETWEEN '06' AND '21'");
    let day = rate("strftime('%H', opened_at) BETWEEN '06' AND '21'");
    let majors = rate("coin_name IN ('bitcoin', 'ethereum', 'solana', 'ripple', 'binancecoin')");
    for share in [night, day, majors] {
        assert!((0.57..0.63).contains(&share), "{night} {day} {majors}");
    }
    let payoff = "SELECT -avg(pnl_usd) FILTER (WHERE pnl_usd > 0) / avg(pnl_usd) FILTER (WHERE pnl_usd <= 0) FROM closed_trades";
    assert!((0.75..1.25).contains(&bot.value::<f64>(payoff)));
}

#[test]
fn a_week_is_written_at_once() {
    for healthy in [Healthy::generation1(), Healthy::generation2()] {
        let start = Instant::now();
        healthy.write();
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}
