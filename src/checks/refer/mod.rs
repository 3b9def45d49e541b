//! Rows of trades and positions that other rows contradict, for the checks of money, which leave them out: the rules
//! on integrity report them.

pub(super) mod contradicted;
mod grace;
mod open;
mod same;
