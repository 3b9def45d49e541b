//! A profile as the audit database has it.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::Connection;

use super::{Profile, Span};
use crate::model::Period;
use crate::source::audit::AuditDb;
use crate::source::{Bot, HotJournal};

const NOW: DateTime<Utc> = DateTime::from_timestamp_nanos(1_795_338_000_000_000_000);

/// The audit database of a bot's file to which some statements were added.
fn profiled(statements: &str) -> AuditDb {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bot.sqlite");
    let file = Connection::open(&path).unwrap();
    file.execute_batch(include_str!("../../demo/schema.sql")).unwrap();
    file.execute_batch(statements).unwrap();
    let day = TimeDelta::days(1);
    let span = Span {
        now: NOW,
        window: Period { after: NOW - day, until: NOW },
        previous: Period { after: NOW - day - day, until: NOW - day },
        is_of_earlier: false,
        left_behind: vec!["market_data".to_owned()],
    };
    let bot = Bot::open(&path, HotJournal::Leave).unwrap();
    let audit = AuditDb::empty().unwrap();
    Profile::read(&bot, span).unwrap().write(&bot, audit.connection()).unwrap();
    audit
}

/// The rows of a query as lines.
fn lines(audit: &AuditDb, sql: &str) -> String {
    let mut statement = audit.connection().prepare(sql).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let cells = (0..columns).map(|column| match row.get_ref(column).unwrap() {
            rusqlite::types::ValueRef::Null => "NULL".to_owned(),
            _ => crate::source::cell::text(row, column).unwrap().unwrap().into_owned(),
        });
        lines.push(cells.collect::<Vec<_>>().join(" "));
    }
    lines.join("\n")
}

/// Sixty hourly rows of a bot that trades by signals, newest at NOW.
const SIGNALS: &str = "
CREATE TABLE signals (
    signal_id TEXT PRIMARY KEY, created_at TEXT, sent_at TEXT, expires_at TEXT, coin TEXT, price REAL, payload TEXT,
    author TEXT DEFAULT 'me');
CREATE TABLE orders (id INTEGER PRIMARY KEY, signal_id TEXT, created_at TEXT);
WITH RECURSIVE hour (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM hour WHERE n < 59)
INSERT INTO signals
SELECT
    's' || n,
    datetime('2026-11-22 09:00:00', (n - 59) || ' hours'),
    strftime('%Y-%m-%dT%H:%M:%S', '2026-11-22 11:00:00', (n - 59) || ' hours'),
    datetime('2026-11-22 09:30:00', (n - 59) || ' hours'),
    CASE WHEN n < 4 THEN 'None' ELSE 'bitcoin' END,
    CASE WHEN n = 7 THEN '$1,200' ELSE n END,
    CASE WHEN n < 2 THEN '{\"a\": [1, 2' ELSE '{\"a\": 1}' END,
    'me'
FROM hour;
INSERT INTO orders SELECT rowid, signal_id, created_at FROM signals;
UPDATE orders SET signal_id = 'lost' WHERE id = 30;
UPDATE signals SET created_at = 'yesterday' WHERE signal_id = 's3';
UPDATE signals SET created_at = '1970-01-01 00:00:00' WHERE signal_id = 's4';
UPDATE signals SET created_at = '2027-01-01 00:00:00' WHERE signal_id = 's5';
CREATE VIEW shown AS SELECT * FROM signals;";

#[test]
fn tables_and_columns_of_any_name_are_profiled() {
    let audit = profiled(SIGNALS);
    assert_eq!(
        lines(
            &audit,
            "SELECT table_name, type, rows, rows_are, rows_in_window, rows_day_old, time_column, is_ordered, is_mapped
            FROM table_profile WHERE table_name IN ('signals', 'orders', 'shown', 'market_data')
            ORDER BY is_left_behind, table_name"
        ),
        "orders table 60 counted 24 36 created_at 1 0\n\
         shown view NULL NULL NULL NULL NULL 0 0\n\
         signals table 60 counted 24 36 created_at 1 0\n\
         market_data table 0 counted 0 NULL NULL 0 1"
    );
    assert_eq!(
        lines(
            &audit,
            "SELECT column_name, words, kind, filled, constant, tells, clock, offset_hours, rows_day_past, refers_to
            FROM column_profile WHERE table_name = 'signals' AND is_key = 0 ORDER BY place"
        ),
        "created_at  created at  time 60 NULL creation utc NULL 33 NULL\n\
         sent_at  sent at  time 60 NULL event ahead 2 35 NULL\n\
         expires_at  expires at  time 60 NULL expiry utc NULL 35 NULL\n\
         coin  coin  text 60 NULL NULL NULL NULL NULL NULL\n\
         price  price  number 60 NULL NULL NULL NULL NULL NULL\n\
         payload  payload  json 60 NULL NULL NULL NULL NULL NULL\n\
         author  author  text 60 me NULL NULL NULL NULL NULL"
    );
    assert_eq!(
        lines(
            &audit,
            "SELECT refers_to, refers_to_rows FROM column_profile WHERE column_name = 'signal_id' AND NOT is_key"
        ),
        "signals 59"
    );
}

#[test]
fn values_that_do_not_fit_are_counted_with_their_keys() {
    let audit = profiled(SIGNALS);
    assert_eq!(
        lines(
            &audit,
            "SELECT table_name, column_name, fault, n, of, keys, examples FROM column_fault
            WHERE table_name IN ('signals', 'orders') ORDER BY table_name, column_name, fault"
        ),
        "orders signal_id dangling_reference 1 60 [\"30\"] [\"lost\"]\n\
         signals coin placeholder 4 60 [\"s3\",\"s2\",\"s1\",\"s0\"] [\"\\\"None\\\" 4\"]\n\
         signals created_at future_time 1 59 [\"s5\"] [\"2027-01-01 00:00:00\"]\n\
         signals created_at impossible_time 1 60 [\"s4\"] [\"1970-01-01 00:00:00\"]\n\
         signals created_at unreadable_time 1 60 [\"s3\"] [\"yesterday\"]\n\
         signals payload broken_json 2 60 [\"s1\",\"s0\"] [\"{\\\"a\\\": [1, 2\",\"{\\\"a\\\": [1, 2\"]\n\
         signals price text_in_number 1 60 [\"s7\"] [\"$1,200\"]"
    );
}

#[test]
fn two_times_of_a_row_are_compared() {
    assert_eq!(
        lines(
            &profiled(SIGNALS),
            "SELECT rows, rows_equal, rows_later, longest_seconds, offset_seconds, offset_rows, is_same_form
            FROM time_pair WHERE table_name = 'signals' AND column_name = 'sent_at' AND other_name = 'expires_at'"
        ),
        "60 0 0 -1800 5400 60 0"
    );
}

#[test]
fn a_table_that_fell_silent_stands_beside_those_that_went_on() {
    let audit = profiled(&format!("{SIGNALS} DELETE FROM orders WHERE id > 33;"));
    assert_eq!(
        lines(
            &audit,
            "SELECT table_name, rows, other_rows_then, other_rows_since FROM table_silence WHERE other_name = 'signals'"
        ),
        "orders 29 28 27"
    );
}
