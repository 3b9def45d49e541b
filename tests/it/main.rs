//! What the monitor promises, tested on the real binary and real SQLite files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests build their own input: a failed unwrap there is a failed test"
)]

mod alerts;
mod alerts_file;
mod arrows;
#[allow(dead_code, reason = "builders for every test, present and future")]
mod bot_file;
mod bot_file_tests;
mod census;
mod checks_alive;
mod checks_dead_parts;
mod checks_funnel;
mod checks_learning;
mod checks_money;
mod checks_openings;
mod checks_prices;
mod checks_recompute;
mod checks_refer;
mod checks_trend;
mod checks_twice;
mod clock_changes;
mod command_line;
mod damaged_indexes;
mod doctor;
mod documents;
mod figures;
mod foreign_objects;
mod freqtrade;
#[allow(dead_code, reason = "builders for every test, present and future")]
mod freqtrade_file;
#[allow(dead_code, reason = "builders for every test, present and future")]
mod healthy;
mod healthy_adds_up;
mod healthy_stays_quiet;
mod life;
mod llm_scenarios;
mod monitor;
mod own_checks;
mod prompt;
mod redact;
#[allow(dead_code, reason = "replies for every test, present and future")]
mod server;
mod statements;
mod survival;
mod survives_content;
mod survives_files;
mod survives_hostile_text;
mod survives_processes;
mod survives_wal;
mod time_forms;
mod wording;
