//! An index that does not hold what its table holds hides rows from whoever reads through it.

use rusqlite::Connection;
use serde_json::Value;

use crate::bot_file::BotFile;
use crate::healthy::Healthy;
use crate::monitor::{audit, found, report};

/// Two days of a healthy bot.
fn healthy() -> BotFile {
    Healthy { days: 2, ..Healthy::generation1() }.write()
}

/// Runs statements while SQLite does not know of an index, which therefore misses what they do.
fn behind_the_back_of(index: &str, bot: BotFile, statements: &str) -> BotFile {
    let hidden = format!(
        "PRAGMA writable_schema = ON;
        CREATE TEMP TABLE hidden AS SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master WHERE name = '{index}';
        DELETE FROM sqlite_master WHERE name = '{index}';
        PRAGMA writable_schema = RESET;
        {statements};
        PRAGMA writable_schema = ON;
        INSERT INTO main.sqlite_master SELECT * FROM hidden;"
    );
    bot.connection().execute_batch(&hidden).unwrap();
    bot.closed()
}

fn swapped(one: &str, other: &str) -> BotFile {
    let bot = healthy();
    let root = |name: &str| -> i64 {
        bot.value(&format!("SELECT rootpage FROM sqlite_master WHERE name = '{name}'"))
    };
    let (of_one, of_other) = (root(one), root(other));
    bot.connection()
        .execute_batch(&format!(
            "PRAGMA writable_schema = ON;
            UPDATE sqlite_master SET rootpage = {of_other} WHERE name = '{one}';
            UPDATE sqlite_master SET rootpage = {of_one} WHERE name = '{other}';"
        ))
        .unwrap();
    bot.closed()
}

/// What the report says beside the finding; sums in another order of the rows differ in their last digits.
fn figures(json: &Value) -> Vec<Value> {
    ["trade_patterns", "winloss_patterns", "account_health", "system_metrics", "learning_quality"]
        .iter()
        .map(|section| rounded(&json["report"][section]))
        .collect()
}

fn rounded(value: &Value) -> Value {
    match value {
        Value::Number(number) => format!("{:.6}", number.as_f64().unwrap()).into(),
        Value::Array(values) => values.iter().map(rounded).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), rounded(value))).collect(),
        other => other.clone(),
    }
}

#[test]
fn rows_that_an_index_has_lost_are_read_and_the_damage_is_told() {
    for (index, statements, words) in [
        (
            "idx_closed_trades_closed_at",
            "CREATE TEMP TABLE lost AS SELECT * FROM closed_trades WHERE id % 3 = 0;
            DELETE FROM closed_trades WHERE id % 3 = 0;
            INSERT INTO closed_trades SELECT * FROM lost",
            "",
        ),
        (
            "idx_closed_trades_closed_at",
            "UPDATE closed_trades SET closed_at = closed_at || '.0' WHERE id % 3 = 0",
            "lacks",
        ),
        (
            "idx_activity_log_created_at",
            "UPDATE activity_log SET created_at = created_at || '.0' WHERE id % 3 = 0",
            "lacks",
        ),
        (
            "idx_learnings_created_at",
            "UPDATE learnings SET created_at = created_at || '.0' WHERE id % 2 = 0",
            "lacks",
        ),
    ] {
        let bot = behind_the_back_of(index, healthy(), statements);
        let json = report(&bot, &[]);
        bot.execute("REINDEX", []);
        let sound = report(&bot, &[]);
        assert_eq!(figures(&json), figures(&sound), "{index}");
        assert_eq!(found(&sound, "index-damaged"), Vec::<&Value>::new(), "{index}");
        if words.is_empty() {
            // The rows are the same ones again: nothing is lost.
            assert_eq!(json["findings"], sound["findings"]);
            continue;
        }
        let told = found(&json, "index-damaged");
        assert_eq!(told.len(), 1, "{index}: {}", json["findings"]);
        assert_eq!(told[0]["severity"], "critical");
        let description = told[0]["description"].as_str().unwrap();
        assert!(description.contains(index) && description.contains(words), "{description}");
        assert!(told[0]["recommendation"].as_str().unwrap().contains("REINDEX"), "{}", told[0]);
        assert_eq!(
            json["findings"].as_array().unwrap().len(),
            sound["findings"].as_array().unwrap().len() + 1
        );
        assert_eq!(json["exit_code"], 2);
    }
}

#[test]
fn entries_for_rows_that_are_gone_are_told() {
    let bot = behind_the_back_of(
        "idx_closed_trades_closed_at",
        healthy(),
        "DELETE FROM closed_trades WHERE id % 3 = 0",
    );
    let json = report(&bot, &[]);
    let told = found(&json, "index-damaged");
    assert_eq!(told.len(), 1, "{}", json["findings"]);
    let description = told[0]["description"].as_str().unwrap();
    assert!(description.contains("idx_closed_trades_closed_at of closed_trades holds"), "{description}");
    let left: i64 =
        bot.value("SELECT count(*) FROM closed_trades NOT INDEXED WHERE closed_at > '2026-11-21 09:00:00'");
    assert_eq!(json["report"]["trade_patterns"]["total_trades"], left);
}

