//! The sample is what its page says: the planted problems are there, and the rest adds up.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::*;

/// A sample in memory.
struct Sample {
    connection: Connection,
    /// When it ends, as text.
    now: String,
}

impl Sample {
    /// The sample of a moment on 22 November 2026.
    fn at_hour(hour: u32) -> Self {
        let now = format!("2026-11-22 {hour:02}:12:34");
        let mut connection = Connection::open_in_memory().unwrap();
        fill(&mut connection, format!("{now}Z").parse().unwrap()).unwrap();
        Self { connection, now }
    }

    /// One number.
    fn number(&self, sql: &str) -> f64 {
        self.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// All rows of a query, as text.
    fn lines(&self, sql: &str) -> Vec<String> {
        let mut statement = self.connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

/// Samples of different hours of the day: the nights fall elsewhere in each.
fn samples() -> impl Iterator<Item = MutexGuard<'static, Sample>> {
    static SAMPLES: LazyLock<[Mutex<Sample>; 3]> =
        LazyLock::new(|| [3, 11, 19].map(Sample::at_hour).map(Mutex::new));
    SAMPLES.iter().map(|sample| sample.lock().unwrap_or_else(PoisonError::into_inner))
}

#[test]
fn the_same_moment_gives_the_same_sample() {
    let dump = "SELECT id || coin_name || pnl_usd || closed_at FROM closed_trades";
    assert_eq!(Sample::at_hour(9).lines(dump), Sample::at_hour(9).lines(dump));
}

#[test]
fn a_sample_is_one_small_file_that_is_quickly_written() {
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let path = write(folder.path(), DateTime::UNIX_EPOCH + chrono::Duration::days(20_000)).unwrap();
    // Half a second in a debug build, and some room for a busy machine.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!(path, folder.path().join("trading_bot.db"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(write(folder.path(), DateTime::UNIX_EPOCH).is_err(), "an existing file was overwritten");
}

#[test]
fn a_sample_has_less_than_twenty_thousand_rows() {
    let tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    for sample in samples() {
        let count = |table: &String| sample.number(&format!("SELECT count(*) + 0.0 FROM {table}"));
        let rows: f64 = sample.lines(tables).iter().map(count).sum();
        assert!((15_000.0..20_000.0).contains(&rows), "{rows}");
    }
}

#[test]
fn rule_three_has_ten_uses_and_no_success() {
    for sample in samples() {
        let counters =
            "SELECT status || ' ' || success_count || ' ' || failure_count FROM trading_rules WHERE id = 3";
        assert_eq!(sample.lines(counters), ["testing 0 10"]);
    }
}

#[test]
fn one_position_is_older_than_two_days() {
    for sample in samples() {
        let old = format!(
            "SELECT coin_name FROM open_trades WHERE opened_at < datetime('{}', '-2 days')",
            sample.now
        );
        assert_eq!(sample.lines(&old), ["kaspa"]);
    }
}

#[test]
fn only_dogecoin_is_reopened_within_its_cooldown() {
    for sample in samples() {
        let reopened = "SELECT again.coin_name FROM closed_trades AS again JOIN closed_trades AS before
            ON again.coin_name = before.coin_name AND again.opened_at >= before.closed_at
            AND again.opened_at < datetime(before.closed_at, '+30 minutes')";
        let coins = sample.lines(reopened);
        assert!(coins.len() > 8, "{coins:?}");
        assert!(coins.iter().all(|coin| coin == "dogecoin"), "{coins:?}");
    }
}

#[test]
fn nights_lose_in_the_last_day_too() {
    for sample in samples() {
        let rate = |hours: &str| {
            sample.number(&format!(
                "SELECT avg(pnl_usd > 0) FROM closed_trades WHERE strftime('%H', opened_at) {hours}
                AND closed_at > (SELECT datetime(last_updated, '-1 day') FROM account_state)"
            ))
        };
        let (night, day) = (rate("NOT BETWEEN '06' AND '21'"), rate("BETWEEN '06' AND '21'"));
        assert!(night < 0.45 && day > 0.6, "night {night}, day {day}");
    }
}

#[test]
fn one_learning_in_seven_is_a_repetition() {
    for sample in samples() {
        let share = "SELECT 1 - count(DISTINCT learning_text) * 1.0 / count(*) FROM learnings";
        assert!((0.13..0.17).contains(&sample.number(share)), "{}", sample.number(share));
        let unlike =
            "SELECT count(DISTINCT learning_text) - count(DISTINCT pattern_observed) + 0.0 FROM learnings";
        assert_eq!(sample.number(unlike), 0.0);
    }
}

#[test]
fn the_llm_answers_ever_more_slowly() {
    for sample in samples() {
        let seconds = |from: i64, to: i64| {
            sample.number(&format!(
                "SELECT avg(seconds) FROM (
                    SELECT activity_type, created_at, 86400 * (julianday(created_at)
                        - julianday(lag(created_at) OVER (ORDER BY id))) AS seconds FROM activity_log)
                WHERE activity_type = 'llm_query'
                AND created_at > (SELECT datetime(last_updated, '-{from} hours') FROM account_state)
                AND created_at <= (SELECT datetime(last_updated, '-{to} hours') FROM account_state)"
            ))
        };
        let (before, first, last) = (seconds(48, 24), seconds(24, 18), seconds(6, 0));
        assert!((1.5..2.5).contains(&before) && first < 3.2 && last > 5.0, "{before} {first} {last}");
    }
}

#[test]
fn durations_are_an_hour_too_long_for_one_day() {
    for sample in samples() {
        let now = &sample.now;
        let error = format!(
            "SELECT DISTINCT round(duration_seconds - 86400 * (julianday(closed_at) - julianday(opened_at))) || ' '
                || (closed_at >= datetime('{now}', '-30 hours') AND closed_at < datetime('{now}', '-6 hours'))
            FROM closed_trades ORDER BY 1"
        );
        assert_eq!(sample.lines(&error), ["0.0 0", "3600.0 1"]);
    }
}

/// Each counts rows that contradict others.
const CONTRADICTIONS: &[&str] = &[
    "SELECT count(*) FROM account_state
        WHERE abs(balance - 1000 - (SELECT sum(pnl_usd) FROM closed_trades)) > 0.001
        OR abs(in_positions - (SELECT sum(size_usd) FROM open_trades)) > 0.001
        OR abs(available_balance - balance + in_positions) > 0.001
        OR in_positions > 0.2 * balance OR abs(total_pnl - balance + 1000) > 0.001",
    "SELECT count(*) FROM closed_trades
        WHERE abs(pnl_usd - size_usd * (exit_price - entry_price) / entry_price) > 0.000001
        OR abs(pnl_pct - 100 * pnl_usd / size_usd) > 0.000001
        OR closed_at <= opened_at OR size_usd NOT BETWEEN 20 AND 90
        OR (exit_reason = 'take_profit' AND pnl_usd NOT BETWEEN 1 AND 1.3)
        OR (exit_reason = 'stop_loss' AND pnl_pct NOT BETWEEN -10.5 AND -10)
        OR (exit_reason LIKE 'llm_sell: _%' AND pnl_pct NOT BETWEEN -10 AND 5)
        OR exit_reason NOT IN ('take_profit', 'stop_loss') AND exit_reason NOT LIKE 'llm_sell: _%'",
    "SELECT count(*) FROM open_trades
        WHERE abs(stop_loss_price / entry_price - 0.9) > 0.000001 OR current_price IS NULL
        OR current_price NOT BETWEEN stop_loss_price AND take_profit_price",
    "SELECT count(*) FROM closed_trades WHERE closed_at > (SELECT min(created_at) FROM activity_log)
        AND NOT EXISTS (SELECT 1 FROM activity_log WHERE activity_type = 'trade_closed' AND created_at = closed_at
            AND description LIKE 'CLOSED ' || coin_name || ' @%'
            AND details LIKE '%duration=' || duration_seconds || 's')",
    "SELECT count(*) FROM (SELECT * FROM open_trades UNION ALL SELECT id, coin_name, entry_price, size_usd, 0, 0, 0, 0,
            0, entry_reason, opened_at, rule_ids_used FROM closed_trades) AS trade
        WHERE opened_at > (SELECT min(created_at) FROM activity_log)
        AND NOT EXISTS (SELECT 1 FROM activity_log WHERE activity_type = 'trade_opened' AND created_at = opened_at
            AND description LIKE 'BUY ' || coin_name || ' $%')",
    "SELECT count(*) FROM trading_rules
        WHERE success_count + failure_count <> (SELECT count(*) FROM closed_trades
            WHERE ',' || rule_ids_used || ',' LIKE '%,' || trading_rules.id || ',%')
        OR (last_used IS NULL AND success_count + failure_count > 0)
        OR last_used <= created_at",
    "SELECT count(*) FROM (SELECT julianday(created_at) - julianday(lag(created_at) OVER (ORDER BY id)) AS days
        FROM activity_log) WHERE days NOT BETWEEN 0 AND 70 / 86400.0",
    "SELECT count(*) FROM learnings WHERE trade_id NOT IN (SELECT id FROM closed_trades)",
    "SELECT count(*) FROM market_data WHERE abs(change_24h) > 20 OR price_usd IS NOT (SELECT price_usd
        FROM price_history WHERE price_history.coin = market_data.coin ORDER BY timestamp DESC LIMIT 1)",
    "SELECT (SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok')",
];

