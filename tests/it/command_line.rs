//! Flags, exit codes and bad input.

mod summary;

use std::fs;

use crate::bot_file::{BotFile, NOW};
use crate::monitor::{audit, command, finish, run};

#[test]
fn a_wrong_flag_is_3_and_never_clap_s_own_2() {
    for flags in [
        &["--no-such-flag"][..],
        &["--hours", "0"],
        &["--hours", "87601"],
        &["--hours", "many"],
        &["--format", "yaml"],
        &["--max-prompt-chars", "5999"],
        &["--timeout", "0"],
        &["--print-prompt", "--no-llm"],
        &["--as-of", "yesterday"],
        &["--base-url", "localhost:11434"],
        &["--base-url", "ftp://localhost/"],
        &["surplus"],
    ] {
        let run = run(flags);
        let lines = if flags.contains(&"--print-prompt") { 0 } else { 1 };
        assert_eq!((run.code, run.stdout.lines().count()), (3, lines), "{flags:?}: {}", run.stderr);
        assert!(!run.stderr.is_empty(), "{flags:?}");
    }
}

#[test]
fn what_keeps_an_audit_from_starting_is_told_in_the_first_line_that_nagios_shows() {
    let bot = BotFile::generation1();
    let path = bot.path().display().to_string();
    for (flags, words) in [
        (&["--hours", "many"][..], "invalid value 'many' for '--hours <N>'"),
        (&["--config", "/nonexistent/monitor.toml"], "cannot read the config file /nonexistent/monitor.toml"),
        (&["--as-of", "yesterday"], "--as-of \"yesterday\" is not a time"),
        (&["--no-llm", "--log-file", "/nonexistent/deep/x.log"], "cannot make the folder of the log file"),
        (&["--no-llm", "--db", "/nonexistent/bot.db"], "there is no file /nonexistent/bot.db"),
    ] {
        let run = run([flags, &["--alerts-db", &path]].concat());
        assert!(run.code == 3 && run.stdout.starts_with(&format!("UNKNOWN: {words}")), "{}", run.stdout);
        assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    for flags in [&["alerts", "show", "one"][..], &["alerts", "show", "1", "--db", "/nonexistent/bot.db"]] {
        assert_eq!(run(flags).stdout, "", "{flags:?}");
    }
    let mailed = run(["--quiet", "--no-llm", "--db", "/nonexistent/bot.db"]);
    assert_eq!((mailed.stdout.matches("there is no file").count(), mailed.stderr.as_str()), (1, ""));
}

#[test]
fn json_is_exactly_one_document_also_where_nothing_works() {
    for flags in [
        &["--format", "json", "--hours", "0"][..],
        &["--no-such-flag", "--format=json"],
        &["--format", "json", "--as-of", "yesterday"],
        &["--format", "json", "--db", "/nonexistent/bot.db"],
    ] {
        let run = run(flags);
        assert_eq!(run.code, 3);
        assert_eq!(run.json()["exit_code"], 3, "{flags:?}");
        assert!(!run.json()["error"].as_str().unwrap().is_empty());
    }
}

#[test]
fn a_log_or_alerts_where_they_would_do_harm_are_refused() {
    let bot = BotFile::generation1();
    let bytes = fs::read(bot.path()).unwrap();
    let path = bot.path().display().to_string();
    for (flags, words) in [
        (["--log-file", path.as_str()], "log_file is the same file as db"),
        (["--alerts-db", ":memory:"], "name a file"),
    ] {
        let run = audit(&bot.path(), &flags);
        assert_eq!(run.code, 3, "{flags:?}");
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    assert!(fs::read(bot.path()).unwrap() == bytes);
}

#[test]
fn settings_that_nobody_uses_stop_nothing() {
    let bot = BotFile::generation1();
    let mut command = command(["--no-llm", "--dry-run", "--as-of", NOW, "--db"]);
    command.arg(bot.path()).env("OPENAI_BASE_URL", "not a url").env("OPENAI_API_KEY", "two words");
    assert_eq!(finish(command).code, 0);
    for words in [&["alerts", "list"][..], &["checks"]] {
        let mut listing = crate::monitor::command(words.iter().chain(&["--db"]));
        listing.arg(bot.path()).env("OPENAI_BASE_URL", "not a url").env("OPENAI_API_KEY", "two words");
        assert_eq!(finish(listing).code, 0, "{words:?}");
    }
}

#[test]
fn a_summary_that_cannot_be_written_is_3_and_a_finding_outranks_it() {
    let bot = BotFile::generation1();
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for format in ["json", "text"] {
        let mut command = command(["--no-llm", "--dry-run", "--as-of", NOW, "--format", format, "--db"]);
        command.arg(bot.path()).stdout(full()).stderr(std::process::Stdio::null());
        assert_eq!(command.status().unwrap().code(), Some(3), "{format}");
    }
    let found = BotFile::with_stale_position();
    let mut quiet = command(["--quiet", "--no-llm", "--dry-run", "--as-of", NOW, "--db"]);
    quiet.arg(found.path()).stdout(full());
    let stderr = String::from_utf8(quiet.output().unwrap().stderr).unwrap();
    assert!(
        stderr.starts_with("autonomous-monitor: cannot write the summary"),
        "nobody else says it: {stderr}"
    );
}

#[test]
fn a_half_written_transaction_of_a_killed_bot_is_rolled_back_but_not_in_a_dry_run() {
    let bot = BotFile::generation1();
    let folder = tempfile::tempdir().unwrap();
    let crashed = folder.path().join("crashed.db");
    bot.execute("BEGIN", []);
    bot.connection().execute_batch("PRAGMA cache_size = 1; PRAGMA cache_spill = 1").unwrap();
    for _ in 0..500 {
        bot.activity("market_data", "Batch fetched 45 coins with volume", None, NOW);
    }
    let journal = |path: &std::path::Path| format!("{}-journal", path.display());
    fs::copy(bot.path(), &crashed).unwrap();
    fs::copy(journal(&bot.path()), journal(&crashed)).unwrap();
    let dry = audit(&crashed, &["--dry-run"]);
    assert_eq!(dry.code, 3);
    assert!(dry.stderr.contains("half-written transaction"), "{}", dry.stderr);
    assert_eq!(audit(&crashed, &[]).code, 0);
    let count = "SELECT count(*) FROM activity_log";
    let rows: i64 =
        rusqlite::Connection::open(&crashed).unwrap().query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 0, "what was never committed never was");
}

#[test]
fn help_and_version_are_0() {
    for flag in ["--help", "-h", "--version"] {
        let run = run([flag]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        assert!(run.stdout.contains("autonomous-monitor") || run.stdout.contains("Usage"));
    }
}

#[test]
fn an_unusable_file_is_3_with_one_sentence_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.db");
    let text = folder.path().join("notes.txt");
    fs::write(&text, "not a database, but long enough to be read as one ".repeat(50)).unwrap();
    let empty = folder.path().join("empty.db");
    fs::write(&empty, "").unwrap();
    let foreign = folder.path().join("foreign.db");
    let connection = rusqlite::Connection::open(&foreign).unwrap();
    connection.execute_batch("CREATE TABLE bookmarks (id INTEGER, url TEXT)").unwrap();
    for (path, sentence) in [
        (missing.as_path(), "there is no file"),
        (folder.path(), "is a directory"),
        (text.as_path(), "is not an SQLite database"),
        (empty.as_path(), "holds none of the bot's tables (looked for open_trades, closed_trades"),
        (foreign.as_path(), "holds none of the bot's tables"),
    ] {
        let run = audit(path, &[]);
        assert_eq!(run.code, 3, "{sentence}");
        assert!(run.stderr.contains(sentence), "{sentence}: {}", run.stderr);
        let run = audit(path, &["--format", "json"]);
        assert_eq!(run.json()["exit_code"], 3);
        assert!(run.json()["error"].as_str().unwrap().contains(sentence));
    }
    assert!(!missing.exists(), "the file is never created");
    assert_eq!(fs::metadata(&empty).unwrap().len(), 0);
}

#[test]
fn the_default_file_is_the_bot_s_own_below_the_folder() {
    let bot = BotFile::generation1();
    let mut by_folder = command(["--no-llm", "--dry-run", "--as-of", NOW]);
    by_folder.current_dir(bot.folder());
    assert_eq!(finish(by_folder).code, 0);
    let mut by_environment = command(["--no-llm", "--dry-run", "--as-of", NOW]);
    by_environment.env("MONITOR_DB", bot.path()).env("OPENAI_BASE_URL", "").env("OPENAI_API_KEY", " ");
    assert_eq!(finish(by_environment).code, 0);
}

#[test]
fn the_config_file_fills_in_what_no_flag_says() {
    let bot = BotFile::generation1();
    bot.closed_trade(|trade| trade.coin_name = "mooncoin");
    let config = bot.folder().join("monitor.toml");
    let text = "hours = 7\n[limits]\nstarting_balance_usd = 500\ncooldown_seconds = 0\n[tiers]\n1 = [\"mooncoin\"]\n";
    fs::write(&config, text).unwrap();
    let flags = ["--dry-run", "--format", "json", "--config", config.to_str().unwrap()];
    let json = audit(&bot.path(), &flags).json();
    assert_eq!(json["hours"], 7);
    assert_eq!(json["report"]["account_health"]["starting_balance"], 500.0);
    assert_eq!(json["report"]["trade_patterns"]["trades_by_tier"]["1"], 1);
    let json = audit(&bot.path(), &[&flags[..], &["--hours", "9"]].concat()).json();
    assert_eq!(json["hours"], 9, "a flag wins");
}

#[test]
fn a_wrong_config_file_is_3_and_names_the_setting() {
    let bot = BotFile::generation1();
    let config = bot.folder().join("monitor.toml");
    for (text, word) in [
        ("hour = 24", "hour"),
        ("hours = 0", "hours"),
        ("hours = \"day\"", "hours"),
        ("max_prompt_chars = 100", "max_prompt_chars"),
        ("deadline_seconds = 9223372036854775807", "deadline_seconds"),
        ("api_key = \"sk-1\"", "api_key"),
        ("[limits]\nmax_exposure_fraction = -1", "max_exposure_fraction"),
        (
            "[limits]\nmax_exposure_fraction = 20",
            "limits.max_exposure_fraction = 20: give a fraction above 0 and up to 1, 0.2 for 20 %",
        ),
        ("[limits]\nmax_trade_fraction = 1.01", "max_trade_fraction"),
        ("[limits]\nmax_trade_fraction = 0", "max_trade_fraction"),
        ("[limits]\nmax_positions = 2.5", "max_positions = 2.5: give a whole number from 1 on"),
        ("[limits]\nmax_positions_per_coin = 0", "max_positions_per_coin"),
        ("[limits]\ncycle_pause_seconds = 1e9", "cycle_pause_seconds = 1000000000: give seconds from 0"),
        ("[limits]\nstarting_balance_usd = inf", "starting_balance_usd"),
        ("[checks.concentration]\nthreshold = 50", "threshold = 50: give a share from 0 to 1, 0.2 for 20 %"),
        ("no_llm = \"yes\"", "no_llm"),
        ("[limits]\nstarting_balance_usd = 0", "starting_balance_usd"),
        ("[limits]\ncooldown_seconds = -1", "cooldown_seconds"),
        ("[tiers]\nfirst = [\"bitcoin\"]", "first"),
        ("hours = [", "monitor.toml"),
    ] {
        fs::write(&config, text).unwrap();
        let run = audit(&bot.path(), &["--config", config.to_str().unwrap()]);
        assert_eq!(run.code, 3, "{text}");
        assert!(run.stderr.contains(word), "{text}: {}", run.stderr);
    }
}

#[test]
fn log_lines_have_the_shape_of_python_s_and_go_to_the_file_as_well() {
    let bot = BotFile::generation1();
    let deep = bot.folder().join("nope/deeper/monitor.log");
    let refused = audit(&bot.path(), &["--dry-run", "--log-file", deep.to_str().unwrap()]);
    assert_eq!(refused.code, 3);
    assert!(refused.stderr.contains("cannot make the folder of the log file"), "{}", refused.stderr);
    assert!(!bot.folder().join("nope").exists(), "a misspelt path makes no tree of folders");
    let log = bot.folder().join("logs/monitor.log");
    let flags = ["--dry-run", "--log-file", log.to_str().unwrap()];
    let run = audit(&bot.path(), &flags);
    let logged = fs::read_to_string(&log).unwrap();
    // Each of the two writes its own time, which may be the next second.
    let without_times = |log: &str| log.lines().map(|line| line[19..].to_owned()).collect::<Vec<_>>();
    assert_eq!(without_times(&logged), without_times(&run.stderr));
    for (line, message) in logged.lines().zip([
        "Starting autonomous monitoring...",
        "Collecting trade patterns...",
        "Collecting rule stats...",
        "Collecting win/loss patterns...",
        "Collecting account health...",
        "Collecting system metrics...",
        "Collecting learning quality...",
    ]) {
        let (time, rest) = line.split_at(19);
        assert!(chrono::NaiveDateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S").is_ok(), "{line}");
        assert_eq!(rest, format!(" - INFO - {message}"));
    }
    audit(&bot.path(), &flags);
    assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), 2 * logged.lines().count(), "appended");
}

