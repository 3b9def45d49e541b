//! The command line: names, defaults and one sentence a flag. Nothing below `config` sees clap.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use chrono::TimeDelta;
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Parser, Subcommand, ValueEnum};

use crate::model::{AlertStatus, Severity};

/// The auditor that a trading bot runs on itself: reads the bot's SQLite file, finds what is wrong
/// with built-in checks and an LLM, stores it in `monitoring_alerts`, and exits by severity.
#[derive(Debug, Parser)]
#[command(name = "autonomous-monitor", version, max_term_width = 100)]
#[command(after_help = "\
Exit codes: 0 nothing of high severity, 1 a high finding, 2 a critical finding,
3 the audit is incomplete (unusable file, bad flag, LLM failed, nothing could be stored).
A finding whose alert is acknowledged, snoozed or wontfix does not count until it becomes
worse or, after it was fixed, is found again.

The LLM's key is read from the environment only: OPENAI_API_KEY.

Every hour from cron, which mails what is new:
  MAILTO=you@example.org
  0 * * * * cd /path/to/bot && \"$HOME/.cargo/bin/autonomous-monitor\" --quiet --log-file monitor.log")]
pub(crate) struct Cli {
    /// A command other than an audit
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// The bot's database file; it is never created [default: data/trading_bot.db]
    #[arg(long, global = true, value_name = "PATH", env = "MONITOR_DB", value_parser = path())]
    pub(crate) db: Option<PathBuf>,

    /// Length of the analysis window in hours, 1 to 87600 [default: 24]
    #[arg(long, global = true, value_name = "N", value_parser = whole::<u32>(1, 87_600))]
    pub(crate) hours: Option<u32>,

    /// Show everything: each finding, also a known one, with its description, evidence and recommendation, and debug lines in the log
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,

    /// Do everything but store: the bot's file is not changed
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Run the built-in checks only, without the LLM [env: MONITOR_NO_LLM=1]
    #[arg(long, global = true)]
    pub(crate) no_llm: bool,

    /// Form of the summary on standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Append the log lines to this file as well (its folder is created, but not the folder's parent)
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) log_file: Option<PathBuf>,

    /// Print exactly what would be sent to the LLM; send nothing, store nothing
    #[arg(long, conflicts_with = "no_llm")]
    pub(crate) print_prompt: bool,

    /// Audit as if it were this moment (RFC 3339, or `YYYY-MM-DD HH:MM:SS` in UTC): later rows are ignored
    #[arg(long, global = true, value_name = "TIME")]
    pub(crate) as_of: Option<String>,

    /// Keep the alerts in this file, created if it is missing, and leave the bot's file untouched
    #[arg(long, global = true, value_name = "PATH", env = "MONITOR_ALERTS_DB", value_parser = path())]
    pub(crate) alerts_db: Option<PathBuf>,

    /// Print only when something is new, worse or returned, or the audit is incomplete; the exit code is the same
    #[arg(long)]
    pub(crate) quiet: bool,

    /// Trust the LLM: its findings count also where the report does not support them
    #[arg(long)]
    pub(crate) trust_llm: bool,

    /// Replace coin names and free texts by stable placeholders in what is sent to the LLM, and put them back in what comes back
    #[arg(long)]
    pub(crate) redact: bool,

    /// Run the checks of this folder as well: every *.sql in it is one (`checks new` prints a template)
    #[arg(long, global = true, value_name = "DIR", env = "MONITOR_CHECKS_DIR", value_parser = path())]
    pub(crate) checks_dir: Option<PathBuf>,

    /// Read settings from this TOML file; flags and environment win over it
    #[arg(long, global = true, value_name = "FILE", env = "MONITOR_CONFIG", value_parser = path())]
    pub(crate) config: Option<PathBuf>,

    /// Base URL of an OpenAI-compatible endpoint [default: http://localhost:11434/v1]
    #[arg(long, global = true, value_name = "URL", env = "OPENAI_BASE_URL")]
    pub(crate) base_url: Option<String>,

    /// Model to ask [default: qwen2.5-coder:7b]
    #[arg(long, global = true, value_name = "NAME", env = "OPENAI_MODEL")]
    pub(crate) model: Option<String>,

    /// Timeout of one request to the LLM in seconds [default: 300]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = whole::<u64>(1, 86_400))]
    pub(crate) timeout: Option<u64>,

    /// Time limit in seconds for all requests to the LLM together, retries and waits included; findings made until then are stored [default: 900]
    #[arg(long, value_name = "SECONDS", value_parser = whole::<u64>(1, 86_400))]
    pub(crate) deadline: Option<u64>,

    /// Size of the whole prompt in characters, at least 6000 [default: 16000]
    #[arg(long, value_name = "N", value_parser = at_least_6000)]
    pub(crate) max_prompt_chars: Option<usize>,

    /// Write a sample database with planted problems to a temporary folder and audit it instead of the bot's (without the LLM, unless an endpoint is named)
    #[arg(long)]
    pub(crate) demo: bool,
}

