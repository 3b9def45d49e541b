//! Indexes that do not hold what their tables hold.

use crate::checks::check::{Audit, Check, Found, Problem, Theme};
use crate::model::{AlertType, Severity};

pub(super) const INDEXES: Check = Check {
    id: "index-damaged",
    theme: Theme::Integrity,
    why: "An index that does not hold what its table holds hides rows from the bot: it decides without them.",
    threshold: None,
    run: damaged,
};

fn damaged(audit: &Audit<'_>) -> anyhow::Result<Found> {
    let damaged = audit.context.bot.damaged_indexes();
    if damaged.is_empty() {
        return Ok(Found::nothing());
    }
    let each: Vec<_> = damaged
        .iter()
        .map(|damage| format!("{} of {} {}", damage.index, damage.table, damage.what))
        .collect();
    Ok(Found::from(Some(Problem {
        alert_type: AlertType::Bug,
        severity: Severity::Critical,
        subject: String::new(),
        title: "Indexes do not hold what their tables hold: the file is damaged".to_owned(),
        description: format!(
            "{}. The bot sees these tables as SQLite reads them through their indexes, and may miss rows. \
             This audit has read them without their indexes.",
            each.join("; ")
        ),
        evidence: format!("{}; query: PRAGMA integrity_check", each.join("; ")),
        recommendation:
            "Stop the bot, copy the file, run REINDEX and then PRAGMA integrity_check: unless that says ok, \
                         restore a backup. Is the disk sound, and does only SQLite write the file?"
                .to_owned(),
    })))
}
