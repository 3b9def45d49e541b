//! autonomous-monitor: the auditor that a trading bot runs on itself.
mod bot;
mod cli;
mod config;
mod exit_code;
mod finding;
mod llm;
mod prompt;

fn main() {}
