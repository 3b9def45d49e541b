//! SQL that is not ours: a rule, a map, a query of a person or of a model runs here and nowhere else.
//!
//! One SELECT that reads listed tables by listed functions, within bounds of rows, bytes, memory and time.
//! Whatever else it is stops with one sentence that says what is denied and what to do.

mod authorizer;
mod bounded;
mod dates;
mod functions;
mod limits;
mod rows;
#[cfg(test)]
mod tests;

pub(crate) use self::bounded::Sandbox;
pub(crate) use self::rows::{Read, Rows, as_number};
