//! The whole program, timed from outside: from its start to its exit, beside a yardstick in the same run.
//!
//! `cargo bench` makes big files in the target folder (once) and prints a table. Machines differ and are
//! noisy, so that a ratio counts for more than a time. Two environment variables:
//!
//! - `PEER`: a program that does the same job and is called as `PEER DB HOURS`, as a yardstick
//! - `ONLY`: words that the name of a measurement must hold
//!
//! Peak memory is asked of `/usr/bin/time`, whole tables of the `sqlite3` shell; without them a figure is
//! missing.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints, and fails loudly")]

mod bot_file;
mod process;
mod writer;

use std::path::Path;

use bot_file::BigFile;
use process::{Timed, monitor, peak_mib, peer, shell_scan};

/// Three weeks, one trade every three minutes.
const MEDIUM: BigFile = BigFile { trades: 10_000, activity_rows: 25_000, trade_seconds: 180 };
/// A year and eight months at the same pace.
const BIG: BigFile = BigFile { trades: 300_000, activity_rows: 750_000, trade_seconds: 180 };
/// Five days of a bot of ordinary pace.
const SMALL: BigFile = BigFile { trades: 300, activity_rows: 40_000, trade_seconds: 1_440 };
/// Longer than any of these files.
const WHOLE_HISTORY_HOURS: u32 = 20_000;

fn main() {
    let only = std::env::var("ONLY").unwrap_or_default();
    let is_wanted = |name: &str| name.contains(&only);
    println!("| measurement | monitor | yardstick | ratio |\n|---|---|---|---|");
    for (name, file, hours) in [
        ("small file, 24 h", SMALL, 24),
        ("medium file, 24 h", MEDIUM, 24),
        ("big file, 24 h", BIG, 24),
        ("big file, whole history", BIG, WHOLE_HISTORY_HOURS),
    ] {
        if is_wanted(name) {
            measure(name, &file.path(), hours);
        }
    }
    for (name, file, hours) in [
        ("writer, rollback journal, 24 h", BIG.path(), 24),
        ("writer, rollback journal, whole history", BIG.path(), WHOLE_HISTORY_HOURS),
        ("writer, WAL, 24 h", BIG.path_in_wal_mode(), 24),
        ("writer, WAL, whole history", BIG.path_in_wal_mode(), WHOLE_HISTORY_HOURS),
    ] {
        if is_wanted(name) {
            writer::measure(name, &file, hours);
        }
    }
}

/// Times the monitor in turn with the peer, or for the whole history with SQLite's own scan.
fn measure(name: &str, file: &Path, hours: u32) {
    let own = || monitor(file, hours);
    let is_whole = hours == WHOLE_HISTORY_HOURS;
    let yardstick = if is_whole { shell_scan(file) } else { peer(file, hours) };
    let timed = Timed::in_turn(own, yardstick);
    let memory = peak_mib(file, hours).map_or_else(String::new, |mib| format!(", {mib:.0} MiB"));
    let what = if is_whole { "sqlite3 scans three tables" } else { "peer" };
    match timed.yardstick_ms {
        Some(other) if is_whole => println!(
            "| {name} | {:.0} ms{memory} | {other:.0} ms, {what} | {:.1} times as long |",
            timed.own_ms,
            timed.own_ms / other
        ),
        Some(other) => println!(
            "| {name} | {:.1} ms{memory} | {other:.0} ms, {what} | {:.0} times faster |",
            timed.own_ms,
            other / timed.own_ms
        ),
        None => println!("| {name} | {:.1} ms{memory} | | |", timed.own_ms),
    }
}
