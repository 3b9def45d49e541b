//! The sentences of a rule: templates with the engine's fields and those of the rows.

use std::collections::BTreeMap;

use anyhow::anyhow;
use chrono::DateTime;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value};
use rusqlite::types::Value as Cell;

use crate::dollars;
use crate::plural::plural;
use crate::sanitize::cut;
use crate::source::clock::utc_text;
use crate::span::span;

/// A text of the bot's in a sentence.
const LONGEST_TEXT_CHARS: usize = 80;
/// Steps of a template, so that one of a user's ends.
const MOST_STEPS: u64 = 5_000_000;

/// Fields of a template by name.
pub(super) type Fields = BTreeMap<&'static str, Value>;

/// Renders a template.
///
/// # Errors
/// One sentence: a field that is not there, or a mistake in the template.
pub(super) fn render(template: &str, fields: &Fields) -> anyhow::Result<String> {
    if !template.contains('{') {
        return Ok(template.to_owned());
    }
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(MOST_STEPS));
    environment.set_formatter(|output, _, value| output.write_str(&shown(value)).map_err(Error::from));
    environment.add_filter("plural", |count: u64, one: &str, many: &str| plural(count, one, many).to_owned());
    environment.add_filter("usd", |amount: f64| dollars::usd(amount, 2));
    environment.add_filter("percent", |share: f64| format!("{} %", number(100.0 * share, 3)));
    environment.add_filter("digits", |value: f64, digits: usize| format!("{value:.digits$}"));
    environment.add_filter("time", |seconds: f64| time(seconds));
    environment.add_filter("span", span);
    environment.render_str(template, Value::from(fields.clone())).map_err(|error| {
        let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
        anyhow!("the template {template:?} cannot be filled: {}{detail}", error.kind())
    })
}

/// Whether a template tells a column of a row.
pub(super) fn names(template: &str, column: &str) -> bool {
    template.split("row.").skip(1).any(|rest| {
        let is_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        rest.split(|letter| !is_of_name(letter)).next() == Some(column)
    })
}

/// A row for a template: its columns by name.
pub(super) fn row(columns: &[String], cells: &[Cell]) -> Value {
    let cells = columns.iter().zip(cells).map(|(column, cell)| (column.clone(), value(cell)));
    Value::from(cells.collect::<BTreeMap<String, Value>>())
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null | Cell::Blob(_) => Value::from(()),
        Cell::Integer(number) => Value::from(*number),
        Cell::Real(number) => Value::from(*number),
        Cell::Text(text) => Value::from(cut(text, LONGEST_TEXT_CHARS)),
    }
}

fn shown(value: &Value) -> String {
    match f64::try_from(value.clone()) {
        Ok(real) if value.is_number() && !value.is_integer() => number(real, 6),
        _ if value.is_none() => "nothing".to_owned(),
        _ => value.to_string(),
    }
}

/// One cell of an example; times are readable.
pub(super) fn cell(column: &str, cell: &Cell) -> Option<String> {
    let is_time = column == "at" || column.ends_with("_at") || column.ends_with("_at_latest");
    match cell {
        Cell::Null | Cell::Blob(_) => None,
        Cell::Integer(seconds) if is_time => Some(time(*seconds as f64)),
        Cell::Real(seconds) if is_time => Some(time(*seconds)),
        Cell::Integer(whole) => Some(whole.to_string()),
        Cell::Real(real) => Some(number(*real, 6)),
        Cell::Text(text) => Some(cut(text, LONGEST_TEXT_CHARS)),
    }
}

/// Seconds since 1970 as a time of UTC.
pub(super) fn time(seconds: f64) -> String {
    let moment = DateTime::from_timestamp(seconds as i64, 0);
    moment.map_or_else(|| seconds.to_string(), |moment| format!("{} UTC", utc_text(moment)))
}

/// So many significant digits at most.
fn number(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".to_owned();
    }
    let places = (digits - 1 - value.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{value:.places$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_times_and_amounts_are_readable() {
        let fields = Fields::from([("count", Value::from(1)), ("pnl", Value::from(-0.070_000_1))]);
        let template = "{{ count }} {{ count|plural('trade', 'trades') }} {{ pnl }} {{ pnl|usd }} {{ 0.125|percent }} {{ 86400|time }}";
        assert_eq!(
            render(template, &fields).unwrap(),
            "1 trade -0.0700001 -$0.07 12.5 % 1970-01-02 00:00:00 UTC"
        );
        assert_eq!(
            [number(1234.5, 6), number(0.1 + 0.2, 6), number(1e9, 6)],
            ["1234.5", "0.3", "1000000000"]
        );
    }

    #[test]
    fn a_field_that_is_not_there_is_told() {
        let error = render("{{ coutn }}", &Fields::new()).unwrap_err().to_string();
        assert!(error.contains("{{ coutn }}") && error.contains("undefined"), "{error}");
    }
}
