//! The README knows every flag, variable and exit code of the program.

mod generated;
mod recipes;

use crate::monitor::{command, finish, run};

const README: &str = include_str!("../../README.md");

#[test]
fn every_flag_and_variable_of_the_help_stands_in_the_readme() {
    let help = run(["--help"]).stdout + &run(["doctor", "--help"]).stdout;
    let words = help.split(|letter: char| !(letter.is_ascii_alphanumeric() || "-_".contains(letter)));
    let mut names: Vec<&str> = words
        .filter(|word| word.starts_with("--") || word.starts_with("MONITOR_") || word.starts_with("OPENAI_"))
        .filter(|word| word.len() > 3)
        .collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() >= 19, "{names:?}");
    for name in names {
        assert!(README.contains(name), "README lacks {name}");
    }
}

#[test]
fn the_readme_shows_the_commands_of_a_newcomer() {
    for command in [
        "cargo run --release -- --demo",
        "cargo test",
        "cargo install --locked --path .",
        "0 * * * * cd ",
        "OnCalendar=hourly",
    ] {
        assert!(README.contains(command), "README lacks {command}");
    }
}

#[test]
fn every_command_for_alerts_stands_in_the_readme() {
    let help = run(["alerts", "--help"]).stdout;
    let commands = help.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    let commands: Vec<&str> = commands
        .filter(|word| word.chars().all(|letter| letter.is_ascii_lowercase()) && *word != "help")
        .collect();
    for word in ["list", "show", "ack", "fix", "wontfix", "snooze", "reopen"] {
        assert!(commands.contains(&word), "{word}: {help}");
    }
    assert!(help.contains("[aliases: resolve]") || help.contains("[alias: resolve]"), "{help}");
}

#[test]
fn both_licences_of_the_manifest_are_there_in_full() {
    let manifest = include_str!("../../Cargo.toml");
    assert!(manifest.contains("license = \"MIT OR Apache-2.0\""));
    let (mit, apache) = (include_str!("../../LICENSE-MIT"), include_str!("../../LICENSE-APACHE"));
    assert!(mit.contains("Copyright (c) the autonomous-monitor developers"));
    assert!(mit.contains("Permission is hereby granted, free of charge"));
    assert!(apache.contains("Version 2.0, January 2004") && apache.contains("END OF TERMS AND CONDITIONS"));
    assert!(README.contains("(LICENSE-MIT)") && README.contains("(LICENSE-APACHE)"));
}

#[test]
fn every_limit_and_setting_of_the_readme_s_config_file_is_taken() {
    let example = README.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let all: String =
        example.lines().map(|line| line.strip_prefix("# ").unwrap_or(line).to_owned() + "\n").collect();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("monitor.toml");
    std::fs::write(&config, all.replace("ca_file", "# ca_file")).unwrap();
    let mut command = command(["--db", "/nonexistent/bot.db", "--config", config.to_str().unwrap()]);
    command.current_dir(folder.path());
    let run = finish(command);
    assert!(run.stderr.contains("there is no file /nonexistent/bot.db"), "{}", run.stderr);
}

#[test]
fn each_check_is_listed_once_with_theme_and_sentence() {
    let text = run(["checks"]).stdout;
    let listed = run(["checks", "--format", "json"]).json();
    let mut ids: Vec<&str> =
        listed["checks"].as_array().unwrap().iter().map(|check| check["id"].as_str().unwrap()).collect();
    for id in &ids {
        assert!(text.lines().any(|line| line.starts_with(id)), "{id}");
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "no id twice");
}
