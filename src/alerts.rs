//! The command `alerts`: lists them, shows one, changes their status.

use std::io::Write;

use anstyle::Style;
use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde::Serialize;

use crate::cli::{AlertsCommand, Format, Judged, Snoozed};
use crate::config::Config;
use crate::model::{Alert, AlertStatus, Severity};
use crate::output::{style, wrap};
use crate::plural::plural;
use crate::sanitize::{self, one_line};
use crate::source::{BUSY_TIMEOUT, Bot, HotJournal, clock};
use crate::sqlite_error;
use crate::store;
use crate::store::Change;

/// Runs the command and writes its answer.
///
/// # Errors
/// When the alerts cannot be read or written, or an id is unknown.
pub(crate) fn run(
    command: &AlertsCommand,
    config: &Config,
    now: DateTime<Utc>,
    writer: &mut impl Write,
) -> anyhow::Result<()> {
    match command {
        AlertsCommand::List { all, status, severity, since } => {
            let wanted = Wanted {
                all: *all,
                status: *status,
                severity: *severity,
                since: since.map(|span| now - span),
            };
            list(&wanted, config, writer)
        }
        AlertsCommand::Show { id } => show(*id, config, writer),
        AlertsCommand::Ack(judged) => judge(judged, AlertStatus::Acknowledged, config, writer),
        AlertsCommand::Fix(judged) => judge(judged, AlertStatus::Fixed, config, writer),
        AlertsCommand::Wontfix(judged) => judge(judged, AlertStatus::Wontfix, config, writer),
        AlertsCommand::Snooze(snoozed) => snooze(snoozed, config, now, writer),
        AlertsCommand::Reopen(judged) => judge(judged, AlertStatus::Open, config, writer),
    }
}

/// Which alerts to list.
struct Wanted {
    all: bool,
    status: Option<AlertStatus>,
    severity: Option<Severity>,
    since: Option<DateTime<Utc>>,
}

impl Wanted {
    fn holds(&self, alert: &Alert) -> bool {
        let has_status = match self.status {
            Some(status) => alert.status == status,
            None => self.all || matches!(alert.status, AlertStatus::Open | AlertStatus::Acknowledged),
        };
        let is_severe = self.severity.is_none_or(|least| severity(alert) >= Some(least));
        let created_at = alert.created_at.as_deref().and_then(clock::parse_utc);
        has_status && is_severe && self.since.is_none_or(|since| created_at.is_some_and(|at| at >= since))
    }
}

fn severity(alert: &Alert) -> Option<Severity> {
    Severity::of(&alert.severity)
}

/// The alerts of the file; `None` where no run has stored any in it.
fn read(config: &Config) -> anyhow::Result<Option<(Vec<Alert>, Connection)>> {
    let read = || match store::open_read_only(config)? {
        Some(connection) if store::has_alerts(&connection)? => {
            Ok(Some((store::all_alerts(&connection)?, connection)))
        }
        _ => Ok(None),
    };
    let alerts = read();
    if !matches!(alerts, Ok(Some(_))) {
        explain(config)?;
    }
    alerts
        .map_err(sqlite_error::told)
        .with_context(|| format!("cannot read the alerts in {}", config.alerts_path().display()))
}

/// What is wrong with a file that has no alerts, in the words of the audit, where anything is.
fn explain(config: &Config) -> anyhow::Result<()> {
    if !config.keeps_alerts_apart() {
        return Bot::open(&config.db, HotJournal::Leave).map(drop);
    }
    let shown = config.alerts_path().display();
    let name = "name the alerts' file with --alerts-db or MONITOR_ALERTS_DB";
    ensure!(
        config.alerts_path().exists(),
        "there is no file {shown}: no run has stored alerts in it yet, or {name}"
    );
    ensure!(!config.alerts_path().is_dir(), "{shown} is a directory: {name}");
    ensure!(config.alerts_path().is_file(), "{shown} is no regular file: {name}");
    match store::open_read_only(config) {
        Err(error) if sqlite_error::is_no_database(&error) => {
            bail!("{shown} is not an SQLite database (or is encrypted): {name}")
        }
        opened => opened.map(drop),
    }
}

fn nothing_stored(config: &Config) -> String {
    let command: Vec<String> =
        ["autonomous-monitor".to_owned()].into_iter().chain(config.file_flags()).collect();
    let path = config.alerts_path().display();
    format!("no run has stored anything in {path} yet: `{}` audits the bot and does", command.join(" "))
}

fn list(wanted: &Wanted, config: &Config, writer: &mut impl Write) -> anyhow::Result<()> {
    let stored = read(config)?.map(|(alerts, _)| alerts);
    if stored.is_none() && config.format == Format::Text {
        return Ok(writeln!(
            writer,
            "{}",
            one_line(&format!("There are no alerts: {}.", nothing_stored(config)))
        )?);
    }
    let mut alerts = stored.unwrap_or_default();
    let known = alerts.len();
    alerts.retain(|alert| wanted.holds(alert));
    alerts.sort_by_key(|alert| std::cmp::Reverse((severity(alert), alert.id)));
    if config.format == Format::Json {
        return Ok(sanitize::write_json(writer, &serde_json::json!({ "alerts": alerts }))?);
    }
    if alerts.is_empty() {
        writeln!(writer, "No such alerts ({known} in {}).", config.alerts_path().display())?;
    }
    for alert in &alerts {
        let style = severity(alert).map_or_else(Style::new, style);
        let seen = alert.times_seen.map(|times| format!(", seen {times}×")).unwrap_or_default();
        let snoozed = alert
            .snoozed_until
            .as_ref()
            .map(|until| format!(", snoozed until {until} UTC"))
            .unwrap_or_default();
        writeln!(
            writer,
            "{:>5}  {style}{:<8}{style:#} {:<12} {}  [{}] {}{}{seen}{snoozed}",
            alert.id,
            one_line(&alert.severity),
            alert.status.as_str(),
            one_line(&utc(alert.created_at.as_ref()).unwrap_or_else(|| "-".to_owned())),
            one_line(&alert.alert_type),
            one_line(&alert.title),
            said_by(alert),
        )?;
    }
    Ok(())
}