/// What to do instead of an audit.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum Command {
    /// List and show alerts, and change their status
    #[command(subcommand)]
    Alerts(AlertsCommand),
    /// Check the setup, a line each with ok or the remedy: the bot's file and clock, endpoint, model, schema support, and whether alerts and log can be written
    Doctor,
    /// List the checks (id, theme, threshold, and why), or write one of your own
    Checks {
        /// What to do instead of listing them
        #[command(subcommand)]
        command: Option<ChecksCommand>,
    },
    /// Ask the audit database, into which the bot's file is read: one SELECT, or .schema for its tables
    Sql {
        /// The query, in quotes
        query: String,
    },
    /// Show all about a check, or the check of an alert: rule, threshold, SQL, and every row that it finds now
    Explain {
        /// Id of a check, or number of an alert
        #[arg(value_name = "ID")]
        what: String,
    },
}

/// How to write checks.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum ChecksCommand {
    /// Print a commented template of a check
    New,
    /// Run one file over the bot's and say what it would report; exits as a run with that finding would
    Test {
        /// The file
        file: PathBuf,
    },
}

/// What to do with alerts.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub(crate) enum AlertsCommand {
    /// List the open and acknowledged alerts, worst first
    List {
        /// Every alert, also those that are fixed or wontfix
        #[arg(long)]
        all: bool,
        /// Only alerts of this status
        #[arg(long, value_enum, value_name = "STATUS", conflicts_with = "all")]
        status: Option<AlertStatus>,
        /// Only alerts of this severity or above
        #[arg(long, value_enum, value_name = "SEVERITY")]
        severity: Option<Severity>,
        /// Only alerts stored within this time: 90m, 12h, 7d, 2w, or hours without a unit
        #[arg(long, value_name = "TIME", value_parser = since)]
        since: Option<TimeDelta>,
    },
    /// Show everything about one alert, with its occurrences and its changes of status
    Show {
        /// Number of the alert
        #[arg(value_parser = alert_id)]
        id: i64,
    },
    /// Acknowledge alerts: they do not raise the exit code until they become worse
    Ack(Judged),
    /// Close alerts as fixed: if the problem is found again, it is a new alert (for wrong rows that stay in the file, use ack or wontfix)
    #[command(visible_alias = "resolve")]
    Fix(Judged),
    /// Close alerts that will not be fixed: they are reopened only if they become worse
    Wontfix(Judged),
    /// Silence alerts for a time: until then they do not raise the exit code unless they become worse
    Snooze(Snoozed),
    /// Reopen alerts
    Reopen(Judged),
}

/// Alerts, and why.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(crate) struct Judged {
    /// Numbers of the alerts
    #[arg(required = true, value_name = "ID", value_parser = alert_id)]
    pub(crate) ids: Vec<i64>,
    /// Reason, kept with the change
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
}

