//! `numbers(text)` for SQL: all numbers of a text as a JSON array, without their signs.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

/// Adds the function to a connection.
///
/// # Errors
/// When SQLite refuses it.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("numbers", 1, flags, |context| {
        let text = context.get_raw(0).as_str_or_null().ok().flatten();
        Ok(text.map(|text| serde_json::to_string(&of(text)).unwrap_or_default()))
    })
}

/// `$1,200.50 of 3` holds 1200.5 and 3.
fn of(text: &str) -> Vec<f64> {
    let parts = text.split(|letter: char| !matches!(letter, '0'..='9' | '.' | ','));
    parts.filter_map(|part| part.replace(',', "").trim_matches('.').parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_text_are_a_json_array() {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        let sql = "SELECT numbers('Deposit #12: $1,200.50. On 2026-11-20') || coalesce(numbers(NULL), '-')";
        let array: String = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(array, "[12.0,1200.5,2026.0,11.0,20.0]-");
    }
}
