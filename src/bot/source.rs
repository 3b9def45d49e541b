//! The bot's own tables, as the page of views declares them and as the file has them.

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::clock::{self, Clock, HostOffset};

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
    has_rows: bool,
}

/// The times of a table, as far as they have been looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Times {
    /// One does not sort as `YYYY-MM-DD…` text does: a number, or text in another form.
    pub(crate) are_odd: bool,
    /// The oldest of them, give or take the offset of a time zone.
    pub(crate) oldest: Option<DateTime<Utc>>,
}

impl Times {
    fn add(&mut self, value: ValueRef<'_>) {
        let Some(at) = HostOffset::ThisMachine.instant(value, Clock::Utc) else { return };
        self.are_odd |= clock::is_odd_time(value);
        self.oldest = Some(self.oldest.map_or(at, |oldest| oldest.min(at)));
    }

    /// Of both.
    pub(crate) fn and(self, other: Self) -> Self {
        let oldest = [self.oldest, other.oldest].into_iter().flatten().min();
        Self { are_odd: self.are_odd || other.are_odd, oldest }
    }
}

impl Source {
    /// The statement that makes `src_<table>`: the declared columns and no others.
    pub(crate) fn view(&self) -> String {
        let columns: Vec<_> = self
            .columns
            .iter()
            .map(|(column, found)| match *found && self.exists {
                true => quoted(column),
                false => format!("NULL AS {}", quoted(column)),
            })
            .collect();
        let rows = match self.exists {
            true => format!("FROM main.{}", quoted(&self.table)),
            false => "WHERE 0".to_owned(),
        };
        format!(
            "CREATE TEMP VIEW {} AS SELECT {} {rows}",
            quoted(&format!("src_{}", self.table)),
            columns.join(", ")
        )
    }

    /// Whether the file has the table and this column of it.
    pub(crate) fn has_column(&self, column: &str) -> bool {
        self.exists && self.columns.iter().any(|(name, found)| *found && name == column)
    }

    /// What times the table holds. An index tells exactly by its two ends; without one the newest and the
    /// oldest rows tell, since a file changes its format when its program changes.
    pub(crate) fn times(&self, connection: &Connection) -> rusqlite::Result<Times> {
        const SAMPLED_ROWS: usize = 50;
        let table = quoted(&self.table);
        let indexed = indexed_columns(connection, &self.table)?;
        let times = self.columns.iter().filter(|(name, found)| *found && is_time(name));
        let (by_index, by_sample): (Vec<_>, Vec<_>) =
            times.map(|(name, _)| name).partition(|name| indexed.contains(name));
        let mut queries: Vec<String> = by_index
            .into_iter()
            .map(|name| quoted(name))
            .map(|name| {
                format!(
                    "SELECT (SELECT min({name}) FROM main.{table}), (SELECT max({name}) FROM main.{table})"
                )
            })
            .collect();
        if !by_sample.is_empty() {
            let names = by_sample.into_iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
            queries
                .push(format!("SELECT {names} FROM main.{table} ORDER BY rowid DESC LIMIT {SAMPLED_ROWS}"));
            queries.push(format!("SELECT {names} FROM main.{table} LIMIT {SAMPLED_ROWS}"));
        }
        let mut times = Times::default();
        for sql in queries {
            // A view or a table WITHOUT ROWID has no such order.
            let Ok(mut statement) = connection.prepare(&sql) else { continue };
            let columns = statement.column_count();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                for column in 0..columns {
                    times.add(row.get_ref(column)?);
                }
            }
        }
        Ok(times)
    }
}

fn is_time(column: &str) -> bool {
    column.ends_with("_at")
        || column.ends_with("_time")
        || matches!(column, "timestamp" | "last_updated" | "last_used")
}

/// The tables that the page of views declares, compared with those of the file.
pub(crate) fn declared(views: &str, connection: &Connection) -> rusqlite::Result<Vec<Source>> {
    views
        .lines()
        .filter_map(|line| line.strip_prefix("-- @source "))
        .filter_map(|line| line.trim_end_matches(')').split_once(" ("))
        .map(|(table, columns)| {
            let found = columns_of(connection, table)?;
            let columns: Vec<_> = columns
                .split(", ")
                .map(|column| (column.to_owned(), found.iter().any(|name| name.eq_ignore_ascii_case(column))))
                .collect();
            let known = columns.iter().filter(|(_, found)| *found).count();
            let exists = known * 2 >= columns.len();
            let has_rows = exists && has_rows(connection, table)?;
            Ok(Source { table: table.to_owned(), columns, exists, has_rows })
        })
        .collect()
}

