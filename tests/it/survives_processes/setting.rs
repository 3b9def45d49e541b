//! A file and the ways to audit it, up to the end or not.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::ops::Range;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use signal_hook::consts::SIGINT;
use signal_hook::flag::register_conditional_default;

use crate::bot_file::NOW;
use crate::healthy::Random;
use crate::monitor::{Run, command, finish};
use crate::survival::{Copy, assert_none, complaints, count, integrity, rows_of_the_bot};

/// Distinct problems that the occurrences tell of; what the LLM says has no fingerprint.
pub(super) const PROBLEMS: &str = "SELECT count(DISTINCT coalesce(fingerprint, title)) FROM monitoring_alerts
    JOIN monitoring_sightings ON alert_id = id";

/// A file, how it is audited, and what an undisturbed audit makes of it.
pub(super) struct Setting {
    pub(super) template: Vec<u8>,
    pub(super) flags: Vec<String>,
    pub(super) code: i32,
    pub(super) alerts: i64,
    pub(super) rows: Vec<Vec<u8>>,
}

impl Setting {
    pub(super) fn new(template: &[u8], flags: &[&str]) -> Self {
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let mut setting = Self { template: template.to_vec(), flags, code: 0, alerts: 0, rows: Vec::new() };
        let copy = Copy::of(template);
        setting.rows = rows_of_the_bot(&copy.path());
        let run = finish(setting.audit(&copy.path()));
        (setting.code, setting.alerts) = (run.code, stored(&copy.path()).0);
        assert!(setting.alerts > 0, "{}{}", run.stdout, run.stderr);
        setting
    }

    /// The file of a bot that nobody has monitored yet and that made no table for it.
    pub(super) fn never_monitored(template: &[u8], flags: &[&str]) -> Self {
        let copy = Copy::of(template);
        let connection = Connection::open(copy.path()).unwrap();
        connection.execute_batch("DROP TABLE monitoring_alerts").unwrap();
        drop(connection);
        Self::new(&fs::read(copy.path()).unwrap(), flags)
    }

    pub(super) fn audit(&self, path: &Path) -> Command {
        let mut command = command(["--as-of", NOW, "--db"]);
        command.arg(path).args(&self.flags);
        command
    }