/// A stored time with the name of its clock.
fn utc(at: Option<&String>) -> Option<String> {
    at.map(|at| format!("{at} UTC"))
}

/// Marks findings of the LLM, as the summary does.
fn said_by(alert: &Alert) -> &'static str {
    match (alert.source.as_deref(), alert.is_unconfirmed) {
        (Some("llm"), true) => " (LLM, unconfirmed)",
        (Some("llm"), false) => " (LLM)",
        _ => "",
    }
}

#[derive(Serialize)]
struct Shown<'alert> {
    #[serde(flatten)]
    alert: &'alert Alert,
    changes: Vec<Change>,
}

fn show(id: i64, config: &Config, writer: &mut impl Write) -> anyhow::Result<()> {
    let Some((alerts, connection)) = read(config)? else {
        bail!("there is no alert {id}: {}", nothing_stored(config));
    };
    let Some(alert) = alerts.iter().find(|alert| alert.id == id) else {
        bail!("there is no alert {id}: `autonomous-monitor alerts list --all` shows every one");
    };
    let changes = store::changes_of(&connection, id)?;
    if config.format == Format::Json {
        return Ok(sanitize::write_json(writer, &serde_json::to_value(Shown { alert, changes })?)?);
    }
    let seen = alert.times_seen.map(|times| {
        format!(
            "{times} {}, first {}, last {}",
            plural(times, "time", "times"),
            utc(alert.first_seen_at.as_ref()).as_deref().unwrap_or("-"),
            utc(alert.last_seen_at.as_ref()).as_deref().unwrap_or("-")
        )
    });
    let snoozed = alert.snoozed_until.as_ref().map(|until| format!("until {until} UTC"));
    let unconfirmed = if alert.is_unconfirmed { " (unconfirmed)" } else { "" };
    let source = alert.source.as_ref().map(|source| format!("{source}{unconfirmed}"));
    let follows = alert.follows_alert_id.map(|old| format!("alert {old}, which was fixed"));
    let style = severity(alert).map_or_else(Style::new, style);
    write!(writer, "{style}")?;
    wrap::write("", &format!("Alert {id}: {}", alert.title), writer)?;
    write!(writer, "{style:#}")?;
    for (label, text) in [
        ("Type", Some(alert.alert_type.as_str())),
        ("Severity", Some(&alert.severity)),
        ("Status", Some(alert.status.as_str())),
        ("Snoozed", snoozed.as_deref()),
        ("Source", source.as_deref()),
        ("Created", utc(alert.created_at.as_ref()).as_deref()),
        ("Acknowledged", utc(alert.acknowledged_at.as_ref()).as_deref()),
        ("Fixed", utc(alert.fixed_at.as_ref()).as_deref()),
        ("Seen", seen.as_deref()),
        ("Follows", follows.as_deref()),
        ("Description", Some(&alert.description)),
        ("Evidence", alert.evidence.as_deref()),
        ("Recommended", alert.recommendation.as_deref()),
    ] {
        if let Some(text) = text {
            wrap::write(&format!("{:<14}", format!("{label}:")), text, writer)?;
        }
    }
    for change in changes {
        let note = change.note.map(|note| format!(": {note}")).unwrap_or_default();
        let line = format!("{} UTC {}{note}", change.changed_at, change.status);
        wrap::write(&format!("{:<14}", "Change:"), &line, writer)?;
    }
    Ok(())
}

fn judge(
    judged: &Judged,
    status: AlertStatus,
    config: &Config,
    writer: &mut impl Write,
) -> anyhow::Result<()> {
    let mut connection = open_for_writing(judged, config)?;
    store::set_status(&mut connection, &judged.ids, status, judged.note.as_deref())?;
    if config.format == Format::Json {
        return Ok(sanitize::write_json(
            writer,
            &serde_json::json!({ "changed": judged.ids, "status": status }),
        )?);
    }
    for id in &judged.ids {
        writeln!(writer, "alert {id}: {}", status.as_str())?;
    }
    Ok(())
}

fn snooze(
    Snoozed { judged, span }: &Snoozed,
    config: &Config,
    now: DateTime<Utc>,
    writer: &mut impl Write,
) -> anyhow::Result<()> {
    let until = clock::utc_text(now + *span);
    let mut connection = open_for_writing(judged, config)?;
    store::snooze(&mut connection, &judged.ids, &until, judged.note.as_deref())?;
    if config.format == Format::Json {
        return Ok(sanitize::write_json(
            writer,
            &serde_json::json!({ "changed": judged.ids, "snoozed_until": until }),
        )?);
    }
    for id in &judged.ids {
        writeln!(writer, "alert {id}: snoozed until {until} UTC")?;
    }
    Ok(())
}

/// Fails where no run has stored anything, before it makes a file or a table.
fn open_for_writing(judged: &Judged, config: &Config) -> anyhow::Result<Connection> {
    if read(config)?.is_none() {
        let ids: Vec<String> = judged.ids.iter().map(i64::to_string).collect();
        bail!("there is no alert {}: {}", ids.join(", "), nothing_stored(config));
    }
    store::open_for_writing(config, BUSY_TIMEOUT)
        .map_err(sqlite_error::told)
        .with_context(|| format!("cannot write the alerts in {}", config.alerts_path().display()))
}