#[test]
fn an_index_that_cannot_be_read_is_told_and_the_table_is_read() {
    let bot = healthy();
    let sound = report(&bot, &[]);
    let root: i64 =
        bot.value("SELECT rootpage FROM sqlite_master WHERE name = 'idx_closed_trades_closed_at'");
    let page: i64 = bot.value("PRAGMA page_size");
    let bot = bot.closed();
    let mut bytes = std::fs::read(bot.path()).unwrap();
    let begin = usize::try_from((root - 1) * page).unwrap();
    bytes[begin..begin + 100].fill(0xee);
    std::fs::write(bot.path(), bytes).unwrap();
    let json = report(&bot, &[]);
    assert_eq!(figures(&json), figures(&sound));
    let told = found(&json, "index-damaged");
    assert!(
        told[0]["description"]
            .as_str()
            .unwrap()
            .contains("idx_closed_trades_closed_at of closed_trades cannot be read"),
        "{}",
        told[0]
    );
}

#[test]
fn with_two_roots_swapped_nothing_false_is_said() {
    let plain = audit(&healthy().path(), &["--dry-run"]).stdout;
    for (one, other) in [
        ("idx_closed_trades_closed_at", "idx_closed_trades_coin"),
        ("idx_closed_trades_closed_at", "idx_learnings_created_at"),
        ("idx_activity_log_created_at", "idx_closed_trades_closed_at"),
        ("closed_trades", "learnings"),
        ("closed_trades", "open_trades"),
        ("closed_trades", "idx_closed_trades_closed_at"),
    ] {
        let bot = swapped(one, other);
        let run = audit(&bot.path(), &["--dry-run"]);
        assert!(run.code >= 2, "{one} and {other}: {}{}", run.stdout, run.stderr);
        let said = run.stdout.clone() + &run.stderr;
        assert!(said.contains("damaged"), "{one} and {other}: {said}");
        let findings = run.stdout.lines().filter(|line| line.starts_with("  - ")).collect::<Vec<_>>();
        let is_true =
            |line: &&&str| plain.lines().any(|known| known == **line) || line.contains("the file is damaged");
        assert_eq!(
            findings.iter().filter(is_true).count(),
            findings.len(),
            "{one} and {other}: {findings:?}"
        );
    }
}

#[test]
fn sound_indexes_of_every_kind_are_not_told() {
    let bot = healthy();
    let more = Connection::open(bot.path()).unwrap();
    more.execute_batch(
        "CREATE INDEX three ON closed_trades(coin_name COLLATE NOCASE, pnl_usd DESC, closed_at);
        CREATE INDEX expression ON closed_trades(lower(coin_name));
        CREATE INDEX some ON closed_trades(closed_at) WHERE pnl_usd > 0;
        CREATE UNIQUE INDEX unique_one ON closed_trades(closed_at, id);
        UPDATE closed_trades SET rule_ids_used = NULL WHERE id % 2 = 0;
        CREATE INDEX with_nulls ON closed_trades(rule_ids_used, exit_reason)",
    )
    .unwrap();
    drop(more);
    let json = report(&bot, &[]);
    assert_eq!(found(&json, "index-damaged"), Vec::<&Value>::new());
    assert_eq!(json["report"]["foreign_objects"], Value::Null);
}

#[test]
fn a_table_that_cannot_be_read_hides_no_other() {
    for table in
        ["market_data", "trading_rules", "learnings", "closed_trades", "activity_log", "coin_adaptations"]
    {
        let bot = BotFile::upgraded();
        bot.open_trade(|trade| trade.opened_at = "2026-11-01 00:00:00");
        let root: i64 = bot.value(&format!("SELECT rootpage FROM sqlite_master WHERE name = '{table}'"));
        let page: i64 = bot.value("PRAGMA page_size");
        let bot = bot.closed();
        let mut bytes = std::fs::read(bot.path()).unwrap();
        let begin = usize::try_from((root - 1) * page).unwrap();
        bytes[begin..begin + usize::try_from(page).unwrap()].fill(0xff);
        std::fs::write(bot.path(), bytes).unwrap();
        let run = audit(&bot.path(), &["--dry-run"]);
        assert!(run.stdout.contains(&format!("the table {table}")), "{table}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains("INCOMPLETE: not collected: "), "{table}: {}", run.stdout);
        assert!(run.stdout.contains("Open positions that no exit has closed"), "{table}: {}", run.stdout);
    }
}
