//! Log lines as Python's logging writes them: `2026-01-14 18:00:00 - INFO - message`, local time.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{DefaultFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, Layer};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::Config;
use crate::sanitize;

/// Parts of a run that took less are not logged.
const SLOW: Duration = Duration::from_millis(10);

/// Sends log lines to stderr and, if one is given, to a file (appended). Only our own lines: what
/// libraries log can hold headers. With `--quiet` stderr has none of them: cron mails both streams, and
/// the summary says what went wrong.
///
/// # Errors
/// When the log file cannot be opened.
pub(crate) fn init(config: &Config, log_file: Option<&Path>) -> anyhow::Result<()> {
    let level = if config.verbose { Level::DEBUG } else { Level::INFO };
    let shown = if config.quiet { LevelFilter::OFF } else { LevelFilter::from(level) };
    let file = log_file.map(open).transpose()?;
    tracing_subscriber::registry()
        .with(lines().with_writer(io::stderr).with_filter(ours(shown)))
        .with(file.map(|file| lines().with_writer(Mutex::new(file)).with_filter(ours(level))))
        .try_init()
        .context("cannot start logging")
}

fn open(path: &Path) -> anyhow::Result<File> {
    if let Some(folder) = missing_folder(path) {
        let made = fs::create_dir(folder);
        // Another run may have made it meanwhile.
        let made = if folder.is_dir() { Ok(()) } else { made };
        made.with_context(|| format!("cannot make the folder of the log file {}", path.display()))?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot open the log file {}", path.display()))
}

/// The folder of a log file, where it is not there.
pub(crate) fn missing_folder(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
}

/// Logs how long a part of the run took, unless it was fast.
pub(crate) fn took(part: &str, started: Instant) {
    let elapsed = started.elapsed();
    if elapsed >= SLOW {
        tracing::debug!("{part} took {:.1} ms", elapsed.as_secs_f64() * 1e3);
    }
}

fn lines<S>() -> Layer<S, DefaultFields, PythonLine>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    Layer::new().event_format(PythonLine).with_ansi(false)
}

fn ours(level: impl Into<LevelFilter>) -> Targets {
    Targets::new().with_target(env!("CARGO_CRATE_NAME"), level)
}

struct PythonLine;

impl<S, N> FormatEvent<S, N> for PythonLine
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = match *event.metadata().level() {
            Level::WARN => "WARNING",
            Level::ERROR => "ERROR",
            Level::INFO => "INFO",
            _ => "DEBUG",
        };
        let mut message = String::new();
        context.format_fields(Writer::new(&mut message), event)?;
        let time = chrono::Local::now().format("%Y-%m-%d %H:%M:%S");
        writeln!(writer, "{time} - {level} - {}", sanitize::one_line(&message))
    }
}
