//! The newest rows of the window's log.

use super::setting::Setting;
use crate::source::cell;
use crate::source::log::{Log, Recorder, Vocabulary};

/// Details of other types are never read: they are most of the file's bytes.
const ROWS: &str = "
SELECT
    created_at,
    clock,
    activity_type,
    description,
    id,
    CASE WHEN activity_type IN ('llm_decision', 'decision_rejected') THEN details END
FROM activity
WHERE within(created_at)";

/// Reads them.
///
/// # Errors
/// When the log cannot be read.
pub(super) fn read(context: &Setting<'_>) -> anyhow::Result<Log> {
    let mut vocabulary = Vocabulary::default();
    let mut recorder = Recorder::default();
    let order = if context.facts.has_odd_times() { "id" } else { "created_at, id" };
    context.bot.each_within(&format!("{ROWS}\nORDER BY {order}"), context.window, |at, row| {
        let kind = vocabulary.kind_id(&cell::name(row, 2)?.unwrap_or_default());
        let description = cell::text(row, 3)?.unwrap_or_default();
        let class = vocabulary.class(kind, &description);
        let id = cell::integer(row, 4)?.unwrap_or_default();
        recorder.row(at, id, class, &description, cell::text(row, 5)?.as_deref());
        Ok(())
    })?;
    Ok(recorder.finish(vocabulary))
}
