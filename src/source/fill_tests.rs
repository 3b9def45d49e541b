//! The audit database against the rows of the file that it was read from.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;
use tempfile::TempDir;

use super::audit::AuditDb;
use super::limits::Limits;
use super::plan::Plan;
use super::{Bot, HotJournal};
use crate::demo;
use crate::model::Period;

const GENERATION_2: &str = include_str!("../../tests/it/bot_file/generation2.sql");

/// A demo file in a folder of its own.
struct File {
    now: DateTime<Utc>,
    rows: Connection,
    path: PathBuf,
    _folder: TempDir,
}

impl File {
    fn new() -> Self {
        let now = DateTime::from_timestamp(1_795_338_000, 0).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = demo::write(folder.path(), now).unwrap();
        Self { now, rows: Connection::open(&path).unwrap(), path, _folder: folder }
    }

    fn with(self, sql: &str) -> Self {
        self.rows.execute_batch(sql).unwrap();
        self
    }

    fn read(&self) -> AuditDb {
        self.read_at(self.now)
    }

    fn read_at(&self, now: DateTime<Utc>) -> AuditDb {
        let day = TimeDelta::hours(24);
        let plan = Plan {
            now,
            window: Period { after: now - day, until: now },
            previous: Period { after: now - day * 2, until: now - day },
            hours: 24,
            is_of_earlier: false,
            limits: Limits { max_positions: Some(7.0), ..Limits::default() },
            tiers: None,
        };
        AuditDb::read(&Bot::open(&self.path, HotJournal::Leave).unwrap(), &plan).unwrap()
    }
}

/// The one row of a query, its values joined by `|`.
fn row(connection: &Connection, sql: &str) -> String {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let row = rows.next().unwrap().unwrap();
    let value = |place| match row.get_ref(place).unwrap() {
        rusqlite::types::ValueRef::Null => "NULL".to_owned(),
        rusqlite::types::ValueRef::Integer(number) => number.to_string(),
        rusqlite::types::ValueRef::Real(number) => number.to_string(),
        rusqlite::types::ValueRef::Text(text) | rusqlite::types::ValueRef::Blob(text) => {
            String::from_utf8_lossy(text).into_owned()
        }
    };
    (0..columns).map(value).collect::<Vec<_>>().join("|")
}

#[test]
fn the_tables_of_the_first_generation_hold_its_rows() {
    let file = File::new();
    let audit = file.read();
    let day = "datetime(1795338000 - 86400, 'unixepoch')";
    for (ours, theirs) in [
        (
            "SELECT count(*), sum(in_window), round(sum(pnl), 6), round(sum(pnl_fraction), 6), sum(closed_at), \
             sum(duration_seconds), min(side), min(currency), sum(is_main) FROM trade"
                .to_owned(),
            format!(
                "SELECT count(*), sum(closed_at > {day}), round(sum(pnl_usd), 6), round(sum(pnl_pct / 100), 6), \
                 sum(1.0 * strftime('%s', closed_at)), sum(1.0 * duration_seconds), 'long', 'USD', count(*) \
                 FROM closed_trades"
            ),
        ),
        (
            "SELECT count(*), sum(size), sum(stop_loss), sum(opened_at), sum(is_main) FROM position".to_owned(),
            "SELECT count(*), sum(size_usd), sum(stop_loss_price), sum(1.0 * strftime('%s', opened_at)), count(*) \
             FROM open_trades"
                .to_owned(),
        ),
        (
            "SELECT count(*), sum(length(text)), sum(use_count) FROM rule".to_owned(),
            "SELECT count(*), sum(length(rule_text)), sum(1.0 * (success_count + failure_count)) FROM trading_rules"
                .to_owned(),
        ),
        (
            "SELECT source_id, balance, total_pnl, trades_today FROM account".to_owned(),
            "SELECT id, balance, total_pnl, 1.0 * trade_count_today FROM account_state".to_owned(),
        ),
        ("SELECT count(*) FROM learning".to_owned(), "SELECT count(*) FROM learnings".to_owned()),
        ("SELECT count(*), sum(price) FROM price".to_owned(), "SELECT count(*), sum(price_usd) FROM market_data".to_owned()),
    ] {
        assert_eq!(row(audit.connection(), &ours), row(&file.rows, &theirs), "{ours}");
    }
    assert_eq!(
        row(
            audit.connection(),
            "SELECT bot, main_source, hours, is_past, trades_from, max_positions, starting_balance FROM run"
        ),
        "trading_bot|closed_trades|24|0|NULL|7|1000"
    );
}

