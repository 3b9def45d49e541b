//! Alerts: the specification's table in the bot's file or in one of its own, and what is stored in it.
//!
//! A run writes once, in one short transaction at its end, and only to tables of its own.

mod alert;
mod file;
mod life;
mod run;
mod same;
mod tables;

pub(crate) use self::alert::{all_alerts, unresolved_alerts};
pub(crate) use self::file::{has_alerts, open_for_writing, open_read_only, try_writing};
pub(crate) use self::life::{Change, changes_of, set_status, snooze};
pub(crate) use self::run::{Decided, Kept, Known, Resolved, Totals, preview, store, unstored};
