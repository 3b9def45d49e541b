//! What a run prints at its end: a first line that sums up, a text for people and logs, or one JSON document.

mod document;
mod headline;
mod summary;
pub(crate) mod table;
mod terminal;
mod text;
pub(crate) mod wrap;

pub(crate) use self::document::write_failure_json;
pub(crate) use self::headline::headline_of_failure;
pub(crate) use self::summary::Summary;
pub(crate) use self::terminal::{ignore_closed_pipe, style};
