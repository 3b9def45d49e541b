//! Values that do not fit to the rest of their column.

use super::column::Fault;
use crate::sanitize::cut;

/// Keys and values that are kept.
pub(super) const KEPT: usize = 20;
const EXAMPLE_CHARS: usize = 60;

/// Values of one fault so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Odd {
    /// How many.
    pub(super) n: u64,
    worst: Option<f64>,
    /// Places of the first rows, and their values.
    first: Vec<(usize, String)>,
}

impl Odd {
    /// One more, in the row at a place among those read.
    pub(super) fn add(&mut self, place: usize, value: &str) {
        self.n += 1;
        if self.first.len() < KEPT {
            self.first.push((place, cut(value, EXAMPLE_CHARS)));
        }
    }

    /// One more that is so far from where it should be.
    pub(super) fn add_measured(&mut self, place: usize, value: &str, off: f64) {
        self.add(place, value);
        self.worst = Some(self.worst.map_or(off, |worst| worst.max(off)));
    }

    /// The fault, where there is one.
    pub(super) fn fault(&self, fault: &'static str, of: u64, keys: &[String]) -> Option<Fault> {
        let key = |(place, _): &(usize, String)| keys.get(*place).cloned();
        (self.n > 0).then(|| Fault {
            fault,
            n: self.n,
            of,
            worst: self.worst,
            keys: self.first.iter().filter_map(key).collect(),
            examples: self.first.iter().map(|(_, value)| value.clone()).collect(),
        })
    }
}