#[test]
fn apart_from_the_planted_problems_everything_adds_up() {
    for sample in samples() {
        for sql in CONTRADICTIONS {
            let count: i64 = sample.connection.query_row(sql, [], |row| row.get(0)).unwrap();
            assert_eq!(count, 0, "{sql}");
        }
    }
}

#[test]
fn exposure_never_exceeded_a_fifth_of_the_starting_balance() {
    let peak = "WITH trade AS (SELECT size_usd, opened_at, closed_at FROM closed_trades
            UNION ALL SELECT size_usd, opened_at, '9999' FROM open_trades)
        SELECT max(exposure_usd) FROM (SELECT (SELECT sum(size_usd) FROM trade AS other
            WHERE other.opened_at <= trade.opened_at AND other.closed_at > trade.opened_at) AS exposure_usd
            FROM trade)";
    for sample in samples() {
        assert!(sample.number(peak) <= 190.0, "{}", sample.number(peak));
    }
}

#[test]
fn the_last_cycle_has_just_ended() {
    for sample in samples() {
        let age = format!(
            "SELECT 86400 * (julianday('{}') - julianday(last_updated)) FROM account_state",
            sample.now
        );
        assert!((0.0..70.0).contains(&sample.number(&age)), "{}", sample.number(&age));
        assert!(sample.lines("SELECT max(created_at) FROM activity_log") <= vec![sample.now.clone()]);
    }
}
