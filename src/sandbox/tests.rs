//! Attacks by SQL, and what a query may do.

use std::time::Instant;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::Sandbox;

fn with_sandbox<T>(test: impl FnOnce(&Sandbox) -> T) -> T {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch("CREATE TABLE trade (source_id TEXT, pnl REAL); INSERT INTO trade VALUES ('1', 2.5), ('2', NULL);")
        .unwrap();
    test(&Sandbox::new(connection).unwrap())
}

/// The sentence that a query ends in.
fn sentence(sql: &str) -> String {
    let began = Instant::now();
    let error = with_sandbox(|sandbox| match sandbox.select(sql, 0.0, 1_000) {
        Ok((rows, _)) => panic!("{sql} returns {rows:?}"),
        Err(error) => format!("{error:#}"),
    });
    assert!(began.elapsed().as_secs() < 10, "{sql} took {:?}", began.elapsed());
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

const NUMBERS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";

#[test]
fn a_query_reads_tables_json_and_functions() {
    with_sandbox(|sandbox| {
        let sql = "SELECT source_id, pnl, value FROM trade, json_each('[7]') WHERE pnl > :threshold";
        let (rows, _) = sandbox.select(sql, 2.0, 10).unwrap();
        assert_eq!(rows.columns, ["source_id", "pnl", "value"]);
        assert_eq!(rows.rows, [[Value::Text("1".to_owned()), Value::Real(2.5), Value::Integer(7)]]);
        let (numbers, _) = sandbox.select(&format!("{NUMBERS} SELECT i FROM n LIMIT 5"), 0.0, 10).unwrap();
        assert_eq!(numbers.rows.len(), 5);
        let dates = "SELECT date(86400, 'unixepoch'), strftime('%H', 3600.0, 'unixepoch'), plain_text('A, b!'), sqrt(4)";
        let (dates, _) = sandbox.select(dates, 0.0, 10).unwrap();
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(dates.rows, [[text("1970-01-02"), text("01"), text("a b"), Value::Real(2.0)]]);
    });
}

#[test]
fn the_columns_that_a_query_reads_are_known() {
    with_sandbox(|sandbox| {
        let reads = sandbox.select("SELECT pnl FROM (SELECT * FROM trade) WHERE pnl > 1", 0.0, 9).unwrap().1;
        assert!(reads.contains(&("trade".to_owned(), "pnl".to_owned())));
        let reads = sandbox.select("SELECT count(*) FROM trade", 0.0, 9).unwrap().1;
        assert_eq!(reads.into_iter().collect::<Vec<_>>(), [("trade".to_owned(), String::new())]);
    });
}

#[test]
fn rows_beyond_the_most_are_told_and_not_read() {
    with_sandbox(|sandbox| {
        let billion = format!("{NUMBERS} SELECT i FROM n LIMIT 1000000000");
        let (rows, _) = sandbox.select(&billion, 0.0, 1_000).unwrap();
        assert_eq!((rows.rows.len(), rows.is_cut), (1_000, true));
    });
}

#[test]
fn writing_attaching_and_looking_behind_the_tables_is_denied() {
    for (sql, expected) in [
        ("ATTACH '/tmp/x' AS x", "ATTACH is denied"),
        ("INSERT INTO trade VALUES ('3', 1)", "only reading is allowed"),
        ("DELETE FROM trade", "only reading is allowed"),
        ("UPDATE trade SET pnl = 1", "only reading is allowed"),
        ("CREATE TABLE x (a)", "sqlite_master may not be read|only reading is allowed"),
        ("DROP TABLE trade", "only reading is allowed|may not be read"),
        ("BEGIN", "only reading is allowed"),
        ("VACUUM INTO '/tmp/x'", "ATTACH is denied|only reading|SQLite says"),
        ("PRAGMA hard_heap_limit = 0", "PRAGMA is denied"),
        ("SELECT * FROM pragma_table_info('trade')", "PRAGMA|pragma_table_info may not be read"),
        ("SELECT * FROM sqlite_schema", "may not be read"),
        ("SELECT * FROM dbstat", "dbstat|only reading"),
        ("SELECT * FROM sqlite_temp_master", "may not be read"),
        ("SELECT * FROM generate_series(1, 2)", "SQLite says: no such table"),
        ("SELECT 1; SELECT 2", "more than one statement"),
        ("EXPLAIN SELECT 1", "EXPLAIN is denied"),
        ("", "there is no query"),
        ("SELECT load_extension('x')", "the function load_extension is denied"),
        ("SELECT readfile('/etc/passwd')", "no such function|is denied"),
        ("SELECT random()", "the function random is denied"),
        ("SELECT fts3_tokenizer('x')", "is denied"),
        ("SELECT pnl FROM nowhere", "SQLite says: no such table: nowhere"),
        ("SELECT ?", "the parameter ? is denied"),
        ("SELECT :other", "the parameter :other is denied"),
    ] {
        let said = sentence(sql);
        assert!(expected.split('|').any(|one| said.contains(one)), "{sql}: {said}");
    }
}

#[test]
fn the_clock_of_the_machine_is_denied() {
    for sql in [
        "SELECT datetime('now')",
        "SELECT date()",
        "SELECT strftime('%s')",
        "SELECT unixepoch('NO' || 'W')",
        "SELECT julianday(x'6e6f77')",
        "SELECT CURRENT_TIMESTAMP",
        "SELECT timediff('now', '2026-01-01')",
        "SELECT time('subsec')",
    ] {
        assert!(sentence(sql).contains("use run.now"), "{sql}: {}", sentence(sql));
    }
    assert!(sentence("SELECT datetime(0, 'unixepoch', 'localtime')").contains("all times are UTC"));
}

#[test]
fn what_is_endless_or_gigantic_ends_in_time() {
    for (sql, expected) in [
        (format!("{NUMBERS} SELECT count(*) FROM n"), "longer than 2 s|more memory"),
        (
            format!("{NUMBERS} SELECT max(a.i + b.i) FROM n AS a, n AS b, n AS c"),
            "longer than 2 s|more memory",
        ),
        (
            format!("{NUMBERS}, m AS (SELECT i FROM n LIMIT 30000) SELECT count(*) FROM m a, m b, m c, m d"),
            "longer than 2 s",
        ),
        ("SELECT length(printf('%2000000000d', 1))".to_owned(), "larger than 5 MB"),
        ("SELECT length(printf('%.*c', 2000000000, 'x'))".to_owned(), "larger than 5 MB"),
        ("SELECT length(zeroblob(2000000000))".to_owned(), "zeroblob is denied"),
        ("SELECT hex(printf('%.*c', 4900000, 'x'))".to_owned(), "larger than 5 MB"),
        (
            format!(
                "{NUMBERS} SELECT count(*) FROM (SELECT DISTINCT printf('%.*c', 1000000, 'x') || i AS t FROM n ORDER BY t)"
            ),
            "longer than 2 s|more memory",
        ),
    ] {
        let said = sentence(&sql);
        assert!(expected.split('|').any(|one| said.contains(one)), "{sql}: {said}");
    }
}

#[test]
fn after_an_attack_the_next_query_runs() {
    with_sandbox(|sandbox| {
        sandbox.select("SELECT random()", 0.0, 1).unwrap_err();
        assert_eq!(sandbox.select("SELECT count(*) FROM trade", 0.0, 1).unwrap().0.number().unwrap(), 2.0);
        sandbox.connection().execute("INSERT INTO trade VALUES ('3', 1)", []).unwrap();
    });
}
