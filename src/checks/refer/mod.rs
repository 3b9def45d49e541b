//! Rows that point to nothing or to the wrong row, and rows that contradict each other about what happened.

mod closings;
pub(super) mod contradicted;
mod damaged;
mod dangling;
mod duplicates;
mod grace;
mod learnings;
mod open;
mod order;
mod repeated;
mod reused;
mod same;
mod spelling;
mod unfinished;

use super::check::Check;
/// The checks of this theme.
pub(super) const CHECKS: &[Check] = &[
    repeated::RECORDED_TWICE,
    reused::REUSED,
    closings::LOGGED_TWICE,
    open::CLOSED,
    open::FORGOTTEN,
    unfinished::WITHOUT_EXIT,
    unfinished::STUCK,
    learnings::WRONG_TRADE,
    dangling::REFERENCES,
    spelling::REFUSED,
    spelling::SPLIT,
    duplicates::CONDITIONS,
    order::TIMES,
    damaged::INDEXES,
];
