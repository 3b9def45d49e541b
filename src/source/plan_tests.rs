//! What SQLite does with every query of the bot's file: those of a period must use an index where the file has one.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use clap::Parser as _;
use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::audit::AuditDb;
use super::{Bot, HotJournal};
use crate::cli::Cli;
use crate::config::{Config, Environment};
use crate::demo;
use crate::metrics;

const GENERATION_2: &str = include_str!("../../tests/it/bot_file/generation2.sql");
/// A row of each table whose time has an index, and of the journal, whose closing times have none.
const ROWS: &str = "
INSERT INTO trade_journal (id, position_id, coin, direction, position_size_usd, entry_price, status, entry_time, exit_time)
SELECT 1, 'p1', 'BTC', 'LONG', 100, 1, 'closed', t, t FROM moment;
INSERT INTO reflections (id, timestamp, trades_analyzed, insights) SELECT 1, t, 1, '[]' FROM moment;
INSERT INTO coin_adaptations (id, coin, timestamp, old_status, new_status, reason)
SELECT 1, 'BTC', t, 'unknown', 'normal', 'new' FROM moment;";

/// Every statement of a reading, with how SQLite runs it.
fn plans(mut bot: Bot, now: DateTime<Utc>) -> Vec<(String, String)> {
    let statements = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&statements);
    let record = move |event: TraceEvent<'_>| {
        if let TraceEvent::Stmt(_, sql) = event {
            seen.lock().unwrap().insert(sql.to_owned());
        }
    };
    bot.connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(record)).unwrap();
    let config =
        Config::new(Cli::parse_from(["autonomous-monitor", "--no-llm"]), Environment::default()).unwrap();
    let db = AuditDb::read(&bot, &metrics::plan(&config, now)).unwrap();
    assert!(db.filled().failed.is_empty());
    let statements = statements.lock().unwrap().clone();
    assert!(statements.len() > 40, "{} statements", statements.len());
    statements
        .into_iter()
        .map(|sql| (plan(&bot.connection, &sql), sql))
        .map(|(plan, sql)| (sql, plan))
        .collect()
}

fn plan(connection: &Connection, sql: &str) -> String {
    let Ok(mut statement) = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")) else {
        return String::new();
    };
    let mut rows = statement.raw_query();
    let mut plan = String::new();
    while let Some(row) = rows.next().unwrap() {
        plan.push_str(&row.get::<_, String>(3).unwrap());
        plan.push('\n');
    }
    plan
}

/// Fails for a query of a period that reads one of these tables from end to end.
fn assert_searched(plans: &[(String, String)], indexed: &[&str]) {
    let of_periods: Vec<_> = plans.iter().filter(|(sql, _)| sql.contains(":from")).collect();
    assert!(of_periods.len() >= 3, "{} queries of a period", of_periods.len());
    for table in indexed {
        let searched =
            |plan: &str| plan.lines().any(|line| line.contains(&format!("SEARCH main.{table} USING")));
        assert!(of_periods.iter().any(|(_, plan)| searched(plan)), "no query of a period reads {table}");
        for (sql, plan) in &of_periods {
            let scan = plan.lines().find(|line| {
                line.strip_prefix("SCAN main.").and_then(|rest| rest.split(' ').next()) == Some(table)
            });
            assert_eq!(scan, None, "{sql}\n{plan}");
        }
    }
}

#[test]
fn queries_of_a_period_use_the_index_of_their_table() {
    let now = Utc::now();
    let folder = tempfile::tempdir().unwrap();
    let path = demo::write(folder.path(), now).unwrap();
    let bot = Bot::open(&path, HotJournal::Leave).unwrap();
    assert_searched(&plans(bot, now), &["closed_trades", "activity_log", "learnings"]);
}

#[test]
fn so_do_those_of_the_second_generation_beside_the_first_one_s_history() {
    let now = Utc::now();
    let folder = tempfile::tempdir().unwrap();
    let path = demo::write(folder.path(), now).unwrap();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(GENERATION_2).unwrap();
    let moment = now.format("%Y-%m-%d %H:%M:%S");
    connection.execute_batch(&format!("CREATE TEMP VIEW moment AS SELECT '{moment}' AS t; {ROWS}")).unwrap();
    let bot = Bot::open(&path, HotJournal::Leave).unwrap();
    let tables = ["closed_trades", "activity_log", "learnings", "reflections", "coin_adaptations"];
    assert_searched(&plans(bot, now), &tables);
}
