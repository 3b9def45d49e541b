//! The README's recipes for cron and systemd, run as these run them: what is new is told, what is known is not.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::bot_file::BotFile;
use crate::life::alerts;
use crate::monitor::{Run, finish};

const README: &str = include_str!("../../../README.md");

/// A bot with a fault of medium severity, whenever the test runs.
fn bot_at_work() -> BotFile {
    let bot = BotFile::with_stale_position();
    bot.execute("UPDATE open_trades SET opened_at = datetime('now', '-20 days')", []);
    bot
}

/// The rest of the README's only line that begins so.
fn line(start: &str) -> &'static str {
    let mut lines = README.lines().filter_map(|line| line.strip_prefix(start));
    let line = lines.next().unwrap_or_else(|| panic!("README has no line {start}"));
    assert_eq!(lines.next(), None, "README has two lines {start}");
    line
}

/// Runs a line in an empty environment with what cron sets in it, and without an LLM.
fn in_shell(line: &str, home: &Path) -> Run {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", line]).env_clear().stdin(Stdio::null()).current_dir(home);
    shell.env("HOME", home).env("LOGNAME", "bot").env("SHELL", "/bin/sh").env("PATH", "/usr/bin:/bin");
    shell.env("MONITOR_NO_LLM", "1");
    finish(shell)
}

fn installed(home: &Path) -> String {
    let path = home.join(".cargo/bin/autonomous-monitor");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_autonomous-monitor"), &path).unwrap();
    path.display().to_string()
}

#[test]
fn cron_mails_what_is_new_and_the_log_is_in_a_file() {
    let bot = bot_at_work();
    installed(bot.folder());
    assert!(README.contains("MAILTO="), "cron mails whom MAILTO names");
    let recipe = line("0 * * * * ");
    assert!(!recipe.contains('%'), "cron ends a command at a percent sign");
    let command = recipe.replace("/path/to/bot", bot.folder().to_str().unwrap());
    let first = in_shell(&command, bot.folder());
    assert_eq!((first.code, first.stderr.as_str()), (0, ""), "{}", first.stdout);
    assert!(first.stdout.starts_with("OK: bot data/trading_bot.db: 1 new medium; "), "{}", first.stdout);
    let next = format!("Next: autonomous-monitor alerts show 1 --db {}", bot.path().display());
    assert!(first.said().replace("\\ ", "").ends_with(&next), "{}", first.stdout);
    let second = in_shell(&command, bot.folder());
    assert_eq!((second.code, second.stdout.as_str(), second.stderr.as_str()), (0, "", ""));
    let log = fs::read_to_string(bot.folder().join("monitor.log")).unwrap();
    assert_eq!(log.matches("Starting autonomous monitoring...").count(), 2, "{log}");
    fs::remove_file(bot.path()).unwrap();
    let missing = in_shell(&command, bot.folder());
    assert!(missing.code == 3 && missing.stdout.contains("there is no file"), "{}", missing.stdout);
}

#[test]
fn the_systemd_unit_fails_and_so_mails_when_there_is_something_to_say() {
    let bot = bot_at_work();
    let monitor = installed(bot.folder());
    let command = line("ExecStart=/bin/sh -c 'said=");
    let command = format!("said={}", command.strip_suffix('\'').unwrap());
    // As systemd reads it.
    let command = command.replace("$$", "$").replace("/usr/local/bin/autonomous-monitor", &monitor);
    let run = || in_shell(&command, bot.folder());
    let first = run();
    assert_eq!(first.code, 1);
    assert!(first.stdout.starts_with("OK: bot data/trading_bot.db: 1 new medium; "), "{}", first.stdout);
    assert_eq!((run().code, run().stdout), (0, String::new()), "known");
    bot.execute("UPDATE monitoring_alerts SET severity = 'low'", []);
    assert_eq!(run().code, 1, "worse");
    alerts(&bot, &["fix", "1"]);
    assert_eq!((run().code, run().code), (1, 0), "back, then known");
    let killed = command.replace(&monitor, "sh -c 'kill -9 $$'");
    assert_eq!(in_shell(&killed, bot.folder()).code, 1, "killed without a word");
    fs::remove_file(bot.path()).unwrap();
    let missing = run();
    assert!(missing.code == 1 && missing.stdout.contains("there is no file"), "{}", missing.stdout);
    for unit in [
        "OnFailure=autonomous-monitor-mail.service",
        "/autonomous-monitor-mail.service\n",
        "OnCalendar=hourly",
    ] {
        assert!(README.contains(unit), "README lacks {unit}");
    }
}