#[test]
fn the_journal_is_the_main_one_once_it_holds_a_trade() {
    const JOURNAL: &str = "
        INSERT INTO trade_journal (id, position_id, coin, direction, position_size_usd, entry_price, status, entry_time,
            exit_time, pnl_pct, exit_reason)
        VALUES
            ('a', 'p', 'BTC', 'SHORT', '100', 'none', 'post_tracked', '2026-11-21T10:00:00', '2026-11-21T11:00:00.5', -2, 'stop: hit'),
            ('b', 'q', 'DOGE', 'up', 50, 1, 'open', '2026-11-22 07:00:00+02:00', NULL, NULL, NULL)";
    let audit = File::new().with(GENERATION_2).with(JOURNAL).read();
    let row = |sql: &str| row(audit.connection(), sql);
    assert_eq!(row("SELECT main_source, max_positions_per_instrument FROM run"), "trade_journal|1");
    assert_eq!(
        row(
            "SELECT side, size, entry_price, pnl_fraction, wall_clock_seconds, exit_kind, tier, is_main FROM trade WHERE source_id = 'a'"
        ),
        "short|100|NULL|-0.02|3600.5|stop|1|1"
    );
    assert_eq!(
        row("SELECT side, opened_at, tier, position_id, in_window FROM position WHERE source_id = 'b'"),
        "NULL|1795323600|2|q|1"
    );
    assert_eq!(row("SELECT sum(is_main) FROM trade"), "1");
    assert_eq!(audit.filled().unreadable.get("trade.entry_price"), Some(&1));
}

#[test]
fn a_trade_that_was_open_at_the_moment_is_a_position() {
    let file = File::new();
    let then = file.now - TimeDelta::hours(30);
    let audit = file.read_at(then);
    let moment = "datetime(1795338000 - 108000, 'unixepoch')";
    for (ours, theirs) in [
        (
            "SELECT count(*), max(closed_at) <= (SELECT now FROM run) FROM trade",
            format!("SELECT count(*), 1 FROM closed_trades WHERE closed_at <= {moment}"),
        ),
        (
            "SELECT count(*) FROM position WHERE source = 'closed_trades'",
            format!(
                "SELECT count(*) FROM closed_trades WHERE opened_at <= {moment} AND closed_at > {moment}"
            ),
        ),
        (
            "SELECT count(*) FROM position WHERE source = 'open_trades'",
            format!("SELECT count(*) FROM open_trades WHERE opened_at <= {moment}"),
        ),
        (
            "SELECT count(*), is_past FROM learning, run",
            format!("SELECT count(*), 1 FROM learnings WHERE created_at <= {moment}"),
        ),
    ] {
        assert_eq!(row(audit.connection(), ours), row(&file.rows, &theirs), "{ours}");
    }
}

/// Three thousand trades, one a minute up to now, and one without a closing time.
const MANY: &str = "
    DELETE FROM closed_trades;
    WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < 2999)
    INSERT INTO closed_trades (coin_name, entry_price, exit_price, size_usd, pnl_usd, pnl_pct, entry_reason, exit_reason, opened_at, closed_at)
    SELECT 'bitcoin', 1, 1, 1, n % 3 - 1, 0, 'x', 'y', datetime(1795338000 - 60 * n - 30, 'unixepoch'), datetime(1795338000 - 60 * n, 'unixepoch')
    FROM number;
    INSERT INTO closed_trades (coin_name, entry_price, exit_price, size_usd, pnl_usd, pnl_pct, entry_reason, exit_reason, opened_at, closed_at)
    VALUES ('bitcoin', 1, 1, 1, 0, 0, 'x', 'y', '2020-01-01 00:00:00', NULL)";

