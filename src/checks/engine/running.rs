//! One run of the checks over the audit database.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _};

use super::answer::Answer;
use super::judge::{self, Limits, Reported};
use super::member::{Code, Member};
use super::places::{self, Places};
use super::rule::Rule;
use super::tables::{Distrusted, Hidden};
use super::{tell, template};
use crate::checks::problem::{Key, Problem};
use crate::sandbox::Sandbox;

/// One run of the checks over the audit database.
pub(crate) struct Engine<'run> {
    sandbox: &'run Sandbox,
    places: Places<'run>,
    reported: RefCell<Reported>,
    distrusted: RefCell<Distrusted>,
    trades_since: Option<String>,
    events_since: Option<String>,
}

/// What came of one rule.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// One a subject.
    pub(crate) problems: Vec<Problem>,
    /// The bot's rows that they report.
    pub(crate) keys: Vec<Key>,
    /// Subjects that are not decided: with the rows that other checks report they would be found.
    pub(crate) explained: Vec<String>,
    /// All that the query returned.
    pub(crate) answer: Answer,
}

impl<'run> Engine<'run> {
    /// Over the tables of a sandbox.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) fn new(sandbox: &'run Sandbox) -> rusqlite::Result<Self> {
        let connection = sandbox.connection();
        let (trades_from, events_from) = connection
            .query_row("SELECT trades_from, events_from FROM run", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
            .unwrap_or_default();
        let since = |rows: &str, from: Option<f64>| {
            from.map(|from| format!("(Of the {rows} since {}.)", template::time(from)))
        };
        Ok(Self {
            sandbox,
            places: Places::new(connection)?,
            reported: RefCell::default(),
            distrusted: RefCell::default(),
            trades_since: since("trades", trades_from),
            events_since: since("log's rows", events_from),
        })
    }

    /// The tables of the audit database.
    pub(crate) fn connection(&self) -> &Connection {
        self.sandbox.connection()
    }

    /// Runs a rule.
    ///
    /// # Errors
    /// One sentence: what is wrong with it, or with SQLite.
    pub(crate) fn run(&self, rule: &Rule, limits: Limits) -> anyhow::Result<Outcome> {
        let needs: Vec<&str> = rule.header.needs.iter().map(String::as_str).collect();
        self.distrusted.borrow().without(&needs, self.connection(), |hidden| {
            let answer = Answer::new(rule, limits.threshold, self.sandbox)?;
            self.outcome(rule, limits, answer, hidden.as_ref())
        })?
    }

    /// Runs a function that sees the tables as a rule with the same needs.
    ///
    /// # Errors
    /// The function's, or SQLite's.
    pub(crate) fn run_code<T>(
        &self,
        code: &Code,
        part: impl FnOnce() -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        self.distrusted.borrow().without(code.relations.needs, self.connection(), |_| part())?
    }

    /// Notes what a check has reported, for those that come after it.
    pub(crate) fn note(&self, member: &Member, keys: &[Key]) {
        for cell in member.distrusts() {
            self.distrusted.borrow_mut().add(cell, keys);
        }
        self.reported.borrow_mut().insert(member.id().to_owned(), keys.iter().cloned().collect());
    }

    fn outcome(
        &self,
        rule: &Rule,
        limits: Limits,
        mut answer: Answer,
        hidden: Option<&Hidden>,
    ) -> anyhow::Result<Outcome> {
        let judged = judge::judge(&answer, rule, limits, &self.reported.borrow());
        let since = self.since(&answer);
        let (mut problems, mut keys) = (Vec::new(), BTreeSet::new());
        for group in &judged.found {
            let placed = self.places.of(&answer, &group.rows)?;
            let beside = tell::Beside { limits, placed, hidden, since: &since };
            problems.push(tell::problem(rule, &answer, group, beside)?);
            keys.extend(group.rows.iter().filter_map(|row| answer.key(*row)));
        }
        let keys = keys.into_iter().collect();
        answer.left = judged.left;
        Ok(Outcome { problems, keys, explained: judged.explained, answer })
    }

    /// How far back the capped tables reach that a rule has read.
    fn since(&self, answer: &Answer) -> Vec<String> {
        let capped = [("trade", &self.trades_since), ("event", &self.events_since)];
        let read: BTreeSet<&str> = places::tables(&answer.reads).collect();
        let since = capped.into_iter().filter(|(table, _)| read.contains(table));
        since.filter_map(|(_, since)| since.clone()).collect()
    }
}