/// Alerts, for how long, and why.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(crate) struct Snoozed {
    #[command(flatten)]
    pub(crate) judged: Judged,
    /// For how long, from 1m to 365d: 30m, 12h, 7d, 2w
    #[arg(long = "for", required = true, value_name = "TIME", value_parser = snooze)]
    pub(crate) span: TimeDelta,
}

/// Form of the summary on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people and logs
    Text,
    /// Exactly one JSON document
    Json,
}

/// Least size of a prompt: the brief, the output contract and one line a section.
pub(crate) const MIN_PROMPT_CHARS: usize = 6_000;

/// Ten years, as the longest window.
const LONGEST_SINCE: TimeDelta = TimeDelta::hours(87_600);
/// Longest snooze; an alert that should be silent for longer is closed as wontfix.
const LONGEST_SNOOZE: TimeDelta = TimeDelta::days(365);

fn since(text: &str) -> Result<TimeDelta, String> {
    let hours = text.bytes().all(|letter| letter.is_ascii_digit()).then(|| format!("{text}h"));
    span(hours.as_deref().unwrap_or(text), LONGEST_SINCE)
}

fn snooze(text: &str) -> Result<TimeDelta, String> {
    span(text, LONGEST_SNOOZE)
}

/// A number and its unit, like `7d`.
fn span(text: &str, longest: TimeDelta) -> Result<TimeDelta, String> {
    const UNIT_MINUTES: [(char, u32); 4] = [('m', 1), ('h', 60), ('d', 1_440), ('w', 10_080)];
    let minutes = UNIT_MINUTES.into_iter().find_map(|(unit, minutes)| {
        let number = text.strip_suffix(unit)?;
        number.parse::<u32>().ok()?.checked_mul(minutes)
    });
    let span = minutes.filter(|minutes| *minutes > 0).map(|minutes| TimeDelta::minutes(minutes.into()));
    span.filter(|span| *span <= longest).ok_or_else(|| {
        format!("give a whole number and m, h, d or w, like 12h or 7d, from 1m to {}d", longest.num_days())
    })
}

/// A path that may be empty: an empty variable counts as unset, not as an error.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

fn at_least_6000(text: &str) -> Result<usize, String> {
    let chars = text.parse().ok().filter(|chars| *chars >= MIN_PROMPT_CHARS);
    chars.ok_or_else(|| format!("give a whole number from {MIN_PROMPT_CHARS} on"))
}

/// A whole number within bounds.
fn whole<T>(least: T, most: T) -> impl Fn(&str) -> Result<T, String> + Clone
where
    T: FromStr + PartialOrd + Copy + fmt::Display,
{
    move |text| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("give a whole number from {least} to {most}"))
    }
}

fn alert_id(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "give the number of an alert, as `alerts list` shows it".to_owned())
}

/// What a command line asks for on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// One JSON document.
    Document,
    /// The summary of an audit, as text.
    Summary,
    /// Any other text.
    Other,
}

impl Cli {
    /// What is asked for on standard output.
    pub(crate) fn answer(&self) -> Answer {
        match (self.format, &self.command) {
            (Format::Json, _) => Answer::Document,
            (Format::Text, None) if !self.print_prompt => Answer::Summary,
            (Format::Text, _) => Answer::Other,
        }
    }
}

/// The same where clap could not make sense of the rest of the command line.
pub(crate) fn wanted_answer(arguments: impl IntoIterator<Item = OsString>) -> Answer {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let holds = |words: &[&str]| arguments.iter().any(|argument| words.iter().any(|word| argument == word));
    if holds(&["--format=json"]) || arguments.windows(2).any(|pair| pair == ["--format", "json"]) {
        Answer::Document
    } else if holds(&["alerts", "doctor", "checks", "sql", "explain", "--print-prompt"]) {
        Answer::Other
    } else {
        Answer::Summary
    }
}
