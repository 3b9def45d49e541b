//! What the program speaks of: findings, alerts, spans of time. No input or output, and nothing below it.

mod alert;
mod finding;
mod outcome;
mod period;
mod severity;
mod status;

pub(crate) use self::alert::{Alert, AlertStatus};
pub(crate) use self::finding::{About, Finding, Source};
pub(crate) use self::outcome::{Disposition, News, Outcome};
pub(crate) use self::period::Period;
pub(crate) use self::severity::{AlertType, Severity};
pub(crate) use self::status::Status;
