//! Processes, timed from their start to their exit.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs of each; the quickest counts, since noise only ever adds.
const RUNS: usize = 10;
/// One pass over each of three tables.
const SCAN: &str = "
SELECT coin_name, count(*), sum(pnl_usd), avg(size_usd), min(size_usd), max(size_usd), avg(duration_seconds)
FROM closed_trades GROUP BY 1;
SELECT activity_type, count(*), min(created_at), max(created_at) FROM activity_log GROUP BY 1;
SELECT pattern_observed, count(*), avg(confidence_level), min(created_at), max(created_at) FROM learnings GROUP BY 1;";

/// The quickest of several runs.
pub(crate) struct Timed {
    /// Of the monitor.
    pub(crate) own_ms: f64,
    /// Of the yardstick, if there is one.
    pub(crate) yardstick_ms: Option<f64>,
}

impl Timed {
    /// Runs both in turn, so that both see the same noise.
    pub(crate) fn in_turn(own: impl Fn() -> Command, mut yardstick: Option<Command>) -> Self {
        let (mut own_time, mut other_time) = (Duration::MAX, Duration::MAX);
        for _ in 0..RUNS {
            own_time = own_time.min(time(&mut own()));
            if let Some(yardstick) = &mut yardstick {
                other_time = other_time.min(time(yardstick));
            }
        }
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        Self { own_ms: ms(own_time), yardstick_ms: yardstick.map(|_| ms(other_time)) }
    }
}

fn time(command: &mut Command) -> Duration {
    let started = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    let taken = started.elapsed();
    assert!(status.code().is_some_and(|code| code <= 2), "{command:?} ended with {status}");
    taken
}

/// The monitor: all collectors, the census and all checks, nothing stored.
pub(crate) fn monitor(file: &Path, hours: u32) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_autonomous-monitor"));
    command.args(["--no-llm", "--dry-run", "--format", "json", "--hours", &hours.to_string(), "--db"]);
    command.arg(file);
    command
}

/// The program that `PEER` names.
pub(crate) fn peer(file: &Path, hours: u32) -> Option<Command> {
    let mut command = Command::new(std::env::var_os("PEER")?);
    command.arg(file).arg(hours.to_string());
    Some(command)
}

/// SQLite's own shell, if there is one.
pub(crate) fn shell_scan(file: &Path) -> Option<Command> {
    Command::new("sqlite3").arg("--version").output().ok()?;
    let mut command = Command::new("sqlite3");
    command.arg(file).arg(SCAN);
    Some(command)
}

/// The monitor's largest resident set, as GNU time tells it.
pub(crate) fn peak_mib(file: &Path, hours: u32) -> Option<f64> {
    let own = monitor(file, hours);
    let mut command = Command::new("/usr/bin/time");
    command.args(["-f", "%M"]).arg(own.get_program()).args(own.get_args());
    let output = command.output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().last()?.trim().parse::<f64>().ok().map(|kib| kib / 1024.0)
}
