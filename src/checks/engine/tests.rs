//! What the engine promises for all rules, and how it runs them.

mod fixtures;
mod promises;
mod relations;

use super::{Engine, Limits, Member, Rule};
use crate::checks::problem::Problem;
use crate::checks::theme::Theme;
use crate::config::CheckSettings;
use rusqlite::Connection;

use crate::sandbox::Sandbox;
use crate::source::audit::SCHEMA;

/// 2026-01-09 12:00 UTC, a window of a day, and limits as those of this bot's first generation.
const RUN: &str = "
INSERT INTO run (
    now, window_start, previous_start, hours, is_past, bot, main_source, currency, starting_balance,
    max_exposure_fraction, max_trade_fraction, max_positions, max_positions_per_instrument, cooldown_seconds,
    cooldown_is_configured, host_offset_seconds, cycle_pause_seconds
)
VALUES (
    1767960000, 1767873600, 1767787200, 24, 0, 'one', 'closed_trades', 'USD', 1000,
    0.1, 0.02, NULL, NULL, 1800,
    0, 0, 30
)";

/// Our own rules, in the order in which they run.
fn embedded() -> Vec<Rule> {
    let catalogue = crate::checks::catalogue(None, None);
    assert!(catalogue.broken.is_empty(), "{:#?}", catalogue.broken);
    let rules = catalogue.members().iter().filter_map(|member| match member {
        Member::Rule(rule) => Some((**rule).clone()),
        Member::Code(_) => None,
    });
    rules.collect()
}

/// The audit database with its run and what a script adds, which names only the columns that matter.
fn database(script: &str) -> Sandbox {
    let connection = Connection::open_in_memory().unwrap();
    let optional = |schema: String, kind: &str| schema.replace(&format!("{kind} NOT NULL"), kind);
    connection
        .execute_batch(&["TEXT", "INTEGER", "REAL"].into_iter().fold(SCHEMA.to_owned(), optional))
        .unwrap();
    connection.execute_batch(RUN).unwrap();
    connection.execute_batch(script).unwrap_or_else(|error| panic!("{error}: {script}"));
    Sandbox::new(connection).unwrap()
}

/// What rules find, in the order given, each by its id.
fn findings(rules: &[Rule], script: &str) -> Vec<(String, Problem)> {
    let database = database(script);
    let engine = Engine::new(&database).unwrap();
    let mut found = Vec::new();
    for rule in rules {
        let id = rule.header.id.clone();
        let limits = Limits::of(rule, CheckSettings::default());
        let outcome = engine.run(rule, limits).unwrap_or_else(|error| panic!("{id}: {error:#}"));
        engine.note(&Member::Rule(Box::new(rule.clone())), &outcome.keys);
        found.extend(outcome.problems.into_iter().map(|problem| (id.clone(), problem)));
    }
    found
}

fn rule(text: &str) -> Rule {
    Rule::embedded(text, Theme::Own).unwrap()
}