#[test]
fn a_wrong_number_is_told_without_the_names_of_types() {
    let bot = BotFile::generation1();
    for (arguments, words) in [
        (&["--hours", "many"][..], "give a whole number from 1 to 87600"),
        (&["--hours", "99999999999"], "give a whole number from 1 to 87600"),
        (&["--timeout", "1.5"], "give a whole number from 1 to 86400"),
        (&["--max-prompt-chars", "-"], "give a whole number from 6000 on"),
        (&["alerts", "show", "one"], "give the number of an alert"),
        (&["alerts", "ack", "1", "99999999999999999999"], "give the number of an alert"),
    ] {
        let run = run(arguments);
        assert!(run.code == 3 && run.stderr.contains(words), "{arguments:?}: {}", run.stderr);
    }
    let config = bot.folder().join("monitor.toml");
    for (text, words) in [
        ("hours = \"day\"", "expected a whole number"),
        ("hours = 99999999999999999999", "integer `99999999999999999999`, expected a whole number"),
        ("max_prompt_chars = 1.5", "expected a whole number"),
        ("[checks.concentration]\nthreshold = \"half\"", "expected a number"),
    ] {
        fs::write(&config, text).unwrap();
        let run = audit(&bot.path(), &["--config", config.to_str().unwrap()]);
        assert!(run.code == 3 && run.stderr.contains(words), "{text}: {}", run.stderr);
    }
}

