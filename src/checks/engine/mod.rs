//! The engine of the checks: in which order they run, what each of them sees, and what rules find.

mod answer;
mod catalogue;
mod judge;
mod member;
mod order;
mod places;
mod rule;
mod running;
mod tables;
mod tell;
mod template;
#[cfg(test)]
mod tests;

pub(crate) use self::answer::Answer;
pub(crate) use self::catalogue::Catalogue;
pub(crate) use self::judge::Limits;
pub(crate) use self::member::{Code, Member, Relations};
pub(crate) use self::rule::Rule;
pub(crate) use self::running::{Engine, Outcome};
