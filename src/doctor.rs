//! Checks the setup before cron depends on it: each point is fine, or comes with its remedy.

mod writing;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use chrono::Utc;
use serde::Serialize;

use crate::config::Config;
use crate::exit_code::Verdict;
use crate::llm;
use crate::sanitize::{self, one_line};
use crate::source::HotJournal;
use crate::source::audit::AuditDb;
use crate::source::facts::Facts;

/// What was examined, in order.
#[derive(Debug, Serialize)]
pub(crate) struct Examination {
    points: Vec<Point>,
}

#[derive(Debug, Serialize)]
struct Point {
    name: &'static str,
    status: PointStatus,
    message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum PointStatus {
    Ok,
    Warning,
    Failed,
    Skipped,
}

impl Examination {
    /// Examines the bot's file, then the endpoint, then what a run has to write.
    pub(crate) fn of(config: &Config) -> Self {
        let mut examination = Self { points: Vec::new() };
        let plan = crate::metrics::plan(config, Utc::now());
        let is_usable = match AuditDb::of_file(&config.db, HotJournal::Leave, &plan) {
            Ok(db) => {
                examination.bot(&db, config);
                true
            }
            Err(error) => {
                examination.add("file", Err(format!("{error:#}")));
                examination.skip(&["tables", "clock"], "the file cannot be used");
                false
            }
        };
        examination.llm(config);
        match is_usable || config.keeps_alerts_apart() {
            true => examination.add("alerts", writing::alerts(config)),
            false => examination.skip(&["alerts"], "the file cannot be used"),
        }
        match &config.log_file {
            Some(path) => examination.add("log", writing::log(path)),
            None => examination.skip(&["log"], "no log file is named"),
        }
        examination
    }

    fn bot(&mut self, db: &AuditDb, config: &Config) {
        let (found, missing) = db.facts().tables();
        let sentence = |main: Option<String>| {
            format!(
                "{} holds {} of the bot's {} tables{}",
                config.db.display(),
                found.len(),
                found.len() + missing.len(),
                main.map(|table| format!(" and its trades are written to {table}")).unwrap_or_default()
            )
        };
        let main = db.connection().query_row("SELECT main_source FROM run", [], |row| row.get(0));
        self.add("file", main.map(sentence).map_err(|error| error.to_string()));
        self.tables(db);
        self.add("clock", Ok(clock(db.facts())));
    }

    /// Each table of the audit database that the map fills could be read, and some row is there.
    fn tables(&mut self, db: &AuditDb) {
        const LEFT_BY_A_BOT_AT_WORK: [&str; 4] = ["trade", "position", "learning", "event"];
        if let Some((table, reason)) = db.filled().failed.first_key_value() {
            return self.add("tables", Err(format!("{table} cannot be read: {reason}")));
        }
        let (filled, empty) = db.facts().filled_tables();
        let readable = format!("{} can be read", filled.len() + empty.len());
        if !LEFT_BY_A_BOT_AT_WORK.iter().any(|table| filled.contains(table)) {
            let message = format!(
                "{readable}, and there is no trade, open position, learning or activity: is this the file that the bot \
                 writes to?"
            );
            return self.points.push(Point { name: "tables", status: PointStatus::Warning, message });
        }
        let without = match empty.as_slice() {
            [] => String::new(),
            empty => format!(", without rows: {}", empty.join(", ")),
        };
        self.add("tables", Ok(format!("{readable}{without}")));
    }

    fn llm(&mut self, config: &Config) {
        let Some(endpoint) = &config.llm else {
            return self.skip(&["endpoint", "model", "schema"], "no LLM is to be asked");
        };
        let probe = llm::probe(endpoint);
        let is_reached = probe.endpoint.is_ok();
        self.add("endpoint", probe.endpoint);
        if !is_reached {
            return self.skip(&["model", "schema"], "the endpoint cannot be reached");
        }
        self.add("model", probe.model);
        self.add("schema", probe.schema);
    }

    fn add(&mut self, name: &'static str, outcome: Result<String, String>) {
        let (status, message) = match outcome {
            Ok(message) => (PointStatus::Ok, message),
            Err(message) => (PointStatus::Failed, message),
        };
        self.points.push(Point { name, status, message: one_line(&message) });
    }

    fn skip(&mut self, names: &[&'static str], reason: &str) {
        self.points.extend(names.iter().map(|name| Point {
            name,
            status: PointStatus::Skipped,
            message: format!("not examined: {reason}"),
        }));
    }

    /// Complete where no point failed.
    pub(crate) fn verdict(&self) -> Verdict {
        Verdict::of(None, self.points.iter().all(|point| point.status != PointStatus::Failed))
    }

    /// Writes a line a point.
    ///
    /// # Errors
    /// When the writer fails.
    pub(crate) fn write_text(&self, writer: &mut impl Write) -> io::Result<()> {
        for Point { name, status, message } in &self.points {
            let (word, style) = match status {
                PointStatus::Ok => ("ok", AnsiColor::Green.on_default()),
                PointStatus::Warning => ("warning", AnsiColor::Yellow.on_default()),
                PointStatus::Failed => ("FAILED", AnsiColor::Red.on_default().bold()),
                PointStatus::Skipped => ("-", Style::new()),
            };
            writeln!(writer, "{name:<9} {style}{word:<7}{style:#} {message}")?;
        }
        Ok(())
    }

    /// Writes one JSON document.
    ///
    /// # Errors
    /// When the writer fails.
    pub(crate) fn write_json(&self, writer: &mut impl Write) -> io::Result<()> {
        sanitize::write_json(writer, self)
    }
}

/// How local times are understood.
fn clock(facts: &Facts) -> String {
    match facts.host_offset().newest_seconds() {
        Some(seconds) => format!(
            "the bot's host is UTC{}{:02}:{:02}, measured from its own rows",
            if seconds < 0 { '-' } else { '+' },
            seconds.abs() / 3_600,
            seconds.abs() / 60 % 60
        ),
        None if facts.has_local_times() => {
            "no row carries both clocks: local times are read in this machine's time zone".to_owned()
        }
        None => "the bot writes UTC only".to_owned(),
    }
}
