//! The census: every table of the file, whatever it is, at a bounded cost.

use serde_json::Value;

use crate::bot_file::{BotFile, ago};
use crate::monitor::report;

fn table(report: &Value, name: &str) -> Value {
    let tables = report["report"]["tables"]["all"].as_array().unwrap();
    tables.iter().find(|table| table["name"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
}

fn column(table: &Value, name: &str) -> Value {
    let columns = table["columns"].as_array().unwrap();
    columns.iter().find(|column| column["name"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
}

#[test]
fn a_table_that_nobody_described_is_profiled() {
    let bot = BotFile::generation1();
    bot.execute(
        "CREATE TABLE \"odd \"\"name\" (k TEXT, price REAL, note JSON, at TEXT, made_at INTEGER, vacant TEXT)",
        [],
    );
    for row in 0..40_i64 {
        bot.execute(
            "INSERT INTO \"odd \"\"name\" VALUES ('same', ?1, '{\"a\": 1}', ?2, unixepoch(?2), NULL)",
            (row as f64, ago(3_600 * row)),
        );
    }
    bot.execute("CREATE VIEW shown AS SELECT * FROM closed_trades", []);
    let report = report(&bot, &[]);
    assert_eq!(report["report"]["tables"]["views"], serde_json::json!(["shown"]));
    let odd = table(&report, "odd \"name");
    assert_eq!((&odd["rows"], &odd["rows_are"]), (&40.into(), &"counted".into()));
    assert_eq!(odd["rows_in_window"], 24);
    assert_eq!(odd["rows_in_previous"], 16);
    assert_eq!(odd["newest"], "2026-11-22T09:00:00Z");
    assert_eq!(column(&odd, "k")["constant"], "same");
    assert_eq!(column(&odd, "price")["maximum"], 39.0);
    assert_eq!(column(&odd, "note")["kind"], "json");
    assert_eq!(column(&odd, "vacant")["null_share"], 1.0);
    assert_eq!(column(&odd, "at")["time_forms"]["space_text"], 40);
    assert_eq!(column(&odd, "made_at")["time_forms"]["epoch_seconds"], 40);
}

#[test]
fn a_large_table_is_estimated_and_its_window_is_found_by_bisecting() {
    let bot = BotFile::generation1();
    bot.execute(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 50000)
        INSERT INTO price_history (coin, price_usd, timestamp)
        SELECT 'bitcoin', n, datetime('2026-11-22 09:00:00', '-' || ((50000 - n) * 10) || ' seconds') FROM number",
        [],
    );
    let prices = table(&report(&bot, &[]), "price_history");
    assert_eq!((&prices["rows"], &prices["rows_are"]), (&50_000.into(), &"estimated".into()));
    assert_eq!(prices["rows_in_window"], 8_640);
    assert_eq!(prices["rows_in_previous"], 8_640);
    assert_eq!(prices["oldest"], "2026-11-16T14:06:50Z");
    assert_eq!(prices["sampled_rows"], 500);
    assert_eq!(prices["keeps_all_rows"], true);

    let mut command = crate::monitor::command(["--no-llm", "--dry-run", "--format", "json"]);
    command.args(["--as-of", "2026-11-20 09:00:00", "--db"]).arg(bot.path());
    let earlier = table(&crate::monitor::finish(command).json(), "price_history");
    assert_eq!(earlier["newest"], "2026-11-20T09:00:00Z", "later rows do not exist");
    assert_eq!(earlier["rows_in_window"], 8_640);
    assert_eq!(earlier["rows"], 50_000 - 2 * 8_640);
}

#[test]
fn the_local_clock_shows_in_the_row_that_carries_both() {
    let bot = BotFile::generation2().host_offset_seconds(19_800);
    for hour in 0..5 {
        let utc = ago(3_600 * hour);
        bot.snapshot(&bot.local(&utc), &utc);
    }
    let snapshots = table(&report(&bot, &[]), "profit_snapshots");
    assert_eq!(column(&snapshots, "timestamp")["offset_hours"], 5.5);
}

#[test]
fn tables_without_rowid_long_texts_and_nonsense_are_read() {
    let bot = BotFile::generation1();
    bot.execute("CREATE TABLE pairs (a TEXT, b TEXT, at TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID", []);
    bot.execute("CREATE TABLE hidden (rowid TEXT, _rowid_ TEXT, oid TEXT, infinite REAL, bytes BLOB)", []);
    bot.execute("INSERT INTO pairs VALUES ('x', 'y', 'never'), ('x', 'z', '2026-11-22 08:00:00')", []);
    bot.execute("INSERT INTO hidden VALUES (NULL, 1, 'x', 9e999, CAST(x'ff00fe' AS TEXT))", []);
    bot.activity("llm_query", "Prompt: ...", "x".repeat(9_000).as_str(), &ago(60));
    let report = report(&bot, &[]);
    assert_eq!(report["exit_code"], 0);
    assert_eq!(table(&report, "pairs")["rows"], 2);
    assert_eq!(table(&report, "hidden")["rows"], 1);
    let details = column(&table(&report, "activity_log"), "details");
    assert_eq!((&details["kind"], &details["bytes"]), (&"long".into(), &9_000.0.into()));
}

#[test]
fn the_prompt_names_tables_and_columns_and_no_value() {
    let bot = BotFile::generation1();
    bot.execute("CREATE TABLE secrets (word TEXT, empty TEXT)", []);
    bot.execute("INSERT INTO secrets VALUES ('PRIVATE', NULL)", []);
    let mut command = crate::monitor::command(["--print-prompt", "--as-of", crate::bot_file::NOW, "--db"]);
    command.arg(bot.path());
    let prompt = crate::monitor::finish(command).stdout;
    assert!(prompt.contains("- \"secrets\" 1, empty \"empty\""), "{prompt}");
    assert!(!prompt.contains("PRIVATE"));
}
