//! The small figures that sections are made of: rates with their counts, ranked counts, means.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::ops::AddAssign;

use serde::ser::{Serialize, SerializeMap, Serializer};

/// Why a field is null, by the field's name.
pub(crate) type Unavailable = BTreeMap<&'static str, String>;

/// A sum that is zero, not minus zero, without values.
pub(super) fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |sum, value| sum + value)
}

/// A win rate with the counts that it rests on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Trades with a profit above zero.
    pub(crate) wins: u64,
    /// All trades whose profit or loss is known.
    pub(crate) trades: u64,
}

impl Rate {
    /// Counts one trade.
    pub(crate) fn add(&mut self, won: bool) {
        self.trades += 1;
        self.wins += u64::from(won);
    }

    /// Wins as a fraction of the trades; `None` without trades.
    pub(crate) fn rate(self) -> Option<f64> {
        ratio(self.wins as f64, self.trades as f64)
    }
}

impl AddAssign for Rate {
    fn add_assign(&mut self, other: Self) {
        self.wins += other.wins;
        self.trades += other.trades;
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("rate", &self.rate())?;
        map.serialize_entry("wins", &self.wins)?;
        map.serialize_entry("trades", &self.trades)?;
        map.end()
    }
}

/// Pairs that serialise as a map in their own order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Ranked<K, V>(pub(crate) Vec<(K, V)>);

impl<K: Serialize, V: Serialize> Serialize for Ranked<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// Accumulates a value by key, then ranks: the most telling first.
#[derive(Debug, Clone)]
pub(crate) struct Counts<K, V = u64>(HashMap<K, V>);

impl<K, V> Default for Counts<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<V: Default> Counts<String, V> {
    /// The texts, in any order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Changes the value of a text; allocates only at its first use.
    pub(crate) fn update(&mut self, key: &str, change: impl FnOnce(&mut V)) {
        match self.0.get_mut(key) {
            Some(value) => change(value),
            None => change(self.0.entry(key.to_owned()).or_default()),
        }
    }
}

impl<K: Eq + Hash + Ord, V: Default> Counts<K, V> {
    /// The value of a key, made at its first use.
    pub(crate) fn entry(&mut self, key: K) -> &mut V {
        self.0.entry(key).or_default()
    }

    /// Largest `weight` first, ties by key.
    pub(crate) fn ranked<W: PartialOrd>(self, weight: impl Fn(&V) -> W) -> Ranked<K, V> {
        let mut pairs: Vec<_> = self.0.into_iter().collect();
        pairs.sort_by(|(one_key, one), (other_key, other)| {
            let by_weight = weight(other).partial_cmp(&weight(one)).unwrap_or(std::cmp::Ordering::Equal);
            by_weight.then_with(|| one_key.cmp(other_key))
        });
        Ranked(pairs)
    }

    /// In the order of the keys.
    pub(crate) fn by_key(self) -> Ranked<K, V> {
        let mut pairs: Vec<_> = self.0.into_iter().collect();
        pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ranked(pairs)
    }
}

/// `part / whole`, or `None` where the whole is zero or the result not finite.
pub(crate) fn ratio(part: f64, whole: f64) -> Option<f64> {
    let ratio = part / whole;
    (whole != 0.0 && ratio.is_finite()).then_some(ratio)
}

impl AddAssign for Mean {
    fn add_assign(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
    }
}

/// A running mean.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mean {
    /// Sum of the values.
    pub(crate) sum: f64,
    /// Number of the values.
    pub(crate) count: u64,
}

impl Mean {
    /// Adds a value, if there is one.
    pub(crate) fn add(&mut self, value: Option<f64>) {
        if let Some(value) = value {
            self.sum += value;
            self.count += 1;
        }
    }

    /// The mean; `None` without values.
    pub(crate) fn get(self) -> Option<f64> {
        ratio(self.sum, self.count as f64)
    }
}
