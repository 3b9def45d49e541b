//! Uses of rules, out of the trades that carry them.

use std::collections::BTreeMap;

use crate::metrics::figures::Rate;
use crate::source::rule_ids;

/// Uses of rules, out of the trades that carry them.
#[derive(Debug, Default)]
pub(in crate::metrics) struct Uses {
    pub(in crate::metrics) by_rule: BTreeMap<String, Rate>,
    /// Of all trades that carry any rule.
    pub(in crate::metrics) with_rules: Rate,
}

impl Uses {
    /// Counts one trade with the ids that it carries.
    pub(in crate::metrics) fn add(&mut self, ids: Option<&str>, won: bool) {
        let mut rules = rule_ids::rules(ids).peekable();
        if rules.peek().is_some() {
            self.with_rules.add(won);
        }
        for id in rules {
            match self.by_rule.get_mut(id) {
                Some(uses) => uses.add(won),
                None => self.by_rule.entry(id.to_owned()).or_default().add(won),
            }
        }
    }
}
