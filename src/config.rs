//! What a run is asked to do: flags, environment and file become one `Config`, checked once.
//!
//! Precedence: flag, then environment variable, then config file, then default.

mod file;
mod limits;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, Utc};

pub(crate) use self::file::CheckSettings;
use self::file::File;
pub(crate) use self::limits::LimitOverrides;
use crate::cli::{Cli, Command, Format, MIN_PROMPT_CHARS};
use crate::sanitize::one_line;
use crate::source::clock;

const DEFAULT_DB: &str = "data/trading_bot.db";
const DEFAULT_HOURS: u32 = 24;
/// Ollama on the same machine, as the bot itself uses it.
const DEFAULT_BASE_URL: &str = "http://localhost:11434/v1";
const DEFAULT_MODEL: &str = "qwen2.5-coder:7b";
/// Timeout of one request. Ollama unloads an idle model after minutes, so that each hourly run loads it
/// again.
const DEFAULT_TIMEOUT_SECONDS: u64 = 300;
/// Time limit of all requests together: an hourly run must end before the next one starts.
const DEFAULT_DEADLINE_SECONDS: u64 = 15 * 60;
/// Largest timeout and deadline: a day.
const LONGEST_SECONDS: u64 = 86_400;
const DEFAULT_MAX_PROMPT_CHARS: usize = 16_000;
/// Room for twenty findings of about two hundred tokens each.
const DEFAULT_MAX_TOKENS: u32 = 4_096;

/// Everything a run needs to know, valid as a whole.
#[derive(Debug)]
pub(crate) struct Config {
    /// What the owner calls the bot.
    pub(crate) name: Option<String>,
    /// The bot's database file; with `demo`, replaced by the sample file.
    pub(crate) db: PathBuf,
    /// Length of the analysis window.
    pub(crate) hours: u32,
    /// The moment to audit; `None` is now.
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// Show every finding in full, log at debug level.
    pub(crate) verbose: bool,
    /// Where the alerts are kept, if not in the bot's file.
    pub(crate) alerts_db: Option<PathBuf>,
    /// The folder of the user's own checks.
    pub(crate) checks_dir: Option<PathBuf>,
    /// Print only when something is new, worse or back, or the audit is incomplete.
    pub(crate) quiet: bool,
    /// Findings of the LLM count also where the report does not support them.
    pub(crate) trust_llm: bool,
    /// Send placeholders to the LLM for coin names and free texts.
    pub(crate) redact: bool,
    /// Store nothing.
    pub(crate) dry_run: bool,
    /// Form of the summary.
    pub(crate) format: Format,
    /// Second place for the log lines.
    pub(crate) log_file: Option<PathBuf>,
    /// Print the prompt instead of sending it.
    pub(crate) print_prompt: bool,
    /// Write and audit the sample file.
    pub(crate) demo: bool,
    /// Longest time that the LLM's part may take, waits and retries included.
    pub(crate) deadline: Duration,
    /// Size of the whole prompt.
    pub(crate) max_prompt_chars: usize,
    /// The endpoint; `None` when the run goes without an LLM.
    pub(crate) llm: Option<LlmConfig>,
    /// What the bot is configured to do, where it differs from its generation's defaults.
    pub(crate) limits: LimitOverrides,
    /// Checks that are switched off or have another threshold, by id.
    pub(crate) checks: BTreeMap<String, CheckSettings>,
    /// Coins by tier, replacing the built-in list.
    pub(crate) tiers: Option<BTreeMap<u8, Vec<String>>>,
}

/// How to reach the LLM.
#[derive(Debug, Clone)]
pub(crate) struct LlmConfig {
    /// Base URL; http or https.
    pub(crate) base_url: reqwest::Url,
    /// Model name as the endpoint knows it.
    pub(crate) model: String,
    /// Bearer token, if the endpoint wants one.
    pub(crate) api_key: Option<ApiKey>,
    /// Longest time that one attempt may take, body included.
    pub(crate) timeout: Duration,
    /// Sent only when set: reasoning models reject it.
    pub(crate) temperature: Option<f64>,
    /// Largest answer in tokens; without a limit JSON mode can emit white space for ever.
    pub(crate) max_tokens: u32,
    /// Certificate authorities to trust beside the platform's, as a PEM file.
    pub(crate) ca_file: Option<PathBuf>,
}

/// A secret: never printed, not even by `{:?}`.
#[derive(Clone)]
pub(crate) struct ApiKey(String);

