//! The command `alerts`: what is open, everything about one, and what people say of them.

use std::io::Write;

use anstyle::Style;
use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::bot::{BUSY_TIMEOUT, clock};
use crate::cli::{AlertsCommand, Format, Judged};
use crate::config::Config;
use crate::finding::Severity;
use crate::plural::plural;
use crate::store::{self, Alert, AlertStatus, Change};
use crate::summary::style;
use crate::trouble;
use crate::untrusted::{self, one_line};

/// Does what is asked, and writes what there is to say.
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
                since: since.map(|hours| now - TimeDelta::hours(i64::from(hours))),
            };
            list(&wanted, config, writer)
        }
        AlertsCommand::Show { id } => show(*id, config, writer),
        AlertsCommand::Ack(judged) => judge(judged, AlertStatus::Acknowledged, config, writer),
        AlertsCommand::Fix(judged) => judge(judged, AlertStatus::Fixed, config, writer),
        AlertsCommand::Wontfix(judged) => judge(judged, AlertStatus::Wontfix, config, writer),
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

fn read(config: &Config) -> anyhow::Result<(Vec<Alert>, Option<rusqlite::Connection>)> {
    let read = || {
        let connection = store::open_read_only(config)?;
        let alerts = connection.as_ref().map_or_else(|| Ok(Vec::new()), Alert::all)?;
        Ok((alerts, connection))
    };
    read()
        .map_err(trouble::told)
        .with_context(|| format!("cannot read the alerts in {}", config.alerts_path().display()))
}

fn list(wanted: &Wanted, config: &Config, writer: &mut impl Write) -> anyhow::Result<()> {
    let (mut alerts, _) = read(config)?;
    let known = alerts.len();
    alerts.retain(|alert| wanted.holds(alert));
    alerts.sort_by_key(|alert| std::cmp::Reverse((severity(alert), alert.id)));
    if config.format == Format::Json {
        return Ok(untrusted::write_json(writer, &serde_json::json!({ "alerts": alerts }))?);
    }
    if alerts.is_empty() {
        writeln!(writer, "No such alerts ({known} in {}).", config.alerts_path().display())?;
    }
    for alert in &alerts {
        let style = severity(alert).map_or_else(Style::new, style);
        let seen = alert.times_seen.map(|times| format!(", seen {times}×")).unwrap_or_default();
        writeln!(
            writer,
            "{:>5}  {style}{:<8}{style:#} {:<12} {}  [{}] {}{seen}",
            alert.id,
            one_line(&alert.severity),
            alert.status.as_str(),
            one_line(alert.created_at.as_deref().unwrap_or("-")),
            one_line(&alert.alert_type),
            one_line(&alert.title),
        )?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Shown<'alert> {
    #[serde(flatten)]
    alert: &'alert Alert,
    changes: Vec<Change>,
}

fn show(id: i64, config: &Config, writer: &mut impl Write) -> anyhow::Result<()> {
    let (alerts, connection) = read(config)?;
    let alert = alerts.iter().find(|alert| alert.id == id);
    let (Some(alert), Some(connection)) = (alert, connection) else {
        anyhow::bail!("there is no alert {id}: `autonomous-monitor alerts list --all` shows every one");
    };
    let changes = store::changes_of(&connection, id)?;
    if config.format == Format::Json {
        return Ok(untrusted::write_json(writer, &serde_json::to_value(Shown { alert, changes })?)?);
    }
    let seen = alert.times_seen.map(|times| {
        format!(
            "{times} {}, first {}, last {}",
            plural(times, "time", "times"),
            alert.first_seen_at.as_deref().unwrap_or("-"),
            alert.last_seen_at.as_deref().unwrap_or("-")
        )
    });
    let came_back = alert.follows_alert_id.map(|old| format!("alert {old}, which was fixed"));
    let style = severity(alert).map_or_else(Style::new, style);
    writeln!(writer, "{style}Alert {id}: {}{style:#}", one_line(&alert.title))?;
    for (label, text) in [
        ("Type", Some(alert.alert_type.as_str())),
        ("Severity", Some(&alert.severity)),
        ("Status", Some(alert.status.as_str())),
        ("Source", alert.source.as_deref()),
        ("Created", alert.created_at.as_deref()),
        ("Acknowledged", alert.acknowledged_at.as_deref()),
        ("Fixed", alert.fixed_at.as_deref()),
        ("Seen", seen.as_deref()),
        ("Comes back", came_back.as_deref()),
        ("Description", Some(&alert.description)),
        ("Evidence", alert.evidence.as_deref()),
        ("Recommended", alert.recommendation.as_deref()),
    ] {
        if let Some(text) = text {
            writeln!(writer, "{:<14}{}", format!("{label}:"), one_line(text))?;
        }
    }
    for change in changes {
        let note = change.note.map(|note| format!(": {}", one_line(&note))).unwrap_or_default();
        writeln!(
            writer,
            "{:<14}{} {}{note}",
            "Change:",
            one_line(&change.changed_at),
            one_line(&change.status)
        )?;
    }
    Ok(())
}

fn judge(
    judged: &Judged,
    status: AlertStatus,
    config: &Config,
    writer: &mut impl Write,
) -> anyhow::Result<()> {
    let mut connection = store::open_for_writing(config, BUSY_TIMEOUT)
        .map_err(trouble::told)
        .with_context(|| format!("cannot write the alerts in {}", config.alerts_path().display()))?;
    store::set_status(&mut connection, &judged.ids, status, judged.note.as_deref())?;
    if config.format == Format::Json {
        return Ok(untrusted::write_json(
            writer,
            &serde_json::json!({ "changed": judged.ids, "status": status }),
        )?);
    }
    for id in &judged.ids {
        writeln!(writer, "alert {id}: {}", status.as_str())?;
    }
    Ok(())
}
