//! Builders for bot files: the bot's real tables and indexes, and rows as its own code writes them.
//!
//! All times are given as UTC text, `YYYY-MM-DD HH:MM:SS` with an optional fraction; where the bot
//! writes its host's local time, the builder converts with the host's offset. Every helper has
//! defaults and takes a closure that changes what the test is about:
//!
//! ```ignore
//! let bot = BotFile::generation1().without_column("closed_trades", "rule_ids_used");
//! bot.closed_trade(|trade| trade.coin_name = "dogecoin");
//! ```
//!
//! A column that the file lacks is left out of the row.

mod generation1;
mod generation2;

use std::path::{Path, PathBuf};

use chrono::{Duration, NaiveDateTime};
use rusqlite::types::Value;
use rusqlite::{Connection, Params, params_from_iter};
use tempfile::TempDir;

/// The moment around which the defaults of all rows lie: the `--as-of` of a test that needs one.
pub(crate) const NOW: &str = "2026-11-22 09:00:00";

const GENERATION_1: &str = include_str!("../../src/demo/schema.sql");
const GENERATION_2: &str = include_str!("bot_file/generation2.sql");
const ALERTS: &str = include_str!("bot_file/alerts.sql");

/// A bot's database in a folder that lives as long as it, with a connection to add rows by.
pub(crate) struct BotFile {
    folder: TempDir,
    connection: Connection,
    host_offset_seconds: i64,
}

impl BotFile {
    /// A file of the first generation, with `rule_ids_used` as after its migration.
    pub(crate) fn generation1() -> Self {
        Self::with_schema(&[GENERATION_1, ALERTS]).with_first_account()
    }

    /// A file of the first generation with one fault: a position that has been open for weeks.
    pub(crate) fn with_stale_position() -> Self {
        let bot = Self::generation1().without_table("account_state");
        bot.open_trade(|trade| trade.opened_at = "2026-11-01 00:00:00");
        bot
    }

    /// A file of the second generation: the first one's tables are there and empty.
    pub(crate) fn generation2() -> Self {
        // Only the first generation's own code creates the index on prices.
        let without_price_index = "DROP INDEX idx_price_history_coin_time";
        Self::with_schema(&[GENERATION_1, ALERTS, GENERATION_2, without_price_index])
            .without_column("open_trades", "rule_ids_used")
            .without_column("closed_trades", "rule_ids_used")
            .with_first_account()
    }

    /// A file of the first generation that the second one has added its tables to.
    pub(crate) fn upgraded() -> Self {
        Self::with_schema(&[GENERATION_1, ALERTS, GENERATION_2]).with_first_account()
    }

    /// `data/trading_bot.db` in a new folder, with these tables.
    pub(crate) fn with_schema(scripts: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = Self::path_in(folder.path());
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        let connection = Connection::open(path).unwrap();
        connection.execute_batch("PRAGMA synchronous = OFF").unwrap();
        for script in scripts {
            connection.execute_batch(script).unwrap();
        }
        Self { folder, connection, host_offset_seconds: 0 }
    }

    /// The account's one row, which every bot writes when it creates the file.
    fn with_first_account(self) -> Self {
        self.account(|_| ());
        self
    }

    /// Drops a column, with the indexes on it.
    pub(crate) fn without_column(self, table: &str, column: &str) -> Self {
        let indexes =
            "SELECT list.name FROM pragma_index_list(?1) AS list, pragma_index_info(list.name) AS info
            WHERE info.name = ?2";
        let indexes: Vec<String> = self.rows(indexes, [table, column], |row| row.get(0));
        for index in indexes {
            self.execute(&format!("DROP INDEX \"{index}\""), []);
        }
        self.execute(&format!("ALTER TABLE \"{table}\" DROP COLUMN \"{column}\""), []);
        self
    }

    /// Drops a table.
    pub(crate) fn without_table(self, table: &str) -> Self {
        self.execute(&format!("DROP TABLE \"{table}\""), []);
        self
    }

    /// How far the bot's host is east of UTC; counts for the rows that are added from now on.
    pub(crate) fn host_offset_seconds(mut self, seconds: i64) -> Self {
        self.host_offset_seconds = seconds;
        self
    }

    /// Writes the account of the first generation that follows from its trades and positions.
    pub(crate) fn settle_account(&self) {
        self.execute(
            "UPDATE account_state SET total_pnl = (SELECT sum(pnl_usd) FROM closed_trades),
                in_positions = (SELECT total(size_usd) FROM open_trades),
                daily_pnl = (SELECT total(pnl_usd) FROM closed_trades WHERE closed_at >= date(last_updated)),
                trade_count_today = (SELECT count(*) FROM closed_trades WHERE closed_at >= date(last_updated))",
            [],
        );
        self.execute("UPDATE account_state SET balance = 1000 + total_pnl", []);
        self.execute("UPDATE account_state SET available_balance = balance - in_positions", []);
    }

