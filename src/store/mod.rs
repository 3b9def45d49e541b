//! Alerts: the specification's table in the bot's file or in one of its own, and what is stored in it.
//!
//! All writing is one short transaction after all thinking is done, into our own tables only.

mod alert;
mod file;
mod life;
mod run;
mod same;
mod tables;

pub(crate) use self::alert::{all_alerts, unresolved_alerts};
pub(crate) use self::file::{has_alerts, open_for_writing, open_read_only, try_writing};
pub(crate) use self::life::{Change, changes_of, set_status, snooze};
pub(crate) use self::run::{Kept, Known, Resolved, Totals, preview, store, unstored};
