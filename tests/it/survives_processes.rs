//! Monitors that are killed, stopped, crowded or without room on the disk.

mod setting;

use std::fs;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;

use self::setting::{Setting, kill, signal, start_ignoring_interrupts, stop, stored};
use crate::bot_file::BotFile;
use crate::monitor::{Run, audit};
use crate::server::{Reply, Server};
use crate::survival::{Copy, assert_none, complaints, count, few_rows_1, few_rows_2, rounds};

/// A finding that no check has, in an answer that is always the same.
fn answer() -> Reply {
    let finding = json!({
        "type": "pattern",
        "severity": "low",
        "title": "Solana is never traded",
        "description": "No trade in solana at all.",
        "evidence": "trades_by_coin",
        "recommendation": "look at it",
    });
    Reply::chat(&json!({ "findings": [finding] }).to_string())
}

/// The file with a write-ahead log.
fn in_wal_mode(template: &[u8]) -> Vec<u8> {
    let copy = Copy::of(template);
    let connection = Connection::open(copy.path()).unwrap();
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    drop(connection);
    fs::read(copy.path()).unwrap()
}

#[test]
fn a_killed_run_leaves_all_of_its_alerts_or_none() {
    for template in [few_rows_1().to_vec(), in_wal_mode(few_rows_1())] {
        Setting::new(&template, &["--no-llm"]).assert_ends_are_survived(0..rounds(20, 200), kill);
    }
}

#[test]
fn a_killed_first_run_leaves_all_of_its_alerts_or_none() {
    let setting = Setting::never_monitored(few_rows_2(), &["--no-llm"]);
    setting.assert_ends_are_survived(1_000..1_000 + rounds(40, 400), kill);
}

#[test]
fn a_killed_run_with_an_llm_leaves_all_of_its_alerts_or_none() {
    let server = Server::start(vec![answer()]);
    let setting = Setting::never_monitored(few_rows_1(), &["--base-url", &server.base_url()]);
    setting.assert_ends_are_survived(2_000..2_000 + rounds(20, 200), kill);
}

#[test]
fn a_stopped_run_ends_at_once_and_leaves_all_of_its_alerts_or_none() {
    let setting = Setting::new(few_rows_1(), &["--no-llm"]);
    setting.assert_ends_are_survived(3_000..3_000 + rounds(6, 60), |child| stop(child, "-TERM"));
    setting.assert_ends_are_survived(4_000..4_000 + rounds(6, 60), |child| stop(child, "-INT"));
}

#[test]
fn a_run_that_waits_for_a_silent_llm_can_be_stopped() {
    for signal in ["-TERM", "-INT"] {
        let server = Server::start(vec![answer().after(Duration::from_secs(600))]);
        let setting = Setting::new(few_rows_1(), &["--no-llm"]);
        let copy = Copy::of(&setting.template);
        let waiting = Setting { flags: vec!["--base-url".to_owned(), server.base_url()], ..setting };
        let mut child = waiting.start(&copy.path());
        while server.requests().is_empty() {
            thread::sleep(Duration::from_millis(5));
        }
        stop(&mut child, signal);
        assert!(fs::read(copy.path()).unwrap() == waiting.template, "{signal}: the file has changed");
    }
}

#[test]
fn a_run_that_is_started_to_ignore_interrupts_ignores_them_and_can_be_terminated() {
    let server = Server::start(vec![answer().after(Duration::from_secs(600))]);
    let setting = Setting::new(few_rows_1(), &["--no-llm"]);
    let copy = Copy::of(&setting.template);
    let waiting = Setting { flags: vec!["--base-url".to_owned(), server.base_url()], ..setting };
    let mut child = start_ignoring_interrupts(&waiting.audit(&copy.path()));
    while server.requests().is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    signal(&child, "-INT");
    thread::sleep(Duration::from_millis(200));
    assert!(child.try_wait().unwrap().is_none(), "who started it wants no interrupt to end it");
    stop(&mut child, "-TERM");
}

