//! A connection whose foreign queries are bounded.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{anyhow, ensure};
use rusqlite::{Connection, Error, ErrorCode, Statement};

use super::authorizer::Gate;
use super::rows::{Read, Rows};
use super::{dates, functions, limits};

/// A connection whose foreign queries are bounded; its owner's own statements are not.
#[derive(Debug)]
pub(crate) struct Sandbox {
    connection: Connection,
    gate: Arc<Mutex<Gate>>,
}

impl Sandbox {
    /// Sets the bounds. Tables and views that the connection has by now may be read.
    ///
    /// # Errors
    /// When SQLite refuses one of them.
    pub(crate) fn new(mut connection: Connection) -> rusqlite::Result<Self> {
        limits::set(&connection)?;
        dates::register(&connection)?;
        functions::register(&connection)?;
        let gate = Arc::new(Mutex::new(Gate::new(&connection)?));
        let asked = Arc::clone(&gate);
        connection.authorizer(Some(move |context: rusqlite::hooks::AuthContext<'_>| {
            locked(&asked).judge(&context)
        }))?;
        let clock = Arc::clone(&gate);
        connection.progress_handler(limits::STEPS_BETWEEN_LOOKS, Some(move || locked(&clock).is_late()))?;
        Ok(Self { connection, gate })
    }

    /// The connection, for statements of our own: nothing bounds them.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The rows of one SELECT, at most `most_rows` of them, and the columns that it read; `threshold` is the value
    /// of `:threshold`. A table of which no column is read, as by `count(*)`, has an empty one.
    ///
    /// # Errors
    /// One sentence: what is denied or wrong, and what to do.
    pub(crate) fn select(
        &self,
        sql: &str,
        threshold: f64,
        most_rows: usize,
    ) -> anyhow::Result<(Rows, BTreeSet<Read>)> {
        self.shut();
        let rows = self.prepare(sql).and_then(|mut statement| {
            bind(&mut statement, threshold)?;
            Rows::read(&mut statement, most_rows).map_err(|error| self.told(&error))
        });
        let reads = self.open();
        Ok((rows?, reads))
    }

    fn prepare(&self, sql: &str) -> anyhow::Result<Statement<'_>> {
        let statement = self.connection.prepare(sql).map_err(|error| self.told(&error))?;
        ensure!(statement.is_explain() == 0, "EXPLAIN is denied: give the SELECT alone");
        ensure!(statement.readonly(), "only reading is allowed: give one SELECT");
        ensure!(statement.column_count() > 0, "there is no query: give one SELECT");
        Ok(statement)
    }

    fn shut(&self) {
        locked(&self.gate).shut();
    }

    fn open(&self) -> BTreeSet<Read> {
        locked(&self.gate).open()
    }

    /// An error of SQLite in one sentence.
    fn told(&self, error: &Error) -> anyhow::Error {
        let denied = locked(&self.gate).denied();
        match (denied, error, error.sqlite_error_code()) {
            (Some(denied), ..) => anyhow!(denied),
            (None, Error::MultipleStatement, _) => {
                anyhow!("more than one statement is denied: give one SELECT")
            }
            (None, _, Some(ErrorCode::OperationInterrupted)) => anyhow!(
                "the query takes longer than {} s: read fewer rows, or join them by fewer combinations",
                limits::LONGEST.as_secs()
            ),
            (None, _, Some(ErrorCode::OutOfMemory)) => {
                anyhow!("the query needs more memory than {}: read fewer rows", limits::memory())
            }
            (None, _, Some(ErrorCode::TooBig)) => {
                anyhow!("a value is larger than {}: make it shorter", limits::length())
            }
            (None, Error::SqliteFailure(_, Some(message)), _) => anyhow!("SQLite says: {message}"),
            (None, Error::SqlInputError { msg, .. }, _) => anyhow!("SQLite says: {msg}"),
            (None, error, _) => anyhow!("SQLite says: {error}"),
        }
    }
}

/// A panic in a callback leaves nothing half done.
fn locked(gate: &Mutex<Gate>) -> MutexGuard<'_, Gate> {
    gate.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bind(statement: &mut Statement<'_>, threshold: f64) -> anyhow::Result<()> {
    for place in 1..=statement.parameter_count() {
        let name = statement.parameter_name(place).unwrap_or("?").to_owned();
        ensure!(name == ":threshold", "the parameter {name} is denied: :threshold is the only one");
        statement.raw_bind_parameter(place, threshold)?;
    }
    Ok(())
}
