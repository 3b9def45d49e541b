//! Built-in checks: they run without any LLM, cost nothing and repeat exactly.
//!
//! A check is a plain function over the report and, where it needs rows, the canonical views or any
//! table of the file. It is stated over what any bot has, never over one bot's known fault; one fault
//! gives one problem, however many rows show it. A check whose data the file does not hold is silent.
//!
//! Statements of fact are reported as they are. Statistical claims come with their p-value, and the
//! runner keeps the share of false ones among all claims of a run below `FALSE_DISCOVERY_RATE`.

mod analysis;
mod check;
mod claims;
mod engine;
mod history;
pub(crate) mod listing;
mod problem;
mod registry;
mod relations;
mod run;
mod settings;
mod statistics;
mod theme;
mod weight;

mod funnel;
mod money;
mod trend;

pub(crate) use self::analysis::Analysis;
pub(crate) use self::engine::{Answer, Catalogue, Member, Rule};
pub(crate) use self::registry::catalogue;
pub(crate) use self::run::run;
pub(crate) use self::settings::{check_settings, suggestion};
