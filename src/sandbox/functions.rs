//! The functions that a foreign query may call.

use rusqlite::Connection;
use rusqlite::functions::{Aggregate, Context, FunctionFlags};

use crate::sanitize::quotable;

type OfOne = fn(f64) -> f64;

/// Their names, in lower case. A function that is missing here is denied.
const LISTED: &str = "
    count sum total avg min max median group_concat string_agg json_group_array json_group_object
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
    abs round sign sqrt ln exp pow floor ceil
    coalesce ifnull nullif iif if typeof likely unlikely likelihood
    length octet_length lower upper trim ltrim rtrim replace substr substring instr unicode char
    concat concat_ws printf format quote hex like glob plain_text quotable
    json json_array json_array_length json_extract json_object json_quote json_type json_valid
    json_error_position -> ->>
    date time datetime julianday unixepoch strftime timediff";

/// Whether a query may call the function of this name in lower case.
pub(super) fn is_listed(name: &str) -> bool {
    LISTED.split_whitespace().any(|listed| listed == name)
}

/// Those that SQLite lacks: mathematics, the median, and texts that are to be compared.
///
/// # Errors
/// When SQLite refuses one.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let of_one: [(&str, OfOne); 5] =
        [("sqrt", f64::sqrt), ("ln", f64::ln), ("exp", f64::exp), ("floor", f64::floor), ("ceil", f64::ceil)];
    for (name, function) in of_one {
        connection.create_scalar_function(name, 1, flags, move |context| {
            Ok(context.get::<Option<f64>>(0)?.map(function).filter(|number| number.is_finite()))
        })?;
    }
    connection.create_scalar_function("pow", 2, flags, |context| {
        let (base, exponent) = (context.get::<Option<f64>>(0)?, context.get::<Option<f64>>(1)?);
        Ok(base.zip(exponent).map(|(base, exponent)| base.powf(exponent)).filter(|power| power.is_finite()))
    })?;
    connection.create_aggregate_function("median", 1, flags, Median)?;
    connection.create_scalar_function("quotable", 1, flags, |context| {
        Ok(context.get::<Option<String>>(0)?.map(|text| quotable(&text)))
    })?;
    connection.create_scalar_function("plain_text", 1, flags, |context| {
        Ok(context.get::<Option<String>>(0)?.map(|text| plain(&text)))
    })
}

/// Letters and digits in lower case, one space between words; numbers keep their point and sign.
fn plain(text: &str) -> String {
    let kept = |letter: char| {
        letter.is_alphanumeric() || matches!(letter, '.' | '%' | '$' | '<' | '>' | '=' | '-' | '+')
    };
    let plain: String = text.chars().map(|letter| if kept(letter) { letter } else { ' ' }).collect();
    let words: Vec<_> = plain.split_whitespace().map(|word| word.trim_end_matches('.')).collect();
    words.join(" ").to_lowercase()
}

/// The number in the middle; of an even number of them the upper one.
struct Median;

impl Aggregate<Vec<f64>, Option<f64>> for Median {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Vec<f64>> {
        Ok(Vec::new())
    }

    fn step(&self, context: &mut Context<'_>, numbers: &mut Vec<f64>) -> rusqlite::Result<()> {
        numbers.extend(context.get::<Option<f64>>(0)?);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, numbers: Option<Vec<f64>>) -> rusqlite::Result<Option<f64>> {
        let mut numbers = numbers.unwrap_or_default();
        numbers.sort_by(f64::total_cmp);
        Ok(numbers.get(numbers.len() / 2).copied())
    }
}
