//! The file's tables as these checks see them, and how they name them.

use chrono::{DateTime, Utc};

use crate::checks::check::Audit;
use crate::source::generation;
use crate::source::profile::{Profile, Table};
use crate::untrusted::cut;

/// Of the profile's tables those that are the bot's: the monitor keeps its own in the file, too.
pub(super) fn tables<'run>(audit: &Audit<'run>) -> impl Iterator<Item = &'run Table> {
    let census: Option<&'run Profile> = audit.report.tables.available();
    census
        .into_iter()
        .flat_map(|census| &census.all)
        .filter(|table| table.error.is_none() && !table.is_monitors_own())
}

/// Whether what the bot overwrites belongs to a later moment than the audited one.
pub(super) fn is_past(audit: &Audit<'_>) -> bool {
    audit.report.holds_later_rows()
}

/// The bot's last sign of life: what nobody did after it is no fault of a part, the bot was not there.
pub(super) fn last_sign(audit: &Audit<'_>) -> DateTime<Utc> {
    let newest = tables(audit).filter(|table| table.ordered.is_some()).filter_map(|table| table.newest).max();
    newest.map_or(audit.context.now, |newest| newest.min(audit.context.now))
}

/// Whether the generation that runs now has no use for a table.
pub(super) fn is_left_behind(audit: &Audit<'_>, table: &Table) -> bool {
    generation::left_behind(audit.context.generation).contains(&table.schema.name.as_str())
}

/// `all 363 rows` or `the only row`.
pub(super) fn all_rows(table: &Table) -> String {
    match table.rows {
        1 => "the only row".to_owned(),
        rows => format!("all {rows} rows"),
    }
}

/// `363 rows` or `newest 500 of about 592550 rows`.
pub(super) fn looked_at(table: &Table) -> String {
    if table.is_sampled_whole() {
        format!("{} rows", table.rows)
    } else {
        format!("the newest {} of {} rows", table.sampled_rows, table.rows)
    }
}

/// Names from the file in one line.
pub(super) fn listed<'name>(names: impl IntoIterator<Item = &'name str>) -> String {
    names.into_iter().map(short).collect::<Vec<_>>().join(", ")
}

/// A name from the file, short enough for a title.
pub(super) fn short(name: &str) -> String {
    const NAME_CHARS: usize = 60;
    cut(name, NAME_CHARS)
}
