//! A bot that commits all the time, alone and beside the monitor: how long do its commits wait?

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::process::monitor;

/// From one commit to the next.
const PAUSE: Duration = Duration::from_millis(5);
/// For so long each time.
const SPAN: Duration = Duration::from_secs(10);
/// The patience of Python's sqlite3.
const PATIENCE: Duration = Duration::from_secs(5);

/// Commits, sorted by how long they took.
struct Commits(Vec<Duration>);

impl Commits {
    fn ms(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent / 100).min(self.0.len() - 1);
        self.0.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }
}

/// Prints a row: the monitor runs again and again while a copy of the file is written to.
pub(crate) fn measure(name: &str, file: &Path, hours: u32) {
    let copy = file.with_extension("written");
    fs::copy(file, &copy).unwrap();
    let alone = write(&copy, || thread::sleep(SPAN));
    let mut runs = 0;
    let beside = write(&copy, || {
        let started = Instant::now();
        while started.elapsed() < SPAN {
            let mut command = monitor(&copy, hours);
            let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
            assert!(status.code().is_some_and(|code| code <= 3), "the monitor ended with {status}");
            runs += 1;
        }
    });
    println!(
        "| {name}: commits | worst {:.0} ms, 99 % {:.1} ms, {} commits beside {runs} runs | alone worst {:.0} ms, 99 % {:.1} ms, {} commits | |",
        beside.ms(100),
        beside.ms(99),
        beside.0.len(),
        alone.ms(100),
        alone.ms(99),
        alone.0.len()
    );
    for suffix in ["written", "written-wal", "written-shm", "written-journal"] {
        fs::remove_file(file.with_extension(suffix)).ok();
    }
}

/// Commits a row every few milliseconds while `meanwhile` runs.
fn write(file: &Path, meanwhile: impl FnOnce()) -> Commits {
    let is_over = Arc::new(AtomicBool::new(false));
    let writer = {
        let (file, is_over) = (file.to_owned(), Arc::clone(&is_over));
        thread::spawn(move || {
            let connection = Connection::open(file).unwrap();
            connection.busy_timeout(PATIENCE).unwrap();
            let mut times = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let started = Instant::now();
                connection
                    .execute(
                        "INSERT INTO activity_log (activity_type, description) VALUES ('market_data', 'Batch fetched 44 coins')",
                        [],
                    )
                    .unwrap();
                times.push(started.elapsed());
                thread::sleep(PAUSE);
            }
            times.sort_unstable();
            times
        })
    };
    meanwhile();
    is_over.store(true, Ordering::Relaxed);
    Commits(writer.join().unwrap())
}