    /// An audit that runs on while its log is read.
    pub(super) fn start(&self, path: &Path) -> Child {
        hear_interrupts();
        self.audit(path).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// What is wrong with a file that a monitor has left in the middle of its work: damage, a part of
    /// the alerts, and whatever keeps the next run from storing all of them.
    pub(super) fn complaints_about_what_is_left(&self, copy: &Copy) -> Vec<String> {
        let mut complaints = Vec::new();
        let left = copy.again();
        if integrity(&left.path()) != ["ok"] {
            complaints.push(format!("damaged: {:?}", integrity(&left.path())));
        }
        let left = stored(&left.path());
        if ![(0, 0), (self.alerts, self.alerts)].contains(&left) {
            complaints.push(format!("{left:?} alerts and occurrences, {} would be all", self.alerts));
        }
        let next = finish(self.audit(&copy.path()));
        complaints.extend(self::complaints(&next));
        let now = stored(&copy.path());
        if (next.code, now) != (self.code, (self.alerts, self.alerts)) {
            complaints.push(format!("the next run: {} and {now:?}: {}", next.code, next.stderr));
        }
        if count(&copy.path(), PROBLEMS) != self.alerts {
            complaints.push("not one alert for each problem".to_owned());
        }
        if rows_of_the_bot(&copy.path()) != self.rows {
            complaints.push("rows of the bot have changed".to_owned());
        }
        complaints
    }

    /// Ends runs at random moments, every second one while it stores.
    pub(super) fn assert_ends_are_survived(&self, seeds: Range<u64>, end: impl Fn(&mut Child)) {
        assert_none(seeds.map(|seed| {
            let copy = Copy::of(&self.template);
            let mut random = Random::new(seed);
            let mut child = self.start(&copy.path());
            let while_storing = seed.is_multiple_of(2);
            if while_storing {
                await_words(&mut child, "Storing");
            }
            let latest_micros = if while_storing { 15_000 } else { 80_000 };
            thread::sleep(Duration::from_micros(random.whole(0, latest_micros) as u64));
            end(&mut child);
            (format!("seed {seed}"), self.complaints_about_what_is_left(&copy))
        }));
    }
}

/// Alerts and occurrences; none where there is no table yet.
pub(super) fn stored(path: &Path) -> (i64, i64) {
    let of = |table: &str| {
        let exists = format!("SELECT count(*) FROM sqlite_master WHERE name = '{table}'");
        if count(path, &exists) == 0 { 0 } else { count(path, &format!("SELECT count(*) FROM {table}")) }
    };
    (of("monitoring_alerts"), of("monitoring_sightings"))
}

/// Waits until the monitor logs these words, or ends; returns what it has logged so far.
fn await_words(child: &mut Child, words: &str) -> String {
    let mut log = BufReader::new(child.stderr.as_mut().unwrap());
    let mut logged = String::new();
    while log.read_line(&mut logged).unwrap() > 0 && !logged.contains(words) {}
    logged + &String::from_utf8_lossy(log.buffer())
}

/// A program that is started where SIGINT is ignored ignores it as well, and so would the monitors of a test.
/// Starting a program sets a signal that its parent handles back to its default; the handler does what the
/// default does.
fn hear_interrupts() {
    static IS_HEARD: Once = Once::new();
    IS_HEARD.call_once(|| {
        register_conditional_default(SIGINT, Arc::new(AtomicBool::new(true))).unwrap();
    });
}

/// Starts an audit in the background of a shell that ignores SIGINT, as `nohup` and `&` in a script do.
pub(super) fn start_ignoring_interrupts(audit: &Command) -> Child {
    let mut ignoring = Command::new("sh");
    ignoring.args(["-c", "trap '' INT; exec \"$@\"", "sh"]).arg(audit.get_program()).args(audit.get_args());
    ignoring.env_clear().env("TZ", "UTC").env("PATH", "/usr/bin:/bin");
    ignoring.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

pub(super) fn signal(child: &Child, signal: &str) {
    assert!(Command::new("kill").arg(signal).arg(child.id().to_string()).status().unwrap().success());
}

pub(super) fn kill(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Sends a signal and sees that it ends the monitor, unless it had just ended by itself, without delay.
pub(super) fn stop(child: &mut Child, signal: &str) {
    // Nothing is done before it ends; the rest is for a busy machine.
    const LATEST: Duration = Duration::from_secs(3);
    let sent = Instant::now();
    self::signal(child, signal);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if sent.elapsed() > LATEST {
            kill(child);
            panic!("{signal} did not end the monitor within {LATEST:?}");
        }
        thread::sleep(Duration::from_millis(2));
    };
    let expected = if signal == "-TERM" { 15 } else { 2 };
    assert!(status.code().is_some() || status.signal() == Some(expected), "{status}");
}

impl Setting {
    pub(super) fn assert_ten_are_one(&self, copy: &Copy) {
        // All of them want to store when the lock is released.
        let holder = Connection::open(copy.path()).unwrap();
        holder.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut monitors: Vec<Child> = (0..10).map(|_| self.start(&copy.path())).collect();
        let logs: Vec<String> = monitors.iter_mut().map(|monitor| await_words(monitor, "Storing")).collect();
        holder.execute_batch("ROLLBACK").unwrap();
        for (monitor, log) in monitors.into_iter().zip(logs) {
            let output = monitor.wait_with_output().unwrap();
            let log = log + &String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(self.code), "{log}");
            assert!(!log.contains("ERROR"), "{log}");
        }
        assert_eq!(stored(&copy.path()), (self.alerts, self.alerts));
        assert_eq!(count(&copy.path(), PROBLEMS), self.alerts);
        assert_eq!(integrity(&copy.path()), ["ok"]);
    }

    /// An audit that may write no file beyond so many bytes, as on a disk that is full.
    pub(super) fn audit_within(&self, path: &Path, bytes: usize) -> Run {
        let audit = self.audit(path);
        let mut limited = Command::new("sh");
        // The shell counts in blocks of 512 bytes.
        limited.args(["-c", "ulimit -f \"$1\"; shift; exec \"$@\"", "sh"]);
        limited.arg((bytes / 512).to_string()).arg(audit.get_program()).args(audit.get_args());
        limited.env_clear().env("TZ", "UTC").env("PATH", "/usr/bin:/bin");
        finish(limited)
    }
}