#[test]
fn limits_at_their_edges_hold() {
    let bot = BotFile::generation1();
    let config = bot.folder().join("monitor.toml");
    let edges = "[limits]\nmax_exposure_fraction = 1\nmax_trade_fraction = 1.0\nmax_positions = 1\ncooldown_seconds = 0\n\
        cycle_pause_seconds = 31536000\n[checks.concentration]\nthreshold = 1\n[checks.stop-overshot]\nthreshold = 2.5\n";
    fs::write(&config, edges).unwrap();
    let run = audit(&bot.path(), &["--dry-run", "--config", config.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn a_run_without_an_llm_by_choice_is_complete() {
    let bot = BotFile::generation1();
    let config = bot.folder().join("monitor.toml");
    // Whoever asks anyone here fails.
    let nobody = "base_url = \"http://127.0.0.1:1/v1\"\ntimeout_seconds = 1\ndeadline_seconds = 1\n";
    let audit = |variable: Option<&str>, setting: &str, more: &[&str]| {
        fs::write(&config, format!("{setting}\n{nobody}")).unwrap();
        let mut command = command(["--dry-run", "--as-of", NOW, "--db"]);
        command.arg(bot.path()).arg("--config").arg(&config).args(more);
        if let Some(value) = variable {
            command.env("MONITOR_NO_LLM", value);
        }
        finish(command)
    };
    for (variable, setting) in [
        (Some("1"), ""),
        (Some("true"), "no_llm = false"),
        (None, "no_llm = true"),
        (Some(""), "no_llm = true"),
    ] {
        let run = audit(variable, setting, &[]);
        assert_eq!(run.code, 0, "{variable:?} {setting}: {}", run.stdout);
        assert!(run.stdout.contains("LLM analysis: skipped"), "{}", run.stdout);
    }
    for (variable, setting) in [(None, ""), (Some("0"), "no_llm = true"), (Some("no"), "")] {
        assert_eq!(audit(variable, setting, &[]).code, 3, "{variable:?} {setting}");
    }
    let unclear = audit(Some("perhaps"), "", &[]);
    assert!(unclear.stderr.contains("MONITOR_NO_LLM = perhaps: give 1 or 0"), "{}", unclear.stderr);
    assert_eq!(audit(Some("1"), "", &["--print-prompt"]).code, 0, "what would be sent can be looked at");
}

#[test]
fn a_verbose_log_has_no_line_for_what_took_no_time() {
    let run = audit(&BotFile::generation1().path(), &["--dry-run", "--verbose"]);
    let took: Vec<f64> = run
        .stderr
        .lines()
        .filter_map(|line| line.split(" took ").nth(1)?.strip_suffix(" ms")?.parse().ok())
        .collect();
    assert!(took.iter().all(|millis| *millis >= 10.0), "{}", run.stderr);
    assert!(run.stderr.lines().filter(|line| line.contains(" took ")).count() < 20, "{}", run.stderr);
}

#[test]
fn a_file_that_holds_nothing_up_to_the_moment_is_said_to() {
    let bot = BotFile::with_stale_position();
    bot.closed_trade(|_| ());
    let nothing = "Nothing to audit: no trade, learning or activity up to";
    for empty in [
        audit(&BotFile::generation1().path(), &["--dry-run"]),
        run(["--no-llm", "--dry-run", "--as-of", "2025-01-01", "--db", &bot.path().display().to_string()]),
    ] {
        assert_eq!(empty.code, 0);
        assert!(empty.stdout.contains(nothing), "{}", empty.stdout);
    }
    assert!(!audit(&bot.path(), &["--dry-run"]).stdout.contains(nothing));
    let before = audit(&bot.path(), &["--dry-run", "--as-of", "2025-01-01"]).stdout;
    assert!(before.contains("; no row up to then; as of 2025-01-01"), "{before}");
}

#[test]
fn a_piped_summary_has_no_colours() {
    let bot = BotFile::with_stale_position();
    assert!(!audit(&bot.path(), &["--dry-run", "--verbose"]).stdout.contains('\u{1b}'));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let bot = BotFile::generation1();
    let mut command = command(["--no-llm", "--dry-run", "--as-of", NOW, "--db"]);
    command.arg(bot.path()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_demo_finds_planted_problems_without_bot_and_llm() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = command(["--demo", "--format", "json"]);
    demo.env("TMPDIR", folder.path());
    let run = finish(demo);
    let json = run.json();
    assert!(json["counts"]["total"].as_u64().unwrap() >= 2, "{}", run.stdout);
    assert_eq!(json["stored"], json["counts"]["total"]);
    assert_eq!(json["analysis"]["llm"]["status"], "skipped");
    let database = json["database"].as_str().unwrap();
    assert!(database.starts_with(folder.path().to_str().unwrap()), "{database}");
}
