//! Files that are missing, foreign, cut, damaged, locked or in use.

use std::fs::{self, Permissions};
use std::ops::Range;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::bot_file::{BotFile, NOW};
use crate::healthy::Random;
use crate::monitor::{Run, audit, command, finish};
use crate::survival::{
    Copy, assert_none, complaints, complaints_about_a_dry_run, count, few_rows_1, few_rows_2, integrity,
    rounds, rows_of_the_bot,
};

/// Turns bits of some bytes; every fourth seed hits the header and the schema only.
fn damaged(bytes: &[u8], seed: u64) -> Copy {
    let mut random = Random::new(seed);
    let mut bytes = bytes.to_vec();
    let reach = if seed.is_multiple_of(4) { 2_048 } else { bytes.len() as i64 };
    for _ in 0..random.whole(1, 9) {
        let place = random.whole(0, reach) as usize;
        bytes[place] ^= random.whole(1, 256) as u8;
    }
    Copy::of(&bytes)
}

/// What storing must not make worse: what was sound before, and the tables that the damage has spared.
fn complaints_about_damage(template: &[u8], damaged: &Copy) -> Vec<String> {
    let sound = rows_of_the_bot(&Copy::of(template).path());
    let (was_ok, before) = (integrity(&damaged.path()) == ["ok"], rows_of_the_bot(&damaged.path()));
    let mut complaints = complaints_about_a_dry_run(&damaged.path());
    complaints.extend(self::complaints(&audit(&damaged.path(), &["--verbose"])));
    if was_ok && integrity(&damaged.path()) != ["ok"] {
        complaints.push(format!("{:?}", integrity(&damaged.path())));
    }
    let after = rows_of_the_bot(&damaged.path());
    let spared = before.iter().filter(|table| sound.contains(table));
    let changed = spared.filter(|table| !after.contains(table)).map(|table| String::from_utf8_lossy(table));
    complaints.extend(changed.map(|table| format!("changed: {table}")));
    complaints
}

fn assert_damage_is_survived(template: &[u8], seeds: Range<u64>) {
    assert_none(
        seeds.map(|seed| {
            (format!("seed {seed}"), complaints_about_damage(template, &damaged(template, seed)))
        }),
    );
}

#[test]
fn random_damage_to_a_file_of_generation_1_ends_in_no_panic_and_no_other_damage() {
    assert_damage_is_survived(few_rows_1(), 0..rounds(25, 1_500));
}

#[test]
fn random_damage_to_a_file_of_generation_2_ends_in_no_panic_and_no_other_damage() {
    assert_damage_is_survived(few_rows_2(), 10_000..10_000 + rounds(25, 1_500));
}

#[test]
fn a_file_that_is_cut_is_refused_or_told_to_be_damaged() {
    let whole = few_rows_2();
    let sizes =
        [1, 15, 16, 17, 99, 100, 101, 511, 512, 513, 1_024, 4_096, whole.len() / 2, whole.len() / 2 + 1];
    assert_none(sizes.into_iter().map(|size| {
        let copy = Copy::of(&whole[..size]);
        let mut complaints = complaints_about_a_dry_run(&copy.path());
        let run = audit(&copy.path(), &[]);
        let said = run.stdout + &run.stderr;
        let is_told = ["is damaged", "is not an SQLite database", "none of the bot's tables"];
        if run.code == 0 || !is_told.iter().any(|words| said.contains(words)) {
            complaints.push(format!("exit code {}: {said}", run.code));
        }
        (format!("{size} bytes"), complaints)
    }));
}

