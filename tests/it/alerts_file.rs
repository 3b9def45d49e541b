//! The file that keeps the alerts, and the times that are stored in it.

use std::fs;

use rusqlite::Connection;

use crate::bot_file::BotFile;
use crate::monitor::{Run, audit, command, finish, run};

#[test]
fn another_program_s_database_is_refused_for_the_alerts() {
    let bot = BotFile::with_stale_position();
    let other = bot.folder().join("shop.db");
    let shop = Connection::open(&other).unwrap();
    shop.execute_batch("CREATE TABLE orders (id INTEGER PRIMARY KEY); CREATE TABLE customers (name TEXT)")
        .unwrap();
    shop.close().unwrap();
    let bytes = fs::read(&other).unwrap();
    let name = other.to_str().unwrap();
    for more in [["--format", "text"], ["--dry-run", "--verbose"]] {
        let run = audit(&bot.path(), &[more[0], more[1], "--alerts-db", name]);
        assert_eq!(run.code, 3, "{}", run.stdout);
        let told = format!(
            "{name} is the database of another program (it holds customers, orders): name a file of its own with --alerts-db"
        );
        assert!(run.said().contains(&told), "{}", run.stdout);
        assert!(
            run.stdout.contains("Open positions that no exit has closed"),
            "no finding is lost: {}",
            run.stdout
        );
    }
    for action in [["list", "--all"], ["ack", "1"]] {
        let listed = run([
            "alerts",
            action[0],
            action[1],
            "--db",
            &bot.path().display().to_string(),
            "--alerts-db",
            name,
        ]);
        assert_eq!(listed.code, 3, "{}", listed.stdout);
        assert!(listed.stderr.contains("is the database of another program"), "{}", listed.stderr);
    }
    assert!(fs::read(&other).unwrap() == bytes, "nothing was written");
}

#[test]
fn what_is_no_database_is_refused_for_the_alerts() {
    let bot = BotFile::with_stale_position();
    let text = bot.folder().join("notes.txt");
    fs::write(
        &text,
        "not a database, but long enough to be taken for one by whoever does not look at it".repeat(9),
    )
    .unwrap();
    let pipe = bot.folder().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (path, words) in
        [(&text, "the file is no SQLite database: name another one"), (&pipe, "is no regular file")]
    {
        let run = audit(&bot.path(), &["--alerts-db", path.to_str().unwrap()]);
        assert_eq!(run.code, 3, "{}", run.stdout);
        assert!(run.stdout.contains(words), "{}", run.stdout);
    }
}

#[test]
fn an_empty_file_or_one_of_an_earlier_monitor_keeps_the_alerts() {
    let bot = BotFile::with_stale_position();
    let own = bot.folder().join("alerts.db");
    fs::write(&own, "").unwrap();
    let name = own.to_str().unwrap();
    assert_eq!(audit(&bot.path(), &["--alerts-db", name, "--format", "json"]).json()["stored"], 1);
    let alerts = Connection::open(&own).unwrap();
    alerts
        .execute_batch("CREATE TABLE notes_of_the_owner (text TEXT); DROP TABLE monitoring_migrations")
        .unwrap();
    assert_eq!(audit(&bot.path(), &["--alerts-db", name, "--format", "json"]).json()["duplicates"], 1);
}

/// A run of this moment.
fn live(bot: &BotFile, more: &[&str]) -> Run {
    let mut command = command(["--no-llm", "--db"]);
    command.arg(bot.path()).args(more);
    finish(command)
}

#[test]
fn an_occurrence_in_the_future_keeps_no_alert_open() {
    let bot = BotFile::with_stale_position();
    live(&bot, &[]);
    let open =
        "SELECT count(*) FROM monitoring_alerts WHERE status = 'open' AND title LIKE 'Open positions that%'";
    assert_eq!(bot.value::<i64>(open), 1);
    bot.execute("UPDATE monitoring_sightings SET first_seen_at = '2031-01-01 00:00:00', last_seen_at = '2031-01-01 00:00:00'", []);
    crate::life::close_position(&bot);
    for _ in 0..4 {
        live(&bot, &[]);
    }
    assert_eq!(bot.value::<i64>(open), 0);
    let ahead = "SELECT count(*) FROM monitoring_sightings WHERE max(first_seen_at, last_seen_at) > CURRENT_TIMESTAMP";
    assert_eq!(bot.value::<i64>(ahead), 0);
}

#[test]
fn a_missing_folder_is_named_as_the_cause() {
    let bot = BotFile::with_stale_position();
    let nope = bot.folder().join("nope");
    let run = audit(&bot.path(), &["--alerts-db", nope.join("alerts.db").to_str().unwrap()]);
    let told = format!("there is no folder {}: make it, or name another file", nope.display());
    assert!(run.code == 3 && run.said().contains(&told), "{}", run.stdout);
    assert!(!run.said().contains("this user may not write"), "{}", run.stdout);
}

#[test]
fn a_moment_in_the_future_is_refused() {
    let bot = BotFile::with_stale_position();
    for moment in ["2999-01-01", "2999-01-01T00:00:00Z"] {
        let run = audit(&bot.path(), &["--as-of", moment]);
        assert_eq!(run.code, 3);
        assert!(run.stderr.contains("is in the future: give a moment that has passed"), "{}", run.stderr);
    }
    assert_eq!(bot.value::<i64>("SELECT count(*) FROM monitoring_alerts"), 0);
}
