//! Objects of the schema that only the bot's own program can use: told once, and all else is read.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use serde_json::Value;

use crate::bot_file::BotFile;
use crate::healthy::Healthy;
use crate::monitor::{audit, report};

/// The bot's own connection: with a function and an order of texts that nobody else has.
fn own_connection(bot: &BotFile) -> Connection {
    let connection = Connection::open(bot.path()).unwrap();
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("normalised", 1, flags, |call| call.get::<Option<String>>(0)).unwrap();
    // Backwards: whoever takes it for the order of bytes finds nothing in an index of it.
    connection.create_collation("LOCALIZED", |one, other| other.cmp(one)).unwrap();
    connection
}

/// A healthy bot whose program has done this to the schema.
fn with(schema: &str) -> BotFile {
    let bot = Healthy { days: 2, ..Healthy::generation1() }.write();
    own_connection(&bot).execute_batch(schema).unwrap_or_else(|error| panic!("{error}: {schema}"));
    bot.closed()
}

const VIRTUAL_TABLE: &str = "
PRAGMA writable_schema = ON;
INSERT INTO sqlite_master (type, name, tbl_name, rootpage, sql)
VALUES ('table', 'memories', 'memories', 0, 'CREATE VIRTUAL TABLE memories USING vec0(embedding float[3])')";

/// The coin's column in the bot's own order, with an index in it.
const ORDERED_COIN: &str = "
CREATE TABLE copied AS SELECT * FROM closed_trades;
DELETE FROM closed_trades;
PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, 'coin_name TEXT', 'coin_name TEXT COLLATE LOCALIZED') WHERE name = 'closed_trades'";
const ORDERED_COIN_AGAIN: &str = "
REINDEX closed_trades;
INSERT INTO closed_trades SELECT * FROM copied;
DROP TABLE copied";

/// What a program may do, the object that is told, and what it misses.
const SCHEMAS: [(&str, &str, &str); 9] = [
    (VIRTUAL_TABLE, "virtual table memories", "no such module: vec0"),
    (
        "ALTER TABLE activity_log ADD COLUMN extra TEXT COLLATE LOCALIZED",
        "table activity_log",
        "no such collation sequence: LOCALIZED",
    ),
    (
        "CREATE INDEX by_name ON closed_trades(coin_name COLLATE LOCALIZED)",
        "table closed_trades",
        "no such collation sequence: LOCALIZED",
    ),
    (
        "ALTER TABLE activity_log ADD COLUMN plain TEXT AS (normalised(description))",
        "column activity_log.plain",
        "unknown function: normalised()",
    ),
    (
        "ALTER TABLE closed_trades ADD COLUMN settled_at TEXT AS (normalised(closed_at))",
        "column closed_trades.settled_at",
        "unknown function: normalised()",
    ),
    (
        "CREATE INDEX by_function ON closed_trades(normalised(coin_name))",
        "table closed_trades",
        "unknown function: normalised()",
    ),
    (
        "CREATE INDEX some ON closed_trades(closed_at) WHERE normalised(coin_name) > 'a'",
        "table closed_trades",
        "unknown function: normalised()",
    ),
    (
        "ALTER TABLE closed_trades ADD COLUMN note TEXT CHECK (note IS NULL OR normalised(note) > '')",
        "table closed_trades",
        "no such function: normalised",
    ),
    (
        "CREATE TABLE extras (id INTEGER PRIMARY KEY, plain TEXT AS (normalised(id)) STORED, created_at TEXT)",
        "table extras",
        "unknown function: normalised()",
    ),
];

/// The titles of what is found, but for a column that nothing fills: that is true of a new one.
fn titles(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap().iter();
    let others = findings.filter(|finding| finding["source"] != "check:columns-never-filled");
    others.map(|finding| finding["title"].as_str().unwrap()).collect()
}

fn assert_told_once(bot: &BotFile, plain: &Value, object: &str, missing: &str) {
    let json = report(bot, &[]);
    assert_eq!(titles(&json), titles(plain), "{object}");
    assert_eq!(json["exit_code"], plain["exit_code"], "{object}");
    assert_eq!(json["analysis"]["checks"]["error"], Value::Null, "{object}");
    let told = json["report"]["foreign_objects"].as_array().unwrap_or_else(|| panic!("{object} is not told"));
    assert_eq!(told.len(), 1, "{told:?}");
    let (named, reason) = (told[0]["object"].as_str().unwrap(), told[0]["reason"].as_str().unwrap());
    assert!(named.starts_with(object) && reason.starts_with(missing), "{named}: {reason}");
    let run = audit(&bot.path(), &[]);
    assert_eq!(run.code, 0, "{object}: {}", run.stdout);
    assert!(!run.stdout.contains("INCOMPLETE"), "{}", run.stdout);
    let warnings: Vec<_> = run.stderr.lines().filter(|line| line.contains(" - WARNING - ")).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains(object) && warnings[0].contains(missing), "{warnings:?}");
}

#[test]
fn an_object_that_needs_what_only_the_bot_has_is_told_once_and_costs_nothing() {
    let plain = report(&with("SELECT 1"), &[]);
    for (schema, object, missing) in SCHEMAS {
        assert_told_once(&with(schema), &plain, object, missing);
    }
}

#[test]
fn a_coin_in_the_bot_s_own_order_gives_the_same_figures() {
    let plain = report(&with("SELECT 1"), &[]);
    let bot = with("SELECT 1");
    own_connection(&bot).execute_batch(ORDERED_COIN).unwrap();
    own_connection(&bot).execute_batch(ORDERED_COIN_AGAIN).unwrap();
    let bot = bot.closed();
    let json = report(&bot, &[]);
    for section in ["trade_patterns", "winloss_patterns", "account_health"] {
        assert_eq!(json["report"][section], plain["report"][section]);
    }
    assert_told_once(&bot, &plain, "table closed_trades", "no such collation sequence: LOCALIZED");
}

#[test]
fn a_fault_beside_them_is_found() {
    for (schema, object, _) in SCHEMAS {
        let bot = with(schema);
        bot.open_trade(|trade| trade.opened_at = "2026-11-01 00:00:00");
        let titles: Vec<_> = report(&bot, &[])["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["title"].clone())
            .collect();
        assert!(
            titles.contains(&"The account in account_state contradicts trades and open positions".into()),
            "{object}: {titles:?}"
        );
    }
}
