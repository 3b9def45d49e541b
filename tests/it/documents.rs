//! The README knows every flag, variable and exit code of the program.

use crate::monitor::run;

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
    for command in ["cargo run --release -- --demo", "cargo test", "0 * * * * cd ", "OnCalendar=hourly"] {
        assert!(README.contains(command), "README lacks {command}");
    }
}