#[test]
fn the_newest_trades_are_kept_and_those_without_a_time() {
    let audit = File::new().with(MANY).read();
    let row = |sql: &str| row(audit.connection(), sql);
    assert_eq!(
        row("SELECT count(*), count(closed_at), min(closed_at) = trades_from FROM trade, run"),
        "2001|2000|1"
    );
}

#[test]
fn totals_count_every_trade() {
    let audit = File::new().with(MANY).read();
    let row = |sql: &str| row(audit.connection(), sql);
    let total = |span: &str| {
        row(&format!(
            "SELECT sum(n), sum(wins), sum(losses), sum(pnl), sum(profit), sum(duration_seconds), \
             count(DISTINCT hour), min(first_at) FROM trade_total WHERE span = '{span}'"
        ))
    };
    assert_eq!(total("window"), "1440|480|960|0|480|43200|24|1795251660");
    assert_eq!(total("previous"), "1440|480|960|0|480|43200|24|1795165260");
    assert_eq!(total("all"), "3001|1000|2001|0|1000|90000|24|1795158060");
    let few = File::new();
    let audit = few.read();
    assert_eq!(
        super::fill_tests::row(
            audit.connection(),
            "SELECT sum(n), round(sum(pnl), 6) FROM trade_total WHERE span = 'all'"
        ),
        super::fill_tests::row(&few.rows, "SELECT count(*), round(sum(pnl_usd), 6) FROM closed_trades")
    );
}

#[test]
fn the_log_and_the_prices_around_trades_are_read() {
    const OLD: &str = "
        INSERT INTO price_history (id, coin, price_usd, timestamp)
        SELECT -n, coin_name, 5, datetime(closed_at, n || ' minutes')
        FROM (SELECT * FROM closed_trades WHERE closed_at < datetime(1795338000 - 3600, 'unixepoch') ORDER BY closed_at DESC LIMIT 1),
            (SELECT 3 AS n UNION SELECT 7);
        WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 12000)
        INSERT INTO price_history (coin, price_usd, timestamp) SELECT 'pepe', 1, '2026-11-22 09:00:00' FROM number;
        INSERT INTO activity_log (activity_type, description, created_at) VALUES ('bot_stopped', '', '2026-01-01 00:00:00')";
    let file = File::new().with(OLD);
    let audit = file.read();
    let hours = |hours: i64| format!("datetime(1795338000 - 3600 * {hours}, 'unixepoch')");
    for (ours, theirs) in [
        (
            "SELECT count(*) FROM event".to_owned(),
            format!("SELECT count(*) FROM activity_log WHERE created_at > {}", hours(24)),
        ),
        (
            "SELECT sum(n), sum(n_previous) FROM event_pattern".to_owned(),
            format!(
                "SELECT sum(created_at > {0}), sum(created_at <= {0}) FROM activity_log WHERE created_at > {1}",
                hours(24),
                hours(48)
            ),
        ),
        ("SELECT count(*) FROM lifecycle WHERE at < 1.78e9".to_owned(), "SELECT 1".to_owned()),
        (
            "SELECT count(*) = count(DISTINCT source_id), sum(instrument = \'pepe\') FROM price_point"
                .to_owned(),
            "SELECT 1, 12000".to_owned(),
        ),
        ("SELECT count(*) FROM price_point WHERE price = 5".to_owned(), "SELECT 1".to_owned()),
    ] {
        assert_eq!(row(audit.connection(), &ours), row(&file.rows, &theirs), "{ours}");
    }
}
