//! A pass over a short log, and the tables that it leaves.

use super::pass::{LogPass, LogReach, LogRow, LogSettings};
use super::write;
use crate::source::audit::AuditDb;

const SETTINGS: LogSettings<'static> =
    LogSettings { source: "activity_log", window_start: 1_000.0, cycle_pause_seconds: 30.0 };

fn filled(rows: &[(f64, &str, &str, &str)]) -> AuditDb {
    let audit = AuditDb::empty().unwrap();
    let mut pass = LogPass::new(SETTINGS, ["solana"]);
    pass.earlier_row(&LogRow {
        at: 5.0,
        source_id: "-7",
        kind: "bot_stopped",
        level: None,
        text: "",
        details: None,
    });
    for (id, (at, kind, text, details)) in rows.iter().enumerate() {
        let (source_id, details) = (id.to_string(), Some(*details).filter(|details| !details.is_empty()));
        pass.row(&LogRow { at: *at, source_id: &source_id, kind, level: None, text, details });
    }
    assert_eq!(write::finish(pass, audit.connection()).unwrap(), LogReach::default());
    audit
}

fn all(audit: &AuditDb, sql: &str) -> Vec<String> {
    let mut statement = audit.connection().prepare(sql).unwrap();
    let columns = statement.column_count();
    let text = |value: rusqlite::types::Value| match value {
        rusqlite::types::Value::Null => "-".to_owned(),
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Real(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        rusqlite::types::Value::Blob(_) => "blob".to_owned(),
    };
    let row = |row: &rusqlite::Row<'_>| {
        let cells: Vec<String> = (0..columns).map(|column| text(row.get(column).unwrap())).collect();
        Ok(cells.join(" | "))
    };
    statement.query_map([], row).unwrap().map(Result::unwrap).collect()
}

const BUY: &str =
    r#"{"action": "BUY", "coin": "solana", "size_usd": 50, "confidence": 0.8, "rules_applied": [3]}"#;

#[test]
fn the_tables_of_the_log_are_filled() {
    let audit = filled(&[
        (900.0, "market_data", "Fetched 44 coins", ""),
        (990.0, "warning", "CoinGecko rate limit hit", ""),
        (1_001.0, "bot_initialized", "Trading bot initialized", "interval=30s, min_confidence=0.3"),
        (1_001.0, "bot_started", "Bot started with balance $1000.00", ""),
        (1_030.0, "market_data", "Fetched 45 coins", ""),
        (1_034.0, "llm_query", "Prompt: text", ""),
        (1_034.0, "llm_decision", "BUY (confidence: 0.80)", BUY),
        (1_035.0, "trade_rejected", "BUY solana $50.00: Coin solana in cooldown (870s remaining).", ""),
        (1_066.0, "market_data", "Fetched 44 coins", ""),
        (1_070.0, "llm_query", "Prompt: text", ""),
        (1_070.0, "llm_decision", "BUY (confidence: 0.80)", BUY),
        (1_071.0, "trade_opened", "BUY solana $50.00 @ $145.66", "trade_id=12, stop_loss=$131.09"),
    ]);
    for (sql, rows) in TABLES {
        assert_eq!(all(&audit, sql), *rows, "{sql}");
    }
}

const TABLES: &[(&str, &[&str])] = &[
    (
        "SELECT kind, level, error, rejection, pattern, n, n_previous, n_of_decisions, first_at, last_at, example_id FROM event_pattern",
        &[
            "market_data | - | - | - | Fetched # coins | 2 | 1 | 0 | 900 | 1066 | 8",
            "warning | warning | market_data_rate_limited | - | CoinGecko rate limit hit | 0 | 1 | 0 | 990 | 990 | 1",
            "bot_initialized | - | - | - | Trading bot initialized | 1 | 0 | 0 | 1001 | 1001 | 2",
            "bot_started | - | - | - | Bot started with balance # | 1 | 0 | 0 | 1001 | 1001 | 3",
            "llm_query | - | - | - | Prompt: text | 2 | 0 | 0 | 1034 | 1070 | 9",
            "llm_decision | - | - | - | BUY (confidence: #) | 2 | 0 | 0 | 1034 | 1070 | 10",
            "trade_rejected | - | - | cooldown | BUY <instrument> #: Coin <instrument> in cooldown (#s remaining). | 1 | 0 | 1 | 1035 | 1035 | 7",
            "trade_opened | - | - | - | BUY <instrument> # @ # | 1 | 0 | 1 | 1071 | 1071 | 11",
        ],
    ),
    (
        "SELECT source_id, at, action, instrument, size, confidence, rule_ids, is_over, outcome, outcome_id, outcome_pattern_id FROM decision",
        &[
            "6 | 1034 | BUY | solana | 50 | 0.8 | [3] | 1 | trade_rejected | 7 | 7",
            "10 | 1070 | BUY | solana | 50 | 0.8 | [3] | 1 | trade_opened | 11 | 8",
        ],
    ),
    (
        "SELECT hour, in_window, measure, seconds, n FROM cycle_time",
        &[
            "0 | 0 | cycle | 0 | 1",
            "0 | 1 | cycle | 5 | 2",
            "0 | 1 | interval | 36 | 1",
            "0 | 1 | pause | 29 | 1",
            "0 | 1 | pause | 31 | 1",
            "0 | 1 | response | 4 | 2",
        ],
    ),
    (
        "SELECT source_id, in_window, trade_source, event, trade_id, instrument, size, stop_loss FROM logged_trade",
        &["11 | 1 | closed_trades | opened | 12 | solana | 50 | 131.09"],
    ),
    (
        "SELECT source_id, at, event, cycle_pause_seconds, last_row_at FROM lifecycle",
        &["-7 | 5 | stopped | - | -", "2 | 1001 | initialized | 30 | 990", "3 | 1001 | started | - | 990"],
    ),
    (
        "SELECT from_at, seconds, kind_before, kind_after FROM event_gap LIMIT 2",
        &["1035 | 31 | trade_rejected | market_data", "1001 | 29 | bot_started | market_data"],
    ),
    ("SELECT count(*), min(at), sum(in_window) FROM event", &["10 | 1001 | 10"]),
    ("SELECT * FROM event_next WHERE kind = 'llm_query'", &["llm_query | llm_decision | 2 | 0"]),
    ("SELECT * FROM error_episode", &["market_data_rate_limited | 0 | 990 | 990 | 1"]),
    ("SELECT * FROM cycle_hour", &["0 | 0 | 1 | 0 | 1", "0 | 1 | 2 | 0 | 0"]),
    ("SELECT hour, in_window, sum(n) FROM event_hour GROUP BY 1, 2", &["0 | 0 | 2", "0 | 1 | 10"]),
];