impl ApiKey {
    /// The trimmed key, or `None` where nothing is left of it.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The secret itself, for the request header and for redaction.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiKey(…)")
    }
}

/// What is read from the environment and by no flag.
#[derive(Debug, Default)]
pub(crate) struct Environment<'run> {
    /// `OPENAI_API_KEY`.
    pub(crate) api_key: Option<&'run str>,
    /// `MONITOR_NO_LLM`.
    pub(crate) no_llm: Option<&'run str>,
}

impl Config {
    /// Merges flags (with the environment that clap read), the config file and the defaults.
    ///
    /// # Errors
    /// One sentence that says which setting is wrong and what it may be.
    pub(crate) fn new(cli: Cli, environment: Environment<'_>) -> anyhow::Result<Self> {
        let file = match cli.config.filter(|path| !path.as_os_str().is_empty()) {
            Some(path) => File::read(&path)?,
            None => File::default(),
        };
        let named_endpoint = text(cli.base_url).or(file.base_url);
        let named_model = text(cli.model).or(file.model);
        // Their answer says what went wrong.
        let is_question = matches!(
            cli.command,
            Some(Command::Checks { .. } | Command::Sql { .. } | Command::Explain { .. })
        );
        let asks_none = !matches!(cli.command, None | Some(Command::Doctor));
        let no_llm =
            cli.no_llm || switch("MONITOR_NO_LLM", environment.no_llm)?.or(file.no_llm).unwrap_or(false);
        let without_llm = no_llm || asks_none || (cli.demo && named_endpoint.is_none() && !cli.print_prompt);
        let llm = match without_llm {
            true => None,
            false => Some(LlmConfig {
                base_url: base_url(named_endpoint.as_deref().unwrap_or(DEFAULT_BASE_URL))?,
                model: named_model.unwrap_or_else(|| DEFAULT_MODEL.to_owned()),
                api_key: checked_key(environment.api_key)?,
                timeout: Duration::from_secs(
                    cli.timeout.or(file.timeout_seconds).unwrap_or(DEFAULT_TIMEOUT_SECONDS),
                ),
                temperature: file.temperature,
                max_tokens: file.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS),
                ca_file: file.ca_file,
            }),
        };
        let config = Self {
            name: text(file.name),
            db: cli
                .db
                .filter(|path| !path.as_os_str().is_empty())
                .or(file.db)
                .unwrap_or_else(|| PathBuf::from(DEFAULT_DB)),
            hours: cli.hours.or(file.hours).unwrap_or(DEFAULT_HOURS),
            as_of: cli.as_of.as_deref().map(as_of).transpose()?,
            verbose: cli.verbose,
            alerts_db: cli.alerts_db.or(file.alerts_db).filter(|path| !path.as_os_str().is_empty()),
            checks_dir: cli.checks_dir.or(file.checks_dir).filter(|path| !path.as_os_str().is_empty()),
            quiet: cli.quiet || (is_question && !cli.verbose),
            trust_llm: cli.trust_llm,
            redact: cli.redact || file.redact.unwrap_or(false),
            dry_run: cli.dry_run,
            format: cli.format,
            log_file: cli.log_file.or(file.log_file),
            print_prompt: cli.print_prompt,
            demo: cli.demo,
            deadline: Duration::from_secs(
                cli.deadline.or(file.deadline_seconds).unwrap_or(DEFAULT_DEADLINE_SECONDS),
            ),
            max_prompt_chars: cli
                .max_prompt_chars
                .or(file.max_prompt_chars)
                .unwrap_or(DEFAULT_MAX_PROMPT_CHARS),
            llm,
            limits: file.limits,
            checks: file.checks,
            tiers: file.tiers.map(tiers).transpose()?,
        };
        config.check()?;
        Ok(config)
    }

    /// The file that keeps the alerts.
    pub(crate) fn alerts_path(&self) -> &Path {
        self.alerts_db.as_deref().unwrap_or(&self.db)
    }

    /// Flags by which a suggested command finds the same files from any folder.
    pub(crate) fn file_flags(&self) -> Vec<String> {
        let files = [("--db", Some(&self.db)), ("--alerts-db", self.alerts_db.as_ref())];
        let flag = |(flag, path): (&str, Option<&PathBuf>)| {
            let path = path?;
            let absolute = std::path::absolute(path);
            Some(format!("{flag} {}", for_shell(absolute.as_ref().unwrap_or(path))))
        };
        files.into_iter().filter_map(flag).collect()
    }

    /// Whether the alerts have a file of their own.
    pub(crate) fn keeps_alerts_apart(&self) -> bool {
        self.alerts_db.as_deref().is_some_and(|alerts| !is_same_file(alerts, &self.db))
    }

    /// Checks the values of the config file against the ranges that clap enforces for flags.
    fn check(&self) -> anyhow::Result<()> {
        for (name, path) in [("db", self.db.as_path()), ("alerts_db", self.alerts_path())] {
            ensure!(
                !self.log_file.as_deref().is_some_and(|log| is_same_file(log, path)),
                "log_file is the same file as {name}: name another one"
            );
            ensure!(
                path != Path::new(":memory:"),
                "{name} = :memory:: name a file, what is kept in memory is lost"
            );
        }
        ensure!((1..=87_600).contains(&self.hours), "hours = {}: give 1 to 87600", self.hours);
        ensure!(
            self.max_prompt_chars >= MIN_PROMPT_CHARS,
            "max_prompt_chars = {}: give at least {MIN_PROMPT_CHARS}",
            self.max_prompt_chars
        );
        let seconds = self.deadline.as_secs();
        ensure!(
            (1..=LONGEST_SECONDS).contains(&seconds),
            "deadline_seconds = {seconds}: give 1 to {LONGEST_SECONDS}"
        );
        if let Some(llm) = &self.llm {
            let seconds = llm.timeout.as_secs();
            ensure!(
                (1..=LONGEST_SECONDS).contains(&seconds),
                "timeout_seconds = {seconds}: give 1 to {LONGEST_SECONDS}"
            );
            ensure!(llm.max_tokens >= 256, "max_tokens = {}: give at least 256", llm.max_tokens);
        }
        self.limits.check()?;
        Ok(())
    }
}

