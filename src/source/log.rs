//! The bot's log becomes tables: one pass over its rows, in the order of time, fills all that tell of it.

mod cycles;
mod decision;
mod error_kind;
mod kinds;
mod limit;
mod newest;
mod outcomes;
pub(crate) mod pass;
#[cfg(test)]
mod pass_tests;
mod patterns;
mod role;
pub(crate) mod series;
mod template;
pub(crate) mod told;
mod words;
pub(crate) mod write;
