//! Ways to spoil a file.

use rusqlite::Connection;

use super::{Column, changed, columns};
use crate::healthy::Random;
use crate::survival::Copy;

/// What stands where the bot writes something else, as SQL.
pub(super) const POISONS: [&str; 42] = [
    "NULL",
    "''",
    "' '",
    "'word'",
    "'12.5'",
    "'NaN'",
    "'inf'",
    "'-1e999'",
    "x''",
    "x'00ff'",
    "CAST(x'ff' AS TEXT)",
    "CAST(x'323032362d31312d32ff' AS TEXT)",
    "'a' || char(0) || 'b'",
    "9e999",
    "-9e999",
    "9223372036854775807",
    "-9223372036854775807 - 1",
    "1.7e308",
    "-1.7e308",
    "5e-324",
    "0",
    "-1",
    "1.5",
    "'{\"description\": {\"a\": [1, null]}, \"confidence\": \"high\"}'",
    "'[1, null, {\"confidence\": 1e400}]'",
    "'[[[['",
    "'9999-12-31 23:59:59'",
    "'9999-12-31T23:59:59.999999999-15:00'",
    "'99999-01-01 00:00:00'",
    "'0000-01-01 00:00:00'",
    "'0001-01-01T00:00:00+15:00'",
    "'-4712-01-01 00:00:00'",
    "'2026-02-30 10:00:00'",
    "'2026-11-22 24:00:00'",
    "'2026-11-22T08:59:00Z'",
    "'2026-11-22 14:29:00+05:30'",
    "1795337940",
    "1795337940000",
    "1795337940000000",
    "1795337940000000000",
    "253402300800",
    "9.9e18",
];

/// A table rebuilt without types, keys, indexes and NOT NULL: it keeps whatever is put in.
pub(super) fn loose(template: &[u8], table: &str) -> String {
    let columns = columns(template).into_iter().filter(|column| column.table == table);
    let columns: Vec<_> = columns.map(|column| format!("+\"{0}\" AS \"{0}\"", column.name)).collect();
    format!(
        "CREATE TABLE loose AS SELECT {} FROM {table}; DROP TABLE {table}; ALTER TABLE loose RENAME TO {table};",
        columns.join(", ")
    )
}

/// Every second row of a column gets a poison, each another one.
pub(super) fn poison(column: &Column, phase: usize) -> String {
    let cases: Vec<_> =
        POISONS.iter().enumerate().map(|(place, poison)| format!("WHEN {place} THEN {poison}")).collect();
    format!(
        "UPDATE OR IGNORE \"{}\" SET \"{}\" = CASE (rowid / 2 * 5 + {phase}) % {} {} END WHERE rowid % 2 = 0;",
        column.table,
        column.name,
        POISONS.len(),
        cases.join(" ")
    )
}

/// The table without a column, which may be its key.
pub(super) fn without(template: &[u8], column: &Column) -> String {
    let table = &column.table;
    let rest =
        columns(template).into_iter().filter(|other| &other.table == table && other.name != column.name);
    let rest: Vec<_> = rest.map(|other| format!("\"{}\"", other.name)).collect();
    format!(
        "CREATE TABLE less AS SELECT {} FROM {table}; DROP TABLE {table}; ALTER TABLE less RENAME TO {table};",
        rest.join(", ")
    )
}

/// A text as it was, cut, doubled, with other figures or with letters of other lengths in it.
fn mangled(text: &str, random: &mut Random) -> String {
    let letters: Vec<char> = text.chars().collect();
    let place = random.whole(0, letters.len() as i64 + 1) as usize;
    let (before, after): (String, String) =
        (letters[..place].iter().collect(), letters[place..].iter().collect());
    let figure = random.pick(&[
        "1e999",
        "-0",
        "99999999999999999999",
        "NaN",
        "",
        "0.0000001",
        "-9223372036854775808",
        "١٢",
    ]);
    match random.whole(0, 7) {
        0 => before,
        1 => after,
        2 => format!("{before}{before}{after}"),
        3 => format!("{before}ß„𝄞\u{301}İ{after}"),
        4 => text.split(|letter: char| letter.is_ascii_digit()).collect::<Vec<_>>().join(figure),
        5 => format!("{before}{}{after}", random.pick(&["\"", "}", "[", "\\", "$", "#", ":", "\n", "\0"])),
        _ => text.to_uppercase(),
    }
}

/// The file with every third text mangled, times included.
pub(super) fn with_mangled_texts(template: &[u8], seed: u64) -> Copy {
    let copy = changed(template, "");
    let connection = Connection::open(copy.path()).unwrap();
    connection
        .execute_batch(
            "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; PRAGMA foreign_keys = OFF; BEGIN",
        )
        .unwrap();
    let mut random = Random::new(seed);
    for Column { table, name, .. } in columns(template) {
        let texts =
            format!("SELECT rowid, \"{name}\" FROM {table} WHERE typeof(\"{name}\") = 'text' ORDER BY rowid");
        let mut statement = connection.prepare(&texts).unwrap();
        let texts = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let texts: Vec<(i64, String)> = texts.map(Result::unwrap).collect();
        let update = format!("UPDATE OR IGNORE {table} SET \"{name}\" = ?2 WHERE rowid = ?1");
        let mut statement = connection.prepare(&update).unwrap();
        for (rowid, text) in texts.into_iter().filter(|_| random.whole(0, 3) == 0) {
            statement.execute((rowid, mangled(&text, &mut Random::new(seed + rowid as u64)))).unwrap();
        }
    }
    connection.execute_batch("COMMIT").unwrap();
    copy
}
