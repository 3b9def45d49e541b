//! How much a foreign query may take.

use std::time::Duration;

use rusqlite::Connection;
use rusqlite::limits::Limit;

/// Longest time that one query may take.
pub(super) const LONGEST: Duration = Duration::from_secs(2);
/// Instructions of SQLite's virtual machine between two looks at the clock: below a millisecond.
pub(super) const STEPS_BETWEEN_LOOKS: i32 = 10_000;
/// Largest value, and largest row.
const LONGEST_VALUE_BYTES: i32 = 5_000_000;
/// All of SQLite in this process, the audit database included.
const MOST_MEMORY_BYTES: u32 = 256 << 20;
/// A query that is longer was not written by a person.
const LONGEST_QUERY_BYTES: i32 = 100_000;
const MOST_COLUMNS: i32 = 200;
/// The time of a comparison grows with the pattern's length times the text's.
const LONGEST_PATTERN_BYTES: i32 = 200;

/// Sets them. The limit on memory is the process's and stays.
///
/// # Errors
/// When SQLite refuses one.
pub(super) fn set(connection: &Connection) -> rusqlite::Result<()> {
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE_BYTES),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, LONGEST_QUERY_BYTES),
        (Limit::SQLITE_LIMIT_COLUMN, MOST_COLUMNS),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, LONGEST_PATTERN_BYTES),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
    ] {
        connection.set_limit(limit, most)?;
    }
    connection.execute_batch(&format!(
        "PRAGMA hard_heap_limit = {MOST_MEMORY_BYTES}; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF"
    ))
}

/// The largest value as it is told.
pub(super) fn length() -> String {
    format!("{} MB", LONGEST_VALUE_BYTES / 1_000_000)
}

/// The most memory as it is told.
pub(super) fn memory() -> String {
    format!("{} MB", MOST_MEMORY_BYTES >> 20)
}
