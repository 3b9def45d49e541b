//! A period as a comparison of stored texts, which the index of a table can serve.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use rusqlite::Statement;

use crate::model::Period;

/// The query with `within(column)` and `not_later(column)` as comparisons; where times are odd, every row
/// is read.
pub(super) fn in_query(sql: &str, are_odd: bool) -> String {
    let every = |_: &str| "TRUE".to_owned();
    if are_odd {
        return replaced(&replaced(sql, "within(", every), "not_later(", every);
    }
    // The plus keeps SQLite from reading the bounds as numbers, row by row.
    let within = replaced(sql, "within(", |column| {
        format!(
            "({column} >= :from AND {column} < :to \
             AND (+{column} BETWEEN :exact_from AND :exact_to OR octet_length({column}) <> 19))"
        )
    });
    // What begins with a letter is no time, and nobody knows when it was.
    replaced(&within, "not_later(", |column| {
        format!("({column} < :to OR {column} >= ':' OR {column} IS NULL)")
    })
}

fn replaced(sql: &str, call: &str, comparison: impl Fn(&str) -> String) -> String {
    let parts = sql.split_once(call).and_then(|(before, rest)| Some((before, rest.split_once(')')?)));
    match parts {
        Some((before, (column, after))) => format!("{before}{}{after}", comparison(column)),
        None => sql.to_owned(),
    }
}

/// Bounds for the index, wider than the period by the largest offset of any time zone: they hold for
/// every form. A space sorts before a `T`, so that the lower one has a space, the upper one a `T`. The
/// exact ones are for the forms without a zone and a fraction, whose clocks are so far behind UTC (zero or
/// below) and ahead of it (zero or above).
pub(super) fn bind(
    statement: &mut Statement<'_>,
    period: Period,
    (west, east): (TimeDelta, TimeDelta),
) -> rusqlite::Result<()> {
    const LARGEST_OFFSET: TimeDelta = TimeDelta::hours(15);
    const SPACE: &str = "%Y-%m-%d %H:%M:%S";
    const LETTER: &str = "%Y-%m-%dT%H:%M:%S";
    let moved = |from: DateTime<Utc>, by: TimeDelta| {
        let limit = if by < TimeDelta::zero() { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
        from.checked_add_signed(by).unwrap_or(limit)
    };
    let bounds = [
        (":from", text_bound(moved(period.after, -LARGEST_OFFSET), SPACE)),
        (":to", text_bound(moved(period.until, LARGEST_OFFSET), "%Y-%m-%dT%H:%M:%S~")),
        (":exact_from", text_bound(moved(period.after, west), SPACE)),
        (":exact_to", text_bound(moved(period.until, east), LETTER)),
    ];
    for (name, value) in bounds {
        if let Some(index) = statement.parameter_index(name)? {
            statement.raw_bind_parameter(index, value)?;
        }
    }
    Ok(())
}

fn text_bound(instant: DateTime<Utc>, format: &str) -> String {
    match instant.year() {
        ..0 => String::new(),
        0..=9_999 => instant.format(format).to_string(),
        _ => "~".to_owned(),
    }
}
