//! What surviving means, and small files to survive with.
//!
//! `SURVIVES_THOROUGHLY=1` makes the tables and the numbers of rounds many times longer: for a run by hand.

mod templates;

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value as Json;
use tempfile::TempDir;

pub(crate) use self::templates::{few_rows_1, few_rows_2, many_rows_1, many_rows_2};
use crate::monitor::{Run, audit};

/// So many rounds in a usual run of the suite, so many when somebody has time.
pub(crate) fn rounds(usually: u64, thoroughly: u64) -> u64 {
    if is_thorough() { thoroughly } else { usually }
}

/// Whether somebody has time.
pub(crate) fn is_thorough() -> bool {
    std::env::var_os("SURVIVES_THOROUGHLY").is_some()
}

/// What a run has done that surviving excludes: a panic, even a caught one, another exit code than is
/// promised, or 3 without a word.
pub(crate) fn complaints(run: &Run) -> Vec<String> {
    let lines = || run.stderr.lines().chain(run.stdout.lines());
    let broken = ["panicked", "internal error", "RUST_BACKTRACE"];
    let mut complaints: Vec<String> =
        lines().filter(|line| broken.iter().any(|word| line.contains(word))).map(str::to_owned).collect();
    if !(0..=3).contains(&run.code) {
        complaints.push(format!("exit code {}", run.code));
    }
    if run.stdout.starts_with('{') {
        match serde_json::from_str::<Json>(&run.stdout) {
            Ok(json) if json["exit_code"] == run.code => {}
            Ok(json) => complaints.push(format!("exit code {} and {}", run.code, json["exit_code"])),
            Err(error) => complaints.push(format!("no JSON: {error}")),
        }
    }
    let tells = |line: &str| {
        ["INCOMPLETE: ", "autonomous-monitor: ", " - ERROR - "].iter().any(|sign| line.contains(sign))
    };
    if run.code == 3 && !lines().any(tells) {
        complaints.push("exit code 3 without a word".to_owned());
    }
    complaints
}

/// What is wrong with a dry run: it has to leave every byte, and to write JSON.
pub(crate) fn complaints_about_a_dry_run(path: &Path) -> Vec<String> {
    let bytes = fs::read(path).unwrap();
    let mut complaints = complaints(&audit(path, &["--dry-run", "--format", "json"]));
    if fs::read(path).unwrap() != bytes {
        complaints.push("a dry run has changed the file".to_owned());
    }
    complaints
}

/// What is wrong with a run that stores: it has to leave every row of the bot.
pub(crate) fn complaints_about_a_run(path: &Path) -> Vec<String> {
    let before = rows_of_the_bot(path);
    let mut complaints = complaints(&audit(path, &["--verbose"]));
    if rows_of_the_bot(path) != before {
        complaints.push("rows of the bot have changed".to_owned());
    }
    complaints
}

/// Says of every case what was wrong with it, if anything was.
pub(crate) fn assert_none(complaints: impl IntoIterator<Item = (String, Vec<String>)>) {
    let complaints: Vec<_> = complaints
        .into_iter()
        .filter(|(_, complaints)| !complaints.is_empty())
        .map(|(case, complaints)| format!("{case}:\n    {}", complaints.join("\n    ")))
        .collect();
    assert!(complaints.is_empty(), "{} cases\n{}", complaints.len(), complaints.join("\n"));
}

/// Declaration and rows of every table that is not the monitor's, or where reading them fails.
pub(crate) fn rows_of_the_bot(path: &Path) -> Vec<Vec<u8>> {
    let read = || read_tables(&Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?);
    read().unwrap_or_else(|error| vec![error.to_string().into_bytes()])
}

fn read_tables(connection: &Connection) -> rusqlite::Result<Vec<Vec<u8>>> {
    let tables = "SELECT name, coalesce(sql, '') FROM sqlite_master WHERE type = 'table' ORDER BY name";
    let mut statement = connection.prepare(tables)?;
    let tables = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let tables: Vec<(String, String)> = tables.collect::<rusqlite::Result<_>>()?;
    let bots =
        tables.iter().filter(|(name, _)| !name.starts_with("monitoring_") && name != "sqlite_sequence");
    let read = |(name, sql): &(String, String)| {
        let rows = read_rows(connection, name).unwrap_or_else(|error| error.to_string().into_bytes());
        [sql.as_bytes(), &rows].concat()
    };
    Ok(bots.map(read).collect())
}

fn read_rows(connection: &Connection, table: &str) -> rusqlite::Result<Vec<u8>> {
    let mut statement = connection.prepare(&format!("SELECT * FROM \"{}\"", table.replace('"', "\"\"")))?;
    let columns = statement.column_count();
    let mut read = Vec::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            match row.get_ref(column)? {
                ValueRef::Null => read.push(b'-'),
                ValueRef::Integer(number) => read.extend(number.to_le_bytes()),
                ValueRef::Real(number) => read.extend(number.to_le_bytes()),
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => read.extend_from_slice(bytes),
            }
            read.push(b'|');
        }
    }
    Ok(read)
}

/// What `PRAGMA integrity_check` says.
pub(crate) fn integrity(path: &Path) -> Vec<String> {
    let read = || -> rusqlite::Result<Vec<String>> {
        let connection = Connection::open(path)?;
        let mut statement = connection.prepare("PRAGMA integrity_check")?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    read().unwrap_or_else(|error| vec![error.to_string()])
}

/// The one number of a query.
pub(crate) fn count(path: &Path, sql: &str) -> i64 {
    let connection = Connection::open(path).unwrap();
    connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{error}: {sql}"))
}

/// Bytes as a file in a folder of their own.
pub(crate) struct Copy {
    folder: TempDir,
}

impl Copy {
    /// The file with these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("bot.db"), bytes).unwrap();
        Self { folder }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("bot.db")
    }

    /// The same once more, with the journal that lies beside it.
    pub(crate) fn again(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in self.beside() {
            fs::copy(self.folder.path().join(&name), folder.path().join(&name)).unwrap();
        }
        Self { folder }
    }

    /// What lies in its folder.
    pub(crate) fn beside(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}
