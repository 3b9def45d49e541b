//! The profile of a file: every table, also those that nobody described, and what its columns hold.
//!
//! The cost is bounded whatever a table's size: profiles rest on the newest rows, rows are counted
//! where that is cheap and else estimated from the rowids, and rows of a period are found by
//! bisecting rowids where the sample shows that time grows with them. What compares values of the
//! file with each other is decided here and kept as counts and keys, since the file is closed
//! before anything reads the profile.

mod all;
mod beside;
mod column;
mod declared;
mod filled;
mod form;
pub(crate) mod names;
mod odd;
mod pairs;
mod placeholders;
mod references;
mod rows;
mod sample;
mod span;
mod table;
#[cfg(test)]
mod tests;
mod turns;
mod values;
mod write;

pub(crate) use self::all::Profile;
pub(crate) use self::rows::Precision;
pub(crate) use self::span::Span;
pub(crate) use self::table::Table;
