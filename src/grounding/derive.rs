//! Figures that follow from others: only from facts that the finding itself quotes.

use super::facts::{Fact, Unit};
use super::figure::{Figure, Kind};

/// Whether a figure is a simple difference, sum, share, change or mean of two of the quoted facts,
/// or the sum of all that were quoted of one map.
pub(super) fn follows(figure: &Figure, quoted: &[&Fact]) -> bool {
    let pairs = quoted.iter().flat_map(|one| quoted.iter().map(move |other| (*one, *other)));
    pairs.filter(|(one, other)| are_related(one, other)).any(|(one, other)| {
        results(figure.kind, one, other).into_iter().any(|value| value.is_finite() && figure.gives(value))
    }) || quoted.iter().any(|fact| figure.gives(sum_of_map(fact, quoted)) || is_complement(figure, fact))
}

/// Figures that somebody would put side by side: same section or same name, or two counts large
/// enough that their ratio is no chance.
fn are_related(one: &Fact, other: &Fact) -> bool {
    const LARGE: f64 = 20.0;
    let is_large = |fact: &Fact| fact.unit == Unit::Count && fact.value.abs() >= LARGE;
    let same_name = one.keys.last() == other.keys.last();
    let money = one.unit == Unit::Money && other.unit == Unit::Money;
    one.section == other.section
        || same_name
        || money
        || is_large(one) && is_large(other)
        || per_piece(one, other)
}

fn per_piece(one: &Fact, other: &Fact) -> bool {
    one.unit == Unit::Money && other.unit == Unit::Count
}

fn results(kind: Kind, one: &Fact, other: &Fact) -> Vec<f64> {
    let (a, b) = (one.value.abs(), other.value.abs());
    let same_unit = one.unit == other.unit;
    let shares = [a / b, (a - b) / b, a / (a + b), 1.0 - a / b];
    match kind {
        Kind::Percent if one.unit == Unit::Fraction && same_unit => vec![a - b, (a - b) / b],
        Kind::Percent if same_unit => shares.to_vec(),
        Kind::Money if same_unit && one.unit == Unit::Money => {
            vec![a + b, a - b, one.value - other.value, one.value + other.value]
        }
        Kind::Money if per_piece(one, other) => vec![a / b],
        Kind::Duration => match (one.unit, other.unit) {
            (Unit::Duration(first), Unit::Duration(second)) => {
                vec![a * first - b * second, a * first + b * second]
            }
            _ => Vec::new(),
        },
        Kind::Times if same_unit => vec![a / b],
        Kind::Plain if same_unit => {
            [vec![a - b, a + b, a / b, one.value - other.value], shares.to_vec()].concat()
        }
        Kind::Plain if per_piece(one, other) => vec![a / b],
        _ => Vec::new(),
    }
}

/// "23% of losses" where 77% of wins stand.
fn is_complement(figure: &Figure, fact: &Fact) -> bool {
    fact.unit == Unit::Fraction && figure.kind == Kind::Percent && figure.gives(1.0 - fact.value)
}

/// Six in each of four hours are 24.
fn sum_of_map(fact: &Fact, quoted: &[&Fact]) -> f64 {
    let alike = |other: &&&Fact| {
        other.section == fact.section
            && other.unit == fact.unit
            && other.keys == fact.keys
            && other.previous == fact.previous
            && !other.subjects.is_empty()
    };
    quoted.iter().filter(alike).map(|other| other.value.abs()).sum()
}
