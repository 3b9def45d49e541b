//! Prices and durations that contradict the file's own rows, for the checks of money, which leave them out: the
//! rules on integrity report them.

pub(super) mod market;
pub(super) mod times;
