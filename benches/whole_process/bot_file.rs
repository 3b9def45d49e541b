//! Bot files of any size, made once and kept in the target folder.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

const SCHEMA: &str = include_str!("../../src/demo/schema.sql");
const ROWS: &str = include_str!("rows.sql");
/// The prompt that each query of the LLM is logged with.
const PROMPT_CHARS: i64 = 300;

/// How big a file is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BigFile {
    /// Closed trades.
    pub(crate) trades: i64,
    /// Rows of the activity log over the same time.
    pub(crate) activity_rows: i64,
    /// From one trade to the next.
    pub(crate) trade_seconds: i64,
}

impl BigFile {
    /// The file, whose newest row is of this hour.
    pub(crate) fn path(self) -> PathBuf {
        self.made("delete")
    }

    /// The same file in WAL mode.
    pub(crate) fn path_in_wal_mode(self) -> PathBuf {
        self.made("wal")
    }

    fn made(self, journal_mode: &str) -> PathBuf {
        let hour = chrono::Utc::now().format("%Y%m%d%H");
        let Self { trades, activity_rows, trade_seconds } = self;
        let name = format!("bench-{trades}-{activity_rows}-{trade_seconds}-{journal_mode}-{hour}.sqlite");
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if !path.exists() {
            let unfinished = path.with_extension("unfinished");
            fs::remove_file(&unfinished).ok();
            self.write(&unfinished, journal_mode);
            fs::rename(unfinished, &path).unwrap();
        }
        path
    }

    fn write(self, path: &Path, journal_mode: &str) {
        let connection = Connection::open(path).unwrap();
        // Nothing is lost if this fails.
        connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN").unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        let now = chrono::Utc::now().format("%Y-%m-%d %H:%M:%S").to_string();
        for sql in ROWS.split_inclusive(";\n") {
            let mut statement = connection.prepare(sql).unwrap();
            for (name, value) in [
                (":trades", self.trades),
                (":activity_rows", self.activity_rows),
                (":trade_seconds", self.trade_seconds),
                (":prompt_chars", PROMPT_CHARS),
            ] {
                if let Some(place) = statement.parameter_index(name).unwrap() {
                    statement.raw_bind_parameter(place, value).unwrap();
                }
            }
            if let Some(place) = statement.parameter_index(":now").unwrap() {
                statement.raw_bind_parameter(place, &now).unwrap();
            }
            statement.raw_execute().unwrap();
        }
        connection.execute_batch(&format!("COMMIT; PRAGMA journal_mode = {journal_mode}")).unwrap();
    }
}
