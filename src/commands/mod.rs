//! What can be done beside an audit and beside alerts: ask the audit database, and look into checks.

pub(crate) mod explain;
pub(crate) mod rules;
pub(crate) mod sql;