/// A path as a shell reads it.
fn for_shell(path: &Path) -> String {
    let text = one_line(&path.display().to_string());
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+@%=:,".contains(letter);
    match text.chars().all(is_plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// Whether two paths lead to the same existing file.
fn is_same_file(one: &Path, other: &Path) -> bool {
    one.canonicalize().ok().zip(other.canonicalize().ok()).is_some_and(|(one, other)| one == other)
}

/// An empty variable counts as unset.
fn text(value: Option<String>) -> Option<String> {
    value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A variable that switches something on or off.
fn switch(name: &str, value: Option<&str>) -> anyhow::Result<Option<bool>> {
    match value.unwrap_or_default().trim().to_lowercase().as_str() {
        "" => Ok(None),
        "1" | "true" | "yes" | "on" => Ok(Some(true)),
        "0" | "false" | "no" | "off" => Ok(Some(false)),
        other => bail!("{name} = {other}: give 1 or 0"),
    }
}

fn base_url(text: &str) -> anyhow::Result<reqwest::Url> {
    let url = reqwest::Url::parse(text)
        .with_context(|| format!("the base URL {text:?} is not a URL: give one like {DEFAULT_BASE_URL}"))?;
    ensure!(
        matches!(url.scheme(), "http" | "https") && url.has_host(),
        "the base URL {text:?} must begin with http:// or https://, like {DEFAULT_BASE_URL}"
    );
    Ok(url)
}

/// Rejects a key that cannot be an HTTP header, without showing it.
fn checked_key(text: Option<&str>) -> anyhow::Result<Option<ApiKey>> {
    let key = text.and_then(ApiKey::new);
    if let Some(key) = &key {
        ensure!(
            key.expose().chars().all(|letter| letter.is_ascii_graphic()),
            "OPENAI_API_KEY holds spaces, control characters or letters beyond ASCII: set it to the bare key"
        );
    }
    Ok(key)
}

fn as_of(text: &str) -> anyhow::Result<DateTime<Utc>> {
    let moment = clock::parse_utc(text).with_context(|| {
        format!("--as-of {text:?} is not a time: give RFC 3339 or YYYY-MM-DD HH:MM:SS (UTC)")
    })?;
    ensure!(
        moment <= Utc::now(),
        "--as-of {text:?} is in the future: give a moment that has passed, or leave it out to audit now"
    );
    Ok(moment)
}

fn tiers(file: BTreeMap<String, Vec<String>>) -> anyhow::Result<BTreeMap<u8, Vec<String>>> {
    file.into_iter()
        .map(|(tier, coins)| match tier.parse() {
            Ok(number @ 1..=9) => Ok((number, coins)),
            _ => bail!("[tiers] {tier:?}: a tier is a number from 1 to 9, like 1 = [\"bitcoin\"]"),
        })
        .collect()
}