#[test]
fn what_is_no_regular_file_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (pipe, ring) = (folder.path().join("pipe.db"), folder.path().join("ring.db"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::os::unix::fs::symlink(&ring, &ring).unwrap();
    let below_a_file = Copy::of(few_rows_1());
    for (path, sentence) in [
        (pipe.as_path(), "is no regular file"),
        (Path::new("/dev/null"), "is no regular file"),
        (ring.as_path(), "there is no file"),
        (&below_a_file.path().join("bot.db"), "there is no file"),
    ] {
        let run = audit(path, &[]);
        assert_eq!(run.code, 3, "{}", run.stderr);
        assert!(run.stderr.contains(sentence) && run.stderr.contains("--db"), "{}", run.stderr);
    }
}

#[test]
fn a_pipe_beside_the_file_is_not_waited_for() {
    for ending in ["-journal", "-wal"] {
        let copy = Copy::of(few_rows_1());
        let beside = format!("{}{ending}", copy.path().display());
        assert!(Command::new("mkfifo").arg(&beside).status().unwrap().success());
        let run = audit(&copy.path(), &[]);
        assert_eq!(run.code, 3, "{}", run.stdout);
        assert!(run.stderr.contains(&format!("{ending} is no regular file")), "{}", run.stderr);
    }
}

#[test]
fn a_damaged_page_is_told_once_with_what_to_do() {
    let mut bytes = few_rows_1().to_vec();
    let copy = Copy::of(&bytes);
    let page = count(&copy.path(), "SELECT rootpage FROM sqlite_master WHERE name = 'open_trades'") as usize;
    bytes[(page - 1) * 512..page * 512].fill(0xff);
    let run = audit(&Copy::of(&bytes).path(), &[]);
    let said = run.said();
    let told: Vec<&str> = said.split("INCOMPLETE: ").skip(1).collect();
    assert_eq!(told.len(), 2, "sections and checks: {}", run.stdout);
    for line in told {
        assert_eq!(line.matches("the file is damaged").count(), 1, "{line}");
        assert!(line.contains("restore a backup"), "{line}");
    }
}

/// A file with a log that nobody has written back yet, and the connection that keeps it so.
fn with_live_log() -> (BotFile, Connection) {
    let bot = BotFile::with_stale_position();
    let writer = Connection::open(bot.path()).unwrap();
    writer.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0").unwrap();
    bot.closed_trade(|_| ());
    writer.execute("UPDATE closed_trades SET coin_name = 'in-the-log'", []).unwrap();
    (bot, writer)
}

#[test]
fn rows_that_are_only_in_a_live_log_are_seen_and_alerts_are_stored_beside_them() {
    let (bot, writer) = with_live_log();
    let bytes = fs::read(bot.path()).unwrap();
    let json = audit(&bot.path(), &["--dry-run", "--format", "json"]).json();
    assert_eq!(json["report"]["trade_patterns"]["trades_by_coin"]["in-the-log"], 1);
    assert!(fs::read(bot.path()).unwrap() == bytes, "a dry run leaves the file");
    let run = audit(&bot.path(), &[]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(bot.value::<i64>("SELECT count(*) FROM monitoring_alerts"), 1);
    drop(writer);
    assert_eq!(integrity(&bot.path()), ["ok"]);
}

#[test]
fn a_log_whose_index_cannot_be_made_is_read_and_nothing_stored() {
    let (bot, writer) = with_live_log();
    let copy = Copy::of(&fs::read(bot.path()).unwrap());
    let beside = |path: &Path, ending: &str| path.with_extension(format!("db{ending}"));
    fs::copy(beside(&bot.path(), "-wal"), beside(&copy.path(), "-wal")).unwrap();
    drop(writer);
    fs::create_dir(beside(&copy.path(), "-shm")).unwrap();
    let run = audit(&copy.path(), &["--format", "json"]);
    let json = run.json();
    assert_eq!(run.code, 3);
    assert_eq!(
        json["report"]["trade_patterns"]["trades_by_coin"]["in-the-log"], 1,
        "it is read all the same"
    );
    let told = json["store_error"].as_str().unwrap();
    assert!(told.contains("this user may not write the file or its folder"), "{told}");
    fs::remove_dir(beside(&copy.path(), "-shm")).unwrap();
    let json = audit(&copy.path(), &["--format", "json"]).json();
    assert_eq!(json["report"]["trade_patterns"]["trades_by_coin"]["in-the-log"], 1, "nothing was lost");
}

/// An audit by somebody who may read the file and not write its folder, for whom root becomes somebody
/// else; `None` where such a user cannot run the binary.
fn audit_by_nobody(path: &Path) -> Option<Run> {
    const NOBODY: u32 = 65_534;
    let is_root = fs::metadata(path).unwrap().uid() == 0;
    let mut command = command(["--no-llm", "--as-of", NOW, "--db"]);
    command.arg(path);
    if is_root {
        command.uid(NOBODY).gid(NOBODY);
    }
    // The binary may lie in a folder that only its owner may enter.
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(finish(command))
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let alone = |template: &[u8], is_wal: bool, folder: u32| {
        let copy = Copy::of(template);
        let mode = if is_wal { "WAL" } else { "DELETE" };
        let connection = Connection::open(copy.path()).unwrap();
        connection.query_row(&format!("PRAGMA journal_mode = {mode}"), [], |_| Ok(())).unwrap();
        drop(connection);
        fs::set_permissions(copy.path(), Permissions::from_mode(0o444)).unwrap();
        fs::set_permissions(copy.path().parent().unwrap(), Permissions::from_mode(folder)).unwrap();
        copy
    };
    let template = fs::read(BotFile::with_stale_position().path()).unwrap();
    // A log's index that belongs to whoever has only read would keep the bot from writing.
    for (is_wal, folder) in [(false, 0o555), (true, 0o555), (true, 0o777)] {
        let copy = alone(&template, is_wal, folder);
        let Some(run) = audit_by_nobody(&copy.path()) else { return };
        fs::set_permissions(copy.path().parent().unwrap(), Permissions::from_mode(0o755)).unwrap();
        assert_eq!(run.code, 3, "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains("Total findings: 1"), "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains("this user may not write the file or its folder"), "{}", run.stderr);
        assert!(fs::read(copy.path()).unwrap().len() == template.len(), "nothing was written");
        let beside = fs::read_dir(copy.path().parent().unwrap()).unwrap().count();
        assert_eq!(beside, 1, "nothing was left");
    }
}

/// The bot's file, and a connection that holds this lock of it.
fn locked(lock: &str) -> (BotFile, Connection) {
    let bot = BotFile::with_stale_position();
    let holder = Connection::open(bot.path()).unwrap();
    holder.execute_batch(lock).unwrap();
    (bot, holder)
}

fn start(path: PathBuf) -> JoinHandle<Run> {
    thread::spawn(move || audit(&path, &[]))
}

fn assert_released_lock_is_waited_for(lock: &str) {
    let (bot, holder) = locked(lock);
    let monitor = start(bot.path());
    thread::sleep(Duration::from_millis(1_200));
    assert!(!monitor.is_finished(), "{lock}: the monitor did not wait");
    holder.execute_batch("ROLLBACK").unwrap();
    let run = monitor.join().unwrap();
    assert_eq!(run.code, 0, "{lock}: {}", run.stderr);
    assert_eq!(bot.value::<i64>("SELECT count(*) FROM monitoring_alerts"), 1);
}

#[test]
fn a_lock_is_waited_for_ten_seconds_and_costs_no_finding() {
    let (writes, reads) = (locked("BEGIN IMMEDIATE"), locked("BEGIN EXCLUSIVE"));
    let started = Instant::now();
    let (writing, reading) = (start(writes.0.path()), start(reads.0.path()));
    assert_released_lock_is_waited_for("BEGIN IMMEDIATE");
    assert_released_lock_is_waited_for("BEGIN EXCLUSIVE");
    let (writing, reading) = (writing.join().unwrap(), reading.join().unwrap());
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    assert_eq!((writing.code, reading.code), (3, 3));
    let path = writes.0.path().display().to_string();
    let sentence = format!(
        "INCOMPLETE: nothing was stored: cannot store alerts in {path}: another process held the lock of the \
         file for 10 s"
    );
    assert!(writing.said().contains(&sentence), "{}", writing.stdout);
    assert!(writing.stdout.contains("Open positions that no exit has closed for days"), "{}", writing.stdout);
    assert!(reading.stderr.contains("stayed locked for 10 s"), "{}", reading.stderr);
    drop(writes.1);
    assert_eq!(audit(&writes.0.path(), &[]).code, 0);
    assert_eq!(writes.0.value::<i64>("SELECT count(*) FROM monitoring_alerts"), 1);
}

#[test]
fn a_table_that_cannot_be_read_is_named_and_hides_no_other() {
    let bot = BotFile::with_stale_position();
    bot.execute("CREATE TABLE extra (id INTEGER PRIMARY KEY, note TEXT)", []);
    bot.execute("INSERT INTO extra (note) VALUES ('a'), ('b')", []);
    let root: i64 = bot.value("SELECT rootpage FROM sqlite_master WHERE name = 'extra'");
    let page_size: i64 = bot.value("PRAGMA page_size");
    let mut bytes = fs::read(bot.path()).unwrap();
    let begin = usize::try_from((root - 1) * page_size).unwrap();
    bytes[begin..begin + 100].fill(0xee);
    fs::write(bot.path(), bytes).unwrap();
    let run = audit(&bot.path(), &["--dry-run"]);
    assert_eq!(run.code, 3, "{}", run.stdout);
    assert!(run.stdout.contains("INCOMPLETE: not collected: the table extra: "), "{}", run.stdout);
    assert!(run.stdout.contains("MEDIUM SEVERITY:"), "{}", run.stdout);
}

#[test]
fn a_view_under_a_table_s_name_stops_nothing() {
    for shape in [
        "ALTER TABLE profit_snapshots RENAME TO other; CREATE VIEW profit_snapshots AS SELECT * FROM other",
        "ALTER TABLE trade_journal RENAME TO other; CREATE VIEW trade_journal AS SELECT nope FROM nada",
        "DROP TABLE market_data; CREATE VIEW market_data AS SELECT * FROM market_data",
        "DROP TABLE coin_adaptations; CREATE TABLE coin_adaptations (
            id INTEGER PRIMARY KEY, coin TEXT, timestamp TEXT, old_status TEXT, new_status TEXT, reason TEXT,
            created_at TEXT) WITHOUT ROWID",
    ] {
        let bot = BotFile::upgraded();
        bot.open_trade(|row| row.opened_at = "2026-11-01 00:00:00");
        Connection::open(bot.path()).unwrap().execute_batch(shape).unwrap();
        let run = audit(&bot.path(), &["--dry-run"]);
        assert!(run.code <= 2, "{shape}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains("Open positions that no exit has closed"), "{shape}: {}", run.stdout);
    }
}

#[test]
fn our_own_tables_are_made_again_where_somebody_has_dropped_one() {
    for table in ["alerts", "sightings", "changes", "snoozes", "migrations"] {
        let table = &format!("monitoring_{table}");
        let bot = BotFile::with_stale_position();
        assert_eq!(audit(&bot.path(), &[]).code, 0);
        bot.execute(&format!("DROP TABLE {table}"), []);
        let run = audit(&bot.path(), &[]);
        assert_eq!(run.code, 0, "{table}: {}", run.stdout);
        let made: i64 =
            bot.value("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name LIKE 'monitoring_%'");
        assert_eq!(made, 5, "{table}");
        assert_eq!(bot.value::<i64>("SELECT count(*) FROM monitoring_alerts"), 1, "{table}");
    }
}

#[test]
fn a_history_of_our_tables_that_nobody_can_read_is_told() {
    for change in ["applied_on = 'yesterday'", "checksum = 'x'", "name = x'ff'", "applied_on = NULL"] {
        let bot = BotFile::with_stale_position();
        assert_eq!(audit(&bot.path(), &[]).code, 0);
        bot.execute(&format!("UPDATE monitoring_migrations SET {change}"), []);
        let run = audit(&bot.path(), &[]);
        assert_none([(change.to_owned(), complaints(&run))]);
        assert!(run.stdout.contains("drop it, the next run makes it again"), "{change}: {}", run.stdout);
        bot.execute("DROP TABLE monitoring_migrations", []);
        assert_eq!(audit(&bot.path(), &[]).code, 0, "{change}");
    }
}