    /// The file.
    pub(crate) fn path(&self) -> PathBuf {
        Self::path_in(self.folder.path())
    }

    /// The folder from which the bot, and the monitor by default, find it as `data/trading_bot.db`.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where a bot that runs in a folder keeps its file.
    fn path_in(folder: &Path) -> PathBuf {
        folder.join("data").join("trading_bot.db")
    }

    /// The same with a new connection that has read nothing yet: nobody has the file open.
    pub(crate) fn closed(self) -> Self {
        let path = self.path();
        let Self { folder, connection, host_offset_seconds } = self;
        connection.close().unwrap_or_else(|(_, error)| panic!("{error}"));
        Self { folder, connection: Connection::open(path).unwrap(), host_offset_seconds }
    }

    /// For plain SQL.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Runs one statement; returns how many rows it changed.
    pub(crate) fn execute(&self, sql: &str, params: impl Params) -> usize {
        self.connection.execute(sql, params).unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// The one value of a query.
    pub(crate) fn value<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// All rows of a query.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        from_row: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Vec<T> {
        let mut statement = self.connection.prepare(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
        statement.query_map(params, from_row).unwrap().map(Result::unwrap).collect()
    }

    /// Adds a row; a row with the same key is replaced. Returns its rowid.
    pub(crate) fn insert(&self, table: &str, row: &[(&str, Value)]) -> i64 {
        let columns: Vec<String> =
            self.rows("SELECT name FROM pragma_table_info(?1)", [table], |row| row.get(0));
        assert!(!columns.is_empty(), "the file has no table {table}");
        let row = row.iter().filter(|(name, _)| columns.iter().any(|column| column == name));
        let (names, values): (Vec<_>, Vec<_>) = row.cloned().unzip();
        let places = vec!["?"; names.len()].join(", ");
        let sql = format!("INSERT OR REPLACE INTO {table} ({}) VALUES ({places})", names.join(", "));
        self.connection
            .execute(&sql, params_from_iter(values))
            .unwrap_or_else(|error| panic!("{error}: {sql}"));
        self.connection.last_insert_rowid()
    }

    /// A moment as the host's own clock shows it.
    pub(crate) fn local(&self, utc: &str) -> String {
        local_text(utc, self.host_offset_seconds)
    }
}

/// A value or NULL.
fn optional<T: Into<Value>>(value: Option<T>) -> Value {
    value.map_or(Value::Null, Into::into)
}

/// Text as an owned value.
fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Text or NULL.
fn optional_text(text: Option<&str>) -> Value {
    optional(text.map(str::to_owned))
}

/// The moment that a UTC text names.
pub(crate) fn parse(utc: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(utc, "%Y-%m-%d %H:%M:%S%.f")
        .unwrap_or_else(|error| panic!("{error}: {utc}"))
}

/// A moment as SQLite's CURRENT_TIMESTAMP writes it.
pub(crate) fn utc_text(moment: NaiveDateTime) -> String {
    moment.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A moment as Python's `datetime.now().isoformat()` writes it: a fraction of zero is left out.
pub(crate) fn local_text(utc: &str, host_offset_seconds: i64) -> String {
    let local = parse(utc) + Duration::seconds(host_offset_seconds);
    let micros = local.and_utc().timestamp_subsec_micros();
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    format!("{}{fraction}", local.format("%Y-%m-%dT%H:%M:%S"))
}

/// So many seconds after a moment, or before it when negative.
pub(crate) fn after(utc: &str, seconds: i64) -> String {
    utc_text(parse(utc) + Duration::seconds(seconds))
}

/// So many seconds before [`NOW`].
pub(crate) fn ago(seconds: i64) -> String {
    after(NOW, -seconds)
}

/// The exit price and the profit of a trade, each from the other where only one is given; a dollar by default.
fn settle(
    entry_price: f64,
    size_usd: f64,
    sign: f64,
    exit_price: Option<f64>,
    pnl_usd: Option<f64>,
) -> (f64, f64) {
    let profit = |exit_price: f64| sign * size_usd * (exit_price - entry_price) / entry_price;
    let price = |pnl_usd: f64| entry_price * (1.0 + sign * pnl_usd / size_usd);
    match (exit_price, pnl_usd) {
        (Some(exit_price), Some(pnl_usd)) => (exit_price, pnl_usd),
        (Some(exit_price), None) => (exit_price, profit(exit_price)),
        (None, pnl_usd) => (price(pnl_usd.unwrap_or(1.0)), pnl_usd.unwrap_or(1.0)),
    }
}
