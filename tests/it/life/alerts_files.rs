//! The files that keep alerts: the bot's or one of their own, of any version, or none that can be used.

use std::fs;

use serde_json::json;

use crate::bot_file::BotFile;
use crate::life::{STALE, alerts};
use crate::monitor::{audit, command, finish};

#[test]
fn of_a_file_that_no_run_has_written_to_that_is_said() {
    let without_table = BotFile::generation1().without_table("monitoring_alerts");
    for bot in [without_table, BotFile::generation1()] {
        let before = fs::read(bot.path()).unwrap();
        let list = alerts(&bot, &["list"]);
        assert_eq!((list.code, list.stderr.as_str()), (0, ""));
        let path = bot.path().display().to_string();
        let said = format!(
            "There are no alerts: no run has stored anything in {path} yet: `autonomous-monitor --db {path}`"
        );
        assert!(list.stdout.starts_with(&said), "{}", list.stdout);
        assert_eq!(alerts(&bot, &["list", "--format", "json"]).json(), json!({"alerts": []}));
        for command in [&["show", "1"][..], &["ack", "1"], &["snooze", "1", "--for", "1d"]] {
            let run = alerts(&bot, command);
            assert_eq!(run.code, 3);
            let said = "there is no alert 1: no run has stored anything in ";
            assert!(run.stderr.contains(said), "{command:?}: {}", run.stderr);
        }
        assert!(fs::read(bot.path()).unwrap() == before, "nothing is made for nothing");
    }
}

#[test]
fn of_a_file_that_cannot_be_used_the_alerts_say_what_the_audit_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    fs::write(file("notes.txt"), "not a database, but long enough to be read as one ".repeat(50)).unwrap();
    fs::write(file("empty.db"), "").unwrap();
    rusqlite::Connection::open(file("foreign.db")).unwrap().execute_batch("CREATE TABLE urls (url)").unwrap();
    let bot = BotFile::generation1();
    for name in ["missing.db", "notes.txt", "empty.db", "foreign.db", "."] {
        let audit = audit(&file(name), &[]);
        let run = |arguments: &[&str]| {
            let mut command = command(arguments);
            finish({
                command.arg("--db").arg(file(name));
                command
            })
        };
        for arguments in [&["alerts", "list"][..], &["alerts", "show", "1"], &["alerts", "ack", "1"]] {
            let run = run(arguments);
            assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{name}");
            assert_eq!(run.stderr, audit.stderr.lines().last().unwrap().to_owned() + "\n", "{name}");
        }
        let path = file(name).display().to_string();
        let apart = alerts(&bot, &["list", "--alerts-db", &path]);
        match name {
            "empty.db" => assert!(apart.stdout.contains("no run has stored anything in"), "{}", apart.stdout),
            _ => assert_eq!((apart.code, apart.stdout.as_str()), (3, ""), "{name}"),
        }
        let words = match name {
            "missing.db" => "there is no file",
            "notes.txt" => "is not an SQLite database",
            "foreign.db" => "is the database of another program",
            "." => "is a directory",
            _ => "",
        };
        assert!(apart.stderr.contains(words), "{name}: {}", apart.stderr);
    }
    assert!(!file("missing.db").exists());
}

#[test]
fn alerts_in_a_file_of_their_own_leave_the_bot_s_untouched() {
    let bot = BotFile::with_stale_position();
    let own = bot.folder().join("alerts.db");
    let own = own.to_str().unwrap();
    let before = fs::read(bot.path()).unwrap();
    assert!(alerts(&bot, &["list", "--alerts-db", own]).stderr.contains("there is no file"));
    assert!(!fs::exists(own).unwrap(), "reading makes no file");
    audit(&bot.path(), &["--dry-run", "--alerts-db", own]);
    assert!(!fs::exists(own).unwrap(), "a dry run makes no file");
    assert_eq!(audit(&bot.path(), &["--alerts-db", own, "--format", "json"]).json()["stored"], 1);
    assert_eq!(audit(&bot.path(), &["--alerts-db", own, "--format", "json"]).json()["duplicates"], 1);
    assert_eq!(fs::read(bot.path()).unwrap(), before);
    assert!(alerts(&bot, &["list", "--alerts-db", own]).stdout.contains("seen 2×"));
}

#[test]
fn a_file_of_every_earlier_version_is_upgraded() {
    let bot = BotFile::with_stale_position();
    // The bot's own table, and an alert as the first version stored it.
    bot.execute(
        "INSERT INTO monitoring_alerts (alert_type, severity, title, description) VALUES ('bug', 'medium', ?1, 'old')",
        [STALE],
    );
    let json = audit(&bot.path(), &["--format", "json"]).json();
    assert_eq!((&json["stored"], &json["duplicates"]), (&json!(0), &json!(1)));
    bot.execute("ALTER TABLE monitoring_sightings DROP COLUMN least_hours", []);
    bot.execute("DROP TABLE monitoring_snoozes", []);
    bot.execute("DELETE FROM monitoring_migrations WHERE version >= 3", []);
    let json = audit(&bot.path(), &["--format", "json"]).json();
    assert_eq!((&json["stored"], &json["duplicates"]), (&json!(0), &json!(1)));
    assert_eq!(bot.value::<i64>("SELECT least_hours FROM monitoring_sightings"), 24);
    bot.execute("DROP TABLE monitoring_sightings", []);
    bot.execute("DROP TABLE monitoring_changes", []);
    bot.execute("DELETE FROM monitoring_migrations WHERE version >= 2", []);
    let json = audit(&bot.path(), &["--format", "json"]).json();
    assert_eq!((&json["stored"], &json["duplicates"]), (&json!(0), &json!(1)));
    assert_eq!(bot.value::<i64>("SELECT count(*) FROM monitoring_sightings"), 1);
}

#[test]
fn a_file_of_a_newer_version_is_refused_with_a_sentence() {
    let bot = BotFile::with_stale_position();
    audit(&bot.path(), &[]);
    bot.execute(
        "INSERT INTO monitoring_migrations SELECT 99, 'of_the_future', applied_on, checksum FROM monitoring_migrations LIMIT 1",
        [],
    );
    let run = audit(&bot.path(), &[]);
    assert_eq!(run.code, 3);
    assert!(run.said().contains("a newer version of autonomous-monitor has written"), "{}", run.stdout);
    assert!(run.stdout.contains(STALE), "what was found is printed: {}", run.stdout);
    assert_eq!(alerts(&bot, &["ack", "1"]).code, 3);
}
