//! How figures stand in the prompt.

use std::fmt::Display;

use super::layout::Section;
use crate::metrics::system_metrics::Times;
use crate::metrics::{Ranked, Rate, Unavailable};

/// Why fields are null: worth little, but it keeps a model from taking null for a fault.
pub(super) fn unavailable(reasons: &Unavailable, section: &mut Section) {
    section.list(350, "unavailable", reasons.iter().map(|(field, reason)| format!("{field} ({reason})")));
}

pub(super) fn named(
    counts: &Ranked<String, u64>,
    mut name: impl FnMut(&str) -> String,
) -> impl Iterator<Item = String> {
    counts.0.iter().map(move |(key, count)| format!("{} {count}", name(key)))
}

pub(super) fn keyed<K: Display>(counts: &Ranked<K, u64>) -> impl Iterator<Item = String> {
    counts.0.iter().map(|(key, count)| format!("{key} {count}"))
}

pub(super) fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

pub(super) fn shown<T: Display>(value: Option<T>) -> String {
    value.map_or_else(|| "null".to_owned(), |value| value.to_string())
}

pub(super) fn measured(value: Option<f64>) -> String {
    value.map_or_else(|| "null".to_owned(), number)
}

/// Up to four decimals below a thousand, two above, without trailing zeros.
pub(super) fn number(value: f64) -> String {
    let text = if value.abs() < 1_000.0 { format!("{value:.4}") } else { format!("{value:.2}") };
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

pub(super) fn rate(rate: Rate) -> String {
    format!("{} ({}/{})", measured(rate.rate()), rate.wins, rate.trades)
}

pub(super) fn times(times: Option<Times>) -> String {
    times.map_or_else(
        || "null".to_owned(),
        |times| {
            format!(
                "avg {} max {} p95 {} of {}",
                number(times.avg),
                number(times.max),
                number(times.p95),
                times.count
            )
        },
    )
}
