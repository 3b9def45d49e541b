//! A file in WAL mode is read without a trace, and never as it lies once somebody has begun to write.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use crate::bot_file::BotFile;
use crate::healthy::Healthy;
use crate::monitor::{audit, report, run};

/// What lies beside the bot's file.
fn beside(bot: &BotFile) -> Vec<String> {
    let folder = bot.path().parent().unwrap().to_owned();
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "trading_bot.db").collect()
}

/// A bot in WAL mode that was stopped: SQLite has written its log back and removed it.
fn stopped() -> BotFile {
    let bot = BotFile::with_stale_position();
    bot.closed_trade(|_| ());
    let writer = Connection::open(bot.path()).unwrap();
    writer.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    writer.close().unwrap();
    let bot = bot.closed();
    assert_eq!(beside(&bot), Vec::<String>::new());
    bot
}

#[test]
fn a_run_that_only_reads_leaves_nothing_beside_a_stopped_bot_s_file() {
    let bot = stopped();
    let path = bot.path().display().to_string();
    let bytes = fs::read(bot.path()).unwrap();
    let run_with = |flags: &[&str]| run(flags.iter().copied().chain(["--db", path.as_str()]));
    for flags in [
        ["--no-llm", "--dry-run"].as_slice(),
        &["--no-llm", "--dry-run", "--format", "json"],
        &["--no-llm", "--print-prompt"],
        &["alerts", "list", "--all"],
        &["--no-llm", "doctor"],
    ] {
        run_with(flags);
        assert_eq!(beside(&bot), Vec::<String>::new(), "{flags:?}");
    }
    assert!(fs::read(bot.path()).unwrap() == bytes);
    let json = audit(&bot.path(), &["--dry-run", "--format", "json"]).json();
    assert_eq!(json["report"]["trade_patterns"]["total_trades"], 1);
    assert_eq!(json["counts"]["total"], 1);
}

#[test]
fn what_stores_in_a_stopped_bot_s_file_leaves_nothing_beside_it_either() {
    let bot = stopped();
    let own = bot.folder().join("alerts.db");
    for flags in [vec![], vec![], vec!["--alerts-db", own.to_str().unwrap()]] {
        assert_eq!(audit(&bot.path(), &flags).code, 0);
        assert_eq!(beside(&bot), Vec::<String>::new(), "{flags:?}");
    }
    assert_eq!(report(&bot, &[])["duplicates"], 1);
}

/// Writes, and is opened and closed again and again, so that its log comes and goes while the file is read.
fn restart_until(is_over: &AtomicBool, path: &Path) {
    while !is_over.load(Ordering::Relaxed) {
        let bot = Connection::open(path).unwrap();
        bot.busy_timeout(Duration::from_secs(10)).unwrap();
        bot.execute("UPDATE price_history SET price_usd = price_usd WHERE id % 7 = 0", []).unwrap();
        bot.close().unwrap();
    }
}

#[test]
fn a_bot_that_starts_and_stops_while_it_is_read_is_read_as_a_whole() {
    let bot = Healthy { days: 2, ..Healthy::generation1() }.write();
    bot.connection().query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    let bot = bot.closed();
    let figures = || {
        let json = audit(&bot.path(), &["--dry-run", "--format", "json"]).json();
        ["/report/trade_patterns", "/findings", "/analysis/checks/error"]
            .map(|part| json.pointer(part).cloned())
    };
    let before = figures();
    let (is_over, path) = (&AtomicBool::new(false), &bot.path());
    thread::scope(|scope| {
        scope.spawn(|| restart_until(is_over, path));
        let during: Vec<_> = (0..8).map(|_| figures()).collect();
        is_over.store(true, Ordering::Relaxed);
        assert!(during.iter().all(|figures| *figures == before));
    });
}
