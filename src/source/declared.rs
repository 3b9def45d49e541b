//! The bot's own tables, as the page of views declares them and as the file has them.

use chrono::NaiveDateTime;
use rusqlite::{Connection, ErrorCode, Row};

use super::clock;
use super::foreign::Foreign;
use super::views::Views;

/// One declared table of the bot.
#[derive(Debug)]
pub(crate) struct Source {
    /// Its name in the file.
    pub(crate) table: String,
    /// The declared columns, each with whether the file has it.
    columns: Vec<(String, bool)>,
    /// Whether the file has the table, with at least half of the declared columns: another
    /// program's table of the same name is not the bot's.
    pub(crate) exists: bool,
    /// Whether it holds a row.
    pub(super) has_rows: bool,
    /// Whether its indexes do not hold its rows, or in an order that nobody here knows.
    pub(super) avoids_indexes: bool,
}

impl Source {
    /// The query of `src_<table>`: the declared columns and no others.
    pub(super) fn query(&self) -> String {
        let columns: Vec<_> = self
            .columns
            .iter()
            .map(|(column, found)| match *found && self.exists {
                true => quoted(column),
                false => format!("NULL AS {}", quoted(column)),
            })
            .collect();
        let rows = match self.exists {
            true if self.avoids_indexes => format!("FROM main.{} NOT INDEXED", quoted(&self.table)),
            true => format!("FROM main.{}", quoted(&self.table)),
            false => "WHERE 0".to_owned(),
        };
        format!("SELECT {} {rows}", columns.join(", "))
    }

    /// Whether the file has the table and this column of it.
    pub(crate) fn has_column(&self, column: &str) -> bool {
        self.exists && self.columns.iter().any(|(name, found)| *found && name == column)
    }

    /// The declared columns that the file has.
    pub(super) fn found_columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|(_, found)| *found).map(|(name, _)| name.as_str())
    }

    /// One with a single column.
    #[cfg(test)]
    pub(super) fn of_test(table: &str, has_rows: bool) -> Self {
        Self {
            table: table.to_owned(),
            columns: vec![("a".to_owned(), true)],
            exists: true,
            has_rows,
            avoids_indexes: false,
        }
    }
}

/// The tables that the page of views declares, compared with those of the file.
pub(super) fn declared(
    views: &str,
    connection: &Connection,
    foreign: &Foreign,
) -> rusqlite::Result<Vec<Source>> {
    views
        .lines()
        .filter_map(|line| line.strip_prefix("-- @source "))
        .filter_map(|line| line.trim_end_matches(')').split_once(" ("))
        .map(|(table, columns)| {
            let mut found = columns_of(connection, table)?;
            found.retain(|column| foreign.can_read(table, column));
            let columns: Vec<_> = columns
                .split(", ")
                .map(|column| (column.to_owned(), found.iter().any(|name| name.eq_ignore_ascii_case(column))))
                .collect();
            let known = columns.iter().filter(|(_, found)| *found).count();
            let exists = known * 2 >= columns.len();
            let has_rows = exists && has_rows(connection, table)?;
            Ok(Source { table: table.to_owned(), columns, exists, has_rows, avoids_indexes: false })
        })
        .collect()
}

/// A table that is damaged has rows: whoever reads them says what is wrong.
fn has_rows(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = format!("SELECT EXISTS (SELECT 1 FROM main.{} NOT INDEXED)", quoted(table));
    match connection.query_row(&sql, [], |row| row.get(0)) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => Ok(true),
        has_rows => has_rows,
    }
}

fn columns_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached("SELECT name FROM pragma_table_xinfo(?1, 'main')")?;
    let name = |row: &Row<'_>| Ok(String::from_utf8_lossy(row.get_ref(0)?.as_bytes()?).into_owned());
    match statement.query_map([table], name)?.collect() {
        // A view over what is not there, or over itself, has none.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => {
            tracing::warn!("{table} is left out: {error}");
            Ok(Vec::new())
        }
        columns => columns,
    }
}

/// Columns that an index begins with.
pub(super) fn indexed_columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT info.name FROM pragma_index_list(?1, 'main') AS list, pragma_index_info(list.name, 'main') AS info
        WHERE info.seqno = 0 AND info.name IS NOT NULL AND NOT list.partial";
    connection.prepare_cached(sql)?.query_map([table], |row| row.get(0))?.collect()
}

/// Pairs of (local, UTC) times that one row carries for one moment, from the tables that have a `timestamp`
/// in one clock and SQLite's own `created_at` in the other; where these have none, from the closings.
pub(super) fn clock_pairs(
    connection: &Connection,
    views: &Views,
) -> rusqlite::Result<Vec<(NaiveDateTime, NaiveDateTime)>> {
    const PAIRED_TABLES: [&str; 2] = ["profit_snapshots", "coin_adaptations"];
    const NEWEST_ROWS: usize = 2_000;
    let mut pairs = Vec::new();
    for table in PAIRED_TABLES {
        let columns = columns_of(connection, table)?;
        if !["timestamp", "created_at"].iter().all(|wanted| columns.iter().any(|name| name == wanted)) {
            continue;
        }
        // `T` marks what Python wrote; a row without it carries one clock twice.
        let sql = format!(
            "SELECT timestamp, created_at FROM main.{} \
             WHERE typeof(timestamp) = 'text' AND typeof(created_at) = 'text' AND substr(timestamp, 11, 1) = 'T' \
             ORDER BY rowid DESC LIMIT {NEWEST_ROWS}",
            quoted(table)
        );
        // A view or a table WITHOUT ROWID has no such order.
        let Ok(mut statement) = connection.prepare(&sql) else { continue };
        let mut rows = statement.query([])?;
        while let Ok(Some(row)) = rows.next() {
            let time = |column| row.get_ref(column).ok()?.as_str().ok().and_then(clock::naive);
            pairs.extend(time(0).zip(time(1)));
        }
    }
    if pairs.is_empty() { logged_pairs(connection, views) } else { Ok(pairs) }
}

/// The same from the exits in the journal and the lines of the log that tell of them.
fn logged_pairs(
    connection: &Connection,
    views: &Views,
) -> rusqlite::Result<Vec<(NaiveDateTime, NaiveDateTime)>> {
    // An id that was used twice does not say of which of its exits a line tells.
    const LOGGED: &str = "
SELECT trade.exit_time, max(logged.created_at)
FROM (
    SELECT
        CASE WHEN json_valid(details) THEN json_extract(details, '$.trade_id') END AS position_id,
        created_at
    FROM src_activity_log
    WHERE
        activity_type = 'quick_update'
        AND +id > (SELECT max(id) FROM src_activity_log) - 20000
        AND typeof(created_at) = 'text'
    ORDER BY id DESC
    LIMIT 500
) AS logged
JOIN src_trade_journal AS trade ON trade.position_id = logged.position_id
WHERE typeof(trade.exit_time) = 'text' AND substr(trade.exit_time, 11, 1) = 'T'
GROUP BY logged.position_id
HAVING count(*) = 1";
    if views.are_empty_for("SELECT 1 FROM src_trade_journal") {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare(&views.defined_for(LOGGED))?;
    let mut rows = statement.query([])?;
    let mut pairs = Vec::new();
    // What is damaged is told by whoever needs it.
    while let Ok(Some(row)) = rows.next() {
        let time = |column| row.get_ref(column).ok()?.as_str().ok().and_then(clock::naive);
        pairs.extend(time(0).zip(time(1)));
    }
    Ok(pairs)
}

/// A name from the file as an SQL identifier.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
