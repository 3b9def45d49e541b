//! SQLite's functions of dates without the machine's clock and its time zone: a query gives the same rows
//! whenever and wherever it runs.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error, params_from_iter};

/// Each with the place of the time that it is of.
const FUNCTIONS: [(&str, &[usize]); 7] = [
    ("date", &[0]),
    ("time", &[0]),
    ("datetime", &[0]),
    ("julianday", &[0]),
    ("unixepoch", &[0]),
    ("strftime", &[1]),
    ("timediff", &[0, 1]),
];
/// What stands for the moment of the query.
const NOW: [&str; 3] = ["now", "subsec", "subsecond"];
/// What asks for the machine's time zone.
const LOCAL: [&str; 2] = ["localtime", "utc"];

/// Puts functions of our own in their place, which ask SQLite's.
///
/// # Errors
/// When SQLite refuses one.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    for (name, times) in FUNCTIONS {
        // A connection whose functions are SQLite's own.
        let own = Connection::open_in_memory()?;
        connection
            .create_scalar_function(name, -1, flags, move |context| answer(name, times, context, &own))?;
    }
    Ok(())
}

/// That a query may not ask the machine for the time.
pub(super) fn no_clock(what: &str) -> String {
    format!("{what} is denied: use run.now, the moment that is audited")
}

fn answer(name: &str, times: &[usize], context: &Context<'_>, own: &Connection) -> rusqlite::Result<Value> {
    let mut arguments: Vec<Value> = Vec::new();
    for place in 0..context.len() {
        let argument = context.get_raw(place);
        let word = word(argument);
        if times.contains(&place) && NOW.contains(&word.as_str()) {
            return Err(denied(no_clock(&format!("'{word}'"))));
        }
        if LOCAL.contains(&word.as_str()) {
            return Err(denied(format!("'{word}' is denied: all times are UTC")));
        }
        arguments.push(argument.try_into().unwrap_or(Value::Null));
    }
    if times.iter().any(|place| *place >= arguments.len()) {
        return Err(denied(no_clock(&format!("{name} without a time"))));
    }
    let places = vec!["?"; arguments.len()].join(", ");
    let mut statement = own.prepare_cached(&format!("SELECT {name}({places})"))?;
    statement.query_row(params_from_iter(arguments), |row| row.get(0))
}

fn word(argument: ValueRef<'_>) -> String {
    match argument {
        ValueRef::Text(text) | ValueRef::Blob(text) => String::from_utf8_lossy(text).trim().to_lowercase(),
        _ => String::new(),
    }
}

fn denied(sentence: String) -> Error {
    Error::UserFunctionError(sentence.into())
}