#[test]
fn ten_monitors_at_once_store_each_alert_once() {
    let server = Server::start(vec![answer()]);
    let llm = ["--base-url", &server.base_url()];
    for setting in
        [Setting::never_monitored(few_rows_1(), &["--no-llm"]), Setting::never_monitored(few_rows_1(), &llm)]
    {
        for _ in 0..rounds(1, 20) {
            let copy = Copy::of(&setting.template);
            // The second ten find the tables made and the alerts known.
            for times_seen in [10, 20] {
                setting.assert_ten_are_one(&copy);
                let seen = count(&copy.path(), "SELECT sum(times_seen) FROM monitoring_sightings");
                assert_eq!(seen, times_seen * setting.alerts);
            }
        }
    }
}

#[test]
fn readers_are_let_in_while_the_alerts_wait_for_one_that_stays() {
    let copy = Copy::of(few_rows_1());
    let patient = Connection::open(copy.path()).unwrap();
    patient.execute_batch("BEGIN; SELECT count(*) FROM activity_log").unwrap();
    let path = copy.path();
    let monitor = thread::spawn(move || audit(&path, &[]));
    let reader = Connection::open(copy.path()).unwrap();
    reader.busy_timeout(Duration::from_secs(1)).unwrap();
    for _ in 0..60 {
        reader.query_row("SELECT count(*) FROM account_state", [], |_| Ok(())).unwrap();
        thread::sleep(Duration::from_millis(25));
    }
    assert_eq!(stored(&copy.path()), (0, 0), "nobody can commit as long as somebody reads");
    patient.execute_batch("COMMIT").unwrap();
    let run = monitor.join().unwrap();
    assert!(!run.stdout.contains("Stored: nothing"), "{}", run.stdout);
    assert_ne!(stored(&copy.path()), (0, 0));
}

#[test]
fn a_full_disk_costs_no_finding_and_the_next_run_stores_them() {
    let one_finding = fs::read(BotFile::with_stale_position().path()).unwrap();
    for (setting, pages_free) in [
        (Setting::never_monitored(few_rows_1(), &["--no-llm"]), &[0, 1, 2, 4, 8, 16, 32][..]),
        (Setting::new(few_rows_2(), &["--no-llm"]), &[0, 4]),
        (Setting::new(&one_finding, &["--no-llm"]), &[0]),
    ] {
        let mut was_full = 0;
        for pages in pages_free {
            let copy = Copy::of(&setting.template);
            let run = setting.audit_within(&copy.path(), setting.template.len() + pages * 512);
            assert_none([(format!("{pages} pages"), complaints(&run))]);
            if run.stdout.contains("Stored: nothing") {
                was_full += 1;
                assert_eq!(run.code, if setting.code == 0 { 3 } else { setting.code }, "{}", run.stderr);
                assert!(run.stdout.contains("INCOMPLETE: nothing was stored: "), "{}", run.stdout);
                assert!(run.said().contains("the next run tries again"), "{}", run.stdout);
                assert!(
                    run.stdout.contains(&format!("Total findings: {}", setting.alerts)),
                    "{}",
                    run.stdout
                );
            }
            assert_none([(format!("{pages} pages"), setting.complaints_about_what_is_left(&copy))]);
        }
        assert!(was_full > 0, "there was room on every disk");
    }
}

#[test]
fn a_log_that_nobody_can_write_costs_nothing() {
    let setting = Setting::new(few_rows_1(), &["--no-llm", "--format", "json"]);
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for flags in [&[][..], &["--verbose"], &["--log-file", "/dev/full"]] {
        let copy = Copy::of(&setting.template);
        let output = setting.audit(&copy.path()).args(flags).stderr(full()).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let run = Run { code: output.status.code().unwrap(), stdout, stderr: String::new() };
        assert_none([(format!("{flags:?}"), complaints(&run))]);
        assert_eq!((run.code, stored(&copy.path()).0), (setting.code, setting.alerts), "{flags:?}");
    }
}
