//! Log lines as Python's logging writes them: `2026-01-14 18:00:00 - INFO - message`, local time.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Mutex;

use anyhow::Context as _;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{DefaultFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, Layer};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::Config;
use crate::untrusted;

/// Sends log lines to stderr and, if one is named, to a file (appended). Only our own lines: what
/// libraries log can hold headers. With `--quiet` stderr, which cron mails, has only what went wrong.
///
/// # Errors
/// When the log file cannot be opened.
pub(crate) fn init(config: &Config) -> anyhow::Result<()> {
    let level = if config.verbose { Level::DEBUG } else { Level::INFO };
    let shown = if config.quiet { Level::WARN } else { level };
    let file = config.log_file.as_deref().map(open).transpose()?;
    tracing_subscriber::registry()
        .with(lines().with_writer(io::stderr).with_filter(ours(shown)))
        .with(file.map(|file| lines().with_writer(Mutex::new(file)).with_filter(ours(level))))
        .try_init()
        .context("cannot start logging")
}

fn open(path: &Path) -> anyhow::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder of the log file {}", path.display()))?;
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot open the log file {}", path.display()))
}

fn lines<S>() -> Layer<S, DefaultFields, PythonLine>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    Layer::new().event_format(PythonLine).with_ansi(false)
}

fn ours(level: Level) -> Targets {
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
        writeln!(writer, "{time} - {level} - {}", untrusted::one_line(&message))
    }
}
