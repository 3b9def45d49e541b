//! What one JSON value holds: findings in a list, by themselves, under a wrapper's name or deeper.

use serde_json::{Map, Value};

use super::around::fields_say_otherwise;
use super::extraction::Nesting;
use crate::llm::finding_item::{claims_to_be_finding, finding};
use crate::model::Finding;

/// Names under which models wrap the list.
const WRAPPERS: [&str; 5] = ["findings", "issues", "results", "alerts", "data"];

/// What one JSON value holds.
#[derive(Debug, Default)]
pub(super) struct Harvest {
    /// The findings, in order.
    pub(super) findings: Vec<Finding>,
    /// Items that are none.
    pub(super) dropped: usize,
    /// The value is `[]`, or an object with an empty list under a wrapper's name.
    pub(super) is_empty_list: bool,
    /// What stands beside the empty list says that it does not mean "no findings".
    pub(super) is_doubtful: bool,
}

impl Harvest {
    /// Reads a value that may be a list, a wrapper or a finding.
    pub(super) fn of(value: &Value, nesting: Nesting) -> Self {
        let mut harvest = Self::default();
        harvest.container(value, nesting);
        harvest
    }

    fn container(&mut self, value: &Value, nesting: Nesting) {
        match value {
            Value::Array(items) => {
                self.is_empty_list |= items.is_empty();
                items.iter().for_each(|item| self.item(item, nesting));
            }
            Value::Object(fields) => self.object(value, fields, nesting),
            _ => {}
        }
    }

    /// A wrapper's list goes before what the object says of itself, and that before unknown names.
    fn object(&mut self, value: &Value, fields: &Map<String, Value>, nesting: Nesting) {
        let mut wrapped = Self::default();
        let mut is_wrapper = false;
        for (_, value) in fields.iter().filter(|(name, _)| WRAPPERS.contains(&name.to_lowercase().as_str())) {
            is_wrapper = true;
            wrapped.wrapped(value, nesting);
        }
        if !wrapped.findings.is_empty() {
            self.absorb(wrapped);
        } else if claims_to_be_finding(fields) {
            self.item(value, nesting);
        } else {
            self.inside(fields.values(), nesting);
            if is_wrapper && self.findings.is_empty() {
                wrapped.is_doubtful |= fields_say_otherwise(fields);
                self.absorb(wrapped);
            }
        }
    }

    fn absorb(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.dropped += other.dropped;
        self.is_empty_list |= other.is_empty_list;
        self.is_doubtful |= other.is_doubtful;
    }

    /// What stands under a wrapper's name: a list, one finding, findings by number, or JSON as text.
    fn wrapped(&mut self, value: &Value, nesting: Nesting) {
        match value {
            Value::String(text) => self.text(text, nesting),
            container => self.container(container, nesting.deeper()),
        }
    }

    fn item(&mut self, item: &Value, nesting: Nesting) {
        let before = self.findings.len() + self.dropped;
        match item {
            Value::Object(fields) => match finding(fields) {
                Some(finding) => self.findings.push(finding),
                None if !claims_to_be_finding(fields) => self.inside(fields.values(), nesting),
                None => {}
            },
            Value::Array(_) => self.inside(std::iter::once(item), nesting),
            Value::String(text) if text.contains('{') => self.text(text, nesting),
            _ => {}
        }
        if self.findings.len() + self.dropped == before {
            self.dropped += 1;
        }
    }

    /// Looks for findings below an unknown name. An empty list there says nothing.
    fn inside<'a>(&mut self, values: impl Iterator<Item = &'a Value>, nesting: Nesting) {
        if nesting.is_deepest() {
            return;
        }
        for value in values.filter(|value| holds_objects(value)) {
            let inner = Self::of(value, nesting.deeper());
            if !inner.findings.is_empty() {
                self.findings.extend(inner.findings);
                self.dropped += inner.dropped;
            }
        }
    }

    fn text(&mut self, text: &str, nesting: Nesting) {
        if !nesting.is_deepest()
            && let Ok(inner) = nesting.read(text)
        {
            self.is_empty_list |= inner.findings.is_empty();
            self.findings.extend(inner.findings);
            self.dropped += inner.dropped;
        }
    }
}

fn holds_objects(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().any(|item| item.is_object() || item.is_array()),
        _ => false,
    }
}
