//! What a check is, and what it is given.

use super::engine::Engine;
use super::history::History;
pub(super) use super::problem::{Found, Problem};
pub(super) use super::theme::Theme;
use crate::metrics::{Context, Report};

/// One check.
pub(crate) struct Check {
    /// Stable name: part of a finding's source and fingerprint, and its key in the config file.
    pub(crate) id: &'static str,
    /// What it is about.
    pub(crate) theme: Theme,
    /// One sentence: what it finds and why that matters.
    pub(crate) why: &'static str,
    /// The number that decides, if one does.
    pub(crate) threshold: Option<Threshold>,
    pub(super) run: fn(&Audit<'_>) -> anyhow::Result<Found>,
}

/// The number that decides; the config file can set another one.
pub(crate) struct Threshold {
    /// What is used where the config file says nothing.
    pub(crate) default: f64,
    /// Its unit and the reason for the default.
    pub(crate) reason: &'static str,
}

/// What a check is given.
pub(crate) struct Audit<'run> {
    /// The bot's file, the moment, the window.
    pub(crate) context: &'run Context<'run>,
    /// What the collectors measured.
    pub(crate) report: &'run Report,
    /// The threshold of the check that runs; zero for a check that declares none.
    pub(crate) threshold: f64,
    pub(super) history: &'run History<'run>,
    pub(super) engine: &'run Engine<'run>,
}

impl<'run> Audit<'run> {
    /// The tables of the audit database.
    pub(crate) fn tables(&self) -> &'run rusqlite::Connection {
        self.engine.connection()
    }
}