fn has_rows(connection: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = format!("SELECT EXISTS (SELECT 1 FROM main.{})", quoted(table));
    connection.query_row(&sql, [], |row| row.get(0))
}

/// A canonical view.
#[derive(Debug)]
pub(crate) struct View {
    /// Its name.
    pub(crate) name: String,
    /// The statement that makes it.
    pub(crate) sql: String,
    /// Whether it certainly has no row: none of the tables that it reads has one.
    pub(crate) is_empty: bool,
    /// Whether some of its rows may carry times of the host's clock.
    pub(crate) has_local_times: bool,
}

/// The views of a page, without the arms of a UNION that can have no row: SQLite sees through a view of
/// one arm, so that the indexes serve every query over it, its order and its limit.
pub(crate) fn views(page: &str, sources: &[Source]) -> Vec<View> {
    const UNION: &str = "\nUNION ALL\n";
    let has_rows = |name: &str| {
        let source = sources.iter().find(|source| name.strip_prefix("src_") == Some(&source.table));
        source.is_none_or(|source| source.has_rows)
    };
    let is_empty = |arm: &&str| !names_read(arm).all(has_rows);
    let views = page.split(";\n").filter_map(|statement| {
        let (_, view) = statement.split_once("CREATE TEMP VIEW ")?;
        let (head, query) = view.split_once(" AS\n")?;
        let arms: Vec<_> = query.split(UNION).collect();
        let mut kept: Vec<_> = arms.iter().copied().filter(|arm| !is_empty(arm)).collect();
        let is_empty = kept.is_empty();
        let has_local_times = kept.iter().any(|arm| arm.contains("'local'"));
        kept.extend(arms.first().filter(|_| is_empty));
        Some(View {
            name: head.split(' ').next().unwrap_or_default().to_owned(),
            sql: format!("CREATE TEMP VIEW {head} AS\n{}", kept.join(UNION)),
            is_empty,
            has_local_times,
        })
    });
    views.collect()
}

/// The tables and views that a query reads its rows from: what stands behind FROM and JOIN.
pub(crate) fn names_read(sql: &str) -> impl Iterator<Item = &str> {
    let words = sql.split_whitespace();
    let next = words.clone().skip(1);
    let is_name_end = |letter: char| !letter.is_alphanumeric() && letter != '_';
    words
        .zip(next)
        .filter(|(word, _)| matches!(*word, "FROM" | "JOIN"))
        .map(move |(_, name)| name.trim_matches(is_name_end))
}

fn columns_of(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached("SELECT name FROM pragma_table_xinfo(?1, 'main')")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// Columns that an index begins with.
fn indexed_columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT info.name FROM pragma_index_list(?1, 'main') AS list, pragma_index_info(list.name, 'main') AS info
        WHERE info.seqno = 0 AND info.name IS NOT NULL AND NOT list.partial";
    connection.prepare_cached(sql)?.query_map([table], |row| row.get(0))?.collect()
}

/// Pairs of (local, UTC) text that one row carries for one moment, from every table that has a
/// `timestamp` or `updated_at` in one clock and SQLite's own `created_at` in the other.
pub(crate) fn clock_pairs(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
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
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let (Ok(local), Ok(utc)) = (row.get(0), row.get(1)) {
                pairs.push((local, utc));
            }
        }
    }
    Ok(pairs)
}

/// A name from the file as an SQL identifier.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_s_names_stand_behind_from_and_join() {
        let sql = "SELECT a FROM\n    one AS o, json_each(o.b) LEFT JOIN two ON EXISTS (SELECT 1 FROM three)";
        assert_eq!(names_read(sql).collect::<Vec<_>>(), ["one", "two", "three"]);
    }

    #[test]
    fn an_arm_without_rows_is_left_out_and_a_view_without_arms_is_empty() {
        let table = |name: &str, has_rows| Source {
            table: name.to_owned(),
            columns: Vec::new(),
            exists: true,
            has_rows,
        };
        let sources = [table("full", true), table("void", false)];
        let page = "-- A comment.\nCREATE TEMP VIEW both (a) AS\nSELECT 1 FROM src_void\nUNION ALL\nSELECT 2 FROM src_full;\n\n\
                    CREATE TEMP VIEW none AS\nSELECT a FROM src_void;\n";
        let views = views(page, &sources);
        let shown: Vec<_> =
            views.iter().map(|view| (view.name.as_str(), view.sql.as_str(), view.is_empty)).collect();
        assert_eq!(
            shown,
            [
                ("both", "CREATE TEMP VIEW both (a) AS\nSELECT 2 FROM src_full", false),
                ("none", "CREATE TEMP VIEW none AS\nSELECT a FROM src_void", true),
            ]
        );
    }
}
