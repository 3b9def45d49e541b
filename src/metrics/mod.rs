//! Six collectors and a profile of all tables turn the bot's rows into a report. `report` names them in report
//! order, `section` is the one place that catches a collector's error.
//!
//! A collector is a plain function `collect(&Context) -> anyhow::Result<Section>` over the canonical
//! views. It never logs its own failure and never turns missing data into zero: a field without data
//! is null, and the section's `unavailable` says why.

pub(crate) mod account_health;
mod context;
mod figures;
pub(crate) mod learning_quality;
mod report;
pub(crate) mod rule_stats;
mod section;
mod setting;
pub(crate) mod system_metrics;
pub(crate) mod trade_patterns;
mod traded;
pub(crate) mod winloss_patterns;

pub(crate) use self::context::Context;
pub(crate) use self::figures::{Ranked, Rate, Unavailable};
pub(crate) use self::report::Report;
pub(crate) use self::section::Section;
pub(crate) use self::setting::plan;
