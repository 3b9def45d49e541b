//! Checks the setup before cron depends on it: each point is fine, or comes with its remedy.

mod writing;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use chrono::Utc;
use serde::Serialize;

use crate::config::Config;
use crate::exit_code::Verdict;
use crate::llm;
use crate::source::{Bot, HotJournal, generation};
use crate::untrusted::{self, one_line};

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
        let is_usable = match Bot::open(&config.db, HotJournal::Leave) {
            Ok(bot) => {
                examination.bot(&bot, config);
                true
            }
            Err(error) => {
                examination.add("file", Err(format!("{error:#}")));
                examination.skip(&["views", "clock"], "the file cannot be used");
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

    fn bot(&mut self, bot: &Bot, config: &Config) {
        let (found, missing) = bot.tables();
        let generation =
            generation::current(bot, Utc::now()).map_err(|error| format!("cannot be read: {error}"));
        self.add(
            "file",
            generation.map(|generation| {
                format!(
                    "{} holds {} of the bot's {} tables and is written by generation {generation}",
                    config.db.display(),
                    found.len(),
                    found.len() + missing.len()
                )
            }),
        );
        self.views(bot);
        self.add("clock", Ok(clock(bot)));
    }

    /// Each canonical view can be read, and some row is there.
    fn views(&mut self, bot: &Bot) {
        const LEFT_BY_A_BOT_AT_WORK: [&str; 4] = ["trade", "position", "learning", "activity"];
        let empty = match empty_views(bot) {
            Ok(empty) => empty,
            Err(error) => return self.add("views", Err(error)),
        };
        let readable = format!("{} can be read", bot.views().count());
        if LEFT_BY_A_BOT_AT_WORK.iter().all(|view| empty.contains(view)) {
            let message = format!(
                "{readable}, and there is no trade, open position, learning or activity: is this the file that the                  bot writes to?"
            );
            return self.points.push(Point { name: "views", status: PointStatus::Warning, message });
        }
        let without = match empty.as_slice() {
            [] => String::new(),
            empty => format!(", without rows: {}", empty.join(", ")),
        };
        self.add("views", Ok(format!("{readable}{without}")));
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
        untrusted::write_json(writer, self)
    }
}

fn empty_views(bot: &Bot) -> Result<Vec<&str>, String> {
    let mut empty = Vec::new();
    for view in bot.views() {
        let has_rows = bot
            .prepare(&format!("SELECT 1 FROM {view}"))
            .and_then(|mut rows| rows.exists([]))
            .map_err(|error| format!("{view} cannot be read: {error}"))?;
        if !has_rows {
            empty.push(view);
        }
    }
    Ok(empty)
}

/// How local times are understood.
fn clock(bot: &Bot) -> String {
    match bot.host_offset().newest_seconds() {
        Some(seconds) => format!(
            "the bot's host is UTC{}{:02}:{:02}, measured from its own rows",
            if seconds < 0 { '-' } else { '+' },
            seconds.abs() / 3_600,
            seconds.abs() / 60 % 60
        ),
        None if bot.has_table("trade_journal") => {
            "no row carries both clocks: local times are read in this machine's time zone".to_owned()
        }
        None => "this generation writes UTC only".to_owned(),
    }
}
